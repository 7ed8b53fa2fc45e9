#include <algorithm>

#include "pipeline/flow_internal.h"

namespace sluice::pipeline::internal {

Flow::Flow(const std::vector<connect::Split>& splits, const Options& options,
           Counters& counters, std::stop_token stop)
    : splits_(splits),
      counters_(counters),
      caller_stop_(std::move(stop)),
      lane_splits_(options.writers, 0),
      receipts_(splits.size()),
      readers_left_(options.readers),
      threads_left_(options.readers + options.writers) {
  for (int i = 0; i < options.writers; ++i) {
    int64_t bytes = std::max<int64_t>(1, options.queue_bytes_max / options.writers);
    lanes_.push_back(std::make_unique<ByteQueue<Parcel>>(bytes));
  }
}

void Flow::Fail(const Status& status) {
  {
    std::lock_guard lock(mutex_);
    if (error_.ok()) {
      error_ = caller_stop_.stop_requested()
                   ? Error(ErrorKind::kCancelled, "stopped on request")
                   : status;
    }
  }
  RequestStop();
}

std::optional<size_t> Flow::TakeSplit() {
  if (stopping()) return {};
  std::lock_guard lock(mutex_);
  if (next_split_ == splits_.size()) return {};
  return next_split_++;
}

size_t Flow::EnterLane() {
  std::lock_guard lock(mutex_);
  size_t lane =
      std::min_element(lane_splits_.begin(), lane_splits_.end()) - lane_splits_.begin();
  ++lane_splits_[lane];
  return lane;
}

void Flow::LeaveLane(size_t lane) {
  std::lock_guard lock(mutex_);
  --lane_splits_[lane];
}

void Flow::AddOddValues(const std::map<std::string, int64_t>& counts) {
  std::lock_guard lock(mutex_);
  for (const auto& [what, count] : counts) odd_values_[what] += count;
}

Status Flow::AddReceipt(
    size_t split, connect::Receipt receipt,
    const std::function<Status(const connect::Receipt&)>& on_receipt) {
  std::lock_guard one_at_a_time(receipt_mutex_);
  if (on_receipt) SLUICE_TRY(on_receipt(receipt));
  std::lock_guard lock(mutex_);
  receipts_[split] = std::move(receipt);
  return Status::OK();
}

void Flow::ReaderEnded() {
  std::lock_guard lock(mutex_);
  if (--readers_left_ > 0) return;
  for (auto& lane : lanes_) lane->Close();
}

void Flow::ThreadEnded() {
  std::lock_guard lock(mutex_);
  --threads_left_;
  ended_.notify_all();
}

void Flow::WaitForThreads(std::chrono::milliseconds tick_every,
                          const std::function<void()>& tick) {
  std::unique_lock lock(mutex_);
  auto all_ended = [&] { return threads_left_ == 0; };
  if (!tick) {
    ended_.wait(lock, all_ended);
    return;
  }
  while (!ended_.wait_for(lock, tick_every, all_ended)) {
    lock.unlock();
    Status status = Guard("the progress display", [&] {
      tick();
      return Status::OK();
    });
    if (!status.ok()) Fail(status);
    lock.lock();
  }
}

Result<Outcome> Flow::TakeOutcome() {
  std::lock_guard lock(mutex_);
  SLUICE_TRY(error_);
  if (caller_stop_.stop_requested()) {
    return Error(ErrorKind::kCancelled, "stopped on request");
  }
  Outcome outcome;
  outcome.odd_values = std::move(odd_values_);
  for (size_t i = 0; i < receipts_.size(); ++i) {
    if (!receipts_[i]) {
      return Error(ErrorKind::kInternal, "a split was neither written nor refused",
                   {{"split", splits_[i].id}});
    }
    outcome.receipts.push_back(std::move(*receipts_[i]));
  }
  return outcome;
}

}  // namespace sluice::pipeline::internal
