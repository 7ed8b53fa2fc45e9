#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

/// A named place where tests let the program fail:
/// `SLUICE_TRY(Failpoint("commit.after_swap"));`. Not armed it costs one load; in a
/// release build it is nothing.
///
/// Armed by ArmFailpoints or the environment variable SLUICE_FAILPOINTS (test builds
/// only):
///   NAME=crash@N | error@N | delay:MS@N   separated by ';'
/// `@N` (default 1) fires at the N-th pass only; `@*` at every pass. `crash` is SIGKILL
/// to self, `error` returns kUnavailable naming the failpoint, `delay` sleeps.
#ifdef SLUICE_FAILPOINTS
Status Failpoint(std::string_view name);
#else
inline Status Failpoint(std::string_view) { return Status::OK(); }
#endif

/// Replaces what is armed; "" disarms. Fails with kUserInput on a bad text. Thread-safe.
Status ArmFailpoints(std::string_view text);

/// Every name passed since the start of the process, in order of first pass (test builds
/// only), with the number of passes: for a matrix that must not miss one.
std::vector<std::pair<std::string, int64_t>> PassedFailpoints();

}  // namespace sluice
