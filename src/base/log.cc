#include "base/log.h"

#include <cstdio>
#include <mutex>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"

namespace sluice {
namespace {

struct Sink {
  std::mutex mutex;
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  void (*before)() = nullptr;
  void (*after)() = nullptr;
};

Sink& TheSink() {
  static Sink sink;
  return sink;
}

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error", "off"};

std::string TextLine(LogLevel level, std::string_view room, std::string_view sentence,
                     const std::vector<LogField>& fields) {
  std::string line = fmt::format("{} {:<5} {}: {}", TimeText(SystemClock().NowMs()),
                                 kNames[static_cast<int>(level)], room, sentence);
  for (const auto& [name, value] : fields) {
    bool quote = value.empty() || value.find_first_of(" \"=\n") != std::string::npos;
    line += fmt::format(" {}={}", name, quote ? ToText(Json(value)) : value);
  }
  return line;
}

std::string JsonLine(LogLevel level, std::string_view room, std::string_view sentence,
                     const std::vector<LogField>& fields) {
  Json json;
  json["time"] = TimeText(SystemClock().NowMs());
  json["level"] = kNames[static_cast<int>(level)];
  json["room"] = room;
  json["message"] = sentence;
  for (const auto& [name, value] : fields) json[std::string(name)] = value;
  return ToText(RedactSecretValues(std::move(json)));
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view word) {
  for (int i = 0; i < 5; ++i) {
    if (kNames[i] == word) return static_cast<LogLevel>(i);
  }
  return Error(ErrorKind::kUserInput,
               "a log level is debug, info, warn, error or off: " + std::string(word));
}

void ConfigureLog(LogLevel level, LogFormat format) {
  Sink& sink = TheSink();
  std::lock_guard lock(sink.mutex);
  sink.level = level;
  sink.format = format;
}

void Log(LogLevel level, std::string_view room, std::string_view sentence,
         const std::vector<LogField>& fields) {
  Sink& sink = TheSink();
  std::lock_guard lock(sink.mutex);
  if (level < sink.level || sink.level == LogLevel::kOff) return;
  std::string line = sink.format == LogFormat::kText
                         ? RedactSecrets(TextLine(level, room, sentence, fields))
                         : JsonLine(level, room, sentence, fields);
  line += '\n';
  if (sink.before) sink.before();
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  if (sink.after) sink.after();
}

void SetLogLineHook(void (*before)(), void (*after)()) {
  Sink& sink = TheSink();
  std::lock_guard lock(sink.mutex);
  sink.before = before;
  sink.after = after;
}

}  // namespace sluice
