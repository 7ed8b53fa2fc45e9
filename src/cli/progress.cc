#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace sluice::cli {
namespace {

struct StatusLine {
  std::mutex mutex;
  std::string text;
};

StatusLine& TheStatusLine() {
  static StatusLine line;
  return line;
}

bool StderrIsTerminal() {
  static const bool terminal = isatty(2) == 1;
  return terminal;
}

size_t TerminalWidth() {
  winsize size{};
  if (ioctl(2, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

void Erase() {
  StatusLine& line = TheStatusLine();
  std::lock_guard lock(line.mutex);
  if (!line.text.empty()) std::fputs("\r\033[K", stderr);
}

void Redraw() {
  StatusLine& line = TheStatusLine();
  std::lock_guard lock(line.mutex);
  if (line.text.empty()) return;
  std::fputs(line.text.c_str(), stderr);
  std::fflush(stderr);
}

class ImportProgress final : public transfer::Progress {
 public:
  ~ImportProgress() override { ClearStatusLine(); }

  void TableStarted(const std::string& table, int64_t estimated_rows) override {
    estimated_rows_ = estimated_rows;
    next_line_ = kLineEvery;
    Log(LogLevel::kDebug, "import", "table started",
        {{"table", table}, {"estimated_rows", std::to_string(estimated_rows)}});
  }

  void TableAdvanced(const std::string& table, const pipeline::Counters& counters,
                     std::chrono::nanoseconds elapsed) override {
    double seconds = std::max(std::chrono::duration<double>(elapsed).count(), 1e-3);
    int64_t rows = counters.rows_read;
    double rate = static_cast<double>(rows) / seconds;
    std::string eta;
    if (estimated_rows_ > rows && rate > 0 && seconds > 1) {
      eta = DurationText(std::chrono::milliseconds(static_cast<int64_t>(
          1000.0 * static_cast<double>(estimated_rows_ - rows) / rate)));
    }
    if (StderrIsTerminal()) {
      ShowStatusLine(fmt::format(
          "{}: {} rows, {} read, {} rows/s, {}/{} chunks{}", table, CountText(rows),
          BytesText(counters.bytes_read), CountText(static_cast<int64_t>(rate)),
          counters.splits_done.load(), counters.splits_total.load(),
          eta.empty() ? "" : ", " + eta + " left"));
    } else if (elapsed >= next_line_) {
      next_line_ = elapsed + kLineEvery;
      Log(LogLevel::kInfo, "import", "importing",
          {{"table", table},
           {"rows", std::to_string(rows)},
           {"bytes_read", std::to_string(counters.bytes_read.load())},
           {"rows_per_second", std::to_string(static_cast<int64_t>(rate))},
           {"chunks", fmt::format("{}/{}", counters.splits_done.load(),
                                  counters.splits_total.load())},
           {"left", eta.empty() ? "unknown" : eta}});
    }
  }

  void TableEnded(const transfer::TableReport& report) override {
    ClearStatusLine();
    Log(LogLevel::kDebug, "import",
        report.status.ok() ? "table committed" : "table failed",
        {{"table", report.table}, {"rows", std::to_string(report.rows_committed)}});
  }

 private:
  static constexpr std::chrono::seconds kLineEvery{5};
  int64_t estimated_rows_ = -1;
  std::chrono::nanoseconds next_line_ = kLineEvery;
};

}  // namespace

void ShowStatusLine(const std::string& line) {
  if (!StderrIsTerminal()) return;
  Erase();
  {
    StatusLine& status = TheStatusLine();
    std::lock_guard lock(status.mutex);
    status.text = line.substr(0, TerminalWidth() - 1);
  }
  Redraw();
}

void ClearStatusLine() {
  if (!StderrIsTerminal()) return;
  Erase();
  StatusLine& status = TheStatusLine();
  std::lock_guard lock(status.mutex);
  status.text.clear();
}

std::unique_ptr<transfer::Progress> MakeProgress() {
  SetLogLineHook(Erase, Redraw);
  return std::make_unique<ImportProgress>();
}

}  // namespace sluice::cli
