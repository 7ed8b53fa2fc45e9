#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "table/manifest.h"
#include "table/update.h"

namespace sluice::table {

/// What a new snapshot does to the table's files.
struct SnapshotChange {
  std::vector<DataFile> added;
  bool replace_all = false;                    ///< overwrite: every live file is deleted
  std::vector<std::string> deleted_paths;      ///< with replace_all false
  std::map<std::string, std::string> summary;  ///< more summary members (run id, engine)
};

/// Requirements, updates and the files that were written for one try.
struct StagedSnapshot {
  Snapshot snapshot;
  std::vector<Requirement> requirements;  ///< uuid, main ref unchanged
  std::vector<Update> updates;            ///< AddSnapshot, SetSnapshotRef
};

/// Prepares one change for as many tries as its commit needs. The manifest of added files
/// is written once; each Stage writes only what depends on the base (spec, "Commit
/// retry"). One thread.
class SnapshotWriter final {
 public:
  /// `commit_id`: unique name part of the metadata files (a UUID).
  SnapshotWriter(SnapshotChange change, std::string commit_id, Clock& clock,
                 Random& random);

  /// Writes manifests and the manifest list against `base` under its location, flushed to
  /// the device. operation is append, or overwrite when files are deleted. All tries have
  /// the same snapshot id: fails with kAlreadyExists when `base` has it, for then an
  /// earlier try has landed; with kConflict when a file to delete is no longer live.
  Result<StagedSnapshot> Stage(const TableMetadata& base);

  /// Files written so far that no commit refers to: after a known failure they may be
  /// deleted.
  std::vector<std::string> StagedFiles() const;

 private:
  Status ChooseSnapshotId(const TableMetadata& base);
  Status WriteAddedManifests(const TableMetadata& base);
  Result<ManifestFile> WriteManifest(const TableMetadata& base, int spec_id,
                                     FileContent content,
                                     const std::vector<ManifestEntry>& entries);
  Status WriteFile(const std::string& uri, std::string_view bytes);

  SnapshotChange change_;
  std::string commit_id_;
  Clock& clock_;
  Random& random_;
  int64_t snapshot_id_ = 0;  // 0: none chosen yet
  int attempt_ = 0;
  int manifest_count_ = 0;
  std::vector<ManifestFile> added_manifests_;  // one per partition spec; written once
  std::vector<std::string> staged_files_;
};

}  // namespace sluice::table
