#include <algorithm>

#include "table/manifest_io_internal.h"
#include "table/snapshot_writer_internal.h"

namespace sluice::table {
namespace {

bool IsLive(const ManifestEntry& entry) { return entry.status != EntryStatus::kDeleted; }

bool HasUnknownCounts(const ManifestFile& manifest) {
  return manifest.added_files < 0 || manifest.existing_files < 0 ||
         manifest.deleted_files < 0 || manifest.added_rows < 0 ||
         manifest.existing_rows < 0 || manifest.deleted_rows < 0;
}

// Version 2 lists need the counts that a version 1 list may lack.
Status FillCounts(const TableMetadata& base, ManifestFile* manifest) {
  if (!HasUnknownCounts(*manifest)) return Status::OK();
  SLUICE_ASSIGN(std::vector<ManifestEntry> entries, ReadManifest(*manifest, base));
  int* const files[] = {&manifest->existing_files, &manifest->added_files,
                        &manifest->deleted_files};
  int64_t* const rows[] = {&manifest->existing_rows, &manifest->added_rows,
                           &manifest->deleted_rows};
  for (int i = 0; i < 3; ++i) *files[i] = 0, *rows[i] = 0;
  for (const ManifestEntry& entry : entries) {
    int status = static_cast<int>(entry.status);
    ++*files[status];
    *rows[status] += entry.file.record_count;
  }
  return Status::OK();
}

ManifestEntry Deleted(ManifestEntry entry, int64_t snapshot_id) {
  entry.status = EntryStatus::kDeleted;
  entry.snapshot_id = snapshot_id;
  return entry;
}

// Every live file becomes a DELETED entry of a new manifest, one per spec and content.
Status DeleteAll(const TableMetadata& base, const std::vector<ManifestFile>& manifests,
                 int64_t snapshot_id, const WriteManifestFn& write_manifest,
                 RebasedManifests* result) {
  std::map<std::pair<int, bool>, std::vector<ManifestEntry>> groups;
  for (const ManifestFile& manifest : manifests) {
    SLUICE_ASSIGN(std::vector<ManifestEntry> entries, ReadManifest(manifest, base));
    auto& group = groups[{manifest.spec_id, manifest.content == FileContent::kData}];
    for (ManifestEntry& entry : entries) {
      if (!IsLive(entry)) continue;
      result->deleted.Add(entry.file);
      group.push_back(Deleted(std::move(entry), snapshot_id));
    }
  }
  for (const auto& [key, entries] : groups) {
    if (entries.empty()) continue;
    auto content = key.second ? FileContent::kData : FileContent::kPositionDeletes;
    SLUICE_ASSIGN(ManifestFile written, write_manifest(key.first, content, entries));
    result->manifests.push_back(std::move(written));
  }
  return Status::OK();
}

// Writes a manifest anew when it has one of `paths` (which it takes out of them).
Status DeleteSome(const TableMetadata& base, const ManifestFile& manifest,
                  int64_t snapshot_id, const WriteManifestFn& write_manifest,
                  std::set<std::string>* paths, RebasedManifests* result) {
  SLUICE_ASSIGN(std::vector<ManifestEntry> entries, ReadManifest(manifest, base));
  std::erase_if(entries, [](const ManifestEntry& entry) { return !IsLive(entry); });
  bool touched = false;
  for (ManifestEntry& entry : entries) {
    entry.status = EntryStatus::kExisting;
    if (paths->erase(entry.file.path) == 0) continue;
    touched = true;
    result->deleted.Add(entry.file);
    entry = Deleted(std::move(entry), snapshot_id);
  }
  if (!touched) {
    result->manifests.push_back(manifest);
    return Status::OK();
  }
  SLUICE_ASSIGN(ManifestFile written,
                write_manifest(manifest.spec_id, manifest.content, entries));
  result->manifests.push_back(std::move(written));
  return Status::OK();
}

}  // namespace

Result<RebasedManifests> RebaseManifests(const TableMetadata& base,
                                         const SnapshotChange& change,
                                         int64_t snapshot_id,
                                         const WriteManifestFn& write_manifest) {
  RebasedManifests result;
  std::vector<ManifestFile> manifests;
  if (const Snapshot* current = base.CurrentSnapshot()) {
    SLUICE_ASSIGN(manifests, ReadManifestList(*current));
  }
  for (ManifestFile& manifest : manifests) SLUICE_TRY(FillCounts(base, &manifest));
  std::erase_if(manifests, [](const ManifestFile& manifest) {
    return manifest.added_files == 0 && manifest.existing_files == 0;
  });
  if (change.replace_all) {
    SLUICE_TRY(DeleteAll(base, manifests, snapshot_id, write_manifest, &result));
    return result;
  }
  std::set<std::string> paths(change.deleted_paths.begin(), change.deleted_paths.end());
  for (ManifestFile& manifest : manifests) {
    if (paths.empty()) {
      result.manifests.push_back(std::move(manifest));
      continue;
    }
    SLUICE_TRY(DeleteSome(base, manifest, snapshot_id, write_manifest, &paths, &result));
  }
  if (paths.empty()) return result;
  return Error(ErrorKind::kConflict,
               "file to be deleted is no longer in the table: " + *paths.begin(),
               {{"file", *paths.begin()}});
}

}  // namespace sluice::table
