#include "sql/lake_schema.h"

#include <string>
#include <utility>

#include "base/log.h"
#include "sql/errors.h"
#include "sql/lake_ddl.h"
#include "sql/lake_transaction.h"

namespace sluice::sql {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

[[noreturn]] void RefuseCreate(const char* what, const char* advice) {
  throw duckdb::BinderException("the lake holds tables only, no %s: %s", what, advice);
}

// `at (version => N)` and `at (timestamp => T)`; a timestamp without zone is of the
// session's.
table::SnapshotSelector ToSelector(duckdb::ClientContext& context,
                                   const duckdb::BoundAtClause& at) {
  table::SnapshotSelector selector;
  std::string error;
  duckdb::Value value;
  if (duckdb::StringUtil::CIEquals(at.Unit(), "version")) {
    if (!at.GetValue().DefaultTryCastAs(duckdb::LogicalType::BIGINT, value, &error,
                                        true) ||
        value.IsNull()) {
      throw duckdb::BinderException(
          "a version is a snapshot id, a whole number: at (version => %s)",
          at.GetValue().ToString());
    }
    selector.snapshot_id = value.GetValue<int64_t>();
    return selector;
  }
  if (!at.GetValue().TryCastAs(context, duckdb::LogicalType::TIMESTAMP_TZ, value, &error,
                               true) ||
      value.IsNull()) {
    throw duckdb::BinderException("not a point in time: at (%s => %s)", at.Unit(),
                                  at.GetValue().ToString());
  }
  const int64_t micros = value.GetValueUnsafe<int64_t>();
  selector.as_of_ms =
      micros >= 0 ? micros / kMicrosPerMilli : -((-micros + 999) / kMicrosPerMilli);
  return selector;
}

}  // namespace

LakeSchema::LakeSchema(duckdb::Catalog& catalog, duckdb::CreateSchemaInfo& info,
                       const LakeAccess& access)
    : SchemaCatalogEntry(catalog, info), access_(access) {}

void LakeSchema::Scan(duckdb::ClientContext& context, duckdb::CatalogType type,
                      const std::function<void(duckdb::CatalogEntry&)>& callback) {
  if (type != duckdb::CatalogType::TABLE_ENTRY) return;
  LakeTransaction& transaction = LakeTransaction::Of(context, catalog);
  for (const catalog::TableIdent& ident : transaction.Tables(name)) {
    LakeTable* found = nullptr;
    try {
      found = transaction.FindTable(*this, ident.name, {});
    } catch (const std::exception& exception) {
      // One table that cannot be read must not hide the others from SHOW TABLES.
      Log(LogLevel::kWarn, "sql", "left a table out of the list: it cannot be read",
          {{"table", ident.ToString()}, {"error", MessageOf(CurrentExceptionStatus())}});
    }
    if (found) callback(*found);
  }
}

void LakeSchema::Scan(duckdb::CatalogType,
                      const std::function<void(duckdb::CatalogEntry&)>&) {}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::LookupEntry(
    duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& info) {
  // Every unknown function and type is asked for as well.
  if (info.GetCatalogType() != duckdb::CatalogType::TABLE_ENTRY &&
      info.GetCatalogType() != duckdb::CatalogType::VIEW_ENTRY) {
    return nullptr;
  }
  if (!transaction.context) return nullptr;
  table::SnapshotSelector selector;
  if (info.GetAtClause())
    selector = ToSelector(*transaction.context, *info.GetAtClause());
  return LakeTransaction::Of(*transaction.context, catalog)
      .FindTable(*this, info.GetEntryName(), selector);
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateTable(
    duckdb::CatalogTransaction transaction, duckdb::BoundCreateTableInfo& info) {
  duckdb::ClientContext& context = transaction.GetContext();
  CheckWritable(context);
  LakeTransaction& lake = LakeTransaction::Of(context, catalog);
  const duckdb::CreateTableInfo& create = info.Base();
  if (LakeTable* existing = lake.FindTable(*this, create.table, {})) {
    if (create.on_conflict == duckdb::OnCreateConflict::IGNORE_ON_CONFLICT)
      return existing;
  }
  if (create.on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT) {
    throw duckdb::BinderException(
        "CREATE OR REPLACE TABLE needs AS SELECT: drop the table first, or add AS SELECT "
        "...");
  }
  const catalog::TableIdent ident = NewTableIdent(context, *this, create.table);
  ThrowIfFailed(CreateEmptyTable(access_, ident, create));
  lake.Forget(ident);
  return lake.FindTable(*this, create.table, {});
}

void LakeSchema::DropEntry(duckdb::ClientContext& context, duckdb::DropInfo& info) {
  CheckWritable(context);
  LakeTransaction& transaction = LakeTransaction::Of(context, catalog);
  LakeTable* found = transaction.FindTable(*this, info.name, {});
  if (!found) return;  // DuckDB has complained already, unless IF EXISTS was said
  const catalog::TableIdent ident = found->version().ident;
  ThrowIfFailed(access_.options.catalog->DropTable(ident));
  transaction.Forget(ident);
}

void LakeSchema::Alter(duckdb::CatalogTransaction, duckdb::AlterInfo& info) {
  throw duckdb::BinderException(
      "ALTER is not supported on a table of the lake: write the new form with "
      "CREATE OR REPLACE TABLE ... AS SELECT, or let an import add columns: table %s",
      info.name);
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateIndex(
    duckdb::CatalogTransaction, duckdb::CreateIndexInfo&, duckdb::TableCatalogEntry&) {
  RefuseCreate("indexes", "files are pruned by their column bounds");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateFunction(
    duckdb::CatalogTransaction, duckdb::CreateFunctionInfo&) {
  RefuseCreate("functions", "use CREATE TEMP MACRO");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateView(
    duckdb::CatalogTransaction, duckdb::CreateViewInfo&) {
  RefuseCreate("views", "use CREATE TEMP VIEW, or CREATE TABLE ... AS");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateSequence(
    duckdb::CatalogTransaction, duckdb::CreateSequenceInfo&) {
  RefuseCreate("sequences", "use row_number() over ()");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateTableFunction(
    duckdb::CatalogTransaction, duckdb::CreateTableFunctionInfo&) {
  RefuseCreate("functions", "use CREATE TEMP MACRO");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateCopyFunction(
    duckdb::CatalogTransaction, duckdb::CreateCopyFunctionInfo&) {
  RefuseCreate("copy functions", "use the formats there are");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreatePragmaFunction(
    duckdb::CatalogTransaction, duckdb::CreatePragmaFunctionInfo&) {
  RefuseCreate("pragmas", "use the pragmas there are");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateCollation(
    duckdb::CatalogTransaction, duckdb::CreateCollationInfo&) {
  RefuseCreate("collations", "use the collations there are");
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateType(
    duckdb::CatalogTransaction, duckdb::CreateTypeInfo&) {
  RefuseCreate("types", "use CREATE TEMP TYPE");
}

}  // namespace sluice::sql
