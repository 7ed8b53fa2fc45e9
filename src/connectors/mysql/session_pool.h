#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "connect/values.h"
#include "connectors/mysql/session.h"

namespace sluice::connectors::mysql {

/// The connections that rows are read on, if possible all inside one consistent snapshot.
/// Thread-safe.
class SessionPool final {
 public:
  /// One session out of the pool, given back when it is destroyed.
  class Lease final {
   public:
    Lease(SessionPool* pool, std::unique_ptr<Session> session)
        : pool_(pool), session_(std::move(session)) {}
    ~Lease() { pool_->Return(std::move(session_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Session* operator->() { return session_.get(); }
    Session* get() { return session_.get(); }

   private:
    SessionPool* pool_;
    std::unique_ptr<Session> session_;
  };

  /// Nothing is connected yet. `settings` outlives the pool.
  SessionPool(const Settings* settings, int size);
  ~SessionPool();

  /// Connects all sessions and puts them on one state of the data where the server can.
  /// Fails only when it cannot connect; what the rows are worth is in the answer.
  Result<connect::SnapshotInfo> Begin();

  /// Waits for a free session; connects one where that keeps the promise of Begin. Fails
  /// with kUnavailable when every session of the snapshot is dead.
  Result<std::unique_ptr<Lease>> Take();

 private:
  void Return(std::unique_ptr<Session> session);

  const Settings* settings_;
  const int size_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Session>> free_;
  int alive_ = 0;          // free or lent
  bool snapshot_ = false;  // a dead session cannot be replaced
};

}  // namespace sluice::connectors::mysql
