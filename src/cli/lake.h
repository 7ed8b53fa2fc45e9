#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "connect/registry.h"
#include "connect/sink.h"
#include "state/state.h"

namespace sluice::cli {

/// The embedded lake: DIR/catalog.db, DIR/state.db, DIR/<namespace>/<table>/.
struct Lake {
  std::string directory;
  std::string warehouse;  ///< its URI
  std::shared_ptr<catalog::Catalog> catalog;
};

/// Opens it; `create` makes it when absent, else it fails with kNotFound and what to do.
Result<Lake> OpenLake(const std::string& directory, bool create);

/// Whether there is a lake in the directory.
bool HasLake(const std::string& directory);

/// The lake as it would be before its first table: nothing is made. For plans.
Result<Lake> EmptyLake(const std::string& directory);

/// Metadata files that other catalogs keep in the lake's catalog.db.
Result<std::vector<std::string>> ForeignMetadata(const Lake& lake);

/// DIR/state.db.
Result<std::unique_ptr<state::State>> OpenState(const Lake& lake);

/// How lake tables are written.
struct LakeWriteOptions {
  std::string partition_by;
  std::string compression = "zstd";
};
Result<std::unique_ptr<connect::Sink>> MakeTableSink(const Lake& lake,
                                                     const catalog::TableIdent& ident,
                                                     const LakeWriteOptions& options);

/// Every connector of this program: the only place that names them.
const connect::Registry& Connectors();

}  // namespace sluice::cli
