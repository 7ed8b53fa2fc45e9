#include "connect/values.h"

#include <arrow/type.h>

namespace sluice::connect {
namespace {

Json StringsToJson(const std::vector<std::string>& strings) {
  Json json = Json::array();
  for (const std::string& one : strings) json.push_back(one);
  return json;
}

Result<std::vector<std::string>> StringsFromJson(const Json& object,
                                                 std::string_view key) {
  std::vector<std::string> strings;
  const Json* array = Find(object, key);
  if (!array) return strings;
  for (const Json& one : *array) {
    if (!one.is_string()) {
      return Error(ErrorKind::kCorrupt, "not an array of strings: " + std::string(key));
    }
    strings.push_back(one.get<std::string>());
  }
  return strings;
}

Result<std::string> StringOr(const Json& object, std::string_view key) {
  SLUICE_ASSIGN(auto found, FindString(object, key));
  return found.value_or("");
}

template <typename Word, size_t N>
Result<Word> ParseWord(const std::pair<std::string_view, Word> (&words)[N],
                       std::string_view what, std::string_view word) {
  std::string known;
  for (const auto& [name, value] : words) {
    if (name == word) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return Error(ErrorKind::kUserInput,
               std::string(what) + " is one of " + known + ": " + std::string(word));
}

constexpr std::pair<std::string_view, WriteMode> kWriteModes[] = {
    {"append", WriteMode::kAppend},
    {"overwrite", WriteMode::kOverwrite},
    {"overwrite-partitions", WriteMode::kOverwritePartitions},
    {"upsert", WriteMode::kUpsert},
    {"error-if-exists", WriteMode::kErrorIfExists},
};

constexpr std::pair<std::string_view, OddValuePolicy> kOddValuePolicies[] = {
    {"error", OddValuePolicy::kError},
    {"null", OddValuePolicy::kNull},
    {"text", OddValuePolicy::kText},
};

}  // namespace

std::string TableName::ToString() const {
  return schema.empty() ? name : schema + "." + name;
}

std::string Selection::Label() const { return table ? table->ToString() : "query"; }

Json Selection::ToJson() const {
  Json json;
  if (table) json["table"] = {{"schema", table->schema}, {"name", table->name}};
  if (!query.empty()) json["query"] = query;
  if (!columns.empty()) json["columns"] = StringsToJson(columns);
  if (!where.empty()) json["where"] = where;
  if (!split_by.empty()) json["split_by"] = split_by;
  return json;
}

Result<Selection> Selection::FromJson(const Json& json) {
  Selection selection;
  if (const Json* table = Find(json, "table")) {
    SLUICE_ASSIGN(std::string schema, StringOr(*table, "schema"));
    SLUICE_ASSIGN(std::string name, GetString(*table, "name"));
    selection.table = TableName{std::move(schema), std::move(name)};
  }
  SLUICE_ASSIGN(selection.query, StringOr(json, "query"));
  SLUICE_ASSIGN(selection.columns, StringsFromJson(json, "columns"));
  SLUICE_ASSIGN(selection.where, StringOr(json, "where"));
  SLUICE_ASSIGN(selection.split_by, StringOr(json, "split_by"));
  return selection;
}

std::shared_ptr<arrow::Schema> TableSchema::ArrowSchema() const {
  arrow::FieldVector fields;
  for (const Column& column : columns) fields.push_back(column.field);
  return arrow::schema(std::move(fields));
}

Json TableSchema::ToJson() const {
  Json json;
  json["table"] = name;
  json["columns"] = Json::array();
  for (const Column& column : columns) {
    Json one;
    one["name"] = column.name;
    one["source_type"] = column.source_type;
    one["type"] = column.field->type()->ToString();
    one["nullable"] = column.field->nullable();
    one["fidelity"] = types::FidelityName(column.fidelity);
    if (!column.note.empty()) one["note"] = column.note;
    json["columns"].push_back(std::move(one));
  }
  json["key"] = StringsToJson(key);
  return json;
}

Json Split::ToJson() const {
  return {{"id", id},
          {"selection", selection.ToJson()},
          {"range", range},
          {"text", text},
          {"estimated_rows", estimated_rows},
          {"estimated_bytes", estimated_bytes}};
}

Result<Split> Split::FromJson(const Json& json) {
  Split split;
  SLUICE_ASSIGN(split.id, GetString(json, "id"));
  SLUICE_ASSIGN(const Json* selection, GetObject(json, "selection"));
  SLUICE_ASSIGN(split.selection, Selection::FromJson(*selection));
  if (const Json* range = Find(json, "range")) split.range = *range;
  SLUICE_ASSIGN(split.text, StringOr(json, "text"));
  SLUICE_ASSIGN(auto rows, FindInt(json, "estimated_rows"));
  SLUICE_ASSIGN(auto bytes, FindInt(json, "estimated_bytes"));
  split.estimated_rows = rows.value_or(-1);
  split.estimated_bytes = bytes.value_or(-1);
  return split;
}

std::string_view ConsistencyName(Consistency consistency) {
  switch (consistency) {
    case Consistency::kSnapshot:
      return "snapshot";
    case Consistency::kPerChunk:
      return "per-chunk";
    case Consistency::kStatic:
      return "static";
  }
  return "per-chunk";
}

Result<OddValuePolicy> ParseOddValuePolicy(std::string_view word) {
  return ParseWord(kOddValuePolicies, "a policy for odd values", word);
}

Json Receipt::ToJson() const {
  return {{"split", split_id},
          {"attempt", attempt},
          {"rows", rows},
          {"bytes", bytes},
          {"files", StringsToJson(files)},
          {"detail", detail}};
}

Result<Receipt> Receipt::FromJson(const Json& json) {
  Receipt receipt;
  SLUICE_ASSIGN(receipt.split_id, GetString(json, "split"));
  SLUICE_ASSIGN(int64_t attempt, GetInt(json, "attempt"));
  receipt.attempt = static_cast<int>(attempt);
  SLUICE_ASSIGN(receipt.rows, GetInt(json, "rows"));
  SLUICE_ASSIGN(receipt.bytes, GetInt(json, "bytes"));
  SLUICE_ASSIGN(receipt.files, StringsFromJson(json, "files"));
  if (const Json* detail = Find(json, "detail")) receipt.detail = *detail;
  return receipt;
}

Result<WriteMode> ParseWriteMode(std::string_view word) {
  return ParseWord(kWriteModes, "a mode", word);
}

std::string_view WriteModeName(WriteMode mode) {
  for (const auto& [name, value] : kWriteModes) {
    if (value == mode) return name;
  }
  return "append";
}

}  // namespace sluice::connect
