#include "sql/duck_types.h"

#include <array>
#include <utility>

#include <arrow/extension/uuid.h>
#include <arrow/type.h>

namespace sluice::sql {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

LogicalType DuckPrimitive(const types::Primitive& type) {
  switch (type.kind) {
    case types::PrimitiveKind::kBoolean:
      return LogicalType::BOOLEAN;
    case types::PrimitiveKind::kInt:
      return LogicalType::INTEGER;
    case types::PrimitiveKind::kLong:
      return LogicalType::BIGINT;
    case types::PrimitiveKind::kFloat:
      return LogicalType::FLOAT;
    case types::PrimitiveKind::kDouble:
      return LogicalType::DOUBLE;
    case types::PrimitiveKind::kDate:
      return LogicalType::DATE;
    case types::PrimitiveKind::kTime:
      return LogicalType::TIME;
    case types::PrimitiveKind::kTimestamp:
      return LogicalType::TIMESTAMP;
    case types::PrimitiveKind::kTimestamptz:
      return LogicalType::TIMESTAMP_TZ;
    case types::PrimitiveKind::kString:
      return LogicalType::VARCHAR;
    case types::PrimitiveKind::kUuid:
      return LogicalType::UUID;
    case types::PrimitiveKind::kFixed:
    case types::PrimitiveKind::kBinary:
      return LogicalType::BLOB;
    case types::PrimitiveKind::kDecimal:
      return LogicalType::DECIMAL(static_cast<uint8_t>(type.precision),
                                  static_cast<uint8_t>(type.scale));
  }
  return LogicalType::VARCHAR;
}

struct DuckTypeOf {
  LogicalType operator()(const types::Primitive& type) const {
    return DuckPrimitive(type);
  }
  LogicalType operator()(const types::StructType& type) const {
    duckdb::child_list_t<LogicalType> members;
    for (const types::Field& field : type.fields) {
      members.emplace_back(field.name, ToDuckType(*field.type));
    }
    return LogicalType::STRUCT(std::move(members));
  }
  LogicalType operator()(const types::ListType& type) const {
    return LogicalType::LIST(ToDuckType(*type.element));
  }
  LogicalType operator()(const types::MapType& type) const {
    return LogicalType::MAP(ToDuckType(*type.key), ToDuckType(*type.value));
  }
};

// Applies `leaf` to every part that is not nested; keeps the nesting.
template <typename Leaf>
LogicalType MapLeaves(const LogicalType& type, const Leaf& leaf) {
  switch (type.id()) {
    case LogicalTypeId::STRUCT: {
      duckdb::child_list_t<LogicalType> members;
      for (const auto& [name, member] : duckdb::StructType::GetChildTypes(type)) {
        members.emplace_back(name, MapLeaves(member, leaf));
      }
      return LogicalType::STRUCT(std::move(members));
    }
    case LogicalTypeId::LIST:
      return LogicalType::LIST(MapLeaves(duckdb::ListType::GetChildType(type), leaf));
    case LogicalTypeId::ARRAY:
      return LogicalType::LIST(MapLeaves(duckdb::ArrayType::GetChildType(type), leaf));
    case LogicalTypeId::MAP:
      return LogicalType::MAP(MapLeaves(duckdb::MapType::KeyType(type), leaf),
                              MapLeaves(duckdb::MapType::ValueType(type), leaf));
    default:
      return leaf(type);
  }
}

[[noreturn]] void RefuseType(const LogicalType& type, const std::string& column,
                             const char* cast_to) {
  throw duckdb::BinderException(
      "the lake has no type for %s: cast the column, for example to %s: column %s",
      type.ToString(), cast_to, column);
}

LogicalType KeptLeaf(const LogicalType& type, const std::string& column) {
  switch (type.id()) {
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::SQLNULL:
      return LogicalType::INTEGER;
    case LogicalTypeId::UINTEGER:
      return LogicalType::BIGINT;
    case LogicalTypeId::UBIGINT:
      return LogicalType::DECIMAL(20, 0);
    case LogicalTypeId::HUGEINT:
      return LogicalType::DECIMAL(38, 0);
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
      return LogicalType::TIMESTAMP;
    case LogicalTypeId::VARCHAR:
    case LogicalTypeId::ENUM:
      return LogicalType::VARCHAR;
    case LogicalTypeId::BOOLEAN:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE:
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIME:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ:
    case LogicalTypeId::UUID:
    case LogicalTypeId::BLOB:
    case LogicalTypeId::DECIMAL:
      return type;
    case LogicalTypeId::TIMESTAMP_NS:
      RefuseType(type, column, "timestamp (microseconds)");
    default:
      RefuseType(type, column, "varchar");
  }
}

LogicalType ShownLeaf(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::HUGEINT:
      return LogicalType::DECIMAL(38, 0);
    case LogicalTypeId::SQLNULL:
    case LogicalTypeId::BOOLEAN:
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::BIGINT:
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::UINTEGER:
    case LogicalTypeId::UBIGINT:
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE:
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIME:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_NS:
    case LogicalTypeId::TIMESTAMP_TZ:
    case LogicalTypeId::UUID:
    case LogicalTypeId::BLOB:
    case LogicalTypeId::DECIMAL:
      return type;
    default:
      return LogicalType::VARCHAR;
  }
}

// A number cast to the column's type, exact or nothing.
std::optional<duckdb::Value> CastExactly(const duckdb::Value& value,
                                         const LogicalType& type) {
  if (value.type() == type) return value;
  if (!value.type().IsNumeric() || !type.IsNumeric()) return std::nullopt;
  duckdb::Value cast, back;
  std::string error;
  if (!value.DefaultTryCastAs(type, cast, &error, true)) return std::nullopt;
  if (!cast.DefaultTryCastAs(value.type(), back, &error, true)) return std::nullopt;
  if (!duckdb::Value::NotDistinctFrom(back, value)) return std::nullopt;
  return cast;
}

arrow::Decimal128 ToDecimal(const duckdb::Value& value) {
  const duckdb::hugeint_t unscaled = duckdb::IntegralValue::Get(value);
  return arrow::Decimal128(unscaled.upper, unscaled.lower);
}

// Big-endian bytes; DuckDB stores them with the first bit turned, so that they sort as
// integers.
std::string UuidBytes(const duckdb::Value& value) {
  const duckdb::hugeint_t stored = value.GetValueUnsafe<duckdb::hugeint_t>();
  const uint64_t high = static_cast<uint64_t>(stored.upper) ^ (uint64_t{1} << 63);
  std::string bytes;
  for (const uint64_t half : {high, stored.lower}) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>(half >> shift));
    }
  }
  return bytes;
}

arrow::FieldVector MemberFields(const LogicalType& type, const std::string& time_zone) {
  arrow::FieldVector fields;
  for (const auto& [name, member] : duckdb::StructType::GetChildTypes(type)) {
    fields.push_back(arrow::field(name, ToArrowType(member, time_zone)));
  }
  return fields;
}

}  // namespace

LogicalType ToDuckType(const types::Type& type) {
  return std::visit(DuckTypeOf{}, type.value);
}

LogicalType KeptType(const LogicalType& type, const std::string& column) {
  return MapLeaves(type, [&](const LogicalType& leaf) { return KeptLeaf(leaf, column); });
}

LogicalType ShownType(const LogicalType& type) { return MapLeaves(type, ShownLeaf); }

std::shared_ptr<arrow::DataType> ToArrowType(const LogicalType& type,
                                             const std::string& time_zone) {
  switch (type.id()) {
    case LogicalTypeId::SQLNULL:
      return arrow::null();
    case LogicalTypeId::BOOLEAN:
      return arrow::boolean();
    case LogicalTypeId::TINYINT:
      return arrow::int8();
    case LogicalTypeId::SMALLINT:
      return arrow::int16();
    case LogicalTypeId::INTEGER:
      return arrow::int32();
    case LogicalTypeId::BIGINT:
      return arrow::int64();
    case LogicalTypeId::UTINYINT:
      return arrow::uint8();
    case LogicalTypeId::USMALLINT:
      return arrow::uint16();
    case LogicalTypeId::UINTEGER:
      return arrow::uint32();
    case LogicalTypeId::UBIGINT:
      return arrow::uint64();
    case LogicalTypeId::FLOAT:
      return arrow::float32();
    case LogicalTypeId::DOUBLE:
      return arrow::float64();
    case LogicalTypeId::DATE:
      return arrow::date32();
    case LogicalTypeId::TIME:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case LogicalTypeId::TIMESTAMP_SEC:
      return arrow::timestamp(arrow::TimeUnit::SECOND);
    case LogicalTypeId::TIMESTAMP_MS:
      return arrow::timestamp(arrow::TimeUnit::MILLI);
    case LogicalTypeId::TIMESTAMP:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case LogicalTypeId::TIMESTAMP_NS:
      return arrow::timestamp(arrow::TimeUnit::NANO);
    case LogicalTypeId::TIMESTAMP_TZ:
      return arrow::timestamp(arrow::TimeUnit::MICRO, time_zone);
    case LogicalTypeId::UUID:
      return arrow::extension::uuid();
    case LogicalTypeId::BLOB:
      return arrow::binary();
    case LogicalTypeId::DECIMAL:
      return arrow::decimal128(duckdb::DecimalType::GetWidth(type),
                               duckdb::DecimalType::GetScale(type));
    case LogicalTypeId::STRUCT:
      return arrow::struct_(MemberFields(type, time_zone));
    case LogicalTypeId::LIST:
      return arrow::list(arrow::field(
          "element", ToArrowType(duckdb::ListType::GetChildType(type), time_zone)));
    case LogicalTypeId::MAP:
      return arrow::map(ToArrowType(duckdb::MapType::KeyType(type), time_zone),
                        ToArrowType(duckdb::MapType::ValueType(type), time_zone));
    default:
      return arrow::utf8();
  }
}

std::optional<table::Value> ToTableValue(const duckdb::Value& constant,
                                         const types::Primitive& type) {
  if (constant.IsNull()) return std::nullopt;
  const auto cast = CastExactly(constant, DuckPrimitive(type));
  if (!cast) return std::nullopt;
  const duckdb::Value& value = *cast;
  switch (type.kind) {
    case types::PrimitiveKind::kBoolean:
      return table::Value(value.GetValueUnsafe<bool>());
    case types::PrimitiveKind::kInt:
    case types::PrimitiveKind::kDate:
      return table::Value(value.GetValueUnsafe<int32_t>());
    case types::PrimitiveKind::kLong:
    case types::PrimitiveKind::kTime:
    case types::PrimitiveKind::kTimestamp:
    case types::PrimitiveKind::kTimestamptz:
      return table::Value(value.GetValueUnsafe<int64_t>());
    case types::PrimitiveKind::kFloat:
      return table::Value(value.GetValueUnsafe<float>());
    case types::PrimitiveKind::kDouble:
      return table::Value(value.GetValueUnsafe<double>());
    case types::PrimitiveKind::kDecimal:
      return table::Value(ToDecimal(value));
    case types::PrimitiveKind::kUuid:
      return table::Value(UuidBytes(value));
    case types::PrimitiveKind::kString:
    case types::PrimitiveKind::kFixed:
    case types::PrimitiveKind::kBinary:
      return table::Value(duckdb::StringValue::Get(value));
  }
  return std::nullopt;
}

}  // namespace sluice::sql
