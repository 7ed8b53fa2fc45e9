#include "table/metadata.h"

#include <charconv>

#include <fmt/format.h>

namespace sluice::table {
namespace {

template <typename T, typename Id>
const T* FindById(const std::vector<T>& values, Id T::*member, Id id) {
  for (const T& value : values) {
    if (value.*member == id) return &value;
  }
  return nullptr;
}

}  // namespace

const Schema& TableMetadata::CurrentSchema() const {
  const Schema* schema = FindSchema(current_schema_id);
  SLUICE_CHECK(schema);
  return *schema;
}

const PartitionSpec& TableMetadata::DefaultSpec() const {
  const PartitionSpec* spec = FindSpec(default_spec_id);
  SLUICE_CHECK(spec);
  return *spec;
}

const Snapshot* TableMetadata::CurrentSnapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::FindSnapshot(int64_t snapshot_id) const {
  return FindById(snapshots, &Snapshot::snapshot_id, snapshot_id);
}

const Snapshot* TableMetadata::SnapshotAsOf(int64_t timestamp_ms) const {
  const Snapshot* result = nullptr;
  for (const SnapshotLogEntry& entry : snapshot_log) {
    if (entry.timestamp_ms <= timestamp_ms) result = FindSnapshot(entry.snapshot_id);
  }
  return result;
}

const Schema* TableMetadata::FindSchema(int schema_id) const {
  return FindById(schemas, &Schema::schema_id, schema_id);
}

const PartitionSpec* TableMetadata::FindSpec(int spec_id) const {
  return FindById(partition_specs, &PartitionSpec::spec_id, spec_id);
}

TableMetadata NewTable(const Schema& schema, const PartitionSpec& spec,
                       std::string location,
                       std::map<std::string, std::string> properties,
                       std::string table_uuid, int64_t now_ms) {
  TableMetadata metadata;
  metadata.table_uuid = std::move(table_uuid);
  while (location.size() > 1 && location.back() == '/') location.pop_back();
  metadata.location = std::move(location);
  metadata.last_updated_ms = now_ms;
  metadata.schemas = {schema};
  metadata.schemas[0].schema_id = 0;
  metadata.last_column_id = schema.HighestFieldId();
  metadata.partition_specs = {spec};
  metadata.partition_specs[0].spec_id = 0;
  for (const PartitionField& field : spec.fields) {
    metadata.last_partition_id = std::max(metadata.last_partition_id, field.field_id);
  }
  metadata.sort_orders = Json::array({Json{{"order-id", 0}, {"fields", Json::array()}}});
  metadata.properties = std::move(properties);
  metadata.unknown = Json::object();
  return metadata;
}

std::string MetadataPath(const std::string& location, int version,
                         const std::string& uuid) {
  return fmt::format("{}/metadata/{:05}-{}.metadata.json", location, version, uuid);
}

int MetadataVersion(const std::string& metadata_path) {
  std::string_view name(metadata_path);
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  bool hadoop_style = name.starts_with('v');
  if (hadoop_style) name.remove_prefix(1);
  int version = -1;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  bool complete = error == std::errc() && end != name.data() + name.size() &&
                  *end == (hadoop_style ? '.' : '-');
  return complete && version >= 0 ? version : -1;
}

}  // namespace sluice::table
