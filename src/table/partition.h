#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "table/schema.h"
#include "table/value.h"

namespace sluice::table {

/// identity | bucket[N] | truncate[W] | year | month | day | hour | void (spec,
/// "Partition Transforms").
struct Transform {
  enum class Kind { kIdentity, kBucket, kTruncate, kYear, kMonth, kDay, kHour, kVoid };
  Kind kind = Kind::kIdentity;
  int parameter = 0;  ///< N or W
  bool operator==(const Transform&) const = default;

  std::string ToString() const;
  static Result<Transform> Parse(std::string_view text);
  /// The type of the result; fails with kUserInput when the source type cannot be
  /// transformed.
  Result<types::Primitive> ResultType(const types::Primitive& source) const;
  /// Null stays null.
  Value Apply(const types::Primitive& source, const Value& value) const;
};

struct PartitionField {
  int source_id = 0;
  int field_id = 0;  ///< from 1000
  std::string name;
  Transform transform;
  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  int spec_id = 0;
  std::vector<PartitionField> fields;  ///< empty: unpartitioned
  bool IsUnpartitioned() const { return fields.empty(); }
  Json ToJson() const;
  static Result<PartitionSpec> FromJson(const Json& json);
  /// "day(created_at), bucket(16, id), region" against a schema; ids from 1000.
  static Result<PartitionSpec> Parse(std::string_view text, const Schema& schema);
};

}  // namespace sluice::table
