#include "base/json.h"

namespace sluice {
namespace {

Status Missing(std::string_view key, std::string_view wanted) {
  return Error(ErrorKind::kCorrupt, "JSON member is absent or not " +
                                        std::string(wanted) + ": " + std::string(key));
}

}  // namespace

Result<Json> ParseJson(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    return Error(ErrorKind::kCorrupt, std::string("not JSON: ") + e.what());
  }
}

std::string ToText(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ToPrettyText(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(std::string(key));
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

Result<int64_t> GetInt(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (!value || !value->is_number_integer()) return Missing(key, "an integer");
  return value->get<int64_t>();
}

Result<bool> GetBool(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (!value || !value->is_boolean()) return Missing(key, "true or false");
  return value->get<bool>();
}

Result<std::string> GetString(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (!value || !value->is_string()) return Missing(key, "a string");
  return value->get<std::string>();
}

Result<const Json*> GetArray(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (!value || !value->is_array()) return Missing(key, "an array");
  return value;
}

Result<const Json*> GetObject(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (!value || !value->is_object()) return Missing(key, "an object");
  return value;
}

Result<std::optional<int64_t>> FindInt(const Json& object, std::string_view key) {
  if (!Find(object, key)) return std::nullopt;
  SLUICE_ASSIGN(int64_t value, GetInt(object, key));
  return value;
}

Result<std::optional<std::string>> FindString(const Json& object, std::string_view key) {
  if (!Find(object, key)) return std::nullopt;
  SLUICE_ASSIGN(std::string value, GetString(object, key));
  return std::optional<std::string>(std::move(value));
}

}  // namespace sluice
