#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "types/iceberg.h"

namespace sluice::types {
namespace {

using PartResult = Result<std::shared_ptr<const Type>>;

Status NoIcebergType(const arrow::DataType& type) {
  return Error(
      ErrorKind::kUserInput,
      "Iceberg has no type for these values; cast the column first: " + type.ToString());
}

Type Of(PrimitiveKind kind) { return Type{Primitive{kind}}; }

PartResult PartFromArrow(const arrow::DataType& type, int* last_id) {
  SLUICE_ASSIGN(Type part, TypeFromArrow(type, last_id));
  return std::make_shared<const Type>(std::move(part));
}

// All members get their ids before any nested part does, as other Iceberg writers do.
Result<Type> StructFromArrow(const arrow::DataType& type, int* last_id) {
  StructType result;
  for (const auto& member : type.fields()) {
    result.fields.push_back(Field{.id = ++*last_id,
                                  .name = member->name(),
                                  .required = !member->nullable(),
                                  .type = nullptr,
                                  .doc = ""});
  }
  for (size_t i = 0; i < result.fields.size(); ++i) {
    SLUICE_ASSIGN(result.fields[i].type,
                  PartFromArrow(*type.field(static_cast<int>(i))->type(), last_id));
  }
  return Type{std::move(result)};
}

Result<Type> ListFromArrow(const arrow::DataType& type, int* last_id) {
  ListType result;
  result.element_id = ++*last_id;
  result.element_required = !type.field(0)->nullable();
  SLUICE_ASSIGN(result.element, PartFromArrow(*type.field(0)->type(), last_id));
  return Type{std::move(result)};
}

Result<Type> MapFromArrow(const arrow::MapType& type, int* last_id) {
  MapType result;
  result.key_id = ++*last_id;
  result.value_id = ++*last_id;
  result.value_required = !type.item_field()->nullable();
  SLUICE_ASSIGN(result.key, PartFromArrow(*type.key_type(), last_id));
  SLUICE_ASSIGN(result.value, PartFromArrow(*type.item_type(), last_id));
  return Type{std::move(result)};
}

Result<Type> DecimalFromArrow(const arrow::DecimalType& type) {
  if (type.scale() < 0 || type.scale() > type.precision()) return NoIcebergType(type);
  return Type{Primitive{.kind = PrimitiveKind::kDecimal,
                        .precision = type.precision(),
                        .scale = type.scale()}};
}

Result<Type> ExtensionFromArrow(const arrow::ExtensionType& type, int* last_id) {
  if (type.extension_name() == "arrow.uuid") return Of(PrimitiveKind::kUuid);
  if (type.extension_name() == "arrow.json") {
    return TypeFromArrow(*type.storage_type(), last_id);
  }
  return NoIcebergType(type);
}

Result<Type> FixedFromArrow(const arrow::FixedSizeBinaryType& type) {
  if (type.byte_width() <= 0) return NoIcebergType(type);
  return Type{Primitive{.kind = PrimitiveKind::kFixed, .length = type.byte_width()}};
}

std::shared_ptr<arrow::KeyValueMetadata> IdMetadata(int id) {
  return arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)});
}

std::shared_ptr<arrow::Field> PartToArrow(const char* name, int id, bool required,
                                          const Type& type) {
  return arrow::field(name, TypeToArrow(type), !required, IdMetadata(id));
}

struct ArrowOf {
  using ArrowType = std::shared_ptr<arrow::DataType>;

  ArrowType operator()(const Primitive& type) const {
    switch (type.kind) {
      case PrimitiveKind::kBoolean:
        return arrow::boolean();
      case PrimitiveKind::kInt:
        return arrow::int32();
      case PrimitiveKind::kLong:
        return arrow::int64();
      case PrimitiveKind::kFloat:
        return arrow::float32();
      case PrimitiveKind::kDouble:
        return arrow::float64();
      case PrimitiveKind::kDate:
        return arrow::date32();
      case PrimitiveKind::kTime:
        return arrow::time64(arrow::TimeUnit::MICRO);
      case PrimitiveKind::kTimestamp:
        return arrow::timestamp(arrow::TimeUnit::MICRO);
      case PrimitiveKind::kTimestamptz:
        return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
      case PrimitiveKind::kString:
        return arrow::utf8();
      case PrimitiveKind::kUuid:
        return arrow::extension::uuid();
      case PrimitiveKind::kFixed:
        return arrow::fixed_size_binary(type.length);
      case PrimitiveKind::kBinary:
        return arrow::binary();
      case PrimitiveKind::kDecimal:
        return arrow::decimal128(type.precision, type.scale);
    }
    return arrow::null();
  }
  ArrowType operator()(const StructType& type) const {
    arrow::FieldVector fields;
    for (const Field& field : type.fields) fields.push_back(FieldToArrow(field));
    return arrow::struct_(std::move(fields));
  }
  ArrowType operator()(const ListType& type) const {
    return arrow::list(
        PartToArrow("element", type.element_id, type.element_required, *type.element));
  }
  ArrowType operator()(const MapType& type) const {
    return std::make_shared<arrow::MapType>(
        PartToArrow("key", type.key_id, true, *type.key),
        PartToArrow("value", type.value_id, type.value_required, *type.value));
  }
};

}  // namespace

Result<Type> TypeFromArrow(const arrow::DataType& type, int* last_id) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Of(PrimitiveKind::kBoolean);
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
      return Of(PrimitiveKind::kInt);
    case arrow::Type::UINT32:
    case arrow::Type::INT64:
      return Of(PrimitiveKind::kLong);
    case arrow::Type::UINT64:
      return Type{Primitive{.kind = PrimitiveKind::kDecimal, .precision = 20}};
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return Of(PrimitiveKind::kFloat);
    case arrow::Type::DOUBLE:
      return Of(PrimitiveKind::kDouble);
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return Of(PrimitiveKind::kDate);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return Of(PrimitiveKind::kTime);
    case arrow::Type::TIMESTAMP:
      return Of(static_cast<const arrow::TimestampType&>(type).timezone().empty()
                    ? PrimitiveKind::kTimestamp
                    : PrimitiveKind::kTimestamptz);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return Of(PrimitiveKind::kString);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return Of(PrimitiveKind::kBinary);
    case arrow::Type::FIXED_SIZE_BINARY:
      return FixedFromArrow(static_cast<const arrow::FixedSizeBinaryType&>(type));
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
      return DecimalFromArrow(static_cast<const arrow::DecimalType&>(type));
    case arrow::Type::STRUCT:
      return StructFromArrow(type, last_id);
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return ListFromArrow(type, last_id);
    case arrow::Type::MAP:
      return MapFromArrow(static_cast<const arrow::MapType&>(type), last_id);
    case arrow::Type::DICTIONARY:
      return TypeFromArrow(*static_cast<const arrow::DictionaryType&>(type).value_type(),
                           last_id);
    case arrow::Type::EXTENSION:
      return ExtensionFromArrow(static_cast<const arrow::ExtensionType&>(type), last_id);
    default:
      return NoIcebergType(type);
  }
}

std::shared_ptr<arrow::DataType> TypeToArrow(const Type& type) {
  return std::visit(ArrowOf{}, type.value);
}

std::shared_ptr<arrow::Field> FieldToArrow(const Field& field) {
  auto metadata = IdMetadata(field.id);
  if (!field.doc.empty()) metadata->Append("doc", field.doc);
  return arrow::field(field.name, TypeToArrow(*field.type), !field.required,
                      std::move(metadata));
}

}  // namespace sluice::types
