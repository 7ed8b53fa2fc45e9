#include "sql/lake_file_system.h"

#include <memory>
#include <utility>

#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>

#include "io/file_system.h"
#include "sql/errors.h"

namespace sluice::sql {
namespace {

constexpr char kCapabilityKey[] = "sluice_capability";

class LakeFileHandle final : public duckdb::FileHandle {
 public:
  LakeFileHandle(duckdb::FileSystem& file_system, const std::string& path,
                 duckdb::FileOpenFlags flags,
                 std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t size)
      : FileHandle(file_system, path, flags), file_(std::move(file)), size_(size) {}

  void Close() override { (void)file_->Close(); }

  arrow::io::RandomAccessFile& file() { return *file_; }
  int64_t size() const { return size_; }

  int64_t position = 0;  // of sequential reads

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_;
};

LakeFileHandle& AsLake(duckdb::FileHandle& handle) {
  return static_cast<LakeFileHandle&>(handle);
}

bool CarriesCapability(const duckdb::OpenFileInfo& info, const std::string& capability) {
  if (!info.extended_info) return false;
  const auto& options = info.extended_info->options;
  const auto found = options.find(kCapabilityKey);
  return found != options.end() && found->second.ToString() == capability;
}

class LakeFileSystem final : public duckdb::FileSystem {
 public:
  explicit LakeFileSystem(std::string capability) : capability_(std::move(capability)) {}

  bool CanHandleFile(const std::string& path) override {
    return path.starts_with(kLakeScheme);
  }
  std::string GetName() const override { return "LakeFileSystem"; }
  bool CanSeek() override { return true; }
  bool OnDiskFile(duckdb::FileHandle&) override { return false; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const std::string& path, duckdb::FileOpenFlags flags,
      duckdb::optional_ptr<duckdb::FileOpener> opener) override {
    return OpenFileExtended(duckdb::OpenFileInfo(path), flags, opener);
  }

  void Read(duckdb::FileHandle& handle, void* buffer, int64_t bytes,
            duckdb::idx_t location) override {
    const int64_t read = ReadAt(handle, buffer, bytes, static_cast<int64_t>(location));
    if (read == bytes) return;
    ThrowStatus(Error(ErrorKind::kCorrupt,
                      "data file ends too early: " + LakeFileUri(handle.path),
                      {{"file", LakeFileUri(handle.path)}}));
  }
  int64_t Read(duckdb::FileHandle& handle, void* buffer, int64_t bytes) override {
    const int64_t read = ReadAt(handle, buffer, bytes, AsLake(handle).position);
    AsLake(handle).position += read;
    return read;
  }
  void Seek(duckdb::FileHandle& handle, duckdb::idx_t location) override {
    AsLake(handle).position = static_cast<int64_t>(location);
  }
  duckdb::idx_t SeekPosition(duckdb::FileHandle& handle) override {
    return static_cast<duckdb::idx_t>(AsLake(handle).position);
  }
  void Reset(duckdb::FileHandle& handle) override { AsLake(handle).position = 0; }

  int64_t GetFileSize(duckdb::FileHandle& handle) override {
    return AsLake(handle).size();
  }
  // Data files never change under their name: one version, one time.
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle&) override {
    return duckdb::timestamp_t(0);
  }
  std::string GetVersionTag(duckdb::FileHandle&) override { return "1"; }
  duckdb::FileType GetFileType(duckdb::FileHandle&) override {
    return duckdb::FileType::FILE_TYPE_REGULAR;
  }

  bool FileExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return false;
  }
  duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string& path,
                                            duckdb::FileOpener*) override {
    Refuse(path);
  }
  std::string CanonicalizePath(const std::string& path,
                               duckdb::optional_ptr<duckdb::FileOpener>) override {
    return path;
  }

 protected:
  bool SupportsOpenFileExtended() const override { return true; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFileExtended(
      const duckdb::OpenFileInfo& info, duckdb::FileOpenFlags flags,
      duckdb::optional_ptr<duckdb::FileOpener>) override {
    if (!CarriesCapability(info, capability_) || flags.OpenForWriting())
      Refuse(info.path);
    auto opened = Open(LakeFileUri(info.path));
    ThrowIfFailed(opened.status());
    auto& [file, size] = *opened;
    return duckdb::make_uniq<LakeFileHandle>(*this, info.path, flags, std::move(file),
                                             size);
  }

 private:
  using OpenedFile = std::pair<std::shared_ptr<arrow::io::RandomAccessFile>, int64_t>;

  static Result<OpenedFile> Open(const std::string& uri) {
    SLUICE_ASSIGN(io::Location location, io::Locate(uri));
    auto opened = location.file_system->OpenInputFile(location.path);
    if (!opened.ok()) return OpenError(uri, location, opened.status());
    SLUICE_ASSIGN(const int64_t size, (*opened)->GetSize());
    return OpenedFile(*std::move(opened), size);
  }

  static Status OpenError(const std::string& uri, const io::Location& location,
                          const Status& status) {
    const auto info = location.file_system->GetFileInfo(location.path);
    if (info.ok() && info->type() == arrow::fs::FileType::NotFound) {
      return Error(
          ErrorKind::kCorrupt,
          "a data file of the table is missing: restore it, or read a snapshot without "
          "it: " +
              uri,
          {{"file", uri}});
    }
    return Within("data file " + uri, status, {{"file", uri}});
  }

  static int64_t ReadAt(duckdb::FileHandle& handle, void* buffer, int64_t bytes,
                        int64_t location) {
    auto read = AsLake(handle).file().ReadAt(location, bytes, buffer);
    if (!read.ok()) {
      ThrowStatus(Within("data file " + LakeFileUri(handle.path), read.status(),
                         {{"file", LakeFileUri(handle.path)}}));
    }
    return *read;
  }

  [[noreturn]] static void Refuse(const std::string& path) {
    throw duckdb::PermissionException("files of the lake are read by table name: " +
                                      LakeFileUri(path));
  }

  const std::string capability_;
};

}  // namespace

std::string LakeFileUri(const std::string& name) {
  return name.substr(std::string_view(kLakeScheme).size());
}

duckdb::OpenFileInfo LakeFile(const std::string& uri, int64_t file_bytes,
                              const std::string& capability) {
  duckdb::OpenFileInfo info(kLakeScheme + uri);
  info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
  auto& options = info.extended_info->options;
  options[kCapabilityKey] = duckdb::Value(capability);
  options["file_size"] = duckdb::Value::UBIGINT(static_cast<uint64_t>(file_bytes));
  // Files never change under their name, so what is cached of one needs no look at it.
  options["validate_external_file_cache"] = duckdb::Value::BOOLEAN(false);
  return info;
}

void AddLakeFileSystem(duckdb::DatabaseInstance& instance, std::string capability) {
  instance.GetFileSystem().RegisterSubSystem(
      duckdb::make_uniq<LakeFileSystem>(std::move(capability)));
}

}  // namespace sluice::sql
