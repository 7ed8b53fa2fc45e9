#pragma once

#include <memory>

#include "sql/duckdb_pch.h"

namespace sluice::sql {

/// DuckDB's Parquet scan, for the lake's tables.
std::shared_ptr<const duckdb::TableFunction> FindParquetScan(
    duckdb::ClientContext& context);

/// Makes every table function of the instance refuse to bind, but those that make rows
/// out of their arguments or describe the session: what reads files, takes addresses of
/// memory or switches the engine's own logging is out of reach for SQL. Once, in a
/// transaction.
void LockTableFunctions(duckdb::ClientContext& context);

}  // namespace sluice::sql
