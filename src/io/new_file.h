#pragma once

#include <memory>
#include <string>

#include <arrow/io/interfaces.h>

#include "io/file_system.h"

namespace sluice::io {

/// A file that is being written and was not there before. Ends in exactly one of Finish
/// and Abort; the destructor aborts. One thread.
///
/// Readers may see the unfinished file under its name: nothing may refer to it before
/// Finish.
class NewFile final : public arrow::io::OutputStream {
 public:
  /// Makes the parent directories and the empty file. Fails with kAlreadyExists naming
  /// the path.
  static Result<std::shared_ptr<NewFile>> Make(const Location& location);
  ~NewFile() override;

  using arrow::io::OutputStream::Write;
  /// Fails with kUnavailable naming the path (device full, I/O error).
  Status Write(const void* data, int64_t size) override;
  Status Flush() override;
  Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }
  /// Does nothing: foreign writers close what they are given, and only Finish makes it
  /// durable.
  Status Close() override { return Status::OK(); }

  /// Writes what is buffered, flushes file and directory to the device, closes.
  Status Finish();
  /// Closes and deletes. Does nothing after Finish or a first Abort. A file that could
  /// not be deleted is an orphan for gc to find: nothing refers to it.
  Status Abort() override;

 private:
  NewFile(Location location, int fd, std::shared_ptr<arrow::io::OutputStream> stream)
      : location_(std::move(location)), fd_(fd), stream_(std::move(stream)) {}
  Status WriteThrough(const char* data, int64_t size);

  const Location location_;
  int fd_;                                           // local; -1 where stream_ is used
  std::shared_ptr<arrow::io::OutputStream> stream_;  // not local
  std::string buffer_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace sluice::io
