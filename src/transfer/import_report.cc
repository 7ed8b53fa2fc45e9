#include <arrow/type.h>

#include "base/text.h"
#include "transfer/import.h"

namespace sluice::transfer {
namespace {

std::string_view ChangeName(connect::SchemaChange::Kind kind) {
  switch (kind) {
    case connect::SchemaChange::Kind::kCreateTable:
      return "create_table";
    case connect::SchemaChange::Kind::kAddColumn:
      return "add_column";
    case connect::SchemaChange::Kind::kTypeChange:
      return "type_change";
    case connect::SchemaChange::Kind::kDropColumn:
      return "drop_column";
    case connect::SchemaChange::Kind::kReplaceTable:
      return "replace_table";
    case connect::SchemaChange::Kind::kNone:
      return "none";
  }
  return "none";
}

Json ChangesToJson(const std::vector<connect::SchemaChange>& changes) {
  Json json = Json::array();
  for (const connect::SchemaChange& change : changes) {
    json.push_back({{"kind", ChangeName(change.kind)},
                    {"text", change.text},
                    {"allowed", change.allowed}});
  }
  return json;
}

Json ErrorToJson(const Status& status) {
  if (status.ok()) return nullptr;
  Json json;
  json["kind"] = KindName(KindOf(status));
  json["message"] = MessageOf(status);
  Json facts = Json::object();
  for (const Fact& fact : FactsOf(status)) facts[fact.name] = fact.value;
  json["facts"] = std::move(facts);
  return json;
}

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Json TableReport::ToJson() const {
  Json json;
  json["table"] = table;
  json["target"] = target;
  json["status"] = status.ok() ? "succeeded" : "failed";
  json["error"] = ErrorToJson(status);
  json["rows_read"] = rows_read;
  json["rows_written"] = rows_written;
  json["rows_committed"] = rows_committed;
  json["bytes_read"] = bytes_read;
  json["bytes_written"] = bytes_written;
  json["files"] = files;
  json["splits"] = splits;
  json["split_method"] = split_method;
  json["snapshot_id"] = snapshot_id;
  json["elapsed_seconds"] = Seconds(elapsed);
  Json odd = Json::object();
  for (const auto& [what, count] : odd_values) odd[what] = count;
  json["odd_values"] = std::move(odd);
  json["schema_changes"] = ChangesToJson(schema_changes);
  json["schema"] = schema.ToJson();
  return json;
}

Status ImportReport::Summary() const {
  for (const TableReport& table : tables) SLUICE_TRY(table.status);
  return Status::OK();
}

Json ImportReport::ToJson() const {
  Json json;
  json["run_id"] = run_id;
  json["source"] = source;
  json["status"] = Summary().ok() ? "succeeded" : "failed";
  json["started"] = TimeText(started_ms);
  json["elapsed_seconds"] = Seconds(elapsed);
  json["snapshot"] = {{"consistency", connect::ConsistencyName(snapshot.consistency)},
                      {"how", snapshot.how},
                      {"position", snapshot.position}};
  Json array = Json::array();
  for (const TableReport& table : tables) array.push_back(table.ToJson());
  json["tables"] = std::move(array);
  return json;
}

Json TablePlan::ToJson() const {
  Json json;
  json["table"] = schema.name;
  json["target"] = target;
  json["schema"] = schema.ToJson();
  json["split_method"] = read.method;
  json["estimated_rows"] = read.estimated_rows;
  json["estimated_bytes"] = read.estimated_bytes;
  Json splits = Json::array();
  for (const connect::Split& split : read.splits) splits.push_back(split.ToJson());
  json["splits"] = std::move(splits);
  json["changes"] = ChangesToJson(changes);
  return json;
}

}  // namespace sluice::transfer
