#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "catalog/names_internal.h"

namespace sluice::catalog::internal {
namespace {

constexpr size_t kNamesMax = 3;

// Levenshtein's distance: insertions, deletions and replacements of one byte each.
size_t Distance(const std::string& left, const std::string& right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= left.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string LastPart(const std::string& name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::vector<std::string> NearNames(const std::string& wanted,
                                   const std::vector<std::string>& names) {
  std::string small = Lower(wanted);
  size_t slips_max = std::max<size_t>(1, LastPart(small).size() / 3);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    std::string other = Lower(name);
    size_t distance = Distance(small, other);
    if (distance > slips_max && LastPart(small) == LastPart(other)) distance = slips_max;
    if (distance <= slips_max) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> nearest;
  for (size_t i = 0; i < std::min(near.size(), kNamesMax); ++i)
    nearest.push_back(near[i].second);
  return nearest;
}

std::string Suggestion(const std::vector<std::string>& near_names) {
  return near_names.empty() ? "" : "; did you mean " + Join(near_names, ", ") + "?";
}

}  // namespace sluice::catalog::internal
