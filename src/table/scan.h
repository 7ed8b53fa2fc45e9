#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "table/expression.h"
#include "table/metadata.h"

namespace sluice::table {

/// One data file to read, and the delete files that apply to it.
struct ScanTask {
  DataFile file;
  int64_t sequence_number = 0;
  std::vector<DataFile> deletes;
};

struct ScanPlan {
  std::vector<ScanTask> tasks;
  int manifests_total = 0, manifests_read = 0;
  int files_total = 0;  ///< live files in the manifests that were read
};

/// Which snapshot a reader asks for: at most one of the two; neither is the current one.
struct SnapshotSelector {
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> as_of_ms;
};

/// The snapshot, or null for a table without any. Fails with kNotFound naming the
/// snapshots there are.
Result<const Snapshot*> SelectSnapshot(const TableMetadata& metadata,
                                       const SnapshotSelector& selector);

/// The live files of a snapshot that may match, by manifest list, partition and column
/// bounds.
Result<ScanPlan> PlanScan(const TableMetadata& metadata, const Snapshot* snapshot,
                          const Filter& filter);

/// Every file that any snapshot of the table refers to: metadata, lists, manifests, data,
/// deletes.
Result<std::vector<std::string>> ReferencedFiles(const TableMetadata& metadata,
                                                 const std::string& metadata_location);

}  // namespace sluice::table
