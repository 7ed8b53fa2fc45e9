#include "formats/parquet/writer.h"

#include <algorithm>

#include <arrow/api.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include "formats/parquet/statistics_internal.h"
#include "io/new_file.h"

namespace sluice::formats::parquet {
namespace {

Result<arrow::Compression::type> ParseCompression(const std::string& name) {
  if (name == "zstd") return arrow::Compression::ZSTD;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "gzip") return arrow::Compression::GZIP;
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  return Error(
      ErrorKind::kUserInput,
      "a Parquet file can be compressed by zstd, snappy, gzip or none, not by " + name);
}

/// What every reader of the Hadoop family understands: version 1 data pages, logical
/// types.
Result<std::shared_ptr<::parquet::WriterProperties>> FileProperties(
    const WriterOptions& options) {
  SLUICE_ASSIGN(auto compression, ParseCompression(options.compression));
  ::parquet::WriterProperties::Builder builder;
  builder.version(::parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(::parquet::ParquetDataPageVersion::V1)
      ->compression(compression)
      ->max_row_group_length(options.row_group_rows_max)
      ->enable_statistics()
      ->enable_write_page_index()
      ->enable_store_decimal_as_integer()
      ->enable_dictionary()
      // A dictionary that outgrows this is given up for the column chunk. Growing one
      // costs memory (5 MB per column at 512 kB) and, once given up, bytes in the file.
      ->dictionary_pagesize_limit(128 << 10);
  if (compression == arrow::Compression::ZSTD) {
    builder.compression_level(options.compression_level);
  }
  return builder.build();
}

std::shared_ptr<::parquet::ArrowWriterProperties> ArrowProperties() {
  return ::parquet::ArrowWriterProperties::Builder()
      .coerce_timestamps(arrow::TimeUnit::MICRO)
      ->disallow_truncated_timestamps()
      ->enable_compliant_nested_types()
      ->build();
}

/// Parquet's exceptions become statuses; a sink's own status comes back as it was.
template <typename F>
auto Guarded(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const ::parquet::ParquetStatusException& e) {
    return e.status();
  } catch (const std::exception& e) {
    return Error(ErrorKind::kInternal, e.what());
  }
}

/// Arrow says Invalid of values that the schema does not admit (a null in a required
/// column).
Status WriteError(const std::string& path, const Status& status) {
  if (status.ok()) return status;
  if (!status.detail() && (status.IsInvalid() || status.IsNotImplemented())) {
    return Error(ErrorKind::kUserInput, "write " + path + ": " + status.message(),
                 {{"path", path}});
  }
  return Within("write " + path, status, {{"path", path}});
}

}  // namespace

struct FileWriter::State {
  std::string path;
  std::shared_ptr<arrow::Schema> schema;
  WriterOptions options;
  std::shared_ptr<io::NewFile> file;
  std::unique_ptr<::parquet::arrow::FileWriter> writer;
  std::vector<int64_t> nans;  // per leaf column
  int64_t arrow_bytes = 0;    // written in all
  int64_t group_rows = 0;     // in the open row group
  int64_t group_bytes = 0;    // of Arrow data in the open row group
  bool failed = false;        // the file can only be aborted

  Status WritePieces(const arrow::RecordBatch& batch);
  Result<FileStats> Finish();
};

Result<std::unique_ptr<FileWriter>> FileWriter::Make(
    const io::Location& location, std::shared_ptr<arrow::Schema> schema,
    const WriterOptions& options) {
  if (schema->num_fields() == 0) {
    return Error(ErrorKind::kUserInput, "a Parquet file needs at least one column",
                 {{"path", location.path}});
  }
  SLUICE_ASSIGN(auto properties, FileProperties(options));
  auto state = std::make_unique<State>();
  state->path = location.path;
  state->options = options;
  state->options.row_group_bytes = std::max<int64_t>(1, options.row_group_bytes);
  state->options.row_group_rows_max = std::max<int64_t>(1, options.row_group_rows_max);
  state->schema = std::move(schema);
  int num_leaves = 0;
  for (const auto& field : state->schema->fields()) {
    num_leaves += internal::NumLeaves(*field->type());
  }
  state->nans.assign(static_cast<size_t>(num_leaves), 0);
  SLUICE_ASSIGN(state->file, io::NewFile::Make(location));
  auto opened = Guarded([&] {
    return ::parquet::arrow::FileWriter::Open(*state->schema,
                                              arrow::default_memory_pool(), state->file,
                                              properties, ArrowProperties());
  });
  if (!opened.ok()) {
    SLUICE_TRY(state->file->Abort());
    return WriteError(location.path, opened.status());
  }
  state->writer = std::move(opened).ValueUnsafe();
  return std::unique_ptr<FileWriter>(new FileWriter(std::move(state)));
}

FileWriter::FileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

FileWriter::~FileWriter() { Abort(); }

Status FileWriter::State::WritePieces(const arrow::RecordBatch& batch) {
  SLUICE_ASSIGN(int64_t batch_bytes, arrow::util::ReferencedBufferSize(batch));
  arrow_bytes += batch_bytes;
  int64_t row_bytes = std::max<int64_t>(1, batch_bytes / batch.num_rows());
  for (int64_t row = 0; row < batch.num_rows();) {
    if (group_rows >= options.row_group_rows_max ||
        group_bytes >= options.row_group_bytes) {
      SLUICE_TRY(writer->NewBufferedRowGroup());
      group_rows = group_bytes = 0;
    }
    int64_t by_bytes =
        (options.row_group_bytes - group_bytes + row_bytes - 1) / row_bytes;
    int64_t rows = std::min(
        {batch.num_rows() - row, by_bytes, options.row_group_rows_max - group_rows});
    SLUICE_TRY(writer->WriteRecordBatch(*batch.Slice(row, rows)));
    row += rows;
    group_rows += rows;
    group_bytes += rows * row_bytes;
  }
  return Status::OK();
}

Status FileWriter::Write(const arrow::RecordBatch& batch) {
  if (!state_ || state_->failed) {
    return Error(ErrorKind::kInternal,
                 "write to a Parquet file that is finished or has failed");
  }
  const arrow::Schema& schema = *state_->schema;
  bool same = batch.num_columns() == schema.num_fields();
  for (int i = 0; same && i < batch.num_columns(); ++i) {
    same = batch.column(i)->type()->Equals(*schema.field(i)->type());
  }
  if (!same) {
    return Error(ErrorKind::kInternal,
                 "a batch has other columns than the Parquet file: " +
                     batch.schema()->ToString() + " for " + state_->path);
  }
  if (batch.num_rows() == 0) return Status::OK();
  // The file's schema has the field ids and says which columns are required.
  auto named =
      arrow::RecordBatch::Make(state_->schema, batch.num_rows(), batch.columns());
  Status written = Guarded([&] { return state_->WritePieces(*named); });
  if (!written.ok()) {
    state_->failed = true;
    return WriteError(state_->path, written);
  }
  internal::CountNans(batch, &state_->nans);
  return written;
}

int64_t FileWriter::bytes_written() const {
  if (!state_) return 0;
  // The open row group is in memory: as much as the closed ones made of their share, or
  // half.
  int64_t flushed = state_->file->Tell().ValueOr(0);
  int64_t closed = state_->arrow_bytes - state_->group_bytes;
  double ratio =
      closed > 0 ? static_cast<double>(flushed) / static_cast<double>(closed) : 0.5;
  return flushed + static_cast<int64_t>(static_cast<double>(state_->group_bytes) * ratio);
}

Result<FileStats> FileWriter::State::Finish() {
  if (!options.key_value_metadata.empty()) {
    auto pairs = std::make_shared<arrow::KeyValueMetadata>();
    for (const auto& [key, value] : options.key_value_metadata) pairs->Append(key, value);
    SLUICE_TRY(writer->AddKeyValueMetadata(pairs));
  }
  SLUICE_TRY(writer->Close());
  SLUICE_ASSIGN(FileStats stats,
                internal::CollectStats(*writer->metadata(), *schema, nans));
  SLUICE_ASSIGN(stats.file_bytes, file->Tell());
  SLUICE_TRY(file->Finish());
  return stats;
}

Result<FileStats> FileWriter::Finish() {
  if (!state_ || state_->failed) {
    return Error(ErrorKind::kInternal,
                 "finish of a Parquet file that is finished or has failed");
  }
  auto stats = Guarded([&] { return state_->Finish(); });
  if (!stats.ok()) {
    state_->failed = true;
    return WriteError(state_->path, stats.status());
  }
  state_.reset();
  return stats;
}

void FileWriter::Abort() {
  if (!state_) return;
  // A file that cannot be deleted is an orphan; nothing refers to it. The file goes
  // first: the writer's destructor would still put a footer into it.
  [[maybe_unused]] Status aborted = state_->file->Abort();
  state_.reset();
}

}  // namespace sluice::formats::parquet
