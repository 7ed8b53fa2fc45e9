#include "cli/shared_options.h"

#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"

namespace sluice::cli {
namespace {

constexpr options::Row<LogOptions> kLogRows[] = {
    {.key = "log-level",
     .member = &LogOptions::log_level,
     .value = "debug|info|warn|error|off",
     .help = "what is written to stderr"},
    {.key = "log-format",
     .member = &LogOptions::log_format,
     .value = "text|json",
     .help = "form of the lines on stderr"},
};

constexpr options::Row<LakeOptions> kLakeRows[] = {
    {.key = "lake",
     .member = &LakeOptions::lake,
     .value = "DIR",
     .help = "the lake's directory; made at first use; else $SLUICE_LAKE, else ./lake"},
};

}  // namespace

Status LogOptions::Apply() const {
  SLUICE_ASSIGN(LogLevel level, ParseLogLevel(log_level));
  ConfigureLog(level, log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  return Status::OK();
}

std::vector<options::Option> LogRows(LogOptions* target) {
  return options::Bind<LogOptions>(kLogRows, target);
}

std::string LakeOptions::Directory() const {
  if (!lake.empty()) return lake;
  const char* from_environment = std::getenv("SLUICE_LAKE");
  return from_environment && *from_environment ? from_environment : "lake";
}

std::vector<options::Option> LakeRows(LakeOptions* target) {
  return options::Bind<LakeOptions>(kLakeRows, target);
}

std::vector<options::Option> ReportRows(ReportOptions* target) {
  options::Option json{.key = "json",
                       .help = "print exactly one JSON object to stdout, also on error",
                       .is_switch = true};
  json.set = [flag = target->json](std::string_view) {
    *flag = true;
    return Status::OK();
  };
  return {json};
}

void PrintJson(const Json& json) {
  std::string line = ToText(RedactSecretValues(json)) + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace sluice::cli
