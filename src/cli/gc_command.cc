#include <charconv>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/shared_options.h"
#include "transfer/gc.h"

namespace sluice::cli {
namespace {

struct GcFlags {
  bool remove = false;
  std::string older_than = "24h";
};

constexpr options::Row<GcFlags> kRows[] = {
    {.key = "remove",
     .member = &GcFlags::remove,
     .value = "",
     .help = "delete what is found; without it files are only listed"},
    {.key = "older-than",
     .member = &GcFlags::older_than,
     .value = "AGE",
     .help = "spare younger files, which may belong to a running load: 0s, 30m, 24h, 7d"},
};

struct Fields {
  GcFlags gc;
  LakeOptions lake;
  LogOptions log;
  ReportOptions report;
};

Result<std::chrono::milliseconds> ParseAge(const std::string& text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  int64_t seconds = unit == "s"   ? 1
                    : unit == "m" ? 60
                    : unit == "h" ? 3600
                    : unit == "d" ? 86400
                                  : 0;
  if (error != std::errc() || seconds == 0 || number < 0) {
    return Error(ErrorKind::kUserInput,
                 "--older-than takes an age such as 0s, 30m, 24h or 7d, not: " + text);
  }
  return std::chrono::milliseconds(number * seconds * 1000);
}

Result<int> RunGc(const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  transfer::GcOptions options{.remove = fields.gc.remove};
  SLUICE_ASSIGN(options.older_than, ParseAge(fields.gc.older_than));
  SLUICE_ASSIGN(Lake lake, OpenLake(fields.lake.Directory(), false));
  options.warehouse = lake.warehouse;
  SLUICE_ASSIGN(options.foreign_metadata, ForeignMetadata(lake));
  SLUICE_ASSIGN(auto orphans,
                transfer::CollectOrphans(*lake.catalog, options, SystemClock()));
  int64_t bytes = 0;
  Json files = Json::array();
  std::string text;
  for (const transfer::Orphan& orphan : orphans) {
    bytes += orphan.bytes;
    files.push_back({{"path", orphan.path},
                     {"bytes", orphan.bytes},
                     {"modified", TimeText(orphan.modified_ms)}});
    text += orphan.path + "\n";
  }
  if (*fields.report.json) {
    PrintJson({{"ok", true},
               {"exit_code", 0},
               {"removed", options.remove},
               {"bytes", bytes},
               {"files", std::move(files)}});
  } else {
    text +=
        fmt::format("{} {} {}, {}{}\n", CountText(static_cast<int64_t>(orphans.size())),
                    orphans.size() == 1 ? "orphan" : "orphans",
                    options.remove ? "removed" : "found", BytesText(bytes),
                    options.remove || orphans.empty() ? "" : "; --remove deletes them");
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  return kExitOk;
}

}  // namespace

CliCommand MakeGcCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli;
  cli.command = {
      .name = "gc",
      .positional = "",
      .summary = "List, or remove, files of the lake that no snapshot refers to",
      .options = options::Bind<GcFlags>(kRows, &fields->gc)};
  Append(LakeRows(&fields->lake), &cli.command);
  Append(ReportRows(&fields->report), &cli.command);
  Append(LogRows(&fields->log), &cli.command);
  cli.json = fields->report.json;
  cli.run = [fields](const std::vector<std::string>&) { return RunGc(*fields); };
  return cli;
}

}  // namespace sluice::cli
