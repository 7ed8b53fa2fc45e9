#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "connect/sink.h"
#include "connectors/lake/lake_sink.h"
#include "connectors/lake/lake_writer.h"
#include "table/snapshot_writer.h"

namespace sluice::connectors::lake {

/// What a load saw when it began, and what its commit is measured against.
struct CommitBase {
  catalog::TableIdent ident;
  connect::WriteMode mode = connect::WriteMode::kAppend;
  std::optional<catalog::LoadedTable> table;  ///< nothing: there was none
};

/// The answer of CommitLoad and what may be cleaned up after it.
struct CommitResult {
  Result<connect::CommitOutcome> outcome = connect::CommitOutcome{};
  /// It is certain that nothing refers to the files of this load: they may be deleted.
  bool surely_not_landed = false;
  std::vector<std::string> staged_files;  ///< manifests and lists that were written
};

/// Makes `files` and the schema of `load` the next snapshot of the table. Each try looks
/// first for the run id among the table's snapshots (then it has landed), and then
/// compares what is there with `base`: an append is put on top of whatever came between,
/// as long as the schema still takes its files; an overwrite whose base has changed has
/// lost (kConflict). Progress properties must be as they were at the base, else this run
/// is fenced (kConflict). An answer that was lost is settled by looking again; when that
/// is not possible either, kUnknown.
CommitResult CommitLoad(catalog::Catalog& catalog, const CommitBase& base,
                        const Load& load, std::vector<table::DataFile> files,
                        const connect::CommitRequest& request,
                        const LakeSinkOptions& options);

}  // namespace sluice::connectors::lake
