#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/data_file.h"
#include "table/metadata.h"

namespace sluice::table {

enum class EntryStatus { kExisting = 0, kAdded = 1, kDeleted = 2 };

/// One line of a manifest (spec, "Manifests"); numbers left out are inherited from the
/// list.
struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  std::optional<int64_t> snapshot_id, sequence_number, file_sequence_number;
  DataFile file;
};

struct FieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower_bound, upper_bound;  ///< single-value form
};

/// A sequence number that is the one of the snapshot which the manifest is committed
/// with.
constexpr int64_t kUnassignedSequence = -1;
/// A count that a version 1 manifest list does not have.
constexpr int kUnknownCount = -1;

/// One line of a manifest list (spec, "Manifest Lists").
struct ManifestFile {
  std::string path;
  int64_t length = 0;
  int spec_id = 0;
  FileContent content = FileContent::kData;  ///< kData or (any) deletes
  int64_t sequence_number = 0, min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  int added_files = 0, existing_files = 0, deleted_files = 0;
  int64_t added_rows = 0, existing_rows = 0, deleted_rows = 0;
  std::vector<FieldSummary> partitions;  ///< one per field of the spec
};

/// What stands in a manifest's file header.
struct ManifestHeader {
  Schema schema;
  PartitionSpec spec;
  FileContent content = FileContent::kData;
};

/// The Avro bytes. Entries must be of header.spec. Counts, partition summaries and
/// sequence numbers of `*summary` are filled in (kUnassignedSequence where they are not
/// known yet), but not its path, length and added_snapshot_id.
Result<std::string> EncodeManifest(const ManifestHeader& header,
                                   const std::vector<ManifestEntry>& entries,
                                   ManifestFile* summary);
/// Inherits missing numbers from `list_entry`. Reads by field id, so manifests of other
/// writers are understood; fails with kCorrupt naming path and byte offset.
Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes,
                                                  const ManifestFile& list_entry,
                                                  const TableMetadata& metadata);

/// The Avro bytes of a manifest list for `snapshot`, whose sequence number manifests
/// without one get.
Result<std::string> EncodeManifestList(const Snapshot& snapshot,
                                       const std::vector<ManifestFile>& manifests);
Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes,
                                                     const std::string& path);

}  // namespace sluice::table
