#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "connect/sink.h"
#include "connect/source.h"
#include "pipeline/pipeline.h"
#include "state/state.h"

namespace sluice::transfer {

/// One table of an import: what to read and where it goes.
struct ImportItem {
  connect::Selection selection;
  std::string target;  ///< for people: "landing.orders", "./out/orders"
  std::shared_ptr<connect::Sink> sink;
};

struct ImportRequest {
  std::string source_name;  ///< the URL without its password
  std::vector<ImportItem> items;
  connect::WriteMode mode = connect::WriteMode::kAppend;
  connect::ReadOptions read;
  pipeline::Options pipeline;
  bool continue_on_error = false;  ///< go on with other tables after one failed
};

/// What happened to one table.
struct TableReport {
  std::string table, target;
  Status status;
  int64_t rows_read = 0, rows_written = 0, rows_committed = 0;
  int64_t bytes_read = 0, bytes_written = 0;
  int files = 0, splits = 0;
  int64_t snapshot_id = 0;
  std::chrono::nanoseconds elapsed{0};
  std::string split_method;
  std::map<std::string, int64_t> odd_values;
  connect::TableSchema schema;
  std::vector<connect::SchemaChange> schema_changes;
  Json ToJson() const;
};

struct ImportReport {
  std::string run_id;
  std::string source;
  connect::SnapshotInfo snapshot;
  int64_t started_ms = 0;
  std::chrono::nanoseconds elapsed{0};
  std::vector<TableReport> tables;
  /// OK, the only error, or of several the first.
  Status Summary() const;
  Json ToJson() const;
};

/// Told what is going on; called from one thread, about every 100 ms and at changes.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void TableStarted(const std::string& table, int64_t estimated_rows) = 0;
  virtual void TableAdvanced(const std::string& table, const pipeline::Counters& counters,
                             std::chrono::nanoseconds elapsed) = 0;
  virtual void TableEnded(const TableReport& report) = 0;
};

/// What an import would do; reads no rows and changes nothing.
struct TablePlan {
  connect::TableSchema schema;
  connect::ReadPlan read;
  std::string target;
  std::vector<connect::SchemaChange> changes;
  Json ToJson() const;
};
Result<std::vector<TablePlan>> PlanImport(const ImportRequest& request,
                                          connect::Source& source);

/// Imports every item: one snapshot for all of them, tables one after the other with all
/// connections, one commit per table. Every finished table is reconciled (rows read =
/// written = committed, else kInternal). Fails as a whole only before the first table
/// (cannot connect, cannot record the run); what happens to a table is in its report.
Result<ImportReport> RunImport(const ImportRequest& request, connect::Source& source,
                               state::State& state, Progress& progress,
                               std::stop_token stop, Clock& clock, Random& random);

}  // namespace sluice::transfer
