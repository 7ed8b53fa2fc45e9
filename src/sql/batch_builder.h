#pragma once

#include <functional>
#include <memory>

#include <arrow/type_fwd.h>

#include "base/result.h"
#include "sql/duckdb_pch.h"

namespace sluice::sql {

/// Collects DuckDB's chunks into Arrow batches of useful and bounded size. One thread.
class BatchBuilder final {
 public:
  using Emit = std::function<Status(const arrow::RecordBatch&)>;

  /// Columns that arrive in another type are cast to `types`; `schema` is what the
  /// batches have and must be ToArrowType of them, but for names, nullability, and binary
  /// kept as fixed_size_binary. `context` outlives the builder.
  BatchBuilder(duckdb::ClientContext& context, duckdb::vector<duckdb::LogicalType> types,
               std::shared_ptr<arrow::Schema> schema);
  ~BatchBuilder();

  /// Calls `emit` for each batch that became full. Throws what a failed cast throws. May
  /// flatten `chunk`.
  Status Append(duckdb::DataChunk& chunk, const Emit& emit);
  /// The rows not given to `emit` yet, if there are any.
  Status Flush(const Emit& emit);
  bool empty() const { return rows_ == 0; }

 private:
  duckdb::DataChunk& Cast(duckdb::DataChunk& chunk);

  duckdb::ClientContext& context_;
  const duckdb::vector<duckdb::LogicalType> types_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::Schema> appender_schema_;  // as DuckDB fills it
  duckdb::ClientProperties properties_;
  duckdb::DataChunk cast_;
  duckdb::unique_ptr<duckdb::ArrowAppender> appender_;  // null: no rows yet
  int64_t rows_ = 0, bytes_ = 0;                        // in appender_
};

}  // namespace sluice::sql
