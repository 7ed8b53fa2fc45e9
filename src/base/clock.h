#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace sluice {

/// Time is a parameter, so that tests need not sleep. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970-01-01T00:00:00Z.
  virtual int64_t NowMs() = 0;
  /// A clock that never goes back, for durations.
  virtual std::chrono::nanoseconds Monotonic() = 0;
  /// Waits, or in a fake only moves the time on.
  virtual void Sleep(std::chrono::milliseconds duration) = 0;
};

/// The machine's clock; lives for ever.
Clock& SystemClock();

/// Moves only by Sleep and Advance.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t now_ms) : now_ms_(now_ms) {}
  int64_t NowMs() override;
  std::chrono::nanoseconds Monotonic() override;
  void Sleep(std::chrono::milliseconds duration) override;
  void Advance(std::chrono::milliseconds duration) { Sleep(duration); }

 private:
  std::mutex mutex_;
  int64_t now_ms_;
};

}  // namespace sluice
