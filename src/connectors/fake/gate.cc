#include "connectors/fake/gate.h"

namespace sluice::connectors::fake {

void Gate::Admit(int64_t passes) {
  std::lock_guard lock(mutex_);
  passes_left_ += passes;
  changed_.notify_all();
}

void Gate::OpenForEver() {
  std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Gate::Pass(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  bool admitted = changed_.wait(lock, stop, [this] { return open_ || passes_left_ > 0; });
  --waiting_;
  if (admitted && !open_) --passes_left_;
  return admitted;
}

void Gate::AwaitWaiting(int64_t threads) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_ >= threads; });
}

}  // namespace sluice::connectors::fake
