#include "transfer/import_table.h"

#include <exception>
#include <numeric>

#include <fmt/format.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"

namespace sluice::transfer {
namespace {

using connect::CommitOutcome;

// One table on its way; fills the report as it goes.
class TableImport final {
 public:
  TableImport(const ImportRun& run, const ImportItem& item, TableReport& report)
      : run_(run), item_(item), report_(report), started_(run.clock.Monotonic()) {}

  Status Run() {
    SLUICE_ASSIGN(report_.schema, run_.source.Describe(item_.selection));
    SLUICE_TRY(CheckFidelity(report_.schema, run_.request.read.allow_lossy));
    SLUICE_ASSIGN(report_.schema_changes,
                  item_.sink->Preview(report_.schema, run_.request.mode));
    SLUICE_ASSIGN(connect::ReadPlan plan, run_.source.Plan(item_.selection));
    SLUICE_TRY(Failpoint("import.after_plan"));
    report_.splits = static_cast<int>(plan.splits.size());
    report_.split_method = plan.method;
    run_.progress.TableStarted(report_.table, plan.estimated_rows);
    SLUICE_ASSIGN(auto session,
                  item_.sink->Begin(report_.schema, run_.request.mode, run_.run_id));
    Status loaded = Load(plan, *session);
    if (!loaded.ok()) {
      session->Abort();
      return loaded;
    }
    return Commit(*session);
  }

 private:
  // Reads and writes all rows; after OK everything is ready to be committed.
  Status Load(const connect::ReadPlan& plan, connect::WriteSession& session) {
    pipeline::Options options = run_.request.pipeline;
    options.on_tick = [this] {
      run_.progress.TableAdvanced(report_.table, counters_, Elapsed());
    };
    auto outcome = pipeline::Run(
        plan.splits, run_.source, session, options, counters_, run_.stop,
        [this](const connect::Receipt& receipt) { return Record(receipt, "written"); });
    run_.progress.TableAdvanced(report_.table, counters_, Elapsed());
    report_.rows_read = counters_.rows_read;
    report_.rows_written = counters_.rows_written;
    report_.bytes_read = counters_.bytes_read;
    report_.bytes_written = counters_.bytes_written;
    SLUICE_TRY(outcome);
    report_.odd_values = std::move(outcome->odd_values);
    receipts_ = std::move(outcome->receipts);
    SLUICE_TRY(Reconcile(plan));
    SLUICE_TRY(Failpoint("import.before_commit"));
    if (run_.stop.stop_requested())
      return Error(ErrorKind::kCancelled, "stopped on request");
    return Status::OK();
  }

  int64_t RowsOfReceipts() const {
    return std::accumulate(receipts_.begin(), receipts_.end(), int64_t{0},
                           [](int64_t rows, const connect::Receipt& receipt) {
                             return rows + receipt.rows;
                           });
  }

  // Before the commit, so that rows that went astray are never published.
  Status Reconcile(const connect::ReadPlan& plan) const {
    int64_t promised = RowsOfReceipts();
    if (receipts_.size() == plan.splits.size() &&
        report_.rows_read == report_.rows_written && report_.rows_written == promised) {
      return Status::OK();
    }
    return Error(
        ErrorKind::kInternal,
        fmt::format("the rows do not add up, nothing is committed: {} read, {} written, "
                    "{} in {} receipts of {} splits",
                    report_.rows_read, report_.rows_written, promised, receipts_.size(),
                    plan.splits.size()));
  }

  Status Commit(connect::WriteSession& session) {
    connect::CommitRequest request{
        .run_id = run_.run_id,
        .summary = {{"sluice.source", run_.request.source_name},
                    {"sluice.source-table", report_.table}},
        .progress = {}};
    SLUICE_ASSIGN(CommitOutcome outcome, session.Commit(receipts_, request));
    if (outcome.state == CommitOutcome::State::kConflict) {
      return Error(ErrorKind::kConflict, outcome.message);
    }
    if (outcome.state == CommitOutcome::State::kUnknown) {
      return Error(ErrorKind::kCommitUnknown, outcome.message);
    }
    report_.rows_committed = RowsOfReceipts();
    report_.snapshot_id = outcome.snapshot_id;
    for (const connect::Receipt& receipt : receipts_) {
      report_.files += static_cast<int>(receipt.files.size());
    }
    RecordCommitted();
    (void)Failpoint("import.after_commit");  // the rows are in: only a crash counts here
    return Status::OK();
  }

  Status Record(const connect::Receipt& receipt, const std::string& status) {
    return run_.state.RecordChunk({.run_id = run_.run_id,
                                   .table = report_.table,
                                   .split_id = receipt.split_id,
                                   .attempt = receipt.attempt,
                                   .status = status,
                                   .rows = receipt.rows,
                                   .bytes = receipt.bytes,
                                   .receipt = receipt.ToJson()});
  }

  // The rows are in the target: a ledger that cannot be written does not change that.
  void RecordCommitted() {
    for (const connect::Receipt& receipt : receipts_) {
      Status status = Record(receipt, "committed");
      if (status.ok()) continue;
      Log(LogLevel::kWarn, "transfer", "committed, but the ledger could not be written",
          {{"table", report_.table}, {"reason", status.message()}});
      return;
    }
  }

  std::chrono::nanoseconds Elapsed() const { return run_.clock.Monotonic() - started_; }

  const ImportRun& run_;
  const ImportItem& item_;
  TableReport& report_;
  const std::chrono::nanoseconds started_;
  pipeline::Counters counters_;
  std::vector<connect::Receipt> receipts_;
};

}  // namespace

Status CheckFidelity(const connect::TableSchema& schema, bool allow_lossy) {
  if (allow_lossy) return Status::OK();
  std::vector<std::string> lossy;
  for (const connect::Column& column : schema.columns) {
    if (column.fidelity != types::Fidelity::kLossy) continue;
    std::string why = column.note.empty() ? "" : ": " + column.note;
    lossy.push_back(column.name + " (" + column.source_type + why + ")");
  }
  if (lossy.empty()) return Status::OK();
  return Error(ErrorKind::kUserInput,
               "some values of these columns would change, and nobody asked for it; cast "
               "them in a "
               "query: " +
                   Join(lossy, ", "),
               {{"table", schema.name}});
}

TableReport ImportTable(const ImportRun& run, const ImportItem& item) {
  TableReport report;
  report.table = item.selection.Label();
  report.target = item.target;
  std::chrono::nanoseconds started = run.clock.Monotonic();
  Status status;
  try {
    status = TableImport(run, item, report).Run();
  } catch (const std::exception& exception) {  // of a library that a connector let out
    status =
        Error(ErrorKind::kInternal, "an exception escaped from a source or a sink: " +
                                        std::string(exception.what()));
  }
  report.status = Within(report.table, status, {{"table", report.table}});
  report.elapsed = run.clock.Monotonic() - started;
  run.progress.TableEnded(report);
  return report;
}

}  // namespace sluice::transfer
