#include "sql/lake_ddl.h"

#include <set>
#include <utility>

#include <arrow/type.h>
#include <duckdb/parser/expression/columnref_expression.hpp>
#include <duckdb/parser/expression/function_expression.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "catalog/sqlite_catalog.h"
#include "io/file_system.h"
#include "sql/duck_types.h"
#include "sql/errors.h"
#include "sql/lake_transaction.h"

namespace sluice::sql {
namespace {

std::set<uint64_t> NotNullColumns(const duckdb::CreateTableInfo& info) {
  std::set<uint64_t> columns;
  for (const auto& constraint : info.constraints) {
    if (constraint->type == duckdb::ConstraintType::NOT_NULL) {
      columns.insert(constraint->Cast<duckdb::NotNullConstraint>().index.index);
    }
  }
  return columns;
}

const char* ConstraintName(duckdb::ConstraintType type) {
  switch (type) {
    case duckdb::ConstraintType::CHECK:
      return "CHECK constraints";
    case duckdb::ConstraintType::UNIQUE:
      return "primary keys and UNIQUE constraints";
    case duckdb::ConstraintType::FOREIGN_KEY:
      return "foreign keys";
    default:
      return "this kind of constraint";
  }
}

void CheckColumn(const duckdb::ColumnDefinition& column) {
  const char* what = column.Generated()         ? "generated columns"
                     : column.HasDefaultValue() ? "column defaults"
                                                : nullptr;
  if (!what) return;
  throw duckdb::BinderException(
      "a table of the lake has no %s: leave it out and give the value in INSERT: column "
      "%s",
      what, column.Name());
}

// One term of PARTITIONED BY without the quotes that DuckDB prints around names.
std::string TermText(const duckdb::ParsedExpression& term) {
  switch (term.GetExpressionClass()) {
    case duckdb::ExpressionClass::COLUMN_REF:
      return term.Cast<duckdb::ColumnRefExpression>().GetColumnName();
    case duckdb::ExpressionClass::FUNCTION: {
      const auto& function = term.Cast<duckdb::FunctionExpression>();
      std::vector<std::string> arguments;
      for (const auto& child : function.children) arguments.push_back(TermText(*child));
      return function.function_name + "(" + Join(arguments, ", ") + ")";
    }
    default:
      return term.ToString();
  }
}

Result<table::PartitionSpec> ParseSpec(const duckdb::CreateTableInfo& info,
                                       const table::Schema& schema) {
  std::vector<std::string> parts;
  for (const auto& key : info.partition_keys) parts.push_back(TermText(*key));
  if (parts.empty()) return table::PartitionSpec{};
  return table::PartitionSpec::Parse(Join(parts, ", "), schema);
}

Result<std::string> TableLocation(const LakeAccess& access,
                                  const catalog::TableIdent& ident) {
  return io::CanonicalUri(catalog::TableLocation(access.options.warehouse, ident));
}

}  // namespace

void CheckWritable(duckdb::ClientContext& context) {
  if (context.transaction.IsAutoCommit()) return;
  throw duckdb::BinderException(
      "the lake cannot be changed inside BEGIN ... COMMIT: each statement is its own "
      "commit, "
      "so leave BEGIN out");
}

void CheckCreatable(const duckdb::CreateTableInfo& info) {
  for (const auto& constraint : info.constraints) {
    if (constraint->type == duckdb::ConstraintType::NOT_NULL) continue;
    throw duckdb::BinderException("a table of the lake has no %s: leave it out: %s",
                                  ConstraintName(constraint->type),
                                  constraint->ToString());
  }
  for (const duckdb::ColumnDefinition& column : info.columns.Logical())
    CheckColumn(column);
  if (!info.sort_keys.empty() || !info.options.empty()) {
    throw duckdb::BinderException(
        "a table of the lake takes no SORTED BY and no WITH options: leave them out: "
        "table %s",
        info.table);
  }
}

catalog::TableIdent NewTableIdent(duckdb::ClientContext& context,
                                  duckdb::SchemaCatalogEntry& schema,
                                  const std::string& name) {
  if (schema.name == DEFAULT_SCHEMA &&
      !LakeTransaction::Of(context, schema.catalog).FindNamespace(schema.name)) {
    throw duckdb::BinderException(
        "a table of the lake needs a namespace: write NAMESPACE.%s, or CREATE TEMP TABLE "
        "for one "
        "that ends with the session",
        name);
  }
  auto ident = ValueOrThrow(catalog::TableIdent::Parse(schema.name + "." + name));
  if (ident == catalog::TableIdent{schema.name, name}) return ident;
  throw duckdb::BinderException("the name of a table has no dot in it: %s", name);
}

std::shared_ptr<arrow::Schema> KeptSchema(const duckdb::CreateTableInfo& info) {
  const std::set<uint64_t> not_null = NotNullColumns(info);
  arrow::FieldVector fields;
  for (const duckdb::ColumnDefinition& column : info.columns.Logical()) {
    const auto type = KeptType(column.Type(), column.Name());
    fields.push_back(arrow::field(column.Name(), ToArrowType(type),
                                  !not_null.contains(column.Logical().index)));
  }
  return arrow::schema(std::move(fields));
}

Status CreateEmptyTable(const LakeAccess& access, const catalog::TableIdent& ident,
                        const duckdb::CreateTableInfo& info) {
  SLUICE_ASSIGN(const table::Schema schema, table::Schema::FromArrow(*KeptSchema(info)));
  SLUICE_ASSIGN(const table::PartitionSpec spec, ParseSpec(info, schema));
  SLUICE_ASSIGN(std::string location, TableLocation(access, ident));
  const table::TableMetadata metadata =
      table::NewTable(schema, spec, std::move(location), {}, Random::System().Uuid(),
                      SystemClock().NowMs());
  return access.options.catalog->CreateTable(ident, metadata).status();
}

}  // namespace sluice::sql
