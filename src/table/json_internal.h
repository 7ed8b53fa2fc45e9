#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "table/metadata.h"

namespace sluice::table {

// Readers of members that base/json.h does not have; all fail with kCorrupt naming the
// member.
Result<int> GetInt32(const Json& object, std::string_view key);
Result<std::optional<int>> FindInt32(const Json& object, std::string_view key);
Result<std::vector<int>> GetInt32s(const Json& object, std::string_view key);
Result<std::vector<int64_t>> GetInts(const Json& object, std::string_view key);
Result<std::vector<std::string>> GetStrings(const Json& object, std::string_view key);
/// An object of strings; absent gives an empty map.
Result<std::map<std::string, std::string>> FindStringMap(const Json& object,
                                                         std::string_view key);

/// The id that a member's name spells.
Result<int> IdFromText(std::string_view text);
/// The inverse of HexText.
Result<std::string> BytesFromHex(std::string_view text);

Json SnapshotToJson(const Snapshot& snapshot);
Result<Snapshot> SnapshotFromJson(const Json& json);
/// The members of a ref, without its name.
Json RefToJson(const SnapshotRef& ref);
Result<SnapshotRef> RefFromJson(const Json& json);

}  // namespace sluice::table
