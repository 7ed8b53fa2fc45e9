#include "transfer/gc.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <string_view>

#include <arrow/filesystem/filesystem.h>

#include "io/file_system.h"
#include "table/scan.h"

namespace sluice::transfer {
namespace {

// Is it a file that a load makes, in a place where a load puts it:
// <table>/data/**.parquet, <table>/metadata/*.avro or *.metadata.json, at least one
// namespace below the warehouse? `path` is relative to the warehouse.
bool IsTableFile(const std::string& path) {
  // Every writer of Iceberg tables puts a UUID into the names it makes; people do not.
  static const std::regex uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*$");
  if (!std::regex_search(path, uuid)) return false;
  auto below = [&](std::string_view folder) {
    size_t at = path.find(folder);
    return at != std::string::npos &&
           path.find('/') < at;  // <namespace>/<table> before it
  };
  auto ends_with = [&](std::string_view end) { return path.ends_with(end); };
  if (below("/data/")) {
    return ends_with(".parquet") || ends_with(".probe") || ends_with(".tmp");
  }
  if (below("/metadata/")) {
    return ends_with(".avro") || ends_with(".metadata.json") || ends_with(".tmp");
  }
  return false;
}

// The same file under every spelling of its path: symbolic links are followed.
Result<std::string> FileKey(const std::string& uri) {
  SLUICE_ASSIGN(io::Location location, io::Locate(uri));
  if (location.file_system->type_name() != "local") return io::CanonicalUri(uri);
  std::error_code error;
  auto real = std::filesystem::weakly_canonical(location.path, error);
  if (!error) return real.string();
  return Error(ErrorKind::kUnavailable,
               "cannot resolve the path " + uri + ": " + error.message());
}

// Directories whose files are not this catalog's: a lake inside the lake, and tables that
// stand in the same database under another catalog's name. Keys end with '/'.
Result<std::vector<std::string>> SparedDirectories(
    const GcOptions& options, const std::vector<arrow::fs::FileInfo>& found,
    const io::Location& root) {
  std::vector<std::string> spared;
  for (const arrow::fs::FileInfo& info : found) {
    if (info.base_name() != "catalog.db" || info.dir_name() == root.path) continue;
    SLUICE_ASSIGN(std::string key, FileKey(info.dir_name()));
    spared.push_back(key + "/");
  }
  for (const std::string& metadata : options.foreign_metadata) {
    size_t end = metadata.rfind("/metadata/");
    if (end == std::string::npos) continue;
    SLUICE_ASSIGN(std::string key, FileKey(metadata.substr(0, end)));
    spared.push_back(key + "/");
  }
  return spared;
}

Result<std::vector<Orphan>> OldFiles(const GcOptions& options, Clock& clock) {
  std::vector<Orphan> files;
  SLUICE_ASSIGN(io::Location root, io::Locate(options.warehouse));
  arrow::fs::FileSelector selector;
  selector.base_dir = root.path;
  selector.recursive = true;
  selector.allow_not_found = true;
  SLUICE_ASSIGN(auto found, root.file_system->GetFileInfo(selector));
  SLUICE_ASSIGN(std::string root_uri, io::CanonicalUri(options.warehouse));
  SLUICE_ASSIGN(auto spared, SparedDirectories(options, found, root));
  int64_t newest_ms = clock.NowMs() - options.older_than.count();
  for (const arrow::fs::FileInfo& info : found) {
    if (!info.IsFile()) continue;
    std::string relative = info.path().substr(root.path.size());
    relative.erase(0, relative.find_first_not_of('/'));
    int64_t modified_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                              info.mtime().time_since_epoch())
                              .count();
    if (!IsTableFile(relative) || modified_ms > newest_ms) continue;
    SLUICE_ASSIGN(std::string key, FileKey(root_uri + "/" + relative));
    auto holds = [&](const std::string& directory) { return key.starts_with(directory); };
    if (std::ranges::any_of(spared, holds)) continue;
    files.push_back({.path = root_uri + "/" + relative,
                     .bytes = info.size(),
                     .modified_ms = modified_ms});
  }
  return files;
}

Result<std::set<std::string>> FilesInUse(catalog::Catalog& catalog) {
  std::set<std::string> used;
  SLUICE_ASSIGN(auto namespaces, catalog.ListNamespaces());
  for (const std::string& name_space : namespaces) {
    SLUICE_ASSIGN(auto tables, catalog.ListTables(name_space));
    for (const catalog::TableIdent& ident : tables) {
      auto loaded = catalog.LoadTable(ident);
      auto files = loaded.ok() ? table::ReferencedFiles(loaded->metadata,
                                                        loaded->metadata_location)
                               : Result<std::vector<std::string>>(loaded.status());
      if (!files.ok()) {
        return Within(
            "nothing is removed while a table cannot be read; repair or drop it, " +
                ident.ToString(),
            files.status(), {{"table", ident.ToString()}});
      }
      for (const std::string& file : *files) {
        SLUICE_ASSIGN(std::string key, FileKey(file));
        used.insert(std::move(key));
      }
    }
  }
  return used;
}

}  // namespace

Result<std::vector<Orphan>> CollectOrphans(catalog::Catalog& catalog,
                                           const GcOptions& options, Clock& clock) {
  // Files first: what is committed between the two looks is then seen as used.
  SLUICE_ASSIGN(std::vector<Orphan> orphans, OldFiles(options, clock));
  SLUICE_ASSIGN(std::set<std::string> used, FilesInUse(catalog));
  std::vector<Orphan> candidates = std::move(orphans);
  orphans.clear();
  for (Orphan& file : candidates) {
    SLUICE_ASSIGN(std::string key, FileKey(file.path));
    if (used.count(key) == 0) orphans.push_back(std::move(file));
  }
  std::sort(orphans.begin(), orphans.end(),
            [](const Orphan& a, const Orphan& b) { return a.path < b.path; });
  if (!options.remove) return orphans;
  for (const Orphan& orphan : orphans) {
    SLUICE_ASSIGN(io::Location location, io::Locate(orphan.path));
    SLUICE_TRY(Within("cannot remove " + orphan.path,
                      location.file_system->DeleteFile(location.path)));
  }
  return orphans;
}

}  // namespace sluice::transfer
