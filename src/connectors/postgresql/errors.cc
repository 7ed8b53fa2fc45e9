#include "connectors/postgresql/errors_internal.h"

#include <cctype>

#include "base/text.h"

namespace sluice::connectors::postgresql {

ErrorKind KindOfSqlstate(std::string_view sqlstate) {
  if (sqlstate.size() != 5) return ErrorKind::kUnavailable;
  struct Rule {
    std::string_view prefix;
    ErrorKind kind;
  };
  static constexpr Rule kRules[] = {
      {"28", ErrorKind::kAuth},          // invalid authorization
      {"42501", ErrorKind::kAuth},       // insufficient privilege
      {"42P01", ErrorKind::kNotFound},   // undefined table
      {"42703", ErrorKind::kNotFound},   // undefined column
      {"3D000", ErrorKind::kNotFound},   // undefined database
      {"3F000", ErrorKind::kNotFound},   // undefined schema
      {"0A", ErrorKind::kUserInput},     // feature not supported
      {"22", ErrorKind::kUserInput},     // data exception of an expression
      {"25006", ErrorKind::kUserInput},  // a write in our read-only transaction
      {"42", ErrorKind::kUserInput},     // syntax, names, types
      {"XX001", ErrorKind::kCorrupt},    // data corrupted
      {"XX002", ErrorKind::kCorrupt},    // index corrupted
  };
  for (const Rule& rule : kRules) {
    if (sqlstate.starts_with(rule.prefix)) return rule.kind;
  }
  return ErrorKind::kUnavailable;
}

std::string SqlstateIn(std::string_view message) {
  for (size_t at = message.find(":  "); at != std::string_view::npos;
       at = message.find(":  ", at + 1)) {
    std::string_view rest = message.substr(at + 3);
    if (rest.size() < 6 || rest[5] != ':') continue;
    bool is_code = true;
    for (char c : rest.substr(0, 5)) {
      is_code = is_code && (std::isdigit(static_cast<unsigned char>(c)) ||
                            std::isupper(static_cast<unsigned char>(c)));
    }
    if (is_code) return std::string(rest.substr(0, 5));
  }
  return "";
}

std::string OneLine(std::string_view message) {
  std::string line;
  for (std::string_view part : SplitText(message, '\n')) {
    part = Trim(part);
    if (part.empty() || part.starts_with("LOCATION:")) continue;
    if (!line.empty()) line += "; ";
    line += part;
  }
  for (std::string_view word : {"ERROR:  ", "FATAL:  "}) {
    if (line.starts_with(word)) line.erase(0, word.size());
  }
  return line;
}

}  // namespace sluice::connectors::postgresql
