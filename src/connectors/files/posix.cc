#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "connectors/files/posix_internal.h"

namespace sluice::connectors::files::internal {

Status SystemError(std::string_view doing, const std::string& path, int error_number) {
  ErrorKind kind = ErrorKind::kUnavailable;
  if (error_number == ENOENT) kind = ErrorKind::kNotFound;
  if (error_number == EEXIST) kind = ErrorKind::kAlreadyExists;
  return Error(
      kind,
      "cannot " + std::string(doing) + " " + path + ": " + std::strerror(error_number),
      {{"path", path}, {"errno", std::to_string(error_number)}});
}

Result<DirectoryLock> DirectoryLock::Take(const std::string& path, bool wait) {
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path, errno);
  DirectoryLock lock(fd);
  while (::flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR) return SystemError("lock", path, errno);
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool DirectoryLock::IsAt(const std::string& path) const {
  struct stat ours, theirs;
  return ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

bool Exists(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0;
}

Result<bool> MakeDirectory(const std::string& path) {
  std::error_code error;
  bool made = std::filesystem::create_directories(path, error);
  if (error) return SystemError("make directory", path, error.value());
  return made;
}

Status Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return Status::OK();
  return SystemError("rename", from, errno);
}

Status Unlink(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Status::OK();
  return SystemError("delete", path, errno);
}

Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? SystemError("delete", path, error.value()) : Status::OK();
}

Status SyncDirectory(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path, errno);
  // Some file systems cannot flush a directory by itself; they keep entries by other
  // means.
  bool flushed = ::fsync(fd) == 0 || errno == EINVAL;
  int error_number = errno;
  ::close(fd);
  return flushed ? Status::OK() : SystemError("flush to the device", path, error_number);
}

Result<std::vector<std::string>> ListNames(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator it(path, error), end;
  while (!error && it != end) {
    names.push_back(it->path().filename().string());
    it.increment(error);
  }
  if (error) return SystemError("list", path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sluice::connectors::files::internal
