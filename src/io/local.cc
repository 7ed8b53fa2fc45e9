#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <arrow/filesystem/filesystem.h>

#include "io/local_internal.h"

namespace sluice::io::internal {

bool IsLocal(const Location& location) {
  return location.file_system->type_name() == "local";
}

Status SystemError(std::string_view doing, const std::string& path, int error_number) {
  ErrorKind kind = ErrorKind::kUnavailable;
  if (error_number == ENOENT) kind = ErrorKind::kNotFound;
  if (error_number == EEXIST) kind = ErrorKind::kAlreadyExists;
  if (error_number == EACCES || error_number == EPERM) kind = ErrorKind::kAuth;
  if (error_number == ENOTDIR || error_number == EISDIR || error_number == ENAMETOOLONG) {
    kind = ErrorKind::kUserInput;
  }
  return Error(
      kind,
      "cannot " + std::string(doing) + " " + path + ": " + std::strerror(error_number),
      {{"path", path}, {"errno", std::to_string(error_number)}});
}

std::string ParentOf(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status MakeDirectory(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    return S_ISDIR(info.st_mode) ? Status::OK()
                                 : SystemError("make directory", path, ENOTDIR);
  }
  if (errno != ENOENT) return SystemError("make directory", path, errno);
  std::string parent = ParentOf(path);
  SLUICE_TRY(MakeDirectory(parent));
  // Somebody else may have made it meanwhile: that is as good.
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return SystemError("make directory", path, errno);
  }
  return SyncPath(parent);
}

Result<int> OpenNew(const std::string& path) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return SystemError("create", path, errno);
  return fd;
}

Status WriteAll(int fd, const char* data, int64_t size, const std::string& path) {
  while (size > 0) {
    ssize_t written = ::write(fd, data, static_cast<size_t>(size));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write", path, errno);
    data += written;
    size -= written;
  }
  return Status::OK();
}

Status SyncPath(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path, errno);
  return SyncAndClose(fd, path);
}

Status SyncAndClose(int fd, const std::string& path) {
  int sync_error = 0;
  while (::fsync(fd) != 0) {
    if (errno == EINTR) continue;
    // Some file systems cannot flush a directory by itself; they keep entries by other
    // means.
    if (errno != EINVAL && errno != EROFS) sync_error = errno;
    break;
  }
  int close_error = ::close(fd) != 0 && errno != EINTR ? errno : 0;
  if (sync_error != 0) return SystemError("flush to the device", path, sync_error);
  if (close_error != 0) return SystemError("close", path, close_error);
  return Status::OK();
}

}  // namespace sluice::io::internal
