#include <charconv>
#include <limits>

#include "table/json_internal.h"

namespace sluice::table {
namespace {

Status NotMember(std::string_view key, std::string_view wanted) {
  return Error(ErrorKind::kCorrupt,
               "JSON member is not " + std::string(wanted) + ": " + std::string(key));
}

bool FitsInt32(int64_t value) {
  return value >= std::numeric_limits<int32_t>::min() &&
         value <= std::numeric_limits<int32_t>::max();
}

}  // namespace

Result<int> GetInt32(const Json& object, std::string_view key) {
  SLUICE_ASSIGN(int64_t value, GetInt(object, key));
  if (!FitsInt32(value)) return NotMember(key, "a 32-bit number");
  return static_cast<int>(value);
}

Result<std::optional<int>> FindInt32(const Json& object, std::string_view key) {
  if (!Find(object, key)) return std::nullopt;
  SLUICE_ASSIGN(int value, GetInt32(object, key));
  return std::optional<int>(value);
}

Result<std::vector<int64_t>> GetInts(const Json& object, std::string_view key) {
  SLUICE_ASSIGN(const Json* array, GetArray(object, key));
  std::vector<int64_t> values;
  for (const Json& item : *array) {
    if (!item.is_number_integer()) return NotMember(key, "an array of integers");
    values.push_back(item.get<int64_t>());
  }
  return values;
}

Result<std::vector<int>> GetInt32s(const Json& object, std::string_view key) {
  SLUICE_ASSIGN(std::vector<int64_t> wide, GetInts(object, key));
  std::vector<int> values;
  for (int64_t value : wide) {
    if (!FitsInt32(value)) return NotMember(key, "an array of 32-bit numbers");
    values.push_back(static_cast<int>(value));
  }
  return values;
}

Result<std::vector<std::string>> GetStrings(const Json& object, std::string_view key) {
  SLUICE_ASSIGN(const Json* array, GetArray(object, key));
  std::vector<std::string> values;
  for (const Json& item : *array) {
    if (!item.is_string()) return NotMember(key, "an array of strings");
    values.push_back(item.get<std::string>());
  }
  return values;
}

Result<std::map<std::string, std::string>> FindStringMap(const Json& object,
                                                         std::string_view key) {
  std::map<std::string, std::string> values;
  if (!Find(object, key)) return values;
  SLUICE_ASSIGN(const Json* members, GetObject(object, key));
  for (const auto& [name, value] : members->items()) {
    if (!value.is_string()) return NotMember(key, "an object of strings");
    values[name] = value.get<std::string>();
  }
  return values;
}

Result<int> IdFromText(std::string_view text) {
  int id = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error(ErrorKind::kCorrupt, "not a field id: " + std::string(text));
  }
  return id;
}

Result<std::string> BytesFromHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    uint8_t byte = 0;
    auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) break;
    bytes += static_cast<char>(byte);
  }
  if (bytes.size() * 2 == text.size()) return bytes;
  return Error(ErrorKind::kCorrupt, "not hexadecimal digits: " + std::string(text));
}

}  // namespace sluice::table
