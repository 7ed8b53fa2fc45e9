#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "connectors/files/posix_internal.h"

namespace sluice::connectors::files {

/// The hidden directory `<directory>/.sluice-<run>` of one load. It is locked as long as
/// this object lives; the system drops the lock with its process, which is how a dead
/// load is known.
class Staging final {
 public:
  /// Makes `directory` and the staging directory.
  static Result<std::unique_ptr<Staging>> Make(const std::string& directory,
                                               const std::string& run_id);
  const std::string& path() const { return path_; }
  /// Deletes the staging directory, and `directory` when Make made it and it is empty.
  void Remove();

 private:
  Staging(std::string directory, std::string path, bool made_directory,
          internal::DirectoryLock lock)
      : directory_(std::move(directory)),
        path_(std::move(path)),
        made_directory_(made_directory),
        lock_(std::move(lock)) {}

  const std::string directory_;
  const std::string path_;
  const bool made_directory_;
  internal::DirectoryLock lock_;
};

/// Completes the dead loads of `directory` that had begun to publish and removes the
/// others' staging directories. Those of living loads are left alone. The caller holds
/// the directory's lock.
Status SettleDeadLoads(const std::string& directory);

}  // namespace sluice::connectors::files
