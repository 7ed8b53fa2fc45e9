#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connect/values.h"
#include "sqlite/database.h"

namespace sluice::connectors::sqlite {

/// Opens the file for reading only: mmap, no creation.
Result<std::unique_ptr<::sluice::sqlite::Database>> OpenFile(const std::string& path);

/// N connections to one file, each inside one read transaction. Thread-safe.
class Connections final {
 public:
  explicit Connections(std::string path) : path_(std::move(path)) {}

  /// Opens `count` connections and puts them and `first` (borrowed) on one state of the
  /// file. WAL files: the read transactions are started again until no commit of anybody
  /// fell between the first and the last of them (PRAGMA data_version of a watching
  /// connection), so writers are never locked out. Other files: a write lock is held
  /// while they start, where the file may be written; from then on their shared locks
  /// keep every commit away.
  Result<connect::SnapshotInfo> Begin(int count, ::sluice::sqlite::Database* first);

  /// Waits for a free connection. Fails with kInternal before Begin.
  Result<std::unique_ptr<::sluice::sqlite::Database>> Take();
  void Give(std::unique_ptr<::sluice::sqlite::Database> database);

 private:
  Status StartAll(::sluice::sqlite::Database* first);
  Status RollBackAll(::sluice::sqlite::Database* first);
  Result<bool> StartWatched(::sluice::sqlite::Database* first,
                            ::sluice::sqlite::Database& watcher);
  Status StartLocked(::sluice::sqlite::Database* first);

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<::sluice::sqlite::Database>> idle_;
  bool begun_ = false;
};

}  // namespace sluice::connectors::sqlite
