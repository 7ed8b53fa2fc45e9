#pragma once

#include <memory>

#include "sql/duckdb_pch.h"
#include "sql/lake_reader.h"

namespace sluice::sql {

/// A table of the lake at one snapshot, as DuckDB's binder and planner see it. Owned by
/// the transaction that looked it up.
class LakeTable final : public duckdb::TableCatalogEntry {
 public:
  static duckdb::unique_ptr<LakeTable> Make(duckdb::Catalog& catalog,
                                            duckdb::SchemaCatalogEntry& schema,
                                            const LakeAccess& access,
                                            std::shared_ptr<const TableVersion> version);

  LakeTable(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
            duckdb::CreateTableInfo& info, duckdb::shared_ptr<LakeScan> scan);

  const TableVersion& version() const { return *scan_->version; }
  std::shared_ptr<const TableVersion> shared_version() const { return scan_->version; }

  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext& context,
                                                           duckdb::column_t id) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext& context) override;
  duckdb::TableFunction GetScanFunction(
      duckdb::ClientContext& context,
      duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::virtual_column_map_t GetVirtualColumns() const override;
  duckdb::vector<duckdb::column_t> GetRowIdColumns() const override;

 private:
  duckdb::unique_ptr<duckdb::FunctionData> BindScan(
      duckdb::ClientContext& context, duckdb::TableFunction& function) const;

  const duckdb::shared_ptr<LakeScan> scan_;
};

}  // namespace sluice::sql
