#include "table/update.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "table/json_internal.h"

namespace sluice::table {
namespace {

constexpr int kPreviousVersionsMax = 100;
constexpr const char* kMainRef = "main";

Status Unmet(std::string what) {
  return Error(ErrorKind::kConflict, "table was changed by somebody else: " + what);
}

std::string IdText(const std::optional<int64_t>& id) {
  return id ? std::to_string(*id) : "none";
}

struct Check {
  const TableMetadata& base;

  Status operator()(const AssertCreate&) const { return Unmet("it already exists"); }
  Status operator()(const AssertTableUuid& wanted) const {
    if (wanted.uuid == base.table_uuid) return Status::OK();
    return Unmet("its uuid is " + base.table_uuid + ", not " + wanted.uuid);
  }
  Status operator()(const AssertRefSnapshotId& wanted) const {
    std::optional<int64_t> actual;
    if (auto it = base.refs.find(wanted.ref); it != base.refs.end()) {
      actual = it->second.snapshot_id;
    }
    if (actual == wanted.snapshot_id) return Status::OK();
    return Unmet("snapshot of " + wanted.ref + " is " + IdText(actual) + ", not " +
                 IdText(wanted.snapshot_id));
  }
  Status operator()(const AssertLastAssignedFieldId& wanted) const {
    return Same("last assigned field id", base.last_column_id,
                wanted.last_assigned_field_id);
  }
  Status operator()(const AssertCurrentSchemaId& wanted) const {
    return Same("current schema id", base.current_schema_id, wanted.current_schema_id);
  }
  Status operator()(const AssertDefaultSpecId& wanted) const {
    return Same("default partition spec id", base.default_spec_id,
                wanted.default_spec_id);
  }
  Status operator()(const AssertProperty& wanted) const {
    std::optional<std::string> actual;
    if (auto it = base.properties.find(wanted.key); it != base.properties.end()) {
      actual = it->second;
    }
    if (actual == wanted.value) return Status::OK();
    return Unmet("property " + wanted.key + " is " + actual.value_or("absent") +
                 ", not " + wanted.value.value_or("absent"));
  }

  Status Same(const char* what, int actual, int wanted) const {
    if (actual == wanted) return Status::OK();
    return Unmet(std::string(what) + " is " + std::to_string(actual) + ", not " +
                 std::to_string(wanted));
  }
};

// One run of ApplyUpdates: the metadata so far and what "the one added last" means.
struct Apply {
  TableMetadata& metadata;
  int64_t now_ms;
  std::optional<int> added_schema_id, added_spec_id;
  std::set<int64_t> added_snapshots;

  Status operator()(const AddSchema& update);
  Status operator()(const SetCurrentSchema& update);
  Status operator()(const AddSpec& update);
  Status operator()(const SetDefaultSpec& update);
  Status operator()(const AddSnapshot& update);
  Status operator()(const SetSnapshotRef& update);
  Status operator()(const RemoveSnapshots& update);
  Status operator()(const SetProperties& update);
  Status operator()(const RemoveProperties& update);
  Status operator()(const SetLocation& update);

  int FieldIdFor(const PartitionField& field);
};

Status Apply::operator()(const AddSchema& update) {
  metadata.last_column_id = std::max(
      {metadata.last_column_id, update.last_column_id, update.schema.HighestFieldId()});
  int next_id = 0;
  for (const Schema& schema : metadata.schemas) {
    if (schema.SameColumns(update.schema)) {
      added_schema_id = schema.schema_id;
      return Status::OK();
    }
    next_id = std::max(next_id, schema.schema_id + 1);
  }
  metadata.schemas.push_back(update.schema);
  metadata.schemas.back().schema_id = next_id;
  added_schema_id = next_id;
  return Status::OK();
}

Status Apply::operator()(const SetCurrentSchema& update) {
  int id = update.schema_id == -1 ? added_schema_id.value_or(-1) : update.schema_id;
  if (!metadata.FindSchema(id)) {
    return Error(ErrorKind::kUserInput,
                 "table has no such schema: " + std::to_string(id));
  }
  metadata.current_schema_id = id;
  return Status::OK();
}

// An equivalent field of an older spec keeps its id; others get one never used before.
int Apply::FieldIdFor(const PartitionField& field) {
  for (const PartitionSpec& spec : metadata.partition_specs) {
    for (const PartitionField& known : spec.fields) {
      if (known.source_id == field.source_id && known.transform == field.transform &&
          known.name == field.name) {
        return known.field_id;
      }
    }
  }
  metadata.last_partition_id = std::max(metadata.last_partition_id + 1, field.field_id);
  return metadata.last_partition_id;
}

Status Apply::operator()(const AddSpec& update) {
  PartitionSpec added = update.spec;
  added.spec_id = 0;
  int last_partition_id = metadata.last_partition_id;
  for (PartitionField& field : added.fields) field.field_id = FieldIdFor(field);
  for (const PartitionSpec& spec : metadata.partition_specs) {
    if (spec.fields == added.fields) {
      metadata.last_partition_id = last_partition_id;
      added_spec_id = spec.spec_id;
      return Status::OK();
    }
    added.spec_id = std::max(added.spec_id, spec.spec_id + 1);
  }
  added_spec_id = added.spec_id;
  metadata.partition_specs.push_back(std::move(added));
  return Status::OK();
}

Status Apply::operator()(const SetDefaultSpec& update) {
  int id = update.spec_id == -1 ? added_spec_id.value_or(-1) : update.spec_id;
  if (!metadata.FindSpec(id)) {
    return Error(ErrorKind::kUserInput,
                 "table has no such partition spec: " + std::to_string(id));
  }
  metadata.default_spec_id = id;
  return Status::OK();
}

Status Apply::operator()(const AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  if (metadata.FindSnapshot(snapshot.snapshot_id)) {
    return Error(ErrorKind::kAlreadyExists, "table already has this snapshot: " +
                                                std::to_string(snapshot.snapshot_id));
  }
  if (snapshot.sequence_number <= metadata.last_sequence_number) {
    return Error(ErrorKind::kConflict,
                 "a newer snapshot was committed first; sequence number " +
                     std::to_string(snapshot.sequence_number) + " is not above " +
                     std::to_string(metadata.last_sequence_number));
  }
  metadata.last_sequence_number = snapshot.sequence_number;
  metadata.last_updated_ms = std::max(metadata.last_updated_ms, snapshot.timestamp_ms);
  metadata.snapshots.push_back(snapshot);
  added_snapshots.insert(snapshot.snapshot_id);
  return Status::OK();
}

Status Apply::operator()(const SetSnapshotRef& update) {
  int64_t id = update.value.snapshot_id;
  const Snapshot* snapshot = metadata.FindSnapshot(id);
  if (!snapshot) {
    return Error(ErrorKind::kNotFound,
                 "table has no such snapshot: " + std::to_string(id));
  }
  if (update.value.type != "branch" && update.value.type != "tag") {
    return Error(ErrorKind::kUserInput,
                 "a snapshot reference is a branch or a tag, not: " + update.value.type);
  }
  metadata.refs[update.ref] = update.value;
  if (update.ref != kMainRef) return Status::OK();
  if (update.value.type != "branch") {
    return Error(ErrorKind::kUserInput, "main must be a branch");
  }
  if (metadata.current_snapshot_id == id) return Status::OK();
  metadata.current_snapshot_id = id;
  // Going back to an older snapshot happens now, not when that snapshot was made.
  int64_t at_ms = added_snapshots.contains(id)
                      ? snapshot->timestamp_ms
                      : std::max(now_ms, metadata.last_updated_ms);
  metadata.last_updated_ms = std::max(metadata.last_updated_ms, at_ms);
  metadata.snapshot_log.push_back({.timestamp_ms = at_ms, .snapshot_id = id});
  return Status::OK();
}

Status Apply::operator()(const RemoveSnapshots& update) {
  std::set<int64_t> removed(update.snapshot_ids.begin(), update.snapshot_ids.end());
  for (const auto& [name, ref] : metadata.refs) {
    if (removed.contains(ref.snapshot_id)) {
      return Error(ErrorKind::kUserInput, "snapshot is still in use by " + name + ": " +
                                              std::to_string(ref.snapshot_id));
    }
  }
  std::erase_if(metadata.snapshots,
                [&](const Snapshot& s) { return removed.contains(s.snapshot_id); });
  // A log with a gap would give wrong answers for the time before it.
  auto& log = metadata.snapshot_log;
  auto last_gap = std::find_if(log.rbegin(), log.rend(), [&](const SnapshotLogEntry& e) {
    return !metadata.FindSnapshot(e.snapshot_id);
  });
  log.erase(log.begin(), last_gap.base());
  return Status::OK();
}

Status Apply::operator()(const SetProperties& update) {
  for (const auto& [key, value] : update.updates) metadata.properties[key] = value;
  return Status::OK();
}

Status Apply::operator()(const RemoveProperties& update) {
  for (const std::string& key : update.removals) metadata.properties.erase(key);
  return Status::OK();
}

Status Apply::operator()(const SetLocation& update) {
  metadata.location = update.location;
  return Status::OK();
}

size_t PreviousVersionsMax(const TableMetadata& metadata) {
  int limit = kPreviousVersionsMax;
  if (auto it = metadata.properties.find("write.metadata.previous-versions-max");
      it != metadata.properties.end()) {
    const std::string& text = it->second;
    std::from_chars(text.data(), text.data() + text.size(), limit);
  }
  return static_cast<size_t>(std::max(limit, 1));
}

}  // namespace

Status CheckRequirements(const TableMetadata* base,
                         const std::vector<Requirement>& requirements) {
  for (const Requirement& requirement : requirements) {
    if (base) {
      SLUICE_TRY(std::visit(Check{*base}, requirement));
    } else if (!std::holds_alternative<AssertCreate>(requirement)) {
      return Unmet("it does not exist");
    }
  }
  return Status::OK();
}

Result<TableMetadata> ApplyUpdates(const TableMetadata& base,
                                   const std::vector<Update>& updates,
                                   const std::string& previous_location, int64_t now_ms) {
  TableMetadata metadata = base;
  metadata.last_updated_ms = std::max(base.last_updated_ms, now_ms);
  Apply apply{.metadata = metadata, .now_ms = now_ms};
  for (const Update& update : updates) SLUICE_TRY(std::visit(apply, update));
  if (!previous_location.empty()) {
    metadata.metadata_log.push_back(
        {.timestamp_ms = base.last_updated_ms, .metadata_file = previous_location});
  }
  auto& log = metadata.metadata_log;
  if (size_t limit = PreviousVersionsMax(metadata); log.size() > limit) {
    log.erase(log.begin(), log.end() - static_cast<ptrdiff_t>(limit));
  }
  return metadata;
}

}  // namespace sluice::table
