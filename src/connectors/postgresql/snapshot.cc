#include "connectors/postgresql/snapshot_internal.h"

#include "base/text.h"

namespace sluice::connectors::postgresql {
namespace {

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

}  // namespace

Result<connect::SnapshotInfo> SnapshotPool::Begin(int count) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(exporter_, Connection::Connect(link_));
  SLUICE_TRY(exporter_->Query(kBegin));
  SLUICE_ASSIGN(
      Rows position,
      exporter_->Query("SELECT CASE WHEN pg_is_in_recovery() THEN "
                       "pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"));
  const std::string connections =
      CountText(count) + (count == 1 ? " connection" : " connections");
  connect::SnapshotInfo info;
  info.position = position.at(0, 0);
  auto exported = exporter_->Query("SELECT pg_export_snapshot()");
  if (exported.ok()) {
    snapshot_ = exported->at(0, 0);
    info.consistency = connect::Consistency::kSnapshot;
    info.how = connections + " on the exported snapshot " + snapshot_ + " at LSN " +
               info.position;
  } else if (exporter_->is_alive()) {
    // Page ranges of different snapshots would lose and double rows that move between
    // pages.
    count = 1;
    info.consistency = connect::Consistency::kSnapshot;
    info.how = "1 connection, because the server cannot share a snapshot: " +
               MessageOf(exported.status());
  } else {
    return exported.status();
  }
  count_ = count;
  return info;
}

Result<std::unique_ptr<Connection>> SnapshotPool::Join() {
  SLUICE_ASSIGN(auto connection, Connection::Connect(link_));
  SLUICE_TRY(connection->Query(kBegin));
  if (snapshot_.empty()) return connection;
  auto joined = connection->Query("SET TRANSACTION SNAPSHOT " + QuoteLiteral(snapshot_));
  if (joined.ok()) return connection;
  return Error(ErrorKind::kUnavailable,
               "the snapshot " + snapshot_ +
                   " is gone with the connection that held it, start "
                   "the import again: " +
                   MessageOf(joined.status()));
}

Result<std::unique_ptr<Connection>> SnapshotPool::Take() {
  {
    std::unique_lock lock(mutex_);
    if (count_ == 0)
      return Error(ErrorKind::kInternal, "a split was opened before the snapshot");
    free_.wait(lock, [&] { return taken_ < count_; });
    ++taken_;
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  auto connection = Join();
  if (!connection.ok()) Give(nullptr, false);
  return connection;
}

void SnapshotPool::Give(std::unique_ptr<Connection> connection, bool clean) {
  {
    std::lock_guard lock(mutex_);
    --taken_;
    if (clean && connection != nullptr && connection->is_alive()) {
      idle_.push_back(std::move(connection));
    }
  }
  free_.notify_one();
}

}  // namespace sluice::connectors::postgresql
