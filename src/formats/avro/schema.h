#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace sluice::formats::avro {

/// The types of Apache Avro 1.11 ("Schema Declaration").
enum class Kind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

struct Schema;

struct SchemaField {
  std::string name;
  std::shared_ptr<const Schema> type;
  std::optional<int> field_id;  ///< Iceberg's "field-id"
};

/// A parsed schema. Immutable once made; attributes that Avro itself does not know but
/// Iceberg does (ids, logical types) are kept.
struct Schema {
  Kind kind = Kind::kNull;
  std::string name;          ///< of a record, fixed or enum, without its namespace
  std::string logical_type;  ///< "decimal", "date", "timestamp-micros", "map", ...
  bool adjust_to_utc = false;
  int precision = 0, scale = 0;                      ///< logical type decimal
  int size = 0;                                      ///< kFixed, in bytes
  std::optional<int> element_id;                     ///< kArray: Iceberg's "element-id"
  std::vector<std::string> symbols;                  ///< kEnum
  std::vector<SchemaField> fields;                   ///< kRecord
  std::vector<std::shared_ptr<const Schema>> parts;  ///< item, map values, or branches

  /// The position of a record's field; -1 when there is none.
  int FindField(int field_id) const;
  int FindField(std::string_view name) const;
  /// The schema itself, or for a union of null and one other type the other one.
  const Schema& NonNull() const;
};

/// Fails with kCorrupt on what is not an Avro schema, is nested more than 64 deep, or
/// contains itself (which table formats never do).
Result<std::shared_ptr<const Schema>> ParseSchema(const Json& json);

}  // namespace sluice::formats::avro
