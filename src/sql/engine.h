#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

#include "base/result.h"
#include "catalog/catalog.h"
#include "connect/sink.h"

namespace sluice::sql {

struct EngineOptions {
  std::shared_ptr<catalog::Catalog> catalog;
  /// How rows get into a table: the same sink an import uses.
  std::function<Result<std::unique_ptr<connect::Sink>>(const catalog::TableIdent&)>
      make_sink;
  std::string warehouse;  ///< for the location of new tables
  std::string lake_name =
      "lake";                    ///< the catalog's name in SQL; also the default catalog
  int64_t memory_bytes_max = 0;  ///< 0: 80 % of the machine
  std::string temp_directory;    ///< spills; empty: a new directory under the system's
  int threads = 0;               ///< 0: all cores
  std::string time_zone = "UTC";
};

/// One statement's outcome. `reader` is null for a statement without rows.
struct StatementResult {
  std::string kind;  ///< "SELECT", "CREATE TABLE AS", "INSERT", ...
  std::shared_ptr<arrow::RecordBatchReader> reader;
  int64_t rows_changed = -1;  ///< INSERT, CREATE TABLE AS
};

/// SQL over the lake: DuckDB with the lake attached as a catalog. Names are
/// namespace.table (lake.namespace.table); `at (version => N)` and `at (timestamp => T)`
/// read older snapshots. Reads no file and opens no network connection but through the
/// lake, unless the caller allowed directories. One statement at a time.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> Make(const EngineOptions& options);
  ~Engine();

  /// Runs the statements of `text` one after the other and hands each result to
  /// `on_result`, which reads as much of it as it wants. Fails with kUserInput for an
  /// error in the SQL (text with line and position), kNotFound for a table, kCancelled
  /// soon after `stop`.
  Status Execute(std::string_view text, std::stop_token stop,
                 const std::function<Status(StatementResult&)>& on_result);

  /// Of the running statement, 0..100; -1 when unknown. Any thread.
  double ProgressPercent() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::sql
