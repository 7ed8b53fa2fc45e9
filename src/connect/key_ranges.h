#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::connect {

/// One SQL condition and what it is called.
struct KeyRange {
  std::string condition;  ///< empty: no condition, the whole selection
};

/// Cuts a table by boundary literals of one column into conditions that are disjoint and
/// whose union is every row, whatever order the server has for the column (collation,
/// NaN, sign): neighbours use the same literal, once with `<` and once with `>=`; a
/// nullable column gets one more condition `IS NULL`. `column` and `boundaries` are SQL
/// text, already quoted; boundaries must be ascending in the server's order and distinct.
/// No boundary: one range without a condition.
std::vector<KeyRange> RangesFromBoundaries(const std::string& column, bool nullable,
                                           const std::vector<std::string>& boundaries);

/// How many splits for a table of `rows` (-1: unknown): chunks_per_connection * parallel,
/// but none under `chunk_rows_min`, and at least one.
int SplitCount(int64_t rows, int parallel, int chunks_per_connection,
               int64_t chunk_rows_min);

}  // namespace sluice::connect
