#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace sluice {

/// A first-in-first-out queue between threads, bounded by bytes and not by items. An
/// empty queue accepts an item of any size, so one huge item cannot block for ever.
/// Thread-safe.
template <typename T>
class ByteQueue final {
 public:
  explicit ByteQueue(int64_t bytes_max) : bytes_max_(bytes_max) {}

  /// Waits for room. False: the queue is closed or `stop` was requested; `item` is
  /// dropped.
  bool Push(T item, int64_t bytes, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    auto has_room = [&] {
      return closed_ || items_.empty() || bytes_ + bytes <= bytes_max_;
    };
    if (!room_.wait(lock, stop, has_room) || closed_) return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    filled_.notify_one();
    return true;
  }

  /// Waits for an item. Nothing: the queue is closed and drained, or `stop` was
  /// requested.
  std::optional<T> Pop(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (!filled_.wait(lock, stop, [&] { return closed_ || !items_.empty(); })) return {};
    if (items_.empty()) return {};
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    room_.notify_all();
    return std::optional<T>(std::move(item));
  }

  /// No more Push; Pop gives what is left, then nothing.
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_all();
    filled_.notify_all();
  }

  int64_t bytes() const {
    std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  const int64_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable_any room_, filled_;
  std::deque<std::pair<T, int64_t>> items_;
  int64_t bytes_ = 0;  // of items_
  bool closed_ = false;
};

}  // namespace sluice
