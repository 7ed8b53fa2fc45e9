#include "table/schema.h"

#include <algorithm>
#include <set>

#include <arrow/type.h>

#include "table/json_internal.h"

namespace sluice::table {
namespace {

int HighestId(const types::Type& type);

struct HighestIdOf {
  int operator()(const types::Primitive&) const { return 0; }
  int operator()(const types::StructType& type) const {
    int highest = 0;
    for (const types::Field& field : type.fields) {
      highest = std::max({highest, field.id, HighestId(*field.type)});
    }
    return highest;
  }
  int operator()(const types::ListType& type) const {
    return std::max(type.element_id, HighestId(*type.element));
  }
  int operator()(const types::MapType& type) const {
    return std::max(
        {type.key_id, type.value_id, HighestId(*type.key), HighestId(*type.value)});
  }
};

int HighestId(const types::Type& type) { return std::visit(HighestIdOf{}, type.value); }

// A name twice in one struct cannot be told apart by readers that look for names.
struct CheckNames {
  Status operator()(const types::Primitive&) const { return Status::OK(); }
  Status operator()(const types::StructType& type) const {
    std::set<std::string_view> names;
    for (const types::Field& field : type.fields) {
      if (field.name.empty()) {
        return Error(ErrorKind::kUserInput, "a column has no name; give it an alias");
      }
      if (!names.insert(field.name).second) {
        return Error(ErrorKind::kUserInput,
                     "two columns have the same name; rename one of them: " + field.name);
      }
      SLUICE_TRY(std::visit(*this, field.type->value));
    }
    return Status::OK();
  }
  Status operator()(const types::ListType& type) const {
    return std::visit(*this, type.element->value);
  }
  Status operator()(const types::MapType& type) const {
    SLUICE_TRY(std::visit(*this, type.key->value));
    return std::visit(*this, type.value->value);
  }
};

}  // namespace

const types::Field* Schema::FindById(int id) const {
  for (const types::Field& field : columns.fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const types::Field* Schema::FindByName(const std::string& name) const {
  for (const types::Field& field : columns.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

int Schema::HighestFieldId() const { return HighestIdOf{}(columns); }

std::shared_ptr<arrow::Schema> Schema::ToArrow() const {
  arrow::FieldVector fields;
  for (const types::Field& field : columns.fields) {
    fields.push_back(types::FieldToArrow(field));
  }
  return arrow::schema(std::move(fields));
}

bool Schema::SameColumns(const Schema& other) const {
  return columns == other.columns && identifier_field_ids == other.identifier_field_ids;
}

Json Schema::ToJson() const {
  Json json{{"type", "struct"}, {"schema-id", schema_id}};
  if (!identifier_field_ids.empty()) json["identifier-field-ids"] = identifier_field_ids;
  json["fields"] = Json::array();
  for (const types::Field& field : columns.fields) {
    json["fields"].push_back(types::FieldToJson(field));
  }
  return json;
}

Result<Schema> Schema::FromJson(const Json& json) {
  Schema schema;
  SLUICE_ASSIGN(auto schema_id, FindInt32(json, "schema-id"));
  schema.schema_id = schema_id.value_or(0);
  if (Find(json, "identifier-field-ids")) {
    SLUICE_ASSIGN(schema.identifier_field_ids, GetInt32s(json, "identifier-field-ids"));
  }
  SLUICE_ASSIGN(types::Type type, types::TypeFromJson(json));
  auto* columns = std::get_if<types::StructType>(&type.value);
  if (!columns) return Error(ErrorKind::kCorrupt, "a table's schema is not a struct");
  schema.columns = std::move(*columns);
  return schema;
}

Result<Schema> Schema::FromArrow(const arrow::Schema& schema) {
  int last_id = 0;
  SLUICE_ASSIGN(types::Type type,
                types::TypeFromArrow(*arrow::struct_(schema.fields()), &last_id));
  Schema result;
  result.columns = std::get<types::StructType>(std::move(type.value));
  for (size_t i = 0; i < result.columns.fields.size(); ++i) {
    const auto& metadata = schema.field(static_cast<int>(i))->metadata();
    if (!metadata) continue;
    if (auto doc = metadata->Get("doc"); doc.ok()) result.columns.fields[i].doc = *doc;
  }
  SLUICE_TRY(CheckNames{}(result.columns));
  return result;
}

}  // namespace sluice::table
