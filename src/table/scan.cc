#include "table/scan.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "table/delete_index_internal.h"
#include "table/manifest_io_internal.h"

namespace sluice::table {
namespace {

Status NoSnapshot(const TableMetadata& metadata, const std::string& wanted) {
  std::vector<std::string> known;
  for (const Snapshot& snapshot : metadata.snapshots) {
    known.push_back(std::to_string(snapshot.snapshot_id) + " (" +
                    TimeText(snapshot.timestamp_ms) + ")");
  }
  std::string list = known.empty() ? "none" : Join(known, ", ");
  return Error(ErrorKind::kNotFound,
               "table has no snapshot " + wanted + "; its snapshots are " + list);
}

bool MayHoldMatches(const TableMetadata& metadata, const Schema& schema,
                    const ManifestFile& manifest, const Filter& filter) {
  const PartitionSpec* spec = metadata.FindSpec(manifest.spec_id);
  return !spec || MayMatchManifest(filter, schema, *spec, manifest);
}

// The columns as the snapshot's readers see them: the table's current ones.
Status AddTasks(const TableMetadata& metadata, const ManifestFile& manifest,
                const Filter& filter, ScanPlan* plan) {
  SLUICE_ASSIGN(std::vector<ManifestEntry> entries, ReadManifest(manifest, metadata));
  const PartitionSpec& spec = *metadata.FindSpec(manifest.spec_id);
  for (ManifestEntry& entry : entries) {
    if (entry.status == EntryStatus::kDeleted) continue;
    ++plan->files_total;
    if (!MayMatchFile(filter, metadata.CurrentSchema(), spec, entry.file)) continue;
    plan->tasks.push_back({.file = std::move(entry.file),
                           .sequence_number = entry.sequence_number.value_or(0)});
  }
  return Status::OK();
}

Status AddDeletes(const TableMetadata& metadata, const ManifestFile& manifest,
                  DeleteIndex* index) {
  SLUICE_ASSIGN(std::vector<ManifestEntry> entries, ReadManifest(manifest, metadata));
  bool global = metadata.FindSpec(manifest.spec_id)->IsUnpartitioned();
  for (ManifestEntry& entry : entries) {
    if (entry.status == EntryStatus::kDeleted) continue;
    index->Add(std::move(entry.file), entry.sequence_number.value_or(0), global);
  }
  return Status::OK();
}

// Statistics files are not read here, but they belong to the table.
void AddStatistics(const Json& unknown, std::set<std::string>* files) {
  for (const char* member : {"statistics", "partition-statistics"}) {
    const Json* list = Find(unknown, member);
    if (!list || !list->is_array()) continue;
    for (const Json& item : *list) {
      const Json* path = Find(item, "statistics-path");
      if (path && path->is_string()) files->insert(path->get<std::string>());
    }
  }
}

}  // namespace

Result<const Snapshot*> SelectSnapshot(const TableMetadata& metadata,
                                       const SnapshotSelector& selector) {
  if (selector.snapshot_id && selector.as_of_ms) {
    return Error(ErrorKind::kUserInput,
                 "a snapshot is chosen by its id or by a time, not by both");
  }
  const Snapshot* snapshot = metadata.CurrentSnapshot();
  std::string wanted;
  if (selector.snapshot_id) {
    snapshot = metadata.FindSnapshot(*selector.snapshot_id);
    wanted = std::to_string(*selector.snapshot_id);
  } else if (selector.as_of_ms) {
    snapshot = metadata.SnapshotAsOf(*selector.as_of_ms);
    wanted = "as of " + TimeText(*selector.as_of_ms);
  }
  if (!snapshot && !wanted.empty()) return NoSnapshot(metadata, wanted);
  return snapshot;
}

Result<ScanPlan> PlanScan(const TableMetadata& metadata, const Snapshot* snapshot,
                          const Filter& filter) {
  ScanPlan plan;
  if (!snapshot) return plan;
  SLUICE_ASSIGN(std::vector<ManifestFile> manifests, ReadManifestList(*snapshot));
  DeleteIndex deletes;
  for (const ManifestFile& manifest : manifests) {
    ++plan.manifests_total;
    // 0 and 0: every file of it is deleted.
    if (manifest.added_files == 0 && manifest.existing_files == 0) continue;
    if (!MayHoldMatches(metadata, metadata.CurrentSchema(), manifest, filter)) continue;
    ++plan.manifests_read;
    if (manifest.content == FileContent::kData) {
      SLUICE_TRY(AddTasks(metadata, manifest, filter, &plan));
    } else {
      SLUICE_TRY(AddDeletes(metadata, manifest, &deletes));
    }
  }
  for (ScanTask& task : plan.tasks) {
    task.deletes = deletes.Find(task.file, task.sequence_number);
  }
  return plan;
}

Result<std::vector<std::string>> ReferencedFiles(const TableMetadata& metadata,
                                                 const std::string& metadata_location) {
  std::set<std::string> files;
  if (!metadata_location.empty()) files.insert(metadata_location);
  for (const MetadataLogEntry& entry : metadata.metadata_log) {
    files.insert(entry.metadata_file);
  }
  AddStatistics(metadata.unknown, &files);
  std::set<std::string> manifests_read;
  for (const Snapshot& snapshot : metadata.snapshots) {
    files.insert(snapshot.manifest_list);
    SLUICE_ASSIGN(std::vector<ManifestFile> manifests, ReadManifestList(snapshot));
    for (const ManifestFile& manifest : manifests) {
      files.insert(manifest.path);
      if (!manifests_read.insert(manifest.path).second) continue;
      SLUICE_ASSIGN(std::vector<ManifestEntry> entries, ReadManifest(manifest, metadata));
      for (const ManifestEntry& entry : entries) {
        if (entry.status != EntryStatus::kDeleted) files.insert(entry.file.path);
      }
    }
  }
  return std::vector<std::string>(files.begin(), files.end());
}

}  // namespace sluice::table
