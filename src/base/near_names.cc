#include "base/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"

namespace sluice {
namespace {

size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (char l : left) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < right.size(); ++j) {
      size_t replaced = diagonal + (l != right[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> NearNames(std::string_view name,
                                   const std::vector<std::string>& known) {
  std::string wanted = Lower(name);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    std::string lower = Lower(candidate);
    size_t distance = EditDistance(wanted, lower);
    bool contains = wanted.size() >= 3 && lower.find(wanted) != std::string::npos;
    if (distance <= std::max<size_t>(1, wanted.size() / 3) || contains) {
      near.emplace_back(distance, candidate);
    }
  }
  std::ranges::sort(near);
  std::vector<std::string> names;
  for (size_t i = 0; i < near.size() && i < 3; ++i) names.push_back(near[i].second);
  return names;
}

std::string NearNamesText(std::string_view name, const std::vector<std::string>& known) {
  std::vector<std::string> names = NearNames(name, known);
  return names.empty() ? "" : "; near names: " + Join(names, ", ");
}

}  // namespace sluice
