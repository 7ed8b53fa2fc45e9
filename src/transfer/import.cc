#include "transfer/import.h"

#include <set>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "transfer/import_table.h"

namespace sluice::transfer {
namespace {

// A run id loads a target once, so two tables of one run must not share one.
Status CheckRequest(const ImportRequest& request) {
  if (request.items.empty()) {
    return Error(ErrorKind::kUserInput, "nothing to import: name a table or a query");
  }
  std::set<std::string> targets;
  for (const ImportItem& item : request.items) {
    if (targets.insert(item.target).second) continue;
    return Error(
        ErrorKind::kUserInput,
        "two tables of one import go to the same target; import them one after the "
        "other: " +
            item.target);
  }
  return Status::OK();
}

std::string TargetsText(const ImportRequest& request) {
  std::vector<std::string> targets;
  for (const ImportItem& item : request.items) targets.push_back(item.target);
  return Join(targets, ", ");
}

TableReport NotStarted(const ImportItem& item, const std::string& why) {
  TableReport report;
  report.table = item.selection.Label();
  report.target = item.target;
  report.status = Error(ErrorKind::kCancelled, report.table + ": not started, " + why,
                        {{"table", report.table}});
  return report;
}

void ImportTables(const ImportRun& run, ImportReport* report) {
  std::string why_not;
  for (const ImportItem& item : run.request.items) {
    if (why_not.empty() && run.stop.stop_requested()) why_not = "stopped on request";
    if (!why_not.empty()) {
      report->tables.push_back(NotStarted(item, why_not));
      continue;
    }
    report->tables.push_back(ImportTable(run, item));
    const TableReport& table = report->tables.back();
    if (table.status.ok()) continue;
    if (KindOf(table.status) == ErrorKind::kCancelled) {
      why_not = "stopped on request";
    } else if (!run.request.continue_on_error) {
      why_not = "because " + table.table + " failed";
    }
  }
}

// The run is over whatever the ledger says about it.
void FinishRun(state::State& state, const ImportReport& report, const Status& status) {
  Json json = RedactSecretValues(report.ToJson());
  Status recorded =
      state.FinishRun(report.run_id, status.ok() ? "succeeded" : "failed", json);
  if (recorded.ok()) return;
  Log(LogLevel::kWarn, "transfer", "the end of the run could not be recorded",
      {{"run", report.run_id}, {"reason", recorded.message()}});
}

}  // namespace

Result<std::vector<TablePlan>> PlanImport(const ImportRequest& request,
                                          connect::Source& source) {
  SLUICE_TRY(CheckRequest(request));
  std::vector<TablePlan> plans;
  for (const ImportItem& item : request.items) {
    TablePlan plan{.schema = {}, .read = {}, .target = item.target, .changes = {}};
    SLUICE_ASSIGN(plan.schema, source.Describe(item.selection));
    SLUICE_ASSIGN(plan.read, source.Plan(item.selection));
    SLUICE_ASSIGN(plan.changes, item.sink->Preview(plan.schema, request.mode));
    plans.push_back(std::move(plan));
  }
  return plans;
}

Result<ImportReport> RunImport(const ImportRequest& request, connect::Source& source,
                               state::State& state, Progress& progress,
                               std::stop_token stop, Clock& clock, Random& random) {
  SLUICE_TRY(CheckRequest(request));
  ImportReport report;
  report.run_id = random.Uuid();
  report.source = request.source_name;
  report.started_ms = clock.NowMs();
  std::chrono::nanoseconds started = clock.Monotonic();
  SLUICE_TRY(state.StartRun({.run_id = report.run_id,
                             .command = "import",
                             .source = request.source_name,
                             .target = TargetsText(request),
                             .started_ms = report.started_ms,
                             .finished_ms = {},
                             .status = "running",
                             .report = {}}));
  Status begun = Failpoint("import.before_snapshot");
  if (begun.ok()) {
    auto snapshot = source.BeginSnapshot();
    begun = snapshot.status();
    if (snapshot.ok()) report.snapshot = std::move(snapshot).ValueUnsafe();
  }
  if (begun.ok()) {
    ImportTables({request, report.run_id, source, state, progress, stop, clock}, &report);
  }
  report.elapsed = clock.Monotonic() - started;
  // An armed failpoint here must not turn a finished import into a failed one: only a
  // crash counts.
  (void)Failpoint("import.before_report");
  FinishRun(state, report, begun.ok() ? report.Summary() : begun);
  SLUICE_TRY(begun);
  return report;
}

}  // namespace sluice::transfer
