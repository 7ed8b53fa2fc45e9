#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <arrow/type_fwd.h>

#include "base/json.h"
#include "base/result.h"

namespace sluice::types {

/// The types of Apache Iceberg v2 (spec, "Schemas and Data Types"). Values, compared by
/// ==.
enum class PrimitiveKind {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDate,
  kTime,         ///< microseconds of a day
  kTimestamp,    ///< microseconds, no zone
  kTimestamptz,  ///< microseconds, UTC instant
  kString,
  kUuid,
  kFixed,  ///< `length` bytes
  kBinary,
  kDecimal,  ///< `precision` <= 38, 0 <= `scale` <= precision
};

struct Primitive {
  PrimitiveKind kind = PrimitiveKind::kString;
  int precision = 0;  // kDecimal
  int scale = 0;      // kDecimal
  int length = 0;     // kFixed
  bool operator==(const Primitive&) const = default;
};

struct Type;

/// One named column or member, with the id that never changes (renames keep it).
struct Field {
  int id = 0;
  std::string name;
  bool required = false;
  std::shared_ptr<const Type> type;
  std::string doc;
  bool operator==(const Field&) const;
};

struct StructType {
  std::vector<Field> fields;
  bool operator==(const StructType&) const = default;
};

struct ListType {
  int element_id = 0;
  bool element_required = false;
  std::shared_ptr<const Type> element;
  bool operator==(const ListType&) const;
};

struct MapType {
  int key_id = 0;
  std::shared_ptr<const Type> key;
  int value_id = 0;
  bool value_required = false;
  std::shared_ptr<const Type> value;
  bool operator==(const MapType&) const;
};

struct Type {
  std::variant<Primitive, StructType, ListType, MapType> value;
  bool operator==(const Type&) const = default;
};

/// "long", "decimal(9, 2)", "fixed[16]", "list<string>", ... for people and error texts.
std::string TypeText(const Type& type);

/// The JSON form of the spec (Appendix C). Fails with kCorrupt on an unknown type.
Json TypeToJson(const Type& type);
Result<Type> TypeFromJson(const Json& json);
Json FieldToJson(const Field& field);
Result<Field> FieldFromJson(const Json& json);

/// Gives the Iceberg type of an Arrow type and takes fresh field ids from `last_id`
/// (which it raises) for nested parts. Signed integers to 32 bits become int, uint32 and
/// int64 long, uint64 decimal(20, 0); timestamps become microseconds. A dictionary counts
/// as its values, large and view forms as string or binary, the extension arrow.uuid as
/// uuid, arrow.json as its text. Fails with kUserInput for what Iceberg cannot hold
/// (decimal256, duration, month intervals, null): the caller casts first.
Result<Type> TypeFromArrow(const arrow::DataType& type, int* last_id);

/// The Arrow type that `type` is read and written as; nested fields carry
/// PARQUET:field_id. uuid is the extension type arrow.uuid (arrow::extension::uuid()); a
/// plain fixed_size_binary(16) is fixed[16].
std::shared_ptr<arrow::DataType> TypeToArrow(const Type& type);

/// An Arrow field with the metadata keys "PARQUET:field_id" and, for a doc, "doc".
std::shared_ptr<arrow::Field> FieldToArrow(const Field& field);

/// May a column of `from` be read as `to` without touching its files (spec, "Schema
/// Evolution": int->long, float->double, wider decimal of the same scale)?
bool CanPromote(const Primitive& from, const Primitive& to);

}  // namespace sluice::types
