#include "connectors/sqlite/connections_internal.h"

#include "base/text.h"

namespace sluice::connectors::sqlite {
namespace {

namespace sq = ::sluice::sqlite;

/// A commit between N starts is rare; this many tries are milliseconds without one.
constexpr int kTriesMax = 500;
/// How long to wait for a writer's transaction to end.
constexpr int kLockWaitMs = 10000;

Result<std::string> ReadPragma(sq::Database& database, std::string_view sql) {
  SLUICE_ASSIGN(auto statement, database.Prepare(sql));
  SLUICE_ASSIGN(bool found, statement.Step());
  return found ? std::string(statement.text_at(0)) : std::string();
}

/// BEGIN alone takes no snapshot: the first read does.
Status StartReading(sq::Database& database) {
  SLUICE_TRY(database.Execute("BEGIN"));
  SLUICE_ASSIGN(auto statement, database.Prepare("SELECT count(*) FROM sqlite_schema"));
  return statement.Step().status();
}

}  // namespace

Result<std::unique_ptr<sq::Database>> OpenFile(const std::string& path) {
  sq::OpenOptions options;
  options.read_only = true;
  options.busy_timeout_ms = 3000;
  SLUICE_ASSIGN(auto database, sq::Database::Open(path, options));
  SLUICE_TRY(database->Execute("PRAGMA mmap_size = 1073741824; PRAGMA query_only = 1"));
  SLUICE_TRY(ReadPragma(*database, "SELECT count(*) FROM sqlite_schema"));
  return database;
}

Status Connections::StartAll(sq::Database* first) {
  SLUICE_TRY(StartReading(*first));
  for (auto& database : idle_) SLUICE_TRY(StartReading(*database));
  return Status::OK();
}

Status Connections::RollBackAll(sq::Database* first) {
  SLUICE_TRY(first->Execute("ROLLBACK"));
  for (auto& database : idle_) SLUICE_TRY(database->Execute("ROLLBACK"));
  return Status::OK();
}

Result<bool> Connections::StartWatched(sq::Database* first, sq::Database& watcher) {
  for (int attempt = 1;; ++attempt) {
    SLUICE_ASSIGN(std::string before, ReadPragma(watcher, "PRAGMA data_version"));
    SLUICE_TRY(StartAll(first));
    SLUICE_ASSIGN(std::string after, ReadPragma(watcher, "PRAGMA data_version"));
    if (before == after) return true;
    if (attempt == kTriesMax) return false;
    SLUICE_TRY(RollBackAll(first));
  }
}

/// Without the lock a writer that waits for our first connection would keep the others
/// out.
Status Connections::StartLocked(sq::Database* first) {
  sq::OpenOptions options;
  options.busy_timeout_ms = kLockWaitMs;
  auto locker = sq::Database::Open(path_, options);
  if (!locker.ok()) return StartAll(first);
  Status locked = (*locker)->Execute("BEGIN IMMEDIATE");
  if (KindOf(locked) == ErrorKind::kUnavailable) return locked;
  SLUICE_TRY(StartAll(first));
  return locked.ok() ? (*locker)->Execute("ROLLBACK") : Status::OK();
}

Result<connect::SnapshotInfo> Connections::Begin(int count, sq::Database* first) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto watcher, OpenFile(path_));
  SLUICE_ASSIGN(std::string mode, ReadPragma(*watcher, "PRAGMA journal_mode"));
  while (static_cast<int>(idle_.size()) < count) {
    SLUICE_ASSIGN(auto database, OpenFile(path_));
    idle_.push_back(std::move(database));
  }
  bool together = true;
  if (mode == "wal") {
    SLUICE_ASSIGN(together, StartWatched(first, *watcher));
  } else {
    SLUICE_TRY(StartLocked(first));
  }
  begun_ = true;
  const std::string connections =
      CountText(count) + (count == 1 ? " connection" : " connections");
  connect::SnapshotInfo info;
  if (together) {
    info.consistency = connect::Consistency::kSnapshot;
    info.how = connections +
               " in read transactions on one state of the file (journal mode " + mode +
               (mode == "wal" ? ")" : ": writers wait until the read has ended)");
    return info;
  }
  info.consistency = connect::Consistency::kPerChunk;
  info.how = connections +
             ", each in its own read transaction: other programs committed during every "
             "one of " +
             std::to_string(kTriesMax) + " attempts to start them together";
  return info;
}

Result<std::unique_ptr<sq::Database>> Connections::Take() {
  std::unique_lock lock(mutex_);
  if (!begun_)
    return Error(ErrorKind::kInternal, "a split was opened before the snapshot");
  free_.wait(lock, [&] { return !idle_.empty(); });
  auto database = std::move(idle_.back());
  idle_.pop_back();
  return database;
}

void Connections::Give(std::unique_ptr<sq::Database> database) {
  {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(database));
  }
  free_.notify_one();
}

}  // namespace sluice::connectors::sqlite
