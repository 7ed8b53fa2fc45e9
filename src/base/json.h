#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace sluice {

/// JSON values of all rooms; members keep the order in which they were added.
using Json = nlohmann::ordered_json;

/// Parses one JSON value. Fails with kCorrupt and the byte offset.
Result<Json> ParseJson(std::string_view text);

/// Compact text; bytes that are not UTF-8 are replaced, never thrown over.
std::string ToText(const Json& json);
/// Text indented by two blanks.
std::string ToPrettyText(const Json& json);

/// Members of an object. Fail with kCorrupt naming `key` when it is absent or of another
/// type.
Result<int64_t> GetInt(const Json& object, std::string_view key);
Result<bool> GetBool(const Json& object, std::string_view key);
Result<std::string> GetString(const Json& object, std::string_view key);
Result<const Json*> GetArray(const Json& object, std::string_view key);
Result<const Json*> GetObject(const Json& object, std::string_view key);

/// The member, or nothing when it is absent or null; another type fails with kCorrupt.
Result<std::optional<int64_t>> FindInt(const Json& object, std::string_view key);
Result<std::optional<std::string>> FindString(const Json& object, std::string_view key);
/// Null when absent or null. Borrowed from `object`.
const Json* Find(const Json& object, std::string_view key);

}  // namespace sluice
