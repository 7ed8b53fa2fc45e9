#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::connectors::files::internal {

/// What the system said, as kUnavailable (kNotFound for ENOENT, kAlreadyExists for
/// EEXIST).
Status SystemError(std::string_view doing, const std::string& path, int error_number);

/// An open directory, locked against other processes and other openers of this one
/// (flock).
class DirectoryLock final {
 public:
  DirectoryLock() = default;
  /// Waits for the lock, or with `wait` false fails with kUnavailable when somebody has
  /// it.
  static Result<DirectoryLock> Take(const std::string& path, bool wait);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

  /// Is the locked directory still the one at `path`?
  bool IsAt(const std::string& path) const;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

bool Exists(const std::string& path);
/// Makes a directory; true when it was not there.
Result<bool> MakeDirectory(const std::string& path);
/// Renames within one file system.
Status Rename(const std::string& from, const std::string& to);
/// Deletes a file; one that is not there is no error.
Status Unlink(const std::string& path);
/// Deletes a directory and all below it; what is not there is no error.
Status RemoveTree(const std::string& path);
/// Flushes a directory's entries to the device.
Status SyncDirectory(const std::string& path);
/// Names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> ListNames(const std::string& path);

}  // namespace sluice::connectors::files::internal
