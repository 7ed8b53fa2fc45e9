#pragma once

#include <string>

#include "connect/values.h"
#include "connectors/sqlite/catalog_internal.h"
#include "sqlite/database.h"

namespace sluice::connectors::sqlite {

/// "SELECT a, b FROM ..." of a selection, without its key range. `table` is null for a
/// query.
std::string SelectText(const connect::Selection& selection, const TableFacts* table);
/// The same with a condition; "" is none.
std::string SelectText(const connect::Selection& selection, const TableFacts* table,
                       const std::string& condition);

/// Cuts a selection by its key's own values: the rowid, the first column of a WITHOUT
/// ROWID key, or `split_by`. Even rowid ranges only where the rowids are seen to be
/// dense; otherwise boundaries are walked along the index. `table` is null for a query.
Result<connect::ReadPlan> PlanSelection(::sluice::sqlite::Database& database,
                                        const connect::Selection& selection,
                                        const TableFacts* table,
                                        const connect::ReadOptions& options);

}  // namespace sluice::connectors::sqlite
