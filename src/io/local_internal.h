#pragma once

#include <string>
#include <string_view>

#include "io/file_system.h"

namespace sluice::io::internal {

/// True for the machine's own file system, where system calls can do what Arrow's
/// interface cannot: exclusive creation and flushing to the device.
bool IsLocal(const Location& location);

/// The error of a failed system call: kNotFound, kAlreadyExists, kUserInput for a path
/// that cannot be, kAuth without the right, else kUnavailable; with the path and the
/// system's text.
Status SystemError(std::string_view doing, const std::string& path, int error_number);

/// Makes the directory and its parents, each entered durably in the one above it.
Status MakeDirectory(const std::string& path);
/// "." for a bare name, "/" for one below the root.
std::string ParentOf(const std::string& path);
/// Opens a file that must not exist. Fails with kAlreadyExists.
Result<int> OpenNew(const std::string& path);
Status WriteAll(int fd, const char* data, int64_t size, const std::string& path);
/// Flushes a file or directory to the device.
Status SyncPath(const std::string& path);
/// Flushes and closes; closes in any case.
Status SyncAndClose(int fd, const std::string& path);

}  // namespace sluice::io::internal
