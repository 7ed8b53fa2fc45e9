#include "connectors/postgresql/near_names_internal.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace sluice::connectors::postgresql {
namespace {

size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearNames(const std::string& name, const std::vector<std::string>& known) {
  const std::string wanted = Lower(name);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    const std::string lower = Lower(candidate);
    size_t distance = EditDistance(wanted, lower);
    bool contains = wanted.size() >= 3 && lower.find(wanted) != std::string::npos;
    if (distance <= std::max<size_t>(1, wanted.size() / 3) || contains) {
      near.emplace_back(distance, candidate);
    }
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) {
    if (names.size() < 3) names.push_back(candidate);
  }
  return names.empty() ? "" : "; near names: " + Join(names, ", ");
}

}  // namespace sluice::connectors::postgresql
