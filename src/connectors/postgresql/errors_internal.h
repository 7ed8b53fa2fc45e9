#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::connectors::postgresql {

/// What a SQLSTATE (five characters, PostgreSQL's appendix "Error Codes") means to a
/// caller. An empty one is a lost connection.
ErrorKind KindOfSqlstate(std::string_view sqlstate);

/// The five characters in a verbose message of the server ("FATAL:  28P01: ..."), or "".
std::string SqlstateIn(std::string_view message);

/// `message` in one line, without the words before its fact ("ERROR:  "), hints kept.
std::string OneLine(std::string_view message);

}  // namespace sluice::connectors::postgresql
