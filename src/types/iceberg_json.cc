#include <charconv>
#include <limits>

#include "base/text.h"
#include "types/iceberg.h"

namespace sluice::types {
namespace {

// Deeper types come from damaged files only; a bound keeps the recursion off the stack's
// end.
constexpr int kDepthMax = 64;

Result<Type> ReadType(const Json& json, int depth);

Result<int> ReadId(const Json& json, std::string_view key) {
  SLUICE_ASSIGN(int64_t id, GetInt(json, key));
  if (id < 0 || id > std::numeric_limits<int>::max()) {
    return Error(ErrorKind::kCorrupt, "not a field id: " + std::to_string(id));
  }
  return static_cast<int>(id);
}

Status UnknownType(std::string_view text) {
  return Error(ErrorKind::kCorrupt,
               "not an Iceberg type of format version 1 or 2: " + std::string(text));
}

// Reads the whole numbers between `open` and `close` that end `text`.
bool ParseParameters(std::string_view text, char open, char close,
                     std::vector<int>* out) {
  size_t first = text.find(open);
  if (first == std::string_view::npos || text.back() != close) return false;
  std::string_view inner = text.substr(first + 1, text.size() - first - 2);
  for (std::string_view part : SplitText(inner, ',')) {
    part = Trim(part);
    int value = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size()) return false;
    out->push_back(value);
  }
  return true;
}

Result<Type> ReadPrimitive(std::string_view text) {
  static const std::map<std::string_view, PrimitiveKind> kNames = {
      {"boolean", PrimitiveKind::kBoolean},
      {"int", PrimitiveKind::kInt},
      {"long", PrimitiveKind::kLong},
      {"float", PrimitiveKind::kFloat},
      {"double", PrimitiveKind::kDouble},
      {"date", PrimitiveKind::kDate},
      {"time", PrimitiveKind::kTime},
      {"timestamp", PrimitiveKind::kTimestamp},
      {"timestamptz", PrimitiveKind::kTimestamptz},
      {"string", PrimitiveKind::kString},
      {"uuid", PrimitiveKind::kUuid},
      {"binary", PrimitiveKind::kBinary}};
  if (auto it = kNames.find(text); it != kNames.end()) return Type{Primitive{it->second}};
  std::vector<int> parameters;
  if (text.starts_with("fixed") && ParseParameters(text, '[', ']', &parameters) &&
      parameters.size() == 1 && parameters[0] > 0) {
    return Type{Primitive{.kind = PrimitiveKind::kFixed, .length = parameters[0]}};
  }
  parameters.clear();
  if (text.starts_with("decimal") && ParseParameters(text, '(', ')', &parameters) &&
      parameters.size() == 2 && parameters[0] >= 1 && parameters[0] <= 38 &&
      parameters[1] >= 0 && parameters[1] <= parameters[0]) {
    return Type{Primitive{.kind = PrimitiveKind::kDecimal,
                          .precision = parameters[0],
                          .scale = parameters[1]}};
  }
  return UnknownType(text);
}

Result<std::shared_ptr<const Type>> ReadPart(const Json& json, std::string_view key,
                                             int depth) {
  const Json* part = Find(json, key);
  if (!part) {
    return Error(ErrorKind::kCorrupt, "type lacks its member " + std::string(key));
  }
  SLUICE_ASSIGN(Type type, ReadType(*part, depth + 1));
  return std::make_shared<const Type>(std::move(type));
}

Result<Field> ReadField(const Json& json, int depth) {
  Field field;
  SLUICE_ASSIGN(field.id, ReadId(json, "id"));
  SLUICE_ASSIGN(field.name, GetString(json, "name"));
  SLUICE_ASSIGN(field.required, GetBool(json, "required"));
  Result<std::shared_ptr<const Type>> type = ReadPart(json, "type", depth);
  SLUICE_TRY(Within("field " + field.name, type.status()));
  field.type = std::move(type).ValueUnsafe();
  SLUICE_ASSIGN(auto doc, FindString(json, "doc"));
  field.doc = doc.value_or("");
  return field;
}

Result<Type> ReadStruct(const Json& json, int depth) {
  StructType type;
  SLUICE_ASSIGN(const Json* fields, GetArray(json, "fields"));
  for (const Json& item : *fields) {
    SLUICE_ASSIGN(Field field, ReadField(item, depth));
    type.fields.push_back(std::move(field));
  }
  return Type{std::move(type)};
}

Result<Type> ReadList(const Json& json, int depth) {
  ListType type;
  SLUICE_ASSIGN(type.element_id, ReadId(json, "element-id"));
  SLUICE_ASSIGN(type.element_required, GetBool(json, "element-required"));
  SLUICE_ASSIGN(type.element, ReadPart(json, "element", depth));
  return Type{std::move(type)};
}

Result<Type> ReadMap(const Json& json, int depth) {
  MapType type;
  SLUICE_ASSIGN(type.key_id, ReadId(json, "key-id"));
  SLUICE_ASSIGN(type.key, ReadPart(json, "key", depth));
  SLUICE_ASSIGN(type.value_id, ReadId(json, "value-id"));
  SLUICE_ASSIGN(type.value_required, GetBool(json, "value-required"));
  SLUICE_ASSIGN(type.value, ReadPart(json, "value", depth));
  return Type{std::move(type)};
}

Result<Type> ReadType(const Json& json, int depth) {
  if (depth > kDepthMax) {
    return Error(ErrorKind::kCorrupt, "type is nested too deeply");
  }
  if (json.is_string()) return ReadPrimitive(json.get_ref<const std::string&>());
  SLUICE_ASSIGN(std::string kind, GetString(json, "type"));
  if (kind == "struct") return ReadStruct(json, depth);
  if (kind == "list") return ReadList(json, depth);
  if (kind == "map") return ReadMap(json, depth);
  return UnknownType(kind);
}

struct JsonOf {
  Json operator()(const Primitive& type) const { return TypeText(Type{type}); }
  Json operator()(const StructType& type) const {
    Json fields = Json::array();
    for (const Field& field : type.fields) fields.push_back(FieldToJson(field));
    return Json{{"type", "struct"}, {"fields", std::move(fields)}};
  }
  Json operator()(const ListType& type) const {
    return Json{{"type", "list"},
                {"element-id", type.element_id},
                {"element-required", type.element_required},
                {"element", TypeToJson(*type.element)}};
  }
  Json operator()(const MapType& type) const {
    return Json{{"type", "map"},
                {"key-id", type.key_id},
                {"key", TypeToJson(*type.key)},
                {"value-id", type.value_id},
                {"value-required", type.value_required},
                {"value", TypeToJson(*type.value)}};
  }
};

}  // namespace

Json TypeToJson(const Type& type) { return std::visit(JsonOf{}, type.value); }

Result<Type> TypeFromJson(const Json& json) { return ReadType(json, 0); }

Json FieldToJson(const Field& field) {
  Json json{{"id", field.id},
            {"name", field.name},
            {"required", field.required},
            {"type", TypeToJson(*field.type)}};
  if (!field.doc.empty()) json["doc"] = field.doc;
  return json;
}

Result<Field> FieldFromJson(const Json& json) { return ReadField(json, 0); }

}  // namespace sluice::types
