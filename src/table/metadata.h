#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "table/partition.h"
#include "table/schema.h"

namespace sluice::table {

struct Snapshot {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;                   ///< URI
  std::map<std::string, std::string> summary;  ///< "operation" and counters
  std::optional<int> schema_id;
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  std::string type = "branch";  ///< or "tag"
  std::optional<int64_t> min_snapshots_to_keep, max_snapshot_age_ms, max_ref_age_ms;
};

/// The content of one *.metadata.json of format version 2 (spec, "Table Metadata"). A
/// value; changed only by ApplyUpdates. Parts Sluice does not use are kept in `unknown`.
struct TableMetadata {
  int format_version = 2;
  std::string table_uuid;
  std::string location;
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int last_column_id = 0;
  std::vector<Schema> schemas;
  int current_schema_id = 0;
  std::vector<PartitionSpec> partition_specs;
  int default_spec_id = 0;
  int last_partition_id = 999;
  Json sort_orders;  ///< array; order 0 is unsorted
  int default_sort_order_id = 0;
  std::map<std::string, std::string> properties;
  std::optional<int64_t> current_snapshot_id;
  std::vector<Snapshot> snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef> refs;
  Json unknown;  ///< members to write back unchanged

  const Schema& CurrentSchema() const;
  const PartitionSpec& DefaultSpec() const;
  /// Null when there is none. Borrowed.
  const Snapshot* CurrentSnapshot() const;
  const Snapshot* FindSnapshot(int64_t snapshot_id) const;
  /// The snapshot that was current at a time, by the snapshot log; null before the first.
  const Snapshot* SnapshotAsOf(int64_t timestamp_ms) const;
  const Schema* FindSchema(int schema_id) const;
  const PartitionSpec* FindSpec(int spec_id) const;
};

Json MetadataToJson(const TableMetadata& metadata);
/// Reads v1 and v2 (v1 is upgraded in memory); fails with kCorrupt naming the member,
/// with kUserInput for v3 and later.
Result<TableMetadata> MetadataFromJson(const Json& json);

/// A table without snapshots at `location`.
TableMetadata NewTable(const Schema& schema, const PartitionSpec& spec,
                       std::string location,
                       std::map<std::string, std::string> properties,
                       std::string table_uuid, int64_t now_ms);

/// `location`/metadata/<5-digit version>-<uuid>.metadata.json
std::string MetadataPath(const std::string& location, int version,
                         const std::string& uuid);
/// The version in such a path; -1 when there is none.
int MetadataVersion(const std::string& metadata_path);

}  // namespace sluice::table
