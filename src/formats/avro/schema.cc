#include "formats/avro/schema.h"

#include <limits>
#include <map>

namespace sluice::formats::avro {
namespace {

constexpr int kDepthMax = 64;

using SchemaPtr = std::shared_ptr<const Schema>;

struct NamedKind {
  std::string_view name;
  Kind kind;
};
constexpr NamedKind kPrimitives[] = {
    {"null", Kind::kNull},   {"boolean", Kind::kBoolean}, {"int", Kind::kInt},
    {"long", Kind::kLong},   {"float", Kind::kFloat},     {"double", Kind::kDouble},
    {"bytes", Kind::kBytes}, {"string", Kind::kString},
};

Status Bad(std::string what) {
  return Error(ErrorKind::kCorrupt, "Avro schema is not valid: " + std::move(what));
}

Result<std::optional<int>> FindNumber(const Json& json, std::string_view key) {
  SLUICE_ASSIGN(auto number, FindInt(json, key));
  if (!number) return std::nullopt;
  if (*number < 0 || *number > std::numeric_limits<int>::max()) {
    return Bad(std::string(key) + " is " + std::to_string(*number));
  }
  return std::optional<int>(static_cast<int>(*number));
}

std::string_view WithoutNamespace(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

// Reads one schema; remembers the named types that are complete, by their short name.
class Parser {
 public:
  Result<SchemaPtr> Read(const Json& json, int depth);

 private:
  Result<SchemaPtr> ReadName(const std::string& name);
  Result<SchemaPtr> ReadUnion(const Json& json, int depth);
  Result<SchemaPtr> ReadObject(const Json& json, int depth);
  Status ReadRecord(const Json& json, int depth, Schema* schema);
  Status ReadPart(const Json& json, std::string_view key, int depth, Schema* schema);

  std::map<std::string, SchemaPtr, std::less<>> named_;
};

Result<SchemaPtr> Parser::Read(const Json& json, int depth) {
  if (depth > kDepthMax) return Bad("nested too deeply");
  if (json.is_string()) return ReadName(json.get<std::string>());
  if (json.is_array()) return ReadUnion(json, depth);
  if (json.is_object()) return ReadObject(json, depth);
  return Bad("neither name, object nor union");
}

Result<SchemaPtr> Parser::ReadName(const std::string& name) {
  for (const NamedKind& primitive : kPrimitives) {
    if (primitive.name == name) {
      auto schema = std::make_shared<Schema>();
      schema->kind = primitive.kind;
      return schema;
    }
  }
  auto it = named_.find(WithoutNamespace(name));
  if (it == named_.end()) return Bad("unknown type " + name);
  return it->second;
}

Result<SchemaPtr> Parser::ReadUnion(const Json& json, int depth) {
  auto schema = std::make_shared<Schema>();
  schema->kind = Kind::kUnion;
  for (const Json& branch : json) {
    SLUICE_ASSIGN(SchemaPtr part, Read(branch, depth + 1));
    schema->parts.push_back(std::move(part));
  }
  if (schema->parts.empty()) return Bad("union without branches");
  return schema;
}

Result<SchemaPtr> Parser::ReadObject(const Json& json, int depth) {
  const Json* type = Find(json, "type");
  if (!type) return Bad("type is missing");
  if (!type->is_string()) return Read(*type, depth + 1);
  const std::string kind = type->get<std::string>();
  auto schema = std::make_shared<Schema>();
  SLUICE_ASSIGN(auto name, FindString(json, "name"));
  schema->name = WithoutNamespace(name.value_or(""));
  if (kind == "record") {
    SLUICE_TRY(ReadRecord(json, depth, schema.get()));
  } else if (kind == "array") {
    schema->kind = Kind::kArray;
    SLUICE_TRY(ReadPart(json, "items", depth, schema.get()));
  } else if (kind == "map") {
    schema->kind = Kind::kMap;
    SLUICE_TRY(ReadPart(json, "values", depth, schema.get()));
  } else if (kind == "fixed") {
    schema->kind = Kind::kFixed;
    SLUICE_ASSIGN(auto size, FindNumber(json, "size"));
    if (!size) return Bad("fixed without size");
    schema->size = *size;
  } else if (kind == "enum") {
    schema->kind = Kind::kEnum;
    SLUICE_ASSIGN(const Json* symbols, GetArray(json, "symbols"));
    for (const Json& symbol : *symbols) {
      if (!symbol.is_string()) return Bad("enum symbol is not a string");
      schema->symbols.push_back(symbol.get<std::string>());
    }
  } else {
    SLUICE_ASSIGN(SchemaPtr plain, ReadName(kind));
    *schema = *plain;
  }
  SLUICE_ASSIGN(auto logical_type, FindString(json, "logicalType"));
  if (logical_type) schema->logical_type = *logical_type;
  if (Find(json, "adjust-to-utc")) {
    SLUICE_ASSIGN(schema->adjust_to_utc, GetBool(json, "adjust-to-utc"));
  }
  SLUICE_ASSIGN(auto precision, FindNumber(json, "precision"));
  schema->precision = precision.value_or(schema->precision);
  SLUICE_ASSIGN(auto scale, FindNumber(json, "scale"));
  schema->scale = scale.value_or(schema->scale);
  SLUICE_ASSIGN(schema->element_id, FindNumber(json, "element-id"));
  if (!schema->name.empty()) named_[schema->name] = schema;
  return schema;
}

Status Parser::ReadRecord(const Json& json, int depth, Schema* schema) {
  schema->kind = Kind::kRecord;
  SLUICE_ASSIGN(const Json* fields, GetArray(json, "fields"));
  for (const Json& item : *fields) {
    SchemaField field;
    SLUICE_ASSIGN(field.name, GetString(item, "name"));
    const Json* type = Find(item, "type");
    if (!type) return Bad("field without type: " + field.name);
    SLUICE_ASSIGN(field.type, Read(*type, depth + 1));
    SLUICE_ASSIGN(field.field_id, FindNumber(item, "field-id"));
    schema->fields.push_back(std::move(field));
  }
  return Status::OK();
}

Status Parser::ReadPart(const Json& json, std::string_view key, int depth,
                        Schema* schema) {
  const Json* part = Find(json, key);
  if (!part) return Bad(std::string(key) + " is missing");
  SLUICE_ASSIGN(SchemaPtr read, Read(*part, depth + 1));
  schema->parts.push_back(std::move(read));
  return Status::OK();
}

}  // namespace

int Schema::FindField(int field_id) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].field_id == field_id) return static_cast<int>(i);
  }
  return -1;
}

int Schema::FindField(std::string_view field_name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field_name) return static_cast<int>(i);
  }
  return -1;
}

const Schema& Schema::NonNull() const {
  if (kind != Kind::kUnion || parts.size() != 2) return *this;
  if (parts[0]->kind == Kind::kNull) return *parts[1];
  return parts[1]->kind == Kind::kNull ? *parts[0] : *this;
}

Result<std::shared_ptr<const Schema>> ParseSchema(const Json& json) {
  return Parser().Read(json, 0);
}

}  // namespace sluice::formats::avro
