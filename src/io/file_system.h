#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/filesystem/type_fwd.h>

#include "base/result.h"

namespace sluice::io {

/// A file system and a path on it.
struct Location {
  std::shared_ptr<arrow::fs::FileSystem> file_system;
  std::string path;
};

/// Resolves "file:///abs", "/abs", "relative" (against the working directory) and
/// "memory://name/p" (one in-memory file system per process and name; ResetMemory in
/// tests). Other schemes fail with kUserInput naming the ones there are. Paths are taken
/// as they are: no percent-decoding.
Result<Location> Locate(std::string_view uri_or_path);

/// Forgets the in-memory file system of that name; those who hold it keep it.
void ResetMemory(const std::string& name);

/// The URI under which a path is stored in table metadata: "file:///abs/path",
/// normalised.
Result<std::string> CanonicalUri(std::string_view uri_or_path);

/// Creates the file with `bytes`, whole or not at all, flushed to the device; fails with
/// kAlreadyExists when it exists. Parent directories are made.
Status CreateFile(const Location& location, std::string_view bytes);

/// The whole file. Fails with kNotFound naming the path.
Result<std::string> ReadFile(const Location& location);

/// Flushes finished files and their directories to the device (nothing to do in memory).
/// Fails with kUnavailable naming the file.
Status Sync(const std::vector<Location>& files);

}  // namespace sluice::io
