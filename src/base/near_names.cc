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

std::string_view LastPart(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

}  // namespace

std::vector<std::string> NearNames(std::string_view name,
                                   const std::vector<std::string>& known) {
  std::string wanted = Lower(name);
  std::string_view part = LastPart(wanted);
  size_t slips_max = std::max<size_t>(1, part.size() / 3);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    std::string lower = Lower(candidate);
    std::string_view other = LastPart(lower);
    size_t distance = EditDistance(wanted, lower);
    bool same_place = wanted.size() - part.size() == lower.size() - other.size() &&
                      lower.starts_with(wanted.substr(0, wanted.size() - part.size()));
    bool contains = part.size() >= 3 && other.find(part) != std::string_view::npos;
    if (distance <= slips_max) {
      near.emplace_back(distance, candidate);
    } else if (part == other || (same_place && contains)) {
      near.emplace_back(slips_max + 1, candidate);
    }
  }
  std::ranges::sort(near);
  std::vector<std::string> names;
  for (size_t i = 0; i < near.size() && i < 3; ++i) names.push_back(near[i].second);
  return names;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& known) {
  std::vector<std::string> names = NearNames(name, known);
  return names.empty() ? "" : "; did you mean " + Join(names, ", ") + "?";
}

}  // namespace sluice
