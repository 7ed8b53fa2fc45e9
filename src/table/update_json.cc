#include "table/json_internal.h"
#include "table/update.h"

namespace sluice::table {
namespace {

Json OptionalJson(const auto& value) { return value ? Json(*value) : Json(nullptr); }

struct RequirementJson {
  Json operator()(const AssertCreate&) const { return Json{{"type", "assert-create"}}; }
  Json operator()(const AssertTableUuid& r) const {
    return Json{{"type", "assert-table-uuid"}, {"uuid", r.uuid}};
  }
  Json operator()(const AssertRefSnapshotId& r) const {
    return Json{{"type", "assert-ref-snapshot-id"},
                {"ref", r.ref},
                {"snapshot-id", OptionalJson(r.snapshot_id)}};
  }
  Json operator()(const AssertLastAssignedFieldId& r) const {
    return Json{{"type", "assert-last-assigned-field-id"},
                {"last-assigned-field-id", r.last_assigned_field_id}};
  }
  Json operator()(const AssertCurrentSchemaId& r) const {
    return Json{{"type", "assert-current-schema-id"},
                {"current-schema-id", r.current_schema_id}};
  }
  Json operator()(const AssertDefaultSpecId& r) const {
    return Json{{"type", "assert-default-spec-id"},
                {"default-spec-id", r.default_spec_id}};
  }
  Json operator()(const AssertProperty& r) const {
    return Json{
        {"type", "assert-property"}, {"key", r.key}, {"value", OptionalJson(r.value)}};
  }
};

struct UpdateJson {
  Json operator()(const AddSchema& u) const {
    return Json{{"action", "add-schema"},
                {"schema", u.schema.ToJson()},
                {"last-column-id", u.last_column_id}};
  }
  Json operator()(const SetCurrentSchema& u) const {
    return Json{{"action", "set-current-schema"}, {"schema-id", u.schema_id}};
  }
  Json operator()(const AddSpec& u) const {
    return Json{{"action", "add-spec"}, {"spec", u.spec.ToJson()}};
  }
  Json operator()(const SetDefaultSpec& u) const {
    return Json{{"action", "set-default-spec"}, {"spec-id", u.spec_id}};
  }
  Json operator()(const AddSnapshot& u) const {
    return Json{{"action", "add-snapshot"}, {"snapshot", SnapshotToJson(u.snapshot)}};
  }
  Json operator()(const SetSnapshotRef& u) const {
    Json json{{"action", "set-snapshot-ref"}, {"ref-name", u.ref}};
    json.update(RefToJson(u.value));
    return json;
  }
  Json operator()(const RemoveSnapshots& u) const {
    return Json{{"action", "remove-snapshots"}, {"snapshot-ids", u.snapshot_ids}};
  }
  Json operator()(const SetProperties& u) const {
    return Json{{"action", "set-properties"}, {"updates", u.updates}};
  }
  Json operator()(const RemoveProperties& u) const {
    return Json{{"action", "remove-properties"}, {"removals", u.removals}};
  }
  Json operator()(const SetLocation& u) const {
    return Json{{"action", "set-location"}, {"location", u.location}};
  }
};

Result<Update> ReadSchemaUpdate(const Json& json, const std::string& action) {
  if (action == "set-current-schema") {
    SLUICE_ASSIGN(int id, GetInt32(json, "schema-id"));
    return Update(SetCurrentSchema{id});
  }
  AddSchema update;
  SLUICE_ASSIGN(const Json* schema, GetObject(json, "schema"));
  SLUICE_ASSIGN(update.schema, Schema::FromJson(*schema));
  SLUICE_ASSIGN(auto last_column_id, FindInt32(json, "last-column-id"));
  update.last_column_id = last_column_id.value_or(update.schema.HighestFieldId());
  return Update(std::move(update));
}

Result<Update> ReadSpecUpdate(const Json& json, const std::string& action) {
  if (action == "set-default-spec") {
    SLUICE_ASSIGN(int id, GetInt32(json, "spec-id"));
    return Update(SetDefaultSpec{id});
  }
  SLUICE_ASSIGN(const Json* spec_json, GetObject(json, "spec"));
  SLUICE_ASSIGN(PartitionSpec spec, PartitionSpec::FromJson(*spec_json));
  return Update(AddSpec{std::move(spec)});
}

Result<Update> ReadSnapshotUpdate(const Json& json, const std::string& action) {
  if (action == "add-snapshot") {
    SLUICE_ASSIGN(const Json* snapshot_json, GetObject(json, "snapshot"));
    SLUICE_ASSIGN(Snapshot snapshot, SnapshotFromJson(*snapshot_json));
    return Update(AddSnapshot{std::move(snapshot)});
  }
  if (action == "remove-snapshots") {
    SLUICE_ASSIGN(auto ids, GetInts(json, "snapshot-ids"));
    return Update(RemoveSnapshots{std::move(ids)});
  }
  SetSnapshotRef update;
  SLUICE_ASSIGN(update.ref, GetString(json, "ref-name"));
  SLUICE_ASSIGN(update.value, RefFromJson(json));
  return Update(std::move(update));
}

Result<Update> ReadPropertyUpdate(const Json& json, const std::string& action) {
  if (action == "set-properties") {
    SLUICE_TRY(GetObject(json, "updates"));
    SLUICE_ASSIGN(auto updates, FindStringMap(json, "updates"));
    return Update(SetProperties{std::move(updates)});
  }
  SLUICE_ASSIGN(auto removals, GetStrings(json, "removals"));
  return Update(RemoveProperties{std::move(removals)});
}

}  // namespace

Json RequirementToJson(const Requirement& requirement) {
  return std::visit(RequirementJson{}, requirement);
}

Result<Requirement> RequirementFromJson(const Json& json) {
  SLUICE_ASSIGN(std::string type, GetString(json, "type"));
  if (type == "assert-create") return Requirement(AssertCreate{});
  if (type == "assert-table-uuid") {
    SLUICE_ASSIGN(std::string uuid, GetString(json, "uuid"));
    return Requirement(AssertTableUuid{std::move(uuid)});
  }
  if (type == "assert-ref-snapshot-id") {
    AssertRefSnapshotId requirement;
    SLUICE_ASSIGN(requirement.ref, GetString(json, "ref"));
    SLUICE_ASSIGN(requirement.snapshot_id, FindInt(json, "snapshot-id"));
    return Requirement(std::move(requirement));
  }
  if (type == "assert-last-assigned-field-id") {
    SLUICE_ASSIGN(int id, GetInt32(json, "last-assigned-field-id"));
    return Requirement(AssertLastAssignedFieldId{id});
  }
  if (type == "assert-current-schema-id") {
    SLUICE_ASSIGN(int id, GetInt32(json, "current-schema-id"));
    return Requirement(AssertCurrentSchemaId{id});
  }
  if (type == "assert-default-spec-id") {
    SLUICE_ASSIGN(int id, GetInt32(json, "default-spec-id"));
    return Requirement(AssertDefaultSpecId{id});
  }
  if (type == "assert-property") {
    AssertProperty requirement;
    SLUICE_ASSIGN(requirement.key, GetString(json, "key"));
    SLUICE_ASSIGN(requirement.value, FindString(json, "value"));
    return Requirement(std::move(requirement));
  }
  return Error(ErrorKind::kCorrupt, "unknown commit requirement: " + type);
}

Json UpdateToJson(const Update& update) { return std::visit(UpdateJson{}, update); }

Result<Update> UpdateFromJson(const Json& json) {
  SLUICE_ASSIGN(std::string action, GetString(json, "action"));
  if (action == "add-schema" || action == "set-current-schema") {
    return ReadSchemaUpdate(json, action);
  }
  if (action == "add-spec" || action == "set-default-spec") {
    return ReadSpecUpdate(json, action);
  }
  if (action == "add-snapshot" || action == "set-snapshot-ref" ||
      action == "remove-snapshots") {
    return ReadSnapshotUpdate(json, action);
  }
  if (action == "set-properties" || action == "remove-properties") {
    return ReadPropertyUpdate(json, action);
  }
  if (action == "set-location") {
    SLUICE_ASSIGN(std::string location, GetString(json, "location"));
    return Update(SetLocation{std::move(location)});
  }
  return Error(ErrorKind::kCorrupt, "unknown table update: " + action);
}

}  // namespace sluice::table
