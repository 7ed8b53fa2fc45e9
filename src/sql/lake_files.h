#pragma once

#include <memory>
#include <mutex>

#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"
#include "sql/table_version.h"
#include "table/scan.h"

namespace sluice::sql {

/// The data files of one scan, planned when the first of them is asked for, so that
/// filters that arrive before prune manifests as well. Thread-safe. Refuses files with
/// deletes (v2 merge on read), which would give wrong rows.
class LakeFiles final : public duckdb::MultiFileList {
 public:
  LakeFiles(const LakeAccess& access, std::shared_ptr<const TableVersion> version,
            table::Filter filter = {});

  duckdb::unique_ptr<duckdb::MultiFileList> ComplexFilterPushdown(
      duckdb::ClientContext& context, const duckdb::MultiFileOptions& options,
      duckdb::MultiFilePushdownInfo& info,
      duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const override;
  duckdb::unique_ptr<duckdb::MultiFileList> DynamicFilterPushdown(
      duckdb::ClientContext& context, const duckdb::MultiFileOptions& options,
      const duckdb::vector<std::string>& names,
      const duckdb::vector<duckdb::LogicalType>& types,
      const duckdb::vector<duckdb::column_t>& column_ids,
      duckdb::TableFilterSet& filters) const override;

  duckdb::vector<duckdb::OpenFileInfo> GetAllFiles() const override;
  duckdb::FileExpandResult GetExpandResult() const override;
  duckdb::idx_t GetTotalFileCount() const override;
  duckdb::MultiFileCount GetFileCount(duckdb::idx_t min_exact_count) const override;
  duckdb::unique_ptr<duckdb::NodeStatistics> GetCardinality(
      duckdb::ClientContext& context) const override;
  duckdb::unique_ptr<duckdb::MultiFileList> Copy() const override;

 protected:
  duckdb::OpenFileInfo GetFile(duckdb::idx_t index) const override;

 private:
  const table::ScanPlan& Plan() const;
  std::optional<int64_t> SnapshotRows() const;
  duckdb::unique_ptr<LakeFiles> WithMore(table::Filter more) const;

  const LakeAccess& access_;
  const std::shared_ptr<const TableVersion> version_;
  const table::Filter filter_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const table::ScanPlan> plan_;  // null: not planned yet
};

}  // namespace sluice::sql
