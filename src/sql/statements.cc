#include "sql/statements.h"

#include <duckdb/catalog/catalog_search_path.hpp>
#include <duckdb/main/client_data.hpp>
#include <duckdb/parser/parsed_data/create_table_info.hpp>
#include <duckdb/parser/query_node/select_node.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>
#include <duckdb/parser/statement/prepare_statement.hpp>
#include <duckdb/parser/statement/select_statement.hpp>
#include <duckdb/parser/tableref/showref.hpp>

#include "sql/errors.h"

namespace sluice::sql {
namespace {

using duckdb::StatementType;

std::string Upper(std::string text) { return duckdb::StringUtil::Upper(text); }

// "CREATE TABLE", "DROP SCHEMA": the verb and the kind of thing.
std::string WithObject(const char* verb, duckdb::CatalogType type) {
  return std::string(verb) + " " + Upper(duckdb::CatalogTypeToString(type));
}

std::string CreateText(const duckdb::CreateStatement& create) {
  std::string text = WithObject("CREATE", create.info->type);
  if (create.info->type == duckdb::CatalogType::TABLE_ENTRY &&
      create.info->Cast<duckdb::CreateTableInfo>().query) {
    text += " AS";
  }
  return text;
}

Status Refuse(const std::string& what, const char* advice) {
  return Error(
      ErrorKind::kUserInput,
      what + " is not allowed: SQL reads and writes tables of the lake only; " + advice);
}

constexpr char kShowTables[] =
    "SELECT CASE WHEN database_name = current_database() THEN schema_name || '.' || name "
    "ELSE name END AS name FROM (SELECT database_name, schema_name, table_name AS name, "
    "internal "
    "FROM duckdb_tables() UNION ALL SELECT database_name, schema_name, view_name, "
    "internal "
    "FROM duckdb_views()) WHERE NOT internal ORDER BY 1";

bool IsShowTables(const duckdb::SQLStatement& statement) {
  if (statement.type != StatementType::SELECT_STATEMENT) return false;
  const auto& node = statement.Cast<duckdb::SelectStatement>().node;
  if (!node || node->type != duckdb::QueryNodeType::SELECT_NODE) return false;
  const auto& from = node->Cast<duckdb::SelectNode>().from_table;
  if (!from || from->type != duckdb::TableReferenceType::SHOW_REF) return false;
  const auto& show = from->Cast<duckdb::ShowRef>();
  return show.table_name == "\"tables\"" && show.catalog_name.empty() &&
         show.schema_name.empty() && show.show_type != duckdb::ShowType::SHOW_FROM;
}

bool InNoNamespace(duckdb::Connection& connection) {
  const auto& search_path =
      duckdb::ClientData::Get(*connection.context).catalog_search_path;
  return search_path->GetDefault().schema == DEFAULT_SCHEMA;
}

}  // namespace

Result<Statements> ParseStatements(duckdb::Connection& connection,
                                   std::string_view text) {
  const std::string sql(text);
  try {
    Statements statements = connection.ExtractStatements(sql);
    for (auto& statement : statements) {
      statement->query =
          sql;  // places in errors count from the beginning of the whole text
    }
    return statements;
  } catch (const std::exception& exception) {
    duckdb::ErrorData error(exception);
    error.AddErrorLocation(sql);
    return StatusFromError(error);
  }
}

void ListLakeForShowTables(duckdb::Connection& connection,
                           duckdb::unique_ptr<duckdb::SQLStatement>* statement) {
  if (!IsShowTables(**statement) || !InNoNamespace(connection)) return;
  *statement = std::move(connection.ExtractStatements(kShowTables).front());
}

Status CheckAllowed(const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::EXPLAIN_STATEMENT:
      return CheckAllowed(*statement.Cast<duckdb::ExplainStatement>().stmt);
    case StatementType::PREPARE_STATEMENT:
      return CheckAllowed(*statement.Cast<duckdb::PrepareStatement>().statement);
    case StatementType::ATTACH_STATEMENT:
    case StatementType::DETACH_STATEMENT:
    case StatementType::COPY_DATABASE_STATEMENT:
      return Refuse(KindText(statement), "the lake is the one database there is");
    case StatementType::COPY_STATEMENT:
    case StatementType::EXPORT_STATEMENT:
      return Refuse(KindText(statement),
                    "to write a file, run the SELECT and say where its output goes");
    case StatementType::LOAD_STATEMENT:
    case StatementType::UPDATE_EXTENSIONS_STATEMENT:
    case StatementType::EXTENSION_STATEMENT:
      return Refuse("INSTALL or LOAD", "extensions are not used");
    case StatementType::PRAGMA_STATEMENT:  // those that give rows are SELECTs by now
      return Refuse("this PRAGMA", "settings are given where the engine is started");
    case StatementType::CREATE_STATEMENT:
      if (statement.Cast<duckdb::CreateStatement>().info->type ==
          duckdb::CatalogType::SECRET_ENTRY) {
        return Refuse("CREATE SECRET", "the lake's own connection is used");
      }
      return Status::OK();
    default:
      return Status::OK();
  }
}

std::string KindText(const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::CREATE_STATEMENT:
      return CreateText(statement.Cast<duckdb::CreateStatement>());
    case StatementType::DROP_STATEMENT:
      return WithObject("DROP", statement.Cast<duckdb::DropStatement>().info->type);
    case StatementType::MERGE_INTO_STATEMENT:
      return "MERGE";
    case StatementType::VARIABLE_SET_STATEMENT:
      return "SET";
    case StatementType::COPY_DATABASE_STATEMENT:
      return "COPY FROM DATABASE";
    default:
      return Upper(duckdb::StatementTypeToString(statement.type));
  }
}

}  // namespace sluice::sql
