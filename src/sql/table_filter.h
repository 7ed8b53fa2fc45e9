#pragma once

#include <cstdint>
#include <functional>

#include "table/expression.h"
#include "table/schema.h"

namespace duckdb {
class TableFilterSet;
}

namespace sluice::sql {

/// What of DuckDB's filters on a scan can prune files: comparisons with constants, IN and
/// null tests on top-level columns, and conjunctions of them. `column_of_filter(i)` is
/// the position in the schema of the column that filter key i speaks of, negative for
/// none. The rest is left out, which only prunes less: DuckDB itself applies every filter
/// to the rows.
table::Filter ToPruningFilter(const duckdb::TableFilterSet& filters,
                              const std::function<int64_t(uint64_t)>& column_of_filter,
                              const table::Schema& schema);

}  // namespace sluice::sql
