#include "io/new_file.h"

#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

#include <arrow/filesystem/filesystem.h>

#include "io/local_internal.h"

namespace sluice::io {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

/// Elsewhere than on the local disk, "was not there" and "create" are two calls.
std::mutex& CreationMutex() {
  static std::mutex mutex;
  return mutex;
}

Result<std::shared_ptr<arrow::io::OutputStream>> OpenElsewhere(const Location& location) {
  std::lock_guard lock(CreationMutex());
  SLUICE_ASSIGN(auto info, location.file_system->GetFileInfo(location.path));
  if (info.type() != arrow::fs::FileType::NotFound) {
    return Error(ErrorKind::kAlreadyExists,
                 "cannot create " + location.path + ": it exists",
                 {{"path", location.path}});
  }
  SLUICE_TRY(location.file_system->CreateDir(internal::ParentOf(location.path), true));
  return location.file_system->OpenOutputStream(location.path);
}

}  // namespace

Result<std::shared_ptr<NewFile>> NewFile::Make(const Location& location) {
  if (!internal::IsLocal(location)) {
    SLUICE_ASSIGN(auto stream, OpenElsewhere(location));
    return std::shared_ptr<NewFile>(new NewFile(location, -1, std::move(stream)));
  }
  SLUICE_TRY(internal::MakeDirectory(internal::ParentOf(location.path)));
  SLUICE_ASSIGN(int fd, internal::OpenNew(location.path));
  return std::shared_ptr<NewFile>(new NewFile(location, fd, nullptr));
}

NewFile::~NewFile() { [[maybe_unused]] Status aborted = Abort(); }

Status NewFile::WriteThrough(const char* data, int64_t size) {
  if (size == 0) return Status::OK();
  if (stream_) return stream_->Write(data, size);
  return internal::WriteAll(fd_, data, size, location_.path);
}

Status NewFile::Write(const void* data, int64_t size) {
  if (closed_)
    return Error(ErrorKind::kInternal, "write to a closed file " + location_.path);
  position_ += size;
  if (buffer_.size() + static_cast<size_t>(size) > kBufferBytes) SLUICE_TRY(Flush());
  if (static_cast<size_t>(size) > kBufferBytes) {
    return WriteThrough(static_cast<const char*>(data), size);
  }
  buffer_.append(static_cast<const char*>(data), static_cast<size_t>(size));
  return Status::OK();
}

Status NewFile::Flush() {
  Status written = WriteThrough(buffer_.data(), static_cast<int64_t>(buffer_.size()));
  buffer_.clear();
  return written;
}

Status NewFile::Finish() {
  if (closed_)
    return Error(ErrorKind::kInternal, "file finished twice " + location_.path);
  SLUICE_TRY(Flush());
  closed_ = true;
  if (stream_) return stream_->Close();
  int fd = std::exchange(fd_, -1);
  SLUICE_TRY(internal::SyncAndClose(fd, location_.path));
  return internal::SyncPath(internal::ParentOf(location_.path));
}

Status NewFile::Abort() {
  if (closed_) return Status::OK();
  closed_ = true;
  if (stream_) {
    SLUICE_TRY(stream_->Close());
    return location_.file_system->DeleteFile(location_.path);
  }
  ::close(std::exchange(fd_, -1));
  if (::unlink(location_.path.c_str()) == 0) return Status::OK();
  return internal::SystemError("delete", location_.path, errno);
}

}  // namespace sluice::io
