#include "connectors/lake/data_files.h"

#include <arrow/filesystem/filesystem.h>
#include <arrow/scalar.h>

#include "base/log.h"
#include "io/file_system.h"

namespace sluice::connectors::lake {
namespace {

Result<table::Value> BoundOf(const types::Primitive& type,
                             const std::shared_ptr<arrow::Scalar>& scalar) {
  if (!scalar || !scalar->is_valid) return table::Value{};
  return table::ValueFromScalar(type, *scalar);
}

}  // namespace

Result<table::DataFile> DescribeFile(const formats::parquet::FileStats& stats,
                                     const table::Schema& schema, int spec_id) {
  table::DataFile file;
  file.spec_id = spec_id;
  file.record_count = stats.num_rows;
  file.file_bytes = stats.file_bytes;
  file.split_offsets = stats.split_offsets;
  std::vector<table::ColumnExtent> extents;
  for (const formats::parquet::ColumnStats& column : stats.columns) {
    file.column_bytes[column.field_id] = column.compressed_bytes;
    file.value_counts[column.field_id] = column.num_values;
    file.null_counts[column.field_id] = column.num_nulls;
    if (column.num_nans) file.nan_counts[column.field_id] = *column.num_nans;
    const types::Field* field = schema.FindById(column.field_id);
    auto* type = field ? std::get_if<types::Primitive>(&field->type->value) : nullptr;
    if (!type) continue;
    SLUICE_ASSIGN(table::Value min, BoundOf(*type, column.min));
    SLUICE_ASSIGN(table::Value max, BoundOf(*type, column.max));
    extents.push_back({column.field_id, *type, std::move(min), std::move(max)});
  }
  table::SetBounds(extents, &file);
  return file;
}

Json FilesToDetail(const std::vector<table::DataFile>& files) {
  Json array = Json::array();
  for (const table::DataFile& file : files) array.push_back(file.ToJson());
  Json detail;
  detail["data_files"] = std::move(array);
  return detail;
}

Result<std::vector<table::DataFile>> FilesOfReceipts(
    std::span<const connect::Receipt> receipts) {
  std::vector<table::DataFile> files;
  for (const connect::Receipt& receipt : receipts) {
    SLUICE_ASSIGN(const Json* array, GetArray(receipt.detail, "data_files"));
    int64_t rows = 0;
    for (const Json& json : *array) {
      SLUICE_ASSIGN(table::DataFile file, table::DataFile::FromJson(json));
      rows += file.record_count;
      files.push_back(std::move(file));
    }
    if (rows != receipt.rows) {
      return Error(
          ErrorKind::kCorrupt,
          "a receipt counts other rows than its files hold; nothing is committed",
          {{"split", receipt.split_id},
           {"rows_receipt", std::to_string(receipt.rows)},
           {"rows_files", std::to_string(rows)}});
    }
  }
  return files;
}

void RemoveFiles(const std::vector<std::string>& uris) {
  for (const std::string& uri : uris) {
    auto location = io::Locate(uri);
    Status status = location.status();
    if (location.ok()) status = location->file_system->DeleteFile(location->path);
    if (status.ok() || KindOf(status) == ErrorKind::kNotFound) continue;
    Log(LogLevel::kWarn, "connectors/lake", "a file of a failed load is left for gc",
        {{"path", uri}, {"reason", status.message()}});
  }
}

}  // namespace sluice::connectors::lake
