#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/byte_queue.h"
#include "pipeline/pipeline.h"

namespace sluice::pipeline::internal {

/// What travels on a lane.
struct Parcel {
  size_t split = 0;                           ///< index into the plan
  std::shared_ptr<arrow::RecordBatch> batch;  ///< null: the split was read to its end
  int64_t rows = 0;                           ///< with the end: rows read of the split
};

/// What the threads of one Run share. Thread-safe.
class Flow final {
 public:
  /// `counters` must outlive this. `stop` is the caller's.
  Flow(const std::vector<connect::Split>& splits, const Options& options,
       Counters& counters, std::stop_token stop);

  const std::vector<connect::Split>& splits() const { return splits_; }
  Counters& counters() { return counters_; }
  /// Requested by the caller's stop and by the first error.
  std::stop_token stop_token() const { return stop_source_.get_token(); }
  bool stopping() const { return stop_source_.stop_requested(); }
  void RequestStop() { stop_source_.request_stop(); }

  /// Keeps the first error and stops everybody. After the caller's stop it is kCancelled,
  /// whatever the broken-off call said.
  void Fail(const Status& status);

  /// The next split to read; nothing when all are taken or the run stops.
  std::optional<size_t> TakeSplit();
  /// The lane with the fewest splits on it, for one more; LeaveLane when the split is
  /// read.
  size_t EnterLane();
  void LeaveLane(size_t lane);
  ByteQueue<Parcel>& lane(size_t index) { return *lanes_[index]; }

  void AddOddValues(const std::map<std::string, int64_t>& counts);
  /// Keeps the receipt and calls `on_receipt` for it, one thread at a time.
  Status AddReceipt(size_t split, connect::Receipt receipt,
                    const std::function<Status(const connect::Receipt&)>& on_receipt);

  /// To be called by each reader when it ends; the last one closes the lanes.
  void ReaderEnded();
  /// To be called by each thread as its last deed.
  void ThreadEnded();
  /// Waits until `readers + writers` threads have ended, calling `tick` while waiting.
  void WaitForThreads(std::chrono::milliseconds tick_every,
                      const std::function<void()>& tick);

  /// The result, when all threads have ended.
  Result<Outcome> TakeOutcome();

 private:
  const std::vector<connect::Split>& splits_;
  Counters& counters_;
  const std::stop_token caller_stop_;
  std::stop_source stop_source_;
  std::vector<std::unique_ptr<ByteQueue<Parcel>>> lanes_;

  std::mutex receipt_mutex_;  // held while on_receipt runs; taken before mutex_

  std::mutex mutex_;  // guards all below
  std::condition_variable ended_;
  Status error_;
  size_t next_split_ = 0;
  std::vector<int> lane_splits_;
  std::vector<std::optional<connect::Receipt>> receipts_;  // by split
  std::map<std::string, int64_t> odd_values_;
  int readers_left_;
  int threads_left_;
};

/// Calls `body` and makes kInternal out of whatever a library throws.
template <typename Body>
Status Guard(std::string_view who, const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Error(
        ErrorKind::kUnavailable,
        "out of memory; use fewer connections or a smaller queue: " + std::string(who));
  } catch (const std::exception& exception) {
    return Error(ErrorKind::kInternal, "an exception escaped from " + std::string(who) +
                                           ": " + exception.what());
  } catch (...) {
    return Error(ErrorKind::kInternal,
                 "an exception of unknown type escaped from " + std::string(who));
  }
}

/// Adds the time until its end to a counter of nanoseconds.
class WaitTimer final {
 public:
  explicit WaitTimer(std::atomic<int64_t>& total)
      : total_(total), start_(std::chrono::steady_clock::now()) {}
  ~WaitTimer() {
    auto waited = std::chrono::steady_clock::now() - start_;
    total_ += std::chrono::duration_cast<std::chrono::nanoseconds>(waited).count();
  }
  WaitTimer(const WaitTimer&) = delete;
  WaitTimer& operator=(const WaitTimer&) = delete;

 private:
  std::atomic<int64_t>& total_;
  const std::chrono::steady_clock::time_point start_;
};

/// The body of a reader thread: reads splits until none is left or the run stops.
void ReadSplits(Flow& flow, connect::Source& source);

/// The body of a writer thread: writes what comes on its lane.
void WriteLane(Flow& flow, size_t lane, connect::WriteSession& session,
               const std::function<Status(const connect::Receipt&)>& on_receipt);

}  // namespace sluice::pipeline::internal
