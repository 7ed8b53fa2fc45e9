#include "connectors/mysql/session_pool.h"

#include <algorithm>

#include "connectors/mysql/snapshot.h"

namespace sluice::connectors::mysql {

SessionPool::SessionPool(const Settings* settings, int size)
    : settings_(settings), size_(std::max(size, 1)) {}

SessionPool::~SessionPool() = default;

Result<connect::SnapshotInfo> SessionPool::Begin() {
  std::lock_guard lock(mutex_);
  while (alive_ < size_) {
    SLUICE_ASSIGN(auto session, Session::Connect(*settings_));
    free_.push_back(std::move(session));
    ++alive_;
  }
  std::vector<Session*> sessions;
  for (const auto& session : free_) sessions.push_back(session.get());
  SLUICE_ASSIGN(connect::SnapshotInfo info, StartSnapshot(sessions));
  snapshot_ = info.consistency == connect::Consistency::kSnapshot;
  return info;
}

Result<std::unique_ptr<SessionPool::Lease>> SessionPool::Take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!free_.empty()) {
      std::unique_ptr<Session> session = std::move(free_.back());
      free_.pop_back();
      return std::make_unique<Lease>(this, std::move(session));
    }
    if (snapshot_ && alive_ == 0) {
      return Error(
          ErrorKind::kUnavailable,
          "all connections of the snapshot are lost; start again for a new one (" +
              settings_->ToEndpoint().address + ")");
    }
    if (!snapshot_ && alive_ < size_) break;
    returned_.wait(lock);
  }
  ++alive_;
  lock.unlock();
  auto session = Session::Connect(*settings_);
  if (!session.ok()) {
    lock.lock();
    --alive_;
    returned_.notify_all();
    return session.status();
  }
  return std::make_unique<Lease>(this, std::move(*session));
}

void SessionPool::Return(std::unique_ptr<Session> session) {
  std::lock_guard lock(mutex_);
  if (session->dead()) {
    --alive_;
  } else {
    free_.push_back(std::move(session));
  }
  returned_.notify_all();
}

}  // namespace sluice::connectors::mysql
