#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace duckdb {
class ErrorData;
}

namespace sluice::sql {

/// Carries a failed status through DuckDB as an exception; StatusFromError gives the same
/// status back, kind and facts included. Only inside callbacks that DuckDB calls.
[[noreturn]] void ThrowStatus(const Status& status);

inline void ThrowIfFailed(const Status& status) {
  if (!status.ok()) ThrowStatus(status);
}

/// The value, or the status as an exception.
template <typename T>
T ValueOrThrow(Result<T> result) {
  ThrowIfFailed(result.status());
  return std::move(result).ValueUnsafe();
}

/// DuckDB's error as a status: an error in the SQL is kUserInput with the line and a
/// caret under the place, a missing name kNotFound, an interrupt kCancelled, memory
/// kUnavailable, bytes of a data file that cannot be read kCorrupt naming the file.
Status StatusFromError(const duckdb::ErrorData& error);

/// Runs `body`, which returns a Status or Result, and turns what it throws into a status.
template <typename Body>
auto CatchErrors(Body&& body) -> decltype(body());

Status CurrentExceptionStatus();

template <typename Body>
auto CatchErrors(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return CurrentExceptionStatus();
  }
}

}  // namespace sluice::sql
