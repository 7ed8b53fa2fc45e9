#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "table/manifest.h"
#include "table/snapshot_writer.h"

namespace sluice::table {

/// Counts files for a snapshot's summary.
struct FileTally {
  int64_t data_files = 0, data_rows = 0, bytes = 0;
  int64_t delete_files = 0;
  std::set<std::string> partitions;

  void Add(const DataFile& file);
};

/// Writes one manifest of a spec; the line for the manifest list comes back.
using WriteManifestFn = std::function<Result<ManifestFile>(
    int spec_id, FileContent content, const std::vector<ManifestEntry>& entries)>;

/// What stays of the base's manifests in a new snapshot.
struct RebasedManifests {
  std::vector<ManifestFile> manifests;  ///< as they were, or written anew
  FileTally deleted;
};

/// Applies the deletions of `change` to the manifests of the base's current snapshot.
/// Manifests without live files are dropped. Fails with kConflict naming a path that is
/// not live.
Result<RebasedManifests> RebaseManifests(const TableMetadata& base,
                                         const SnapshotChange& change,
                                         int64_t snapshot_id,
                                         const WriteManifestFn& write_manifest);

/// The summary of a snapshot whose list is `manifests`: the caller's members, operation,
/// what changed, and the totals (those that only the parent can tell are left out when it
/// does not).
std::map<std::string, std::string> SummaryOf(const TableMetadata& base,
                                             const SnapshotChange& change,
                                             const FileTally& deleted,
                                             const std::vector<ManifestFile>& manifests);

}  // namespace sluice::table
