#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/result_output.h"
#include "cli/shared_options.h"
#include "cli/signals.h"
#include "sql/engine.h"

namespace sluice::cli {
namespace {

struct SqlOptions {
  std::string output = "auto";
  std::string file;
  std::string memory;
  std::string temp_directory;
  int threads = 0;
  std::string time_zone = "UTC";
};

constexpr options::Row<SqlOptions> kRows[] = {
    {.key = "output",
     .member = &SqlOptions::output,
     .value = "auto|table|csv|json|jsonl|arrow|parquet",
     .help =
         "form of the rows on stdout; auto is a table on a terminal and csv elsewhere",
     .letter = 'o'},
    {.key = "file",
     .member = &SqlOptions::file,
     .value = "FILE",
     .help = "read the statements from a file; without it and without SQL, from stdin",
     .letter = 'f'},
    {.key = "memory",
     .member = &SqlOptions::memory,
     .value = "SIZE",
     .help =
         "most memory a query may use before it spills: 500MB, 2GB (default 80 % of the "
         "machine)"},
    {.key = "temp-directory",
     .member = &SqlOptions::temp_directory,
     .value = "DIR",
     .help = "where queries spill to"},
    {.key = "threads",
     .member = &SqlOptions::threads,
     .value = "N",
     .help = "threads; 0 is one per core",
     .low = 0,
     .high = 1024},
    {.key = "time-zone",
     .member = &SqlOptions::time_zone,
     .value = "ZONE",
     .help = "zone in which SQL sees instants"},
};

struct Fields {
  SqlOptions sql;
  LakeOptions lake;
  LogOptions log;
};

Result<int64_t> ParseSize(const std::string& text) {
  if (text.empty()) return 0;
  size_t digits = text.find_first_not_of("0123456789.");
  std::string unit = digits == std::string::npos ? "" : Lower(Trim(text.substr(digits)));
  double factor = unit == "" || unit == "b" ? 1
                  : unit == "kb"            ? 1e3
                  : unit == "mb"            ? 1e6
                  : unit == "gb"            ? 1e9
                  : unit == "tb"            ? 1e12
                  : unit == "kib"           ? 1024.0
                  : unit == "mib"           ? 1048576.0
                  : unit == "gib"           ? 1073741824.0
                                            : 0;
  double number = digits == 0 ? 0 : std::strtod(text.c_str(), nullptr);
  if (factor == 0 || number <= 0) {
    return Error(ErrorKind::kUserInput,
                 "--memory takes a size such as 500MB or 2GB, not: " + text);
  }
  return static_cast<int64_t>(number * factor);
}

Result<std::string> ReadStatements(const std::vector<std::string>& words,
                                   const std::string& file) {
  if (!words.empty() && !file.empty()) {
    return Error(ErrorKind::kUserInput, "give the SQL once: as a word or with --file");
  }
  if (!words.empty()) return words[0];
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Error(ErrorKind::kNotFound, "cannot read the SQL file: " + file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  if (isatty(0)) {
    return Error(
        ErrorKind::kUserInput,
        "say what to run: sluice sql 'select ...', --file FILE, or SQL on stdin");
  }
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

// Shows how far a long statement is, on a terminal only.
class ProgressBar final {
 public:
  explicit ProgressBar(const sql::Engine& engine) {
    if (!isatty(2)) return;
    thread_ = std::jthread([this, &engine](std::stop_token stop) { Draw(engine, stop); });
  }
  ~ProgressBar() {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();
    }
    ClearStatusLine();
  }

 private:
  void Draw(const sql::Engine& engine, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    std::chrono::milliseconds wait{2000};  // short statements show nothing
    while (!tick_.wait_for(lock, stop, wait, [&] { return stop.stop_requested(); })) {
      wait = std::chrono::milliseconds(200);
      double percent = engine.ProgressPercent();
      if (percent < 0) continue;
      int filled = static_cast<int>(percent * 0.4);
      ShowStatusLine(
          fmt::format("[{:#<{}}{: <{}}] {:.0f} %", "", filled, "", 40 - filled, percent));
    }
  }

  std::mutex mutex_;
  std::condition_variable_any tick_;
  std::jthread thread_;
};

Result<int> RunSql(const std::vector<std::string>& words, const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  SLUICE_ASSIGN(std::string text, ReadStatements(words, fields.sql.file));
  SLUICE_ASSIGN(int64_t memory, ParseSize(fields.sql.memory));
  SLUICE_ASSIGN(Lake lake, OpenLake(fields.lake.Directory(), true));
  std::string form = fields.sql.output;
  if (form == "auto") form = isatty(1) ? "table" : "csv";
  SLUICE_ASSIGN(auto engine,
                sql::Engine::Make({.catalog = lake.catalog,
                                   .make_sink =
                                       [&lake](const catalog::TableIdent& ident) {
                                         return MakeTableSink(lake, ident, {});
                                       },
                                   .warehouse = lake.warehouse,
                                   .memory_bytes_max = memory,
                                   .temp_directory = fields.sql.temp_directory,
                                   .threads = fields.sql.threads,
                                   .time_zone = fields.sql.time_zone}));
  ProgressBar bar(*engine);
  SLUICE_TRY(engine->Execute(text, StopOnSignal(), [&](sql::StatementResult& result) {
    if (result.reader) return WriteResult(*result.reader, form);
    if (result.rows_changed >= 0) {
      std::fprintf(stderr, "%s: %s rows\n", result.kind.c_str(),
                   CountText(result.rows_changed).c_str());
    }
    return Status::OK();
  }));
  return kExitOk;
}

}  // namespace

CliCommand MakeSqlCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli;
  cli.command = {
      .name = "sql",
      .positional = "[SQL]",
      .summary = "Answer SQL over the lake's tables",
      .details =
          "Tables are namespace.table. Older states: from landing.orders at (version => "
          "SNAPSHOT_ID)\nor at (timestamp => timestamp '2026-11-20 10:00:00').",
      .examples = {"sluice sql 'select status, count(*), sum(total) from landing.orders "
                   "group by 1'",
                   "sluice sql --output csv -f report.sql > report.csv",
                   "sluice sql 'create schema if not exists trusted; create table "
                   "trusted.paid as select * "
                   "from landing.orders'"},
      .positional_min = 0,
      .positional_max = 1,
      .options = options::Bind<SqlOptions>(kRows, &fields->sql)};
  Append(LakeRows(&fields->lake), &cli.command);
  Append(LogRows(&fields->log), &cli.command);
  cli.run = [fields](const std::vector<std::string>& words) {
    return RunSql(words, *fields);
  };
  return cli;
}

}  // namespace sluice::cli
