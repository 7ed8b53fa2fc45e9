#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"

namespace sluice::sql {

// The functions that do not give a Status throw DuckDB's exceptions: DuckDB calls them.

/// Refuses inside BEGIN ... COMMIT: each statement that changes the lake is its own
/// commit.
void CheckWritable(duckdb::ClientContext& context);

/// Refuses what a table of the lake does not have: keys, checks, defaults, generated
/// columns, table options.
void CheckCreatable(const duckdb::CreateTableInfo& info);

/// Refuses a name without namespace, which DuckDB puts into the schema "main".
catalog::TableIdent NewTableIdent(duckdb::ClientContext& context,
                                  duckdb::SchemaCatalogEntry& schema,
                                  const std::string& name);

/// The new table's columns, as they are kept.
std::shared_ptr<arrow::Schema> KeptSchema(const duckdb::CreateTableInfo& info);

/// Enters a table without rows.
Status CreateEmptyTable(const LakeAccess& access, const catalog::TableIdent& ident,
                        const duckdb::CreateTableInfo& info);

}  // namespace sluice::sql
