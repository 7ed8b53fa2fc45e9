#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "table/value.h"

namespace sluice::table {

/// The number of an int32_t or int64_t; nothing for other storage.
std::optional<int64_t> WholeNumber(const Value& value);
/// The number of a float or double; nothing for other storage.
std::optional<double> FloatNumber(const Value& value);
bool IsNan(const Value& value);

/// May CompareValues be asked about the two?
bool AreComparable(const Value& left, const Value& right);

/// Is `value` stored as `type` wants it? A narrower number fits a promoted type.
bool FitsType(const types::Primitive& type, const Value& value);

/// Two's complement, big-endian, as few bytes as hold the sign (Appendix D).
std::string EncodeDecimal(const arrow::Decimal128& value);

/// Days since 1970-01-01 in the proleptic Gregorian calendar, for any int32_t.
struct CivilDate {
  int64_t year = 0;
  unsigned month = 0, day = 0;
};
CivilDate CivilFromDays(int64_t days);

/// Division that rounds towards minus infinity; `divisor` > 0.
constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

}  // namespace sluice::table
