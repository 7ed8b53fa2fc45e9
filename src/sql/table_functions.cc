#include "sql/table_functions.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace sluice::sql {
namespace {

constexpr std::array<std::string_view, 13> kAllowed = {"generate_series",
                                                       "icu_calendar_names",
                                                       "json_each",
                                                       "json_tree",
                                                       "pg_timezone_names",
                                                       "query",
                                                       "query_table",
                                                       "range",
                                                       "repeat",
                                                       "repeat_row",
                                                       "summary",
                                                       "test_all_types",
                                                       "unnest"};

bool IsAllowed(std::string_view name) {
  if (name == "duckdb_secrets") return false;
  return name.starts_with("duckdb_") || name.starts_with("pragma_") ||
         std::ranges::find(kAllowed, name) != kAllowed.end();
}

duckdb::unique_ptr<duckdb::FunctionData> RefuseBind(duckdb::ClientContext&,
                                                    duckdb::TableFunctionBindInput& input,
                                                    duckdb::vector<duckdb::LogicalType>&,
                                                    duckdb::vector<std::string>&) {
  throw duckdb::PermissionException("table function %s", input.table_function.name);
}

void Lock(duckdb::TableFunctionCatalogEntry& entry) {
  for (duckdb::TableFunction& function : entry.functions.functions) {
    function.bind = RefuseBind;
    function.bind_replace = nullptr;
    function.bind_operator = nullptr;
  }
}

}  // namespace

std::shared_ptr<const duckdb::TableFunction> FindParquetScan(
    duckdb::ClientContext& context) {
  auto& entry = duckdb::Catalog::GetSystemCatalog(context)
                    .GetEntry<duckdb::TableFunctionCatalogEntry>(context, DEFAULT_SCHEMA,
                                                                 "parquet_scan");
  return std::make_shared<const duckdb::TableFunction>(
      entry.functions.GetFunctionByArguments(
          context, {duckdb::LogicalType::LIST(duckdb::LogicalType::VARCHAR)}));
}

void LockTableFunctions(duckdb::ClientContext& context) {
  auto& schema = duckdb::Catalog::GetSchema(context, SYSTEM_CATALOG, DEFAULT_SCHEMA);
  schema.Scan(context, duckdb::CatalogType::TABLE_FUNCTION_ENTRY,
              [](duckdb::CatalogEntry& entry) {
                if (entry.type != duckdb::CatalogType::TABLE_FUNCTION_ENTRY) return;
                if (IsAllowed(entry.name)) return;
                Lock(entry.Cast<duckdb::TableFunctionCatalogEntry>());
              });
}

}  // namespace sluice::sql
