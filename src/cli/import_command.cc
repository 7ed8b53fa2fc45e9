#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/import_request.h"
#include "cli/progress.h"
#include "cli/shared_options.h"
#include "cli/signals.h"

namespace sluice::cli {
namespace {

struct Fields {
  ImportOptions import;
  LakeOptions lake;
  LogOptions log;
  ReportOptions report;
};

int ImportExitCode(const transfer::ImportReport& report) {
  Status summary = report.Summary();
  if (summary.ok()) return kExitOk;
  size_t succeeded = 0;
  for (const transfer::TableReport& table : report.tables) succeeded += table.status.ok();
  if (succeeded > 0 && KindOf(summary) != ErrorKind::kCancelled) {
    return kExitSomeTablesFailed;
  }
  return ExitCodeOf(summary);
}

std::string OneLine(const transfer::TableReport& table) {
  double seconds = std::max(std::chrono::duration<double>(table.elapsed).count(), 1e-9);
  if (!table.status.ok()) {
    return fmt::format("{} -> {}: FAILED: {}", table.table, table.target,
                       MessageOf(table.status));
  }
  std::string line = fmt::format(
      "{} -> {}: {} rows, {} in {} {}, {} ({} rows/s)", table.table, table.target,
      CountText(table.rows_committed), BytesText(table.bytes_written), table.files,
      table.files == 1 ? "file" : "files", DurationText(table.elapsed),
      CountText(
          static_cast<int64_t>(static_cast<double>(table.rows_committed) / seconds)));
  for (const auto& [what, count] : table.odd_values) {
    line += fmt::format("\n  {}: {} values", what, CountText(count));
  }
  for (const connect::SchemaChange& change : table.schema_changes) {
    line += "\n  " + change.text;
  }
  return line;
}

void PrintSummary(const transfer::ImportReport& report) {
  std::string text;
  bool one_failed = report.tables.size() == 1 && !report.tables[0].status.ok();
  if (one_failed) return;  // stderr says it all
  for (const transfer::TableReport& table : report.tables) text += OneLine(table) + "\n";
  text += fmt::format("consistency: {} ({})\n",
                      ConsistencyName(report.snapshot.consistency), report.snapshot.how);
  if (!report.snapshot.position.empty()) {
    text += "source position: " + report.snapshot.position + "\n";
  }
  text += fmt::format("run {} took {}\n", report.run_id, DurationText(report.elapsed));
  text = RedactSecrets(std::move(text));
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Result<int> RunImport(const std::string& url, const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  SLUICE_ASSIGN(PreparedImport prepared,
                PrepareImport(url, fields.import, fields.lake.Directory(), true));
  std::unique_ptr<state::State> state;
  if (prepared.lake) {
    SLUICE_ASSIGN(state, OpenState(*prepared.lake));
  } else {
    SLUICE_ASSIGN(state, state::State::Open(":memory:", SystemClock()));
  }
  auto progress = MakeProgress();
  SLUICE_ASSIGN(transfer::ImportReport report,
                transfer::RunImport(prepared.request, *prepared.source, *state, *progress,
                                    StopOnSignal(), SystemClock(), Random::System()));
  progress.reset();
  int exit_code = ImportExitCode(report);
  if (*fields.report.json) {
    Json json = report.ToJson();
    json["ok"] = exit_code == kExitOk;
    json["exit_code"] = exit_code;
    Status summary = report.Summary();
    if (!summary.ok()) json["error"] = ErrorToJson(summary);
    PrintJson(json);
  } else {
    PrintSummary(report);
    if (Status summary = report.Summary(); !summary.ok()) {
      std::fprintf(stderr, "sluice: %s\n", RedactSecrets(MessageOf(summary)).c_str());
    }
  }
  return exit_code;
}

}  // namespace

CliCommand MakeImportCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli;
  cli.command = {
      .name = "import",
      .positional = "URL",
      .summary = "Import tables or a query of a database into the lake or a directory",
      .details =
          "URL is sqlite:///file.db, mysql://user@host:port/database or\n"
          "postgresql://user@host:port/database. All connections read one state of the "
          "data\n"
          "where the server can; the report says which guarantee was given. Nothing is "
          "visible\n"
          "in the target before the one commit at the end.",
      .examples = {"sluice import sqlite:///shop.db --table orders --to landing.orders",
                   "sluice import mysql://app@127.0.0.1/shop --tables 'orders,items' "
                   "--password-file pw "
                   "--to landing",
                   "sluice import postgresql://app@127.0.0.1/shop --query 'select * from "
                   "orders where "
                   "paid' --to landing.paid --mode overwrite",
                   "sluice import sqlite:///shop.db --table orders --to ./out/orders"},
      .positional_min = 1,
      .positional_max = 1,
      .options = ImportRows(&fields->import)};
  Append(LakeRows(&fields->lake), &cli.command);
  Append(ReportRows(&fields->report), &cli.command);
  Append(LogRows(&fields->log), &cli.command);
  cli.json = fields->report.json;
  cli.run = [fields](const std::vector<std::string>& words) {
    return RunImport(words[0], *fields);
  };
  return cli;
}

}  // namespace sluice::cli
