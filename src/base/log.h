#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat { kText, kJson };

/// "debug", "info", "warn", "error", "off"; fails with kUserInput on another word.
Result<LogLevel> ParseLogLevel(std::string_view word);

/// Sets what reaches stderr. Default: info, text.
void ConfigureLog(LogLevel level, LogFormat format);

/// One name=value pair of a log line.
using LogField = std::pair<std::string_view, std::string>;

/// Writes one line to stderr: time, level, room, sentence, fields. Secrets are struck
/// out. Thread-safe. Log where a thing is handled, never where it is passed on.
void Log(LogLevel level, std::string_view room, std::string_view sentence,
         const std::vector<LogField>& fields = {});

/// Called around every log line while a progress display owns the terminal's last line.
void SetLogLineHook(void (*before)(), void (*after)());

}  // namespace sluice
