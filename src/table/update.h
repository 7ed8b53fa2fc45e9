#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "table/metadata.h"

namespace sluice::table {

// What must hold for a commit, and what it does: the vocabulary of the Iceberg REST
// specification (TableRequirement, TableUpdate), which every catalog here takes.
struct AssertCreate {};
struct AssertTableUuid {
  std::string uuid;
};
struct AssertRefSnapshotId {
  std::string ref;
  std::optional<int64_t> snapshot_id;  ///< nothing: the ref must not exist
};
struct AssertLastAssignedFieldId {
  int last_assigned_field_id = 0;
};
struct AssertCurrentSchemaId {
  int current_schema_id = 0;
};
struct AssertDefaultSpecId {
  int default_spec_id = 0;
};
/// Ours, not in the REST list: a table property must have this value (nothing: be
/// absent).
struct AssertProperty {
  std::string key;
  std::optional<std::string> value;
};
using Requirement = std::variant<AssertCreate, AssertTableUuid, AssertRefSnapshotId,
                                 AssertLastAssignedFieldId, AssertCurrentSchemaId,
                                 AssertDefaultSpecId, AssertProperty>;

struct AddSchema {
  Schema schema;  ///< schema_id is assigned by the table; an equal schema is reused
  int last_column_id = 0;
};
struct SetCurrentSchema {
  int schema_id = -1;  ///< -1: the one added last
};
struct AddSpec {
  PartitionSpec spec;
};
struct SetDefaultSpec {
  int spec_id = -1;  ///< -1: the one added last
};
struct AddSnapshot {
  Snapshot snapshot;
};
struct SetSnapshotRef {
  std::string ref = "main";
  SnapshotRef value;
};
struct RemoveSnapshots {
  std::vector<int64_t> snapshot_ids;
};
struct SetProperties {
  std::map<std::string, std::string> updates;
};
struct RemoveProperties {
  std::vector<std::string> removals;
};
struct SetLocation {
  std::string location;
};
using Update = std::variant<AddSchema, SetCurrentSchema, AddSpec, SetDefaultSpec,
                            AddSnapshot, SetSnapshotRef, RemoveSnapshots, SetProperties,
                            RemoveProperties, SetLocation>;

/// Fails with kConflict naming the requirement that does not hold. `base` null: no table
/// yet.
Status CheckRequirements(const TableMetadata* base,
                         const std::vector<Requirement>& requirements);

/// The metadata after the updates; pure. `previous_location` goes into the metadata log
/// (bounded by write.metadata.previous-versions-max, default 100).
Result<TableMetadata> ApplyUpdates(const TableMetadata& base,
                                   const std::vector<Update>& updates,
                                   const std::string& previous_location, int64_t now_ms);

Json RequirementToJson(const Requirement& requirement);
Result<Requirement> RequirementFromJson(const Json& json);
Json UpdateToJson(const Update& update);
Result<Update> UpdateFromJson(const Json& json);

}  // namespace sluice::table
