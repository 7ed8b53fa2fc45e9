#include "table/data_file.h"

#include "base/text.h"
#include "table/json_internal.h"
#include "table/utf8_internal.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;

constexpr size_t kBoundLength = 16;  // code points of a string, bytes of a binary

// A value that carries its own storage type: {"long": "2a00000000000000"}.
struct Storage {
  const char* name;
  PrimitiveKind kind;
};
constexpr Storage kStorages[] = {
    {"null", PrimitiveKind::kBoolean},    {"boolean", PrimitiveKind::kBoolean},
    {"int", PrimitiveKind::kInt},         {"long", PrimitiveKind::kLong},
    {"float", PrimitiveKind::kFloat},     {"double", PrimitiveKind::kDouble},
    {"decimal", PrimitiveKind::kDecimal}, {"bytes", PrimitiveKind::kBinary}};

Json ValueToJson(const Value& value) {
  if (IsNull(value)) return nullptr;
  const Storage& storage = kStorages[value.index()];
  return Json{{storage.name, HexText(EncodeValue(Primitive{storage.kind}, value))}};
}

Result<Value> ValueFromJson(const Json& json) {
  if (json.is_null()) return Value();
  for (const Storage& storage : kStorages) {
    if (!Find(json, storage.name)) continue;
    SLUICE_ASSIGN(std::string text, GetString(json, storage.name));
    SLUICE_ASSIGN(std::string bytes, BytesFromHex(text));
    return DecodeValue(Primitive{storage.kind}, bytes);
  }
  return Error(ErrorKind::kCorrupt, "not a partition value: " + ToText(json));
}

Json CountsToJson(const std::map<int, int64_t>& counts) {
  Json json = Json::object();
  for (const auto& [id, count] : counts) json[std::to_string(id)] = count;
  return json;
}

Json BoundsToJson(const std::map<int, std::string>& bounds) {
  Json json = Json::object();
  for (const auto& [id, bytes] : bounds) json[std::to_string(id)] = HexText(bytes);
  return json;
}

Status ReadCounts(const Json& json, std::string_view key, std::map<int, int64_t>* out) {
  SLUICE_ASSIGN(const Json* members, GetObject(json, key));
  for (const auto& [name, value] : members->items()) {
    SLUICE_ASSIGN(int id, IdFromText(name));
    SLUICE_ASSIGN((*out)[id], GetInt(*members, name));
  }
  return Status::OK();
}

Status ReadBounds(const Json& json, std::string_view key,
                  std::map<int, std::string>* out) {
  SLUICE_ASSIGN(auto members, FindStringMap(json, key));
  for (const auto& [name, text] : members) {
    SLUICE_ASSIGN(int id, IdFromText(name));
    SLUICE_ASSIGN((*out)[id], BytesFromHex(text));
  }
  return Status::OK();
}

std::optional<std::string> IncrementBytes(std::string bytes) {
  while (!bytes.empty() && bytes.back() == '\xff') bytes.pop_back();
  if (bytes.empty()) return std::nullopt;
  bytes.back() = static_cast<char>(bytes.back() + 1);
  return bytes;
}

// Cuts a text or binary bound; an upper bound that was cut is raised above all it stands
// for.
std::optional<std::string> CutBound(PrimitiveKind kind, const std::string& bytes,
                                    bool upper) {
  if (kind == PrimitiveKind::kBinary) {
    if (bytes.size() <= kBoundLength) return bytes;
    std::string prefix = bytes.substr(0, kBoundLength);
    return upper ? IncrementBytes(std::move(prefix)) : prefix;
  }
  // Text that is not UTF-8 gets no bound: readers would fail to decode it.
  auto length = CodePointPrefix(bytes, kBoundLength);
  if (!length) return std::nullopt;
  if (*length == bytes.size()) return bytes;
  std::string prefix = bytes.substr(0, *length);
  return upper ? IncrementText(prefix) : prefix;
}

// Which of the two zeros a column holds is not always known: the wider bound is always
// right.
Value WidenZero(const Value& value, bool upper) {
  if (FloatNumber(value) != 0.0) return value;
  if (std::holds_alternative<float>(value)) return upper ? 0.0f : -0.0f;
  return upper ? 0.0 : -0.0;
}

std::optional<std::string> BoundOf(const Primitive& type, const Value& value,
                                   bool upper) {
  if (IsNull(value) || IsNan(value) || !FitsType(type, value)) return std::nullopt;
  if (type.kind == PrimitiveKind::kString || type.kind == PrimitiveKind::kBinary) {
    return CutBound(type.kind, std::get<std::string>(value), upper);
  }
  return EncodeValue(type, WidenZero(value, upper));
}

}  // namespace

void SetBounds(const std::vector<ColumnExtent>& extents, DataFile* file) {
  for (const ColumnExtent& extent : extents) {
    if (auto lower = BoundOf(extent.type, extent.min, /*upper=*/false)) {
      file->lower_bounds[extent.field_id] = std::move(*lower);
    }
    if (auto upper = BoundOf(extent.type, extent.max, /*upper=*/true)) {
      file->upper_bounds[extent.field_id] = std::move(*upper);
    }
  }
}

Json DataFile::ToJson() const {
  Json values = Json::array();
  for (const Value& value : partition) values.push_back(ValueToJson(value));
  Json json{{"content", static_cast<int>(content)},
            {"path", path},
            {"format", format},
            {"spec_id", spec_id},
            {"partition", std::move(values)},
            {"record_count", record_count},
            {"file_bytes", file_bytes},
            {"column_bytes", CountsToJson(column_bytes)},
            {"value_counts", CountsToJson(value_counts)},
            {"null_counts", CountsToJson(null_counts)},
            {"nan_counts", CountsToJson(nan_counts)},
            {"lower_bounds", BoundsToJson(lower_bounds)},
            {"upper_bounds", BoundsToJson(upper_bounds)},
            {"split_offsets", split_offsets},
            {"equality_ids", equality_ids}};
  if (sort_order_id) json["sort_order_id"] = *sort_order_id;
  return json;
}

Result<DataFile> DataFile::FromJson(const Json& json) {
  DataFile file;
  SLUICE_ASSIGN(int content, GetInt32(json, "content"));
  if (content < 0 || content > 2) {
    return Error(ErrorKind::kCorrupt, "not a file content: " + std::to_string(content));
  }
  file.content = static_cast<FileContent>(content);
  SLUICE_ASSIGN(file.path, GetString(json, "path"));
  SLUICE_ASSIGN(file.format, GetString(json, "format"));
  SLUICE_ASSIGN(file.spec_id, GetInt32(json, "spec_id"));
  SLUICE_ASSIGN(const Json* values, GetArray(json, "partition"));
  for (const Json& item : *values) {
    SLUICE_ASSIGN(Value value, ValueFromJson(item));
    file.partition.push_back(std::move(value));
  }
  SLUICE_ASSIGN(file.record_count, GetInt(json, "record_count"));
  SLUICE_ASSIGN(file.file_bytes, GetInt(json, "file_bytes"));
  SLUICE_TRY(ReadCounts(json, "column_bytes", &file.column_bytes));
  SLUICE_TRY(ReadCounts(json, "value_counts", &file.value_counts));
  SLUICE_TRY(ReadCounts(json, "null_counts", &file.null_counts));
  SLUICE_TRY(ReadCounts(json, "nan_counts", &file.nan_counts));
  SLUICE_TRY(ReadBounds(json, "lower_bounds", &file.lower_bounds));
  SLUICE_TRY(ReadBounds(json, "upper_bounds", &file.upper_bounds));
  SLUICE_ASSIGN(file.split_offsets, GetInts(json, "split_offsets"));
  SLUICE_ASSIGN(file.equality_ids, GetInt32s(json, "equality_ids"));
  SLUICE_ASSIGN(file.sort_order_id, FindInt32(json, "sort_order_id"));
  return file;
}

}  // namespace sluice::table
