#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "connect/sink.h"
#include "connect/source.h"

namespace sluice::pipeline {

/// Counted by the engine, never by components. Written by its threads, read by any.
struct Counters {
  std::atomic<int64_t> rows_read{0}, rows_written{0};
  std::atomic<int64_t> bytes_read{0};     ///< of Arrow batches
  std::atomic<int64_t> bytes_written{0};  ///< of finished files
  std::atomic<int64_t> splits_done{0}, splits_total{0};
  /// Nanoseconds that threads waited, by reason.
  std::atomic<int64_t> wait_source_ns{0}, wait_queue_ns{0}, wait_sink_ns{0};
};

struct Options {
  int readers = 4;                     ///< threads, each on one split at a time
  int writers = 2;                     ///< threads; a split stays on one of them
  int64_t queue_bytes_max = 16 << 20;  ///< of batches between readers and writers, in all
  std::function<void()> on_tick;  ///< called by the caller's own thread while it waits
  std::chrono::milliseconds tick{100};  ///< how often
};

struct Outcome {
  std::vector<connect::Receipt> receipts;     ///< one per split, in split order
  std::map<std::string, int64_t> odd_values;  ///< summed over readers
};

/// Moves every split from `source` into writers of `session`: readers take splits from
/// one shared queue, batches go through a queue bounded by bytes, each split to one
/// writer. The first error of any thread stops all others and is returned as it was; no
/// thread outlives the call, whatever a reader or writer does (throws, stalls until
/// stopped, ends early). Fails with kCancelled after `stop`. `on_receipt` is called once
/// per finished split, from one thread at a time.
Result<Outcome> Run(const std::vector<connect::Split>& splits, connect::Source& source,
                    connect::WriteSession& session, const Options& options,
                    Counters& counters, std::stop_token stop,
                    const std::function<Status(const connect::Receipt&)>& on_receipt);

}  // namespace sluice::pipeline
