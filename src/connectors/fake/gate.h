#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace sluice::connectors::fake {

/// Holds threads until a test lets them through: order without sleeping. Thread-safe.
class Gate final {
 public:
  /// Lets `passes` more calls of Pass through.
  void Admit(int64_t passes);
  /// Lets everybody through from now on.
  void OpenForEver();
  /// Waits to be let through. False: `stop` was requested instead.
  bool Pass(std::stop_token stop);
  /// Waits until `threads` are held at the gate.
  void AwaitWaiting(int64_t threads);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int64_t passes_left_ = 0;
  int64_t waiting_ = 0;
  bool open_ = false;
};

}  // namespace sluice::connectors::fake
