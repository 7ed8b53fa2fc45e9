#include <algorithm>
#include <set>

#include "table/json_internal.h"
#include "table/metadata.h"

namespace sluice::table {
namespace {

// Every member that is read into a field of its own; the others are kept as they are. The
// last line has those of version 1, which version 2 must not write.
const std::set<std::string_view>& KnownMembers() {
  static const std::set<std::string_view> kMembers = {"format-version",
                                                      "table-uuid",
                                                      "location",
                                                      "last-sequence-number",
                                                      "last-updated-ms",
                                                      "last-column-id",
                                                      "schemas",
                                                      "current-schema-id",
                                                      "partition-specs",
                                                      "default-spec-id",
                                                      "last-partition-id",
                                                      "sort-orders",
                                                      "default-sort-order-id",
                                                      "properties",
                                                      "current-snapshot-id",
                                                      "snapshots",
                                                      "snapshot-log",
                                                      "metadata-log",
                                                      "refs",
                                                      "schema",
                                                      "partition-spec"};
  return kMembers;
}

template <typename T>
void PutOptional(const std::optional<T>& value, const char* key, Json* json) {
  if (value) (*json)[key] = *value;
}

// Reads every element of an array member with `read`; an absent array is empty.
template <typename T, typename Read>
Status ReadArray(const Json& json, std::string_view key, const Read& read,
                 std::vector<T>* out) {
  if (!Find(json, key)) return Status::OK();
  SLUICE_ASSIGN(const Json* array, GetArray(json, key));
  for (const Json& item : *array) {
    Result<T> value = read(item);
    SLUICE_TRY(Within(key, value.status()));
    out->push_back(std::move(value).ValueUnsafe());
  }
  return Status::OK();
}

Result<SnapshotLogEntry> ReadSnapshotLog(const Json& json) {
  SnapshotLogEntry entry;
  SLUICE_ASSIGN(entry.timestamp_ms, GetInt(json, "timestamp-ms"));
  SLUICE_ASSIGN(entry.snapshot_id, GetInt(json, "snapshot-id"));
  return entry;
}

Result<MetadataLogEntry> ReadMetadataLog(const Json& json) {
  MetadataLogEntry entry;
  SLUICE_ASSIGN(entry.timestamp_ms, GetInt(json, "timestamp-ms"));
  SLUICE_ASSIGN(entry.metadata_file, GetString(json, "metadata-file"));
  return entry;
}

Status ReadSchemas(const Json& json, TableMetadata* metadata) {
  if (Find(json, "schemas")) {
    SLUICE_TRY(ReadArray(json, "schemas", Schema::FromJson, &metadata->schemas));
    SLUICE_ASSIGN(metadata->current_schema_id, GetInt32(json, "current-schema-id"));
  } else {  // version 1
    SLUICE_ASSIGN(const Json* schema, GetObject(json, "schema"));
    SLUICE_ASSIGN(Schema only, Schema::FromJson(*schema));
    metadata->current_schema_id = only.schema_id;
    metadata->schemas.push_back(std::move(only));
  }
  if (!metadata->FindSchema(metadata->current_schema_id)) {
    return Error(ErrorKind::kCorrupt,
                 "member names a schema that is not there: "
                 "current-schema-id");
  }
  return Status::OK();
}

Status ReadSpecs(const Json& json, TableMetadata* metadata) {
  if (Find(json, "partition-specs")) {
    SLUICE_TRY(ReadArray(json, "partition-specs", PartitionSpec::FromJson,
                         &metadata->partition_specs));
    SLUICE_ASSIGN(metadata->default_spec_id, GetInt32(json, "default-spec-id"));
  } else {  // version 1: the fields alone
    SLUICE_ASSIGN(const Json* fields, GetArray(json, "partition-spec"));
    SLUICE_ASSIGN(PartitionSpec only, PartitionSpec::FromJson(Json{{"fields", *fields}}));
    metadata->partition_specs.push_back(std::move(only));
  }
  if (!metadata->FindSpec(metadata->default_spec_id)) {
    return Error(ErrorKind::kCorrupt,
                 "member names a partition spec that is not there: "
                 "default-spec-id");
  }
  for (const PartitionSpec& spec : metadata->partition_specs) {
    for (const PartitionField& field : spec.fields) {
      metadata->last_partition_id = std::max(metadata->last_partition_id, field.field_id);
    }
  }
  SLUICE_ASSIGN(auto last, FindInt32(json, "last-partition-id"));
  metadata->last_partition_id = std::max(metadata->last_partition_id, last.value_or(0));
  return Status::OK();
}

Status ReadSortOrders(const Json& json, TableMetadata* metadata) {
  metadata->sort_orders = Json::array({Json{{"order-id", 0}, {"fields", Json::array()}}});
  if (Find(json, "sort-orders")) {
    SLUICE_ASSIGN(const Json* orders, GetArray(json, "sort-orders"));
    metadata->sort_orders = *orders;
  }
  SLUICE_ASSIGN(auto order_id, FindInt32(json, "default-sort-order-id"));
  metadata->default_sort_order_id = order_id.value_or(0);
  return Status::OK();
}

Status ReadRefs(const Json& json, TableMetadata* metadata) {
  if (Find(json, "refs")) {
    SLUICE_ASSIGN(const Json* refs, GetObject(json, "refs"));
    for (const auto& [name, value] : refs->items()) {
      SLUICE_ASSIGN(metadata->refs[name], RefFromJson(value));
    }
  }
  if (metadata->current_snapshot_id && !metadata->refs.contains("main")) {
    metadata->refs["main"] = SnapshotRef{.snapshot_id = *metadata->current_snapshot_id};
  }
  return Status::OK();
}

Status ReadSnapshots(const Json& json, TableMetadata* metadata) {
  SLUICE_TRY(ReadArray(json, "snapshots", SnapshotFromJson, &metadata->snapshots));
  SLUICE_ASSIGN(metadata->current_snapshot_id, FindInt(json, "current-snapshot-id"));
  if (metadata->current_snapshot_id == -1) metadata->current_snapshot_id.reset();
  if (metadata->current_snapshot_id && !metadata->CurrentSnapshot()) {
    return Error(ErrorKind::kCorrupt,
                 "member names a snapshot that is not there: "
                 "current-snapshot-id");
  }
  SLUICE_TRY(ReadArray(json, "snapshot-log", ReadSnapshotLog, &metadata->snapshot_log));
  SLUICE_TRY(ReadArray(json, "metadata-log", ReadMetadataLog, &metadata->metadata_log));
  return ReadRefs(json, metadata);
}

Json RefsToJson(const TableMetadata& metadata) {
  Json refs = Json::object();
  for (const auto& [name, ref] : metadata.refs) refs[name] = RefToJson(ref);
  return refs;
}

Json LogToJson(const std::vector<SnapshotLogEntry>& log) {
  Json list = Json::array();
  for (const SnapshotLogEntry& entry : log) {
    list.push_back(
        Json{{"timestamp-ms", entry.timestamp_ms}, {"snapshot-id", entry.snapshot_id}});
  }
  return list;
}

Json LogToJson(const std::vector<MetadataLogEntry>& log) {
  Json list = Json::array();
  for (const MetadataLogEntry& entry : log) {
    list.push_back(Json{{"timestamp-ms", entry.timestamp_ms},
                        {"metadata-file", entry.metadata_file}});
  }
  return list;
}

}  // namespace

Json SnapshotToJson(const Snapshot& snapshot) {
  Json json{{"sequence-number", snapshot.sequence_number},
            {"snapshot-id", snapshot.snapshot_id}};
  PutOptional(snapshot.parent_snapshot_id, "parent-snapshot-id", &json);
  json["timestamp-ms"] = snapshot.timestamp_ms;
  if (!snapshot.summary.empty()) json["summary"] = snapshot.summary;
  json["manifest-list"] = snapshot.manifest_list;
  PutOptional(snapshot.schema_id, "schema-id", &json);
  return json;
}

Result<Snapshot> SnapshotFromJson(const Json& json) {
  Snapshot snapshot;
  SLUICE_ASSIGN(snapshot.snapshot_id, GetInt(json, "snapshot-id"));
  SLUICE_ASSIGN(snapshot.parent_snapshot_id, FindInt(json, "parent-snapshot-id"));
  SLUICE_ASSIGN(auto sequence_number, FindInt(json, "sequence-number"));
  snapshot.sequence_number = sequence_number.value_or(0);  // version 1 has none
  SLUICE_ASSIGN(snapshot.timestamp_ms, GetInt(json, "timestamp-ms"));
  if (Find(json, "manifests")) {
    return Error(
        ErrorKind::kUserInput,
        "snapshot lists its manifests inline, as only the first Iceberg releases "
        "did; rewrite the table with Spark first: " +
            std::to_string(snapshot.snapshot_id));
  }
  SLUICE_ASSIGN(snapshot.manifest_list, GetString(json, "manifest-list"));
  SLUICE_ASSIGN(snapshot.summary, FindStringMap(json, "summary"));
  SLUICE_ASSIGN(snapshot.schema_id, FindInt32(json, "schema-id"));
  return snapshot;
}

Json RefToJson(const SnapshotRef& ref) {
  Json json{{"snapshot-id", ref.snapshot_id}, {"type", ref.type}};
  PutOptional(ref.min_snapshots_to_keep, "min-snapshots-to-keep", &json);
  PutOptional(ref.max_snapshot_age_ms, "max-snapshot-age-ms", &json);
  PutOptional(ref.max_ref_age_ms, "max-ref-age-ms", &json);
  return json;
}

Result<SnapshotRef> RefFromJson(const Json& json) {
  SnapshotRef ref;
  SLUICE_ASSIGN(ref.snapshot_id, GetInt(json, "snapshot-id"));
  SLUICE_ASSIGN(ref.type, GetString(json, "type"));
  SLUICE_ASSIGN(ref.min_snapshots_to_keep, FindInt(json, "min-snapshots-to-keep"));
  SLUICE_ASSIGN(ref.max_snapshot_age_ms, FindInt(json, "max-snapshot-age-ms"));
  SLUICE_ASSIGN(ref.max_ref_age_ms, FindInt(json, "max-ref-age-ms"));
  return ref;
}

Json MetadataToJson(const TableMetadata& metadata) {
  Json json{{"format-version", metadata.format_version},
            {"table-uuid", metadata.table_uuid},
            {"location", metadata.location},
            {"last-sequence-number", metadata.last_sequence_number},
            {"last-updated-ms", metadata.last_updated_ms},
            {"last-column-id", metadata.last_column_id},
            {"current-schema-id", metadata.current_schema_id}};
  json["schemas"] = Json::array();
  for (const Schema& schema : metadata.schemas) {
    json["schemas"].push_back(schema.ToJson());
  }
  json["default-spec-id"] = metadata.default_spec_id;
  json["partition-specs"] = Json::array();
  for (const PartitionSpec& spec : metadata.partition_specs) {
    json["partition-specs"].push_back(spec.ToJson());
  }
  json["last-partition-id"] = metadata.last_partition_id;
  json["default-sort-order-id"] = metadata.default_sort_order_id;
  json["sort-orders"] = metadata.sort_orders;
  json["properties"] = Json::object();
  for (const auto& [key, value] : metadata.properties) json["properties"][key] = value;
  // -1 and not absent: what Java writes for a table without snapshots.
  json["current-snapshot-id"] = metadata.current_snapshot_id.value_or(-1);
  json["refs"] = RefsToJson(metadata);
  json["snapshots"] = Json::array();
  for (const Snapshot& snapshot : metadata.snapshots) {
    json["snapshots"].push_back(SnapshotToJson(snapshot));
  }
  json["snapshot-log"] = LogToJson(metadata.snapshot_log);
  json["metadata-log"] = LogToJson(metadata.metadata_log);
  for (const auto& [key, value] : metadata.unknown.items()) json[key] = value;
  return json;
}

Result<TableMetadata> MetadataFromJson(const Json& json) {
  TableMetadata metadata;
  SLUICE_ASSIGN(int version, GetInt32(json, "format-version"));
  if (version != 1 && version != 2) {
    return Error(
        ErrorKind::kUserInput,
        "table has an Iceberg format version that is not supported; versions 1 and "
        "2 are: " +
            std::to_string(version));
  }
  SLUICE_ASSIGN(auto uuid, FindString(json, "table-uuid"));
  if (!uuid && version == 2) SLUICE_TRY(GetString(json, "table-uuid"));
  metadata.table_uuid = uuid.value_or("");
  SLUICE_ASSIGN(metadata.location, GetString(json, "location"));
  SLUICE_ASSIGN(auto sequence_number, FindInt(json, "last-sequence-number"));
  if (!sequence_number && version == 2) SLUICE_TRY(GetInt(json, "last-sequence-number"));
  metadata.last_sequence_number = sequence_number.value_or(0);
  SLUICE_ASSIGN(metadata.last_updated_ms, GetInt(json, "last-updated-ms"));
  SLUICE_ASSIGN(metadata.last_column_id, GetInt32(json, "last-column-id"));
  SLUICE_TRY(ReadSchemas(json, &metadata));
  SLUICE_TRY(ReadSpecs(json, &metadata));
  SLUICE_TRY(ReadSortOrders(json, &metadata));
  SLUICE_ASSIGN(metadata.properties, FindStringMap(json, "properties"));
  SLUICE_TRY(ReadSnapshots(json, &metadata));
  metadata.unknown = Json::object();
  for (const auto& [key, value] : json.items()) {
    if (!KnownMembers().contains(key)) metadata.unknown[key] = value;
  }
  return metadata;
}

}  // namespace sluice::table
