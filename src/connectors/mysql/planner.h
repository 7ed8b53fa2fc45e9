#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connect/values.h"
#include "connectors/mysql/key_column.h"
#include "connectors/mysql/table_facts.h"

namespace sluice::connectors::mysql {

/// One part of a selection.
struct CutRange {
  std::string condition;  ///< empty: everything
  int64_t rows = -1;      ///< estimate
};

/// What the rows are cut by.
struct CutKey {
  std::string index;  ///< empty: none, each range costs a scan
  std::vector<KeyColumn>
      columns;  ///< in index order; a later one cuts a value that is too fat
};

/// The result of Cut.
struct CutPlan {
  std::vector<CutRange> ranges;
  std::string method;
  int64_t rows = -1;
};

/// Chooses the key for a table: `split_by`, else the primary key, another unique index,
/// or an index on a NOT NULL column. An empty answer: no key. Fails with kNotFound for a
/// split_by that is no column, kUserInput for one that cannot be cut by.
Result<CutKey> ChooseKey(const TableFacts& facts, const std::string& split_by);

/// Cuts `from` (a quoted table, or a query in brackets with its alias) into ranges that
/// are disjoint and together everything, NULL keys too. Reads entries of the index only:
/// integers are halved by the optimizer's estimates, other keys walked in the index's
/// order. `rows` is the estimate so far, -1 for unknown.
Result<CutPlan> Cut(Session* session, const std::string& from, const CutKey& key,
                    int64_t rows, const connect::ReadOptions& options);

}  // namespace sluice::connectors::mysql
