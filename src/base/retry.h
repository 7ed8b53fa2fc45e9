#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace sluice {

/// Exponential back-off with full jitter.
struct RetryPolicy {
  int attempts_max = 5;
  std::chrono::milliseconds first_delay{100};
  std::chrono::milliseconds delay_max{10000};
};

/// Calls `attempt` (its argument counts from 1) until it succeeds, fails with a kind for
/// which `retryable` is false, the attempts are used up, or `stop` is requested. Gives
/// the last error.
Status Retry(const RetryPolicy& policy, Clock& clock, Random& random,
             std::stop_token stop, const std::function<bool(ErrorKind)>& retryable,
             const std::function<Status(int)>& attempt);

}  // namespace sluice
