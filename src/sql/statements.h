#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/duckdb_pch.h"

namespace sluice::sql {

/// The kind whose one result row is the number of rows, though DuckDB says it returns
/// nothing.
inline constexpr char kCreateTableAs[] = "CREATE TABLE AS";

using Statements = duckdb::vector<duckdb::unique_ptr<duckdb::SQLStatement>>;

/// Fails with kUserInput, line and caret when one of the statements is not SQL: then none
/// is run.
Result<Statements> ParseStatements(duckdb::Connection& connection, std::string_view text);

/// SHOW TABLES lists the tables of all namespaces while USE has not chosen one. Throws
/// what DuckDB throws.
void ListLakeForShowTables(duckdb::Connection& connection,
                           duckdb::unique_ptr<duckdb::SQLStatement>* statement);

/// Refuses by name what would leave the lake (ATTACH, COPY, INSTALL, ...) and what it
/// would be inside of (EXPLAIN, PREPARE). The instance is locked as well: this is for the
/// clear word.
Status CheckAllowed(const duckdb::SQLStatement& statement);

/// "SELECT", "CREATE TABLE AS", "INSERT", "DROP TABLE", ...
std::string KindText(const duckdb::SQLStatement& statement);

}  // namespace sluice::sql
