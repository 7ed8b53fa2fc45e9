#include "sql/lake_catalog.h"

#include <utility>

#include <duckdb/parser/parsed_data/alter_table_info.hpp>
#include <duckdb/parser/parsed_data/create_index_info.hpp>

#include "sql/errors.h"
#include "sql/lake_ddl.h"
#include "sql/lake_insert.h"
#include "sql/lake_transaction.h"

namespace sluice::sql {
namespace {

struct LakeStorageInfo final : public duckdb::StorageExtensionInfo {
  explicit LakeStorageInfo(const LakeAccess& access) : access(access) {}
  const LakeAccess& access;
};

const LakeAccess& AccessOf(duckdb::optional_ptr<duckdb::StorageExtensionInfo> info) {
  return static_cast<const LakeStorageInfo&>(*info).access;
}

duckdb::unique_ptr<duckdb::Catalog> Attach(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo> info, duckdb::ClientContext&,
    duckdb::AttachedDatabase& database, const std::string&, duckdb::AttachInfo&,
    duckdb::AttachOptions&) {
  return duckdb::make_uniq<LakeCatalog>(database, AccessOf(info));
}

duckdb::unique_ptr<duckdb::TransactionManager> MakeTransactions(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo> info,
    duckdb::AttachedDatabase& database, duckdb::Catalog&) {
  return duckdb::make_uniq<LakeTransactions>(database, AccessOf(info));
}

[[noreturn]] void RefuseChange(const char* statement, const std::string& table) {
  throw duckdb::BinderException(
      "%s is not supported on a table of the lake: write the rows to keep with "
      "CREATE OR REPLACE TABLE ... AS SELECT: table %s",
      statement, table);
}

std::string NameOf(const duckdb::TableCatalogEntry& table) {
  return table.ParentSchema().name + "." + table.name;
}

}  // namespace

LakeCatalog::LakeCatalog(duckdb::AttachedDatabase& database, const LakeAccess& access)
    : Catalog(database), access_(access) {}

void LakeCatalog::Initialize(bool) {}

duckdb::DatabaseSize LakeCatalog::GetDatabaseSize(duckdb::ClientContext&) { return {}; }

LakeSchema& LakeCatalog::SchemaEntry(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto& entry = schemas_[name];
  if (!entry) {
    duckdb::CreateSchemaInfo info;
    info.schema = name;
    entry = std::make_unique<LakeSchema>(*this, info, access_);
  }
  return *entry;
}

duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LakeCatalog::LookupSchema(
    duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
    duckdb::OnEntryNotFound if_not_found) {
  const std::string& name = lookup.GetEntryName();
  if (name == DEFAULT_SCHEMA) return SchemaEntry(name);
  if (transaction.context) {
    auto& lake = LakeTransaction::Of(*transaction.context, *this);
    if (const auto found = lake.FindNamespace(name)) return SchemaEntry(*found);
  }
  if (if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
  ThrowStatus(
      Error(ErrorKind::kNotFound,
            "no such namespace in the lake: SHOW ALL TABLES lists what there is, CREATE "
            "SCHEMA makes one: " +
                name,
            {{"namespace", name}}));
}

void LakeCatalog::ScanSchemas(duckdb::ClientContext& context,
                              std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
  for (const std::string& name : LakeTransaction::Of(context, *this).Namespaces()) {
    callback(SchemaEntry(name));
  }
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeCatalog::CreateSchema(
    duckdb::CatalogTransaction transaction, duckdb::CreateSchemaInfo& info) {
  duckdb::ClientContext& context = transaction.GetContext();
  CheckWritable(context);
  LakeTransaction& lake = LakeTransaction::Of(context, *this);
  if (const auto existing = lake.FindNamespace(info.schema)) {
    if (info.on_conflict == duckdb::OnCreateConflict::ERROR_ON_CONFLICT) {
      ThrowStatus(Error(
          ErrorKind::kAlreadyExists,
          "the namespace exists: add IF NOT EXISTS, or take another name: " + *existing,
          {{"namespace", *existing}}));
    }
    return SchemaEntry(*existing);
  }
  ThrowIfFailed(access_.options.catalog->CreateNamespace(info.schema));
  lake.Forget({info.schema, ""});
  return SchemaEntry(info.schema);
}

void LakeCatalog::DropSchema(duckdb::ClientContext&, duckdb::DropInfo& info) {
  throw duckdb::BinderException(
      "a namespace of the lake is not dropped: it costs nothing, drop its tables one by "
      "one: "
      "namespace %s",
      info.name);
}

duckdb::ErrorData LakeCatalog::SupportsCreateTable(duckdb::BoundCreateTableInfo& info) {
  CheckCreatable(info.Base());
  return {};
}

duckdb::PhysicalOperator& LakeCatalog::PlanCreateTableAs(
    duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalCreateTable& op, duckdb::PhysicalOperator& plan) {
  CheckWritable(context);
  CheckCreatable(op.info->Base());
  if (!op.info->Base().partition_keys.empty()) {
    throw duckdb::BinderException(
        "PARTITIONED BY does not go together with AS SELECT: create the table first, "
        "then "
        "INSERT INTO it: table %s",
        op.info->Base().table);
  }
  auto& insert = planner.Make<LakeInsert>(
      op.types, access_, TargetOfCreate(context, op.schema, op.info->Base()));
  insert.children.push_back(plan);
  return insert;
}

duckdb::PhysicalOperator& LakeCatalog::PlanInsert(
    duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> plan) {
  CheckWritable(context);
  if (op.return_chunk) {
    throw duckdb::BinderException(
        "INSERT ... RETURNING is not supported on a table of the lake: "
        "select the rows afterwards");
  }
  if (op.on_conflict_info.action_type != duckdb::OnConflictAction::THROW) {
    throw duckdb::BinderException(
        "ON CONFLICT is not supported on a table of the lake, which has "
        "no keys: leave rows out with WHERE NOT EXISTS");
  }
  if (!op.column_index_map.empty()) plan = planner.ResolveDefaultsProjection(op, *plan);
  auto& insert = planner.Make<LakeInsert>(
      op.types, access_, TargetOfInsert(op.table.Cast<LakeTable>().version()));
  insert.children.push_back(*plan);
  return insert;
}

duckdb::unique_ptr<duckdb::LogicalOperator> LakeCatalog::BindCreateIndex(
    duckdb::Binder&, duckdb::CreateStatement&, duckdb::TableCatalogEntry& table,
    duckdb::unique_ptr<duckdb::LogicalOperator>) {
  throw duckdb::BinderException(
      "the lake holds tables only, no indexes: files are pruned by their column bounds: "
      "table %s",
      NameOf(table));
}

duckdb::unique_ptr<duckdb::LogicalOperator> LakeCatalog::BindAlterAddIndex(
    duckdb::Binder&, duckdb::TableCatalogEntry& table,
    duckdb::unique_ptr<duckdb::LogicalOperator>,
    duckdb::unique_ptr<duckdb::CreateIndexInfo>,
    duckdb::unique_ptr<duckdb::AlterTableInfo>) {
  RefuseChange("ALTER", NameOf(table));
}

duckdb::PhysicalOperator& LakeCatalog::PlanDelete(duckdb::ClientContext&,
                                                  duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalDelete& op,
                                                  duckdb::PhysicalOperator&) {
  RefuseChange("DELETE", NameOf(op.table));
}

duckdb::PhysicalOperator& LakeCatalog::PlanUpdate(duckdb::ClientContext&,
                                                  duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalUpdate& op,
                                                  duckdb::PhysicalOperator&) {
  RefuseChange("UPDATE", NameOf(op.table));
}

duckdb::PhysicalOperator& LakeCatalog::PlanMergeInto(duckdb::ClientContext&,
                                                     duckdb::PhysicalPlanGenerator&,
                                                     duckdb::LogicalMergeInto& op,
                                                     duckdb::PhysicalOperator&) {
  RefuseChange("MERGE", NameOf(op.table));
}

void RegisterLake(duckdb::DBConfig& config, const LakeAccess& access) {
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->attach = Attach;
  extension->create_transaction_manager = MakeTransactions;
  extension->storage_info = duckdb::make_shared_ptr<LakeStorageInfo>(access);
  duckdb::StorageExtension::Register(config, "sluice", std::move(extension));
}

}  // namespace sluice::sql
