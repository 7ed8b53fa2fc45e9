#include <cstdio>

#include <arrow/type.h>
#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/import_request.h"
#include "cli/shared_options.h"

namespace sluice::cli {
namespace {

struct Fields {
  ImportOptions import;
  LakeOptions lake;
  LogOptions log;
  ReportOptions report;
};

std::string Estimate(int64_t number, const std::string& text) {
  return number < 0 ? "unknown" : "about " + text;
}

std::string PlanText(const transfer::TablePlan& plan) {
  std::string text = fmt::format("{} -> {}\n", plan.schema.name, plan.target);
  text += fmt::format(
      "  rows {}, bytes {}\n",
      Estimate(plan.read.estimated_rows, CountText(plan.read.estimated_rows)),
      Estimate(plan.read.estimated_bytes, BytesText(plan.read.estimated_bytes)));
  text += fmt::format("  split: {}: {} {}\n", plan.read.method, plan.read.splits.size(),
                      plan.read.splits.size() == 1 ? "chunk" : "chunks");
  constexpr size_t kShown = 4;
  for (size_t i = 0; i < plan.read.splits.size() && i < kShown; ++i) {
    const connect::Split& split = plan.read.splits[i];
    text +=
        fmt::format("    {}  {}\n", split.id, split.text.empty() ? "all" : split.text);
  }
  if (plan.read.splits.size() > kShown) {
    text += fmt::format("    ... {} more\n", plan.read.splits.size() - kShown);
  }
  text += "  columns:\n";
  for (const connect::Column& column : plan.schema.columns) {
    text += fmt::format(
        "    {:<24} {:<24} -> {:<22} {}{}\n", column.name, column.source_type,
        column.field->type()->ToString() + (column.field->nullable() ? "" : " not null"),
        types::FidelityName(column.fidelity),
        column.note.empty() ? "" : " (" + column.note + ")");
  }
  text += "  target:\n";
  if (plan.changes.empty()) text += "    no change of schema\n";
  for (const connect::SchemaChange& change : plan.changes) {
    text += fmt::format("    {}{}\n", change.allowed ? "" : "REFUSED: ", change.text);
  }
  return text;
}

Result<int> RunPlan(const std::string& url, const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  SLUICE_ASSIGN(PreparedImport prepared,
                PrepareImport(url, fields.import, fields.lake.Directory(), false));
  SLUICE_ASSIGN(auto plans, transfer::PlanImport(prepared.request, *prepared.source));
  bool allowed = true;
  Json tables = Json::array();
  std::string text;
  for (const transfer::TablePlan& plan : plans) {
    for (const connect::SchemaChange& change : plan.changes) allowed &= change.allowed;
    tables.push_back(plan.ToJson());
    text += PlanText(plan);
  }
  int exit_code = allowed ? kExitOk : kExitUsage;
  if (*fields.report.json) {
    PrintJson({{"ok", allowed}, {"exit_code", exit_code}, {"tables", std::move(tables)}});
  } else {
    text = RedactSecrets(std::move(text));
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  return exit_code;
}

}  // namespace

CliCommand MakePlanCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli;
  cli.command = {
      .name = "plan",
      .positional = "URL",
      .summary = "Show what an import with the same flags would do; reads no rows",
      .details = "Exit code 2 when the import would be refused.",
      .examples = {"sluice plan mysql://app@127.0.0.1/shop --table orders --to "
                   "landing.orders --password-file pw"},
      .positional_min = 1,
      .positional_max = 1,
      .options = ImportRows(&fields->import)};
  Append(LakeRows(&fields->lake), &cli.command);
  Append(ReportRows(&fields->report), &cli.command);
  Append(LogRows(&fields->log), &cli.command);
  cli.json = fields->report.json;
  cli.run = [fields](const std::vector<std::string>& words) {
    return RunPlan(words[0], *fields);
  };
  return cli;
}

}  // namespace sluice::cli
