#include "base/clock.h"

#include <thread>

namespace sluice {
namespace {

class MachineClock final : public Clock {
 public:
  int64_t NowMs() override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::chrono::nanoseconds Monotonic() override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  void Sleep(std::chrono::milliseconds duration) override {
    std::this_thread::sleep_for(duration);
  }
};

}  // namespace

Clock& SystemClock() {
  static MachineClock clock;
  return clock;
}

int64_t FakeClock::NowMs() {
  std::lock_guard lock(mutex_);
  return now_ms_;
}

std::chrono::nanoseconds FakeClock::Monotonic() {
  std::lock_guard lock(mutex_);
  return std::chrono::milliseconds(now_ms_);
}

void FakeClock::Sleep(std::chrono::milliseconds duration) {
  std::lock_guard lock(mutex_);
  now_ms_ += duration.count();
}

}  // namespace sluice
