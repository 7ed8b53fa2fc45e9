#include "formats/parquet/reader.h"

#include <arrow/api.h>
#include <arrow/filesystem/filesystem.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

namespace sluice::formats::parquet {
namespace {

constexpr int64_t kBatchRows = 16 << 10;

/// Parquet says of damaged bytes Invalid or IOError; a failing disk has its own words.
Status ReadError(const std::string& path, const Status& status) {
  if (status.ok() || status.detail()) return Within("read " + path, status);
  ErrorKind kind =
      status.IsInvalid() || status.IsIOError() || status.IsSerializationError()
          ? ErrorKind::kCorrupt
          : KindOf(status);
  return Error(kind, "read " + path + ": " + status.message(), {{"path", path}});
}

/// Keeps the file open as long as its batches are read, and names it in errors.
class FileBatches final : public arrow::RecordBatchReader {
 public:
  FileBatches(std::string path, std::unique_ptr<::parquet::arrow::FileReader> file,
              std::unique_ptr<arrow::RecordBatchReader> batches, std::vector<int> order,
              std::shared_ptr<arrow::Schema> schema)
      : path_(std::move(path)),
        file_(std::move(file)),
        batches_(std::move(batches)),
        order_(std::move(order)),
        schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    std::shared_ptr<arrow::RecordBatch> stored;
    try {
      Status read = batches_->ReadNext(&stored);
      if (!read.ok()) return ReadError(path_, read);
    } catch (const std::exception& e) {
      return ReadError(path_, Status::Invalid(e.what()));
    }
    batch->reset();
    if (!stored) return Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int column : order_) columns.push_back(stored->column(column));
    *batch = arrow::RecordBatch::Make(schema_, stored->num_rows(), std::move(columns));
    return Status::OK();
  }

 private:
  const std::string path_;
  std::unique_ptr<::parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  const std::vector<int> order_;  // of the columns of batches_
  const std::shared_ptr<arrow::Schema> schema_;
};

int FieldIdOf(const arrow::Field& field) {
  if (!field.metadata()) return -1;
  auto id = field.metadata()->Get("PARQUET:field_id");
  return id.ok() ? std::atoi(id->c_str()) : -1;
}

void AddLeaves(const ::parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

/// Which top-level columns, in the caller's order.
Result<std::vector<int>> PickColumns(const ::parquet::arrow::SchemaManifest& manifest,
                                     const std::vector<int>& field_ids) {
  std::vector<int> picked;
  int num_columns = static_cast<int>(manifest.schema_fields.size());
  if (field_ids.empty()) {
    for (int i = 0; i < num_columns; ++i) picked.push_back(i);
    return picked;
  }
  for (int id : field_ids) {
    int found = 0;
    while (found < num_columns && FieldIdOf(*manifest.schema_fields[found].field) != id)
      ++found;
    if (found == num_columns) {
      return Error(ErrorKind::kNotFound,
                   "no column has the field id " + std::to_string(id));
    }
    picked.push_back(found);
  }
  return picked;
}

Result<std::unique_ptr<::parquet::arrow::FileReader>> OpenReader(
    const io::Location& location) {
  SLUICE_ASSIGN(auto file, location.file_system->OpenInputFile(location.path));
  // Column chunks are read in windows, not whole.
  auto properties = ::parquet::default_reader_properties();
  properties.enable_buffered_stream();
  properties.set_buffer_size(1 << 20);
  auto arrow_properties = ::parquet::default_arrow_reader_properties();
  arrow_properties.set_batch_size(kBatchRows);
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_use_threads(false);
  arrow_properties.set_arrow_extensions_enabled(true);
  ::parquet::arrow::FileReaderBuilder builder;
  SLUICE_TRY(builder.Open(std::move(file), properties));
  builder.properties(arrow_properties);
  return builder.Build();
}

Result<std::unique_ptr<arrow::RecordBatchReader>> OpenBatches(
    const io::Location& location, const std::vector<int>& field_ids) {
  SLUICE_ASSIGN(auto reader, OpenReader(location));
  const auto& manifest = reader->manifest();
  SLUICE_ASSIGN(std::vector<int> picked, PickColumns(manifest, field_ids));

  // Parquet gives columns in the file's order, once each: `place` is where one arrives.
  std::vector<int> place(manifest.schema_fields.size(), -1), leaves, row_groups, order;
  for (int column : picked) place[static_cast<size_t>(column)] = 0;
  int next = 0;
  for (size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = next++;
    AddLeaves(manifest.schema_fields[i], &leaves);
  }
  for (int column : picked) order.push_back(place[static_cast<size_t>(column)]);
  for (int group = 0; group < reader->num_row_groups(); ++group)
    row_groups.push_back(group);

  SLUICE_ASSIGN(auto batches, reader->GetRecordBatchReader(row_groups, leaves));
  arrow::FieldVector fields;
  for (int column : order) fields.push_back(batches->schema()->field(column));
  return std::make_unique<FileBatches>(location.path, std::move(reader),
                                       std::move(batches), std::move(order),
                                       arrow::schema(std::move(fields)));
}

}  // namespace

Result<std::unique_ptr<arrow::RecordBatchReader>> OpenFile(
    const io::Location& location, const std::vector<int>& field_ids) {
  SLUICE_ASSIGN(auto info, location.file_system->GetFileInfo(location.path));
  if (!info.IsFile()) {
    return Error(ErrorKind::kNotFound, "there is no file " + location.path,
                 {{"path", location.path}});
  }
  try {
    auto batches = OpenBatches(location, field_ids);
    if (!batches.ok()) return ReadError(location.path, batches.status());
    return batches;
  } catch (const std::exception& e) {
    return ReadError(location.path, Status::Invalid(e.what()));
  }
}

}  // namespace sluice::formats::parquet
