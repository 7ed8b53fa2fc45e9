#include <algorithm>

#include <fmt/format.h>

#include "table/manifest_schema_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;

Json Required(int id, const char* name, Json type) {
  return Json{{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

Json Optional(int id, const char* name, Json type) {
  return Json{{"name", name},
              {"type", Json::array({"null", std::move(type)})},
              {"default", nullptr},
              {"field-id", id}};
}

Json Record(const std::string& name, Json fields) {
  return Json{{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

Json List(int element_id, Json item) {
  return Json{{"type", "array"}, {"items", std::move(item)}, {"element-id", element_id}};
}

// Avro's own maps have text keys only: a map by column id is an array of pairs.
Json MapById(int key_id, int value_id, const char* value_type) {
  Json pair = Record(fmt::format("k{}_v{}", key_id, value_id),
                     Json::array({Required(key_id, "key", "int"),
                                  Required(value_id, "value", value_type)}));
  return Json{{"type", "array"}, {"items", std::move(pair)}, {"logicalType", "map"}};
}

int DecimalBytes(int precision) {
  int size = 1;
  // The largest number of `precision` digits needs precision * log2(10) bits and a sign.
  while (size * 8 - 1 < precision * 3.3219280948873626) ++size;
  return size;
}

// Named types get the field's id into their name, since Avro wants each name only once.
Json AvroType(const Primitive& type, int field_id) {
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      return "boolean";
    case PrimitiveKind::kInt:
      return "int";
    case PrimitiveKind::kLong:
      return "long";
    case PrimitiveKind::kFloat:
      return "float";
    case PrimitiveKind::kDouble:
      return "double";
    case PrimitiveKind::kDate:
      return Json{{"type", "int"}, {"logicalType", "date"}};
    case PrimitiveKind::kTime:
      return Json{{"type", "long"}, {"logicalType", "time-micros"}};
    case PrimitiveKind::kTimestamp:
    case PrimitiveKind::kTimestamptz:
      return Json{{"type", "long"},
                  {"logicalType", "timestamp-micros"},
                  {"adjust-to-utc", type.kind == PrimitiveKind::kTimestamptz}};
    case PrimitiveKind::kString:
      return "string";
    case PrimitiveKind::kBinary:
      return "bytes";
    case PrimitiveKind::kUuid:
      return Json{{"type", "fixed"},
                  {"name", fmt::format("uuid_fixed_{}", field_id)},
                  {"size", 16},
                  {"logicalType", "uuid"}};
    case PrimitiveKind::kFixed:
      return Json{{"type", "fixed"},
                  {"name", fmt::format("fixed_{}_{}", type.length, field_id)},
                  {"size", type.length}};
    case PrimitiveKind::kDecimal:
      break;
  }
  return Json{
      {"type", "fixed"},
      {"name", fmt::format("decimal_{}_{}_{}", type.precision, type.scale, field_id)},
      {"size", DecimalBytes(type.precision)},
      {"logicalType", "decimal"},
      {"precision", type.precision},
      {"scale", type.scale}};
}

Json PartitionRecord(const PartitionSpec& spec, const Schema& schema) {
  std::vector<Primitive> types = PartitionTypes(spec, schema);
  Json fields = Json::array();
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    std::string name = AvroName(field.name);
    Json json =
        Optional(field.field_id, name.c_str(), AvroType(types[i], field.field_id));
    if (name != field.name) json["iceberg-field-name"] = field.name;
    fields.push_back(std::move(json));
  }
  return Record("r102", std::move(fields));
}

Json DataFileRecord(const PartitionSpec& spec, const Schema& schema) {
  return Record(
      "r2",
      Json::array({Required(134, "content", "int"), Required(100, "file_path", "string"),
                   Required(101, "file_format", "string"),
                   Required(102, "partition", PartitionRecord(spec, schema)),
                   Required(103, "record_count", "long"),
                   Required(104, "file_size_in_bytes", "long"),
                   Optional(108, "column_sizes", MapById(117, 118, "long")),
                   Optional(109, "value_counts", MapById(119, 120, "long")),
                   Optional(110, "null_value_counts", MapById(121, 122, "long")),
                   Optional(137, "nan_value_counts", MapById(138, 139, "long")),
                   Optional(125, "lower_bounds", MapById(126, 127, "bytes")),
                   Optional(128, "upper_bounds", MapById(129, 130, "bytes")),
                   Optional(131, "key_metadata", "bytes"),
                   Optional(132, "split_offsets", List(133, "long")),
                   Optional(135, "equality_ids", List(136, "int")),
                   Optional(140, "sort_order_id", "int")}));
}

}  // namespace

const Primitive* FindPrimitive(const Schema& schema, int id) {
  std::vector<const types::StructType*> open = {&schema.columns};
  while (!open.empty()) {
    const types::StructType* parent = open.back();
    open.pop_back();
    for (const types::Field& field : parent->fields) {
      if (field.id == id) return std::get_if<Primitive>(&field.type->value);
      if (const auto* nested = std::get_if<types::StructType>(&field.type->value)) {
        open.push_back(nested);
      }
    }
  }
  return nullptr;
}

std::vector<Primitive> PartitionTypes(const PartitionSpec& spec, const Schema& schema) {
  std::vector<Primitive> types;
  for (const PartitionField& field : spec.fields) {
    const Primitive* source = FindPrimitive(schema, field.source_id);
    // Any timestamp stands for the source where the result is the same for all.
    bool fixed_result = field.transform.kind != Transform::Kind::kIdentity &&
                        field.transform.kind != Transform::Kind::kTruncate &&
                        field.transform.kind != Transform::Kind::kVoid;
    Primitive fallback{fixed_result ? PrimitiveKind::kTimestamp : PrimitiveKind::kString};
    types.push_back(field.transform.ResultType(source ? *source : fallback)
                        .ValueOr(Primitive{PrimitiveKind::kString}));
  }
  return types;
}

const Schema& SchemaOfSpec(const TableMetadata& metadata, const PartitionSpec& spec) {
  auto has_sources = [&](const Schema& schema) {
    return std::all_of(spec.fields.begin(), spec.fields.end(), [&](const auto& field) {
      return FindPrimitive(schema, field.source_id) != nullptr;
    });
  };
  const Schema& current = metadata.CurrentSchema();
  if (has_sources(current)) return current;
  auto newest =
      std::find_if(metadata.schemas.rbegin(), metadata.schemas.rend(), has_sources);
  return newest == metadata.schemas.rend() ? current : *newest;
}

Json ManifestAvroSchema(const PartitionSpec& spec, const Schema& schema) {
  return Record(
      "manifest_entry",
      Json::array({Required(0, "status", "int"), Optional(1, "snapshot_id", "long"),
                   Optional(3, "sequence_number", "long"),
                   Optional(4, "file_sequence_number", "long"),
                   Required(2, "data_file", DataFileRecord(spec, schema))}));
}

Json ManifestListAvroSchema() {
  Json summary = Record("r508", Json::array({Required(509, "contains_null", "boolean"),
                                             Optional(518, "contains_nan", "boolean"),
                                             Optional(510, "lower_bound", "bytes"),
                                             Optional(511, "upper_bound", "bytes")}));
  return Record("manifest_file",
                Json::array({Required(500, "manifest_path", "string"),
                             Required(501, "manifest_length", "long"),
                             Required(502, "partition_spec_id", "int"),
                             Required(517, "content", "int"),
                             Required(515, "sequence_number", "long"),
                             Required(516, "min_sequence_number", "long"),
                             Required(503, "added_snapshot_id", "long"),
                             Required(504, "added_files_count", "int"),
                             Required(505, "existing_files_count", "int"),
                             Required(506, "deleted_files_count", "int"),
                             Required(512, "added_rows_count", "long"),
                             Required(513, "existing_rows_count", "long"),
                             Required(514, "deleted_rows_count", "long"),
                             Optional(507, "partitions", List(508, std::move(summary))),
                             Optional(519, "key_metadata", "bytes")}));
}

std::string AvroName(std::string_view name) {
  std::string result;
  for (unsigned char c : name) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    bool digit = c >= '0' && c <= '9';
    if (letter || (digit && !result.empty())) {
      result += static_cast<char>(c);
    } else if (digit) {
      result += fmt::format("_{}", static_cast<char>(c));
    } else {
      result += fmt::format("_x{:X}", c);
    }
  }
  return result;
}

}  // namespace sluice::table
