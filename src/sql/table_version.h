#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "table/metadata.h"

namespace sluice::sql {

/// One table as one statement sees it: immutable, shared by everything that reads it.
struct TableVersion {
  catalog::TableIdent ident;
  std::shared_ptr<const table::TableMetadata> metadata;
  const table::Snapshot* snapshot =
      nullptr;           ///< of `metadata`; null: a table without rows
  table::Schema schema;  ///< of the snapshot for time travel, else the current
};

}  // namespace sluice::sql
