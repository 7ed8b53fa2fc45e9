#include "base/retry.h"

#include <algorithm>

namespace sluice {

Status Retry(const RetryPolicy& policy, Clock& clock, Random& random,
             std::stop_token stop, const std::function<bool(ErrorKind)>& retryable,
             const std::function<Status(int)>& attempt) {
  std::chrono::milliseconds ceiling = policy.first_delay;
  for (int i = 1;; ++i) {
    Status status = attempt(i);
    if (status.ok() || i >= policy.attempts_max || !retryable(KindOf(status)))
      return status;
    if (stop.stop_requested()) return Error(ErrorKind::kCancelled, "stopped on request");
    clock.Sleep(std::chrono::milliseconds(random.Between(0, ceiling.count())));
    ceiling = std::min(ceiling * 2, policy.delay_max);
  }
}

}  // namespace sluice
