#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <arrow/type_fwd.h>
#include <arrow/util/decimal.h>

#include "base/result.h"
#include "types/iceberg.h"

namespace sluice::table {

/// One value of an Iceberg primitive type, or null (monostate). Storage by kind: boolean
/// bool; int, date int32_t; long, time, timestamp(tz) int64_t; float float; double
/// double; decimal Decimal128 (unscaled); string, binary, fixed, uuid std::string
/// (bytes).
using Value = std::variant<std::monostate, bool, int32_t, int64_t, float, double,
                           arrow::Decimal128, std::string>;

inline bool IsNull(const Value& value) { return value.index() == 0; }

/// The spec's single-value binary form (Appendix D). Null is not allowed.
std::string EncodeValue(const types::Primitive& type, const Value& value);
/// Decodes by length, so that bounds written before a promotion (4-byte int as long) are
/// read.
Result<Value> DecodeValue(const types::Primitive& type, std::string_view bytes);

/// -1, 0, 1 in the order of the type; strings by unsigned bytes, -0.0 < +0.0. Not for
/// null or NaN.
int CompareValues(const Value& left, const Value& right);

/// For people and for partition paths: "2026-11-20", "12.30", "null".
std::string ValueText(const types::Primitive& type, const Value& value);

/// An Arrow scalar of TypeToArrow(type) as a Value; null gives null.
Result<Value> ValueFromScalar(const types::Primitive& type, const arrow::Scalar& scalar);

}  // namespace sluice::table
