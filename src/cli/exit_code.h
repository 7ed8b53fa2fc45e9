#pragma once

#include "base/json.h"
#include "base/result.h"

namespace sluice::cli {

// What the program answers to its caller; the same numbers serve schedulers.
constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitSomeTablesFailed = 3;
constexpr int kExitDataCheck = 4;
constexpr int kExitAuth = 5;
constexpr int kExitConflict = 6;
constexpr int kExitTemporary = 75;

/// The exit code of a failed status; kCancelled is 128 + the signal that asked (130
/// without one).
int ExitCodeOf(const Status& status);

/// {"kind": ..., "message": ..., name: value ...} with secrets struck out.
Json ErrorToJson(const Status& status);

}  // namespace sluice::cli
