#include "io/file_system.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include <arrow/filesystem/localfs.h>
#include <arrow/filesystem/mockfs.h>
#include <arrow/io/interfaces.h>

#include "base/random.h"
#include "base/text.h"
#include "io/local_internal.h"
#include "io/new_file.h"
#include "io/uri.h"

namespace sluice::io {
namespace {

using FileSystems = std::map<std::string, std::shared_ptr<arrow::fs::FileSystem>>;

std::mutex memory_mutex;
FileSystems& MemoryFileSystems() {
  static FileSystems systems;
  return systems;
}

/// Makes publishing in memory atomic: look and move are two calls there.
std::mutex publish_mutex;

Result<std::string> NormalPath(std::string_view path) {
  if (path.empty()) return Error(ErrorKind::kUserInput, "a path is empty");
  if (path.find('\0') != std::string_view::npos) {
    return Error(ErrorKind::kUserInput, "a path contains a NUL byte");
  }
  std::error_code error;
  auto absolute = std::filesystem::absolute(std::filesystem::path(path), error);
  if (error) return internal::SystemError("resolve", std::string(path), error.value());
  std::string normal = absolute.lexically_normal().string();
  while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

/// What follows "file:". Paths in table metadata are not percent-encoded (PyIceberg,
/// DuckDB and Hadoop take them as they are), so nothing is decoded here.
Result<std::string> PathOfFileUri(std::string_view uri) {
  std::string_view rest = uri.substr(std::string_view("file:").size());
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.starts_with("localhost/"))
      rest.remove_prefix(std::string_view("localhost").size());
  }
  if (!rest.starts_with('/')) {
    return Error(ErrorKind::kUserInput,
                 "a file URI needs an absolute path, as in file:///data/lake: " +
                     std::string(uri));
  }
  return NormalPath(rest);
}

struct MemoryPlace {
  std::string name;
  std::string path;
};

Result<MemoryPlace> ParseMemoryUri(std::string_view uri) {
  std::string_view rest = uri.substr(std::string_view("memory://").size());
  size_t slash = rest.find('/');
  MemoryPlace place{.name = std::string(rest.substr(0, slash))};
  if (place.name.empty()) {
    return Error(
        ErrorKind::kUserInput,
        "a memory URI needs a name, as in memory://test/path: " + std::string(uri));
  }
  if (slash == std::string_view::npos) return place;
  SLUICE_ASSIGN(place.path, NormalPath("/" + std::string(rest.substr(slash + 1))));
  place.path.erase(0, 1);
  return place;
}

bool IsFileUri(std::string_view text) { return text.starts_with("file:/"); }

Status UnknownScheme(std::string_view text) {
  return Error(ErrorKind::kUserInput,
               "files can be at a path, file:// or memory://, not at " +
                   std::string(text.substr(0, text.find("://") + 3)));
}

std::shared_ptr<arrow::fs::FileSystem> LocalFileSystem() {
  static auto system = std::make_shared<arrow::fs::LocalFileSystem>();
  return system;
}

std::shared_ptr<arrow::fs::FileSystem> MemoryFileSystem(const std::string& name) {
  std::lock_guard lock(memory_mutex);
  auto& system = MemoryFileSystems()[name];
  if (!system) {
    system = std::make_shared<arrow::fs::internal::MockFileSystem>(
        std::chrono::system_clock::now());
  }
  return system;
}

std::string HiddenName(const std::string& path) {
  std::string parent = internal::ParentOf(path);
  std::string name = path.substr(path.rfind('/') + 1);
  return parent + (parent.ends_with('/') ? "" : "/") + "." + name + "." +
         Random::System().Uuid() + ".tmp";
}

Status Exists(const std::string& path) {
  return Error(ErrorKind::kAlreadyExists, "cannot create " + path + ": it exists",
               {{"path", path}});
}

Status WriteHidden(const std::string& hidden, std::string_view bytes) {
  SLUICE_TRY(internal::MakeDirectory(internal::ParentOf(hidden)));
  SLUICE_ASSIGN(int fd, internal::OpenNew(hidden));
  Status written =
      internal::WriteAll(fd, bytes.data(), static_cast<int64_t>(bytes.size()), hidden);
  Status closed = internal::SyncAndClose(fd, hidden);
  if (written.ok()) written = closed;
  if (!written.ok()) ::unlink(hidden.c_str());
  return written;
}

/// Gives a finished file its name, atomically and only if the name is free.
Status CreateLocal(const std::string& path, std::string_view bytes) {
  std::string hidden = HiddenName(path);
  SLUICE_TRY(WriteHidden(hidden, bytes));
  if (::renameat2(AT_FDCWD, hidden.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) ==
      0) {
    return internal::SyncPath(internal::ParentOf(path));
  }
  int error_number = errno;
  if (error_number == EINVAL || error_number == ENOSYS) {  // not on every file system
    error_number = ::link(hidden.c_str(), path.c_str()) == 0 ? 0 : errno;
  }
  ::unlink(hidden.c_str());
  if (error_number == EEXIST) return Exists(path);
  if (error_number != 0) return internal::SystemError("create", path, error_number);
  return internal::SyncPath(internal::ParentOf(path));
}

Status CreateElsewhere(const Location& location, std::string_view bytes) {
  Location hidden{location.file_system, HiddenName(location.path)};
  SLUICE_ASSIGN(auto file, NewFile::Make(hidden));
  SLUICE_TRY(file->Write(bytes.data(), static_cast<int64_t>(bytes.size())));
  SLUICE_TRY(file->Finish());
  std::lock_guard lock(publish_mutex);
  SLUICE_ASSIGN(auto info, location.file_system->GetFileInfo(location.path));
  if (info.type() == arrow::fs::FileType::NotFound) {
    return location.file_system->Move(hidden.path, location.path);
  }
  SLUICE_TRY(location.file_system->DeleteFile(hidden.path));
  return Exists(location.path);
}

}  // namespace

Result<Location> Locate(std::string_view uri_or_path) {
  if (uri_or_path.starts_with("memory://")) {
    SLUICE_ASSIGN(MemoryPlace place, ParseMemoryUri(uri_or_path));
    return Location{MemoryFileSystem(place.name), place.path};
  }
  if (IsFileUri(uri_or_path)) {
    SLUICE_ASSIGN(std::string path, PathOfFileUri(uri_or_path));
    return Location{LocalFileSystem(), path};
  }
  if (HasScheme(uri_or_path)) return UnknownScheme(uri_or_path);
  SLUICE_ASSIGN(std::string path, NormalPath(uri_or_path));
  return Location{LocalFileSystem(), path};
}

Result<std::string> CanonicalUri(std::string_view uri_or_path) {
  if (uri_or_path.starts_with("memory://")) {
    SLUICE_ASSIGN(MemoryPlace place, ParseMemoryUri(uri_or_path));
    return "memory://" + place.name + "/" + place.path;
  }
  SLUICE_ASSIGN(Location location, Locate(uri_or_path));
  return "file://" + location.path;
}

void ResetMemory(const std::string& name) {
  std::lock_guard lock(memory_mutex);
  MemoryFileSystems().erase(name);
}

Status CreateFile(const Location& location, std::string_view bytes) {
  // An early look only saves work; the publishing step is what decides.
  SLUICE_ASSIGN(auto info, location.file_system->GetFileInfo(location.path));
  if (info.type() != arrow::fs::FileType::NotFound) return Exists(location.path);
  return internal::IsLocal(location) ? CreateLocal(location.path, bytes)
                                     : CreateElsewhere(location, bytes);
}

Result<std::string> ReadFile(const Location& location) {
  SLUICE_ASSIGN(auto info, location.file_system->GetFileInfo(location.path));
  if (info.type() == arrow::fs::FileType::NotFound) {
    return Error(ErrorKind::kNotFound, "there is no file " + location.path,
                 {{"path", location.path}});
  }
  if (info.IsDirectory()) {
    return Error(ErrorKind::kUserInput,
                 "this is a directory, not a file: " + location.path);
  }
  auto read = [&]() -> Result<std::string> {
    SLUICE_ASSIGN(auto file, location.file_system->OpenInputFile(location.path));
    SLUICE_ASSIGN(int64_t size, file->GetSize());
    std::string bytes(static_cast<size_t>(size), '\0');
    SLUICE_ASSIGN(int64_t num_read, file->ReadAt(0, size, bytes.data()));
    if (num_read != size)
      return Status::IOError("the file became shorter while it was read");
    return bytes;
  };
  auto bytes = read();
  if (!bytes.ok()) return Within("read " + location.path, bytes.status());
  return bytes;
}

Status Sync(const std::vector<Location>& files) {
  std::set<std::string> paths, directories;
  for (const Location& file : files) {
    if (!internal::IsLocal(file)) continue;
    paths.insert(file.path);
    directories.insert(internal::ParentOf(file.path));
  }
  paths.merge(directories);
  for (const std::string& path : paths) {
    Status synced = internal::SyncPath(path);
    if (!synced.ok()) {
      return Error(ErrorKind::kUnavailable, synced.message(), FactsOf(synced));
    }
  }
  return Status::OK();
}

}  // namespace sluice::io
