#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"
#include "sql/lake_schema.h"

namespace sluice::sql {

/// The lake as a catalog of DuckDB: schemas are namespaces. Beside them it always has an
/// empty schema "main", in which unqualified names are looked up and found nowhere.
class LakeCatalog final : public duckdb::Catalog {
 public:
  LakeCatalog(duckdb::AttachedDatabase& database, const LakeAccess& access);

  void Initialize(bool load_builtin) override;
  std::string GetCatalogType() override { return "sluice"; }
  bool InMemory() override { return false; }
  std::string GetDBPath() override { return access_.options.warehouse; }
  bool SupportsTimeTravel() const override { return true; }
  duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext& context) override;

  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(
      duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
      duckdb::OnEntryNotFound if_not_found) override;
  void ScanSchemas(duckdb::ClientContext& context,
                   std::function<void(duckdb::SchemaCatalogEntry&)> callback) override;
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(
      duckdb::CatalogTransaction transaction, duckdb::CreateSchemaInfo& info) override;
  duckdb::ErrorData SupportsCreateTable(duckdb::BoundCreateTableInfo& info) override;

  duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext& context,
                                              duckdb::PhysicalPlanGenerator& planner,
                                              duckdb::LogicalCreateTable& op,
                                              duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanInsert(
      duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
      duckdb::LogicalInsert& op,
      duckdb::optional_ptr<duckdb::PhysicalOperator> plan) override;
  duckdb::unique_ptr<duckdb::LogicalOperator> BindCreateIndex(
      duckdb::Binder& binder, duckdb::CreateStatement& statement,
      duckdb::TableCatalogEntry& table,
      duckdb::unique_ptr<duckdb::LogicalOperator> plan) override;
  duckdb::unique_ptr<duckdb::LogicalOperator> BindAlterAddIndex(
      duckdb::Binder& binder, duckdb::TableCatalogEntry& table,
      duckdb::unique_ptr<duckdb::LogicalOperator> plan,
      duckdb::unique_ptr<duckdb::CreateIndexInfo> create_info,
      duckdb::unique_ptr<duckdb::AlterTableInfo> alter_info) override;
  duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext& context,
                                       duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalDelete& op,
                                       duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext& context,
                                       duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalUpdate& op,
                                       duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanMergeInto(duckdb::ClientContext& context,
                                          duckdb::PhysicalPlanGenerator& planner,
                                          duckdb::LogicalMergeInto& op,
                                          duckdb::PhysicalOperator& plan) override;

 private:
  void DropSchema(duckdb::ClientContext& context, duckdb::DropInfo& info) override;
  LakeSchema& SchemaEntry(const std::string& name);

  const LakeAccess& access_;
  std::mutex mutex_;
  // Never erased: DuckDB keeps references.
  std::map<std::string, std::unique_ptr<LakeSchema>> schemas_;
};

/// Lets `config` attach the lake with TYPE sluice; `access` outlives the instance.
void RegisterLake(duckdb::DBConfig& config, const LakeAccess& access);

}  // namespace sluice::sql
