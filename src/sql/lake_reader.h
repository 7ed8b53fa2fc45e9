#pragma once

#include <memory>

#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"
#include "sql/table_version.h"

namespace sluice::sql {

class LakeTable;

/// What a scan's table function carries, so that the reader made from it knows its table.
struct LakeScan final : public duckdb::TableFunctionInfo {
  LakeScan(const LakeAccess& access, std::shared_ptr<const TableVersion> version)
      : access(access), version(std::move(version)) {}
  const LakeAccess& access;
  const std::shared_ptr<const TableVersion> version;
  LakeTable* table = nullptr;  ///< borrowed; alive while its statement is planned
};

/// Tells DuckDB's Parquet scan the columns by field id: renamed and reordered columns are
/// found, absent ones are null, promoted ones are cast. Opens no file to learn the
/// schema.
class LakeReader final : public duckdb::MultiFileReader {
 public:
  explicit LakeReader(duckdb::shared_ptr<LakeScan> scan) : scan_(std::move(scan)) {}

  /// For TableFunction::get_multi_file_reader.
  static duckdb::unique_ptr<duckdb::MultiFileReader> Make(
      const duckdb::TableFunction& function);

  /// The scan behind the bind data that the table function made.
  static const LakeScan& ScanOf(const duckdb::FunctionData& bind_data);

  duckdb::unique_ptr<duckdb::MultiFileReader> Copy() const override;
  duckdb::shared_ptr<duckdb::MultiFileList> CreateFileList(
      duckdb::ClientContext& context, const duckdb::vector<std::string>& paths,
      const duckdb::FileGlobInput& glob_input) override;
  bool Bind(duckdb::MultiFileOptions& options, duckdb::MultiFileList& files,
            duckdb::vector<duckdb::LogicalType>& return_types,
            duckdb::vector<std::string>& names,
            duckdb::MultiFileReaderBindData& bind_data) override;
  duckdb::unique_ptr<duckdb::MultiFileReaderGlobalState> InitializeGlobalState(
      duckdb::ClientContext& context, const duckdb::MultiFileOptions& file_options,
      const duckdb::MultiFileReaderBindData& bind_data,
      const duckdb::MultiFileList& file_list,
      const duckdb::vector<duckdb::MultiFileColumnDefinition>& global_columns,
      const duckdb::vector<duckdb::ColumnIndex>& global_column_ids) override;
  void FinalizeBind(
      duckdb::MultiFileReaderData& reader_data,
      const duckdb::MultiFileOptions& file_options,
      const duckdb::MultiFileReaderBindData& options,
      const duckdb::vector<duckdb::MultiFileColumnDefinition>& global_columns,
      const duckdb::vector<duckdb::ColumnIndex>& global_column_ids,
      duckdb::ClientContext& context,
      duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState> state) override;

 private:
  const duckdb::shared_ptr<LakeScan> scan_;
};

}  // namespace sluice::sql
