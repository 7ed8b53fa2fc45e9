#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "base/result.h"
#include "io/file_system.h"

namespace sluice::formats::parquet {

/// Statistics of one leaf column over the whole file.
struct ColumnStats {
  int field_id = 0;
  int64_t compressed_bytes = 0;
  int64_t num_values = 0;  ///< nulls included
  int64_t num_nulls = 0;
  std::optional<int64_t> num_nans;  ///< floating point only
  std::shared_ptr<arrow::Scalar>
      min;  ///< exact, never NaN; null when unknown; top-level columns only
  std::shared_ptr<arrow::Scalar> max;
};

struct FileStats {
  int64_t num_rows = 0;
  int64_t file_bytes = 0;
  std::vector<int64_t> split_offsets;  ///< of the row groups
  std::vector<ColumnStats> columns;
};

struct WriterOptions {
  std::string compression = "zstd";    ///< zstd | snappy | gzip | none
  int compression_level = 1;           ///< zstd only
  int64_t row_group_bytes = 64 << 20;  ///< of Arrow data, about
  int64_t row_group_rows_max = 1 << 20;
  std::map<std::string, std::string>
      key_value_metadata;  ///< footer keys: "iceberg.schema"
};

/// Writes one Parquet file, row group by row group, with fixed memory. Field ids come
/// from the schema's "PARQUET:field_id" metadata (a schema without ids gets none). Types
/// follow the Iceberg spec (Appendix A): decimals in the smallest physical type,
/// timestamps in microseconds, uuid and fixed as fixed-length byte arrays. One thread.
class FileWriter final {
 public:
  /// Creates the file; fails with kAlreadyExists when it is there. Parent directories are
  /// made.
  static Result<std::unique_ptr<FileWriter>> Make(const io::Location& location,
                                                  std::shared_ptr<arrow::Schema> schema,
                                                  const WriterOptions& options);
  ~FileWriter();

  Status Write(const arrow::RecordBatch& batch);
  /// What the file will be about, for rolling.
  int64_t bytes_written() const;
  /// Writes the footer, flushes to the device, closes.
  Result<FileStats> Finish();
  /// Closes and deletes the file. Idempotent; nothing after Finish.
  void Abort();

 private:
  struct State;
  explicit FileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::formats::parquet
