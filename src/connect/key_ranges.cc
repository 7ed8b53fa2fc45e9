#include "connect/key_ranges.h"

#include <algorithm>

namespace sluice::connect {

std::vector<KeyRange> RangesFromBoundaries(const std::string& column, bool nullable,
                                           const std::vector<std::string>& boundaries) {
  if (boundaries.empty()) return {KeyRange{}};
  std::vector<KeyRange> ranges;
  for (size_t i = 0; i <= boundaries.size(); ++i) {
    std::string low = i == 0 ? "" : column + " >= " + boundaries[i - 1];
    std::string high = i == boundaries.size() ? "" : column + " < " + boundaries[i];
    std::string both = low.empty() || high.empty() ? low + high : low + " AND " + high;
    ranges.push_back({std::move(both)});
  }
  if (nullable) ranges.push_back({column + " IS NULL"});
  return ranges;
}

int SplitCount(int64_t rows, int parallel, int chunks_per_connection,
               int64_t chunk_rows_min) {
  int64_t wanted = int64_t{std::max(parallel, 1)} * std::max(chunks_per_connection, 1);
  if (rows < 0) return static_cast<int>(wanted);
  return static_cast<int>(
      std::clamp<int64_t>(rows / std::max<int64_t>(chunk_rows_min, 1), 1, wanted));
}

}  // namespace sluice::connect
