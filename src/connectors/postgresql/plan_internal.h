#pragma once

#include <string>
#include <vector>

#include "connect/values.h"
#include "connectors/postgresql/catalog_internal.h"
#include "connectors/postgresql/connection_internal.h"

namespace sluice::connectors::postgresql {

/// A selection resolved against the server.
struct Resolved {
  bool is_table = false;
  TableFacts table;                 ///< of a table
  std::vector<ColumnPlan> columns;  ///< in the order of reading
};

/// "SELECT ... FROM ..." with the selection's WHERE and `condition` (may be empty) and
/// without casts: what is described and split.
std::string SelectText(const connect::Selection& selection, const Resolved& resolved,
                       const std::string& condition);
/// The COPY of the same, with casts to text where the plan says so.
std::string CopyText(const connect::Selection& selection, const Resolved& resolved,
                     const std::string& condition);

/// Cuts a selection: tables by physical pages, which needs no key and no index;
/// `split_by` by boundaries that the server ordered; anything else is one stream.
Result<connect::ReadPlan> PlanSelection(Connection& connection,
                                        const connect::Selection& selection,
                                        const Resolved& resolved,
                                        const connect::ReadOptions& options);

}  // namespace sluice::connectors::postgresql
