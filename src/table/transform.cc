#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "table/murmur3_internal.h"
#include "table/partition.h"
#include "table/utf8_internal.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;
using Kind = Transform::Kind;

constexpr int64_t kMicrosOfHour = 3'600'000'000;
constexpr int64_t kMicrosOfDay = 24 * kMicrosOfHour;

bool IsTimestamp(const Primitive& type) {
  return type.kind == PrimitiveKind::kTimestamp ||
         type.kind == PrimitiveKind::kTimestamptz;
}

bool CanTransform(Kind kind, const Primitive& source) {
  bool floating =
      source.kind == PrimitiveKind::kFloat || source.kind == PrimitiveKind::kDouble;
  switch (kind) {
    case Kind::kIdentity:
    case Kind::kVoid:
      return true;
    case Kind::kBucket:
      return !floating && source.kind != PrimitiveKind::kBoolean;
    case Kind::kTruncate:
      return source.kind == PrimitiveKind::kInt || source.kind == PrimitiveKind::kLong ||
             source.kind == PrimitiveKind::kDecimal ||
             source.kind == PrimitiveKind::kString ||
             source.kind == PrimitiveKind::kBinary;
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kDay:
      return source.kind == PrimitiveKind::kDate || IsTimestamp(source);
    case Kind::kHour:
      return IsTimestamp(source);
  }
  return false;
}

// int, date and long hash alike, so that promoting a column moves no row to another
// bucket.
std::string HashedBytes(const Value& value) {
  if (auto number = WholeNumber(value)) {
    return EncodeValue(Primitive{PrimitiveKind::kLong}, Value(*number));
  }
  if (const auto* decimal = std::get_if<arrow::Decimal128>(&value)) {
    return EncodeDecimal(*decimal);
  }
  return std::get<std::string>(value);
}

Value Bucket(int buckets, const Value& value) {
  return static_cast<int32_t>((Murmur3(HashedBytes(value)) & 0x7fffffff) % buckets);
}

// The next lower multiple of `width`. Below the smallest number it wraps around, as in
// Java.
template <typename Number>
Number TruncateNumber(Number value, int width) {
  __int128 wide = value;
  __int128 rest = ((wide % width) + width) % width;
  return static_cast<Number>(wide - rest);
}

Value Truncate(const Primitive& source, int width, const Value& value) {
  if (const auto* number = std::get_if<int32_t>(&value)) {
    return TruncateNumber(*number, width);
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return TruncateNumber(*number, width);
  }
  if (const auto* decimal = std::get_if<arrow::Decimal128>(&value)) {
    arrow::Decimal128 divisor(width);
    arrow::Decimal128 rest = *decimal % divisor;
    if (rest < arrow::Decimal128(0)) rest += divisor;
    return arrow::Decimal128(*decimal - rest);
  }
  const std::string& text = std::get<std::string>(value);
  size_t length = static_cast<size_t>(width);
  if (source.kind == PrimitiveKind::kString) {
    length = CodePointPrefix(text, width).value_or(length);
  }
  return text.substr(0, length);
}

int64_t DaysOf(const Primitive& source, int64_t number) {
  return IsTimestamp(source) ? FloorDivide(number, kMicrosOfDay) : number;
}

// The hours of the last timestamps do not fit 32 bits; the nearest number keeps the
// order.
int32_t Narrow(int64_t number) {
  return static_cast<int32_t>(std::clamp<int64_t>(
      number, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

Value TimePart(Kind kind, const Primitive& source, int64_t number) {
  if (kind == Kind::kHour) return Narrow(FloorDivide(number, kMicrosOfHour));
  int64_t days = DaysOf(source, number);
  if (kind == Kind::kDay) return Narrow(days);
  CivilDate date = CivilFromDays(days);
  int64_t years = date.year - 1970;
  if (kind == Kind::kYear) return Narrow(years);
  return Narrow(years * 12 + static_cast<int64_t>(date.month) - 1);
}

struct Name {
  Kind kind;
  const char* text;
};
constexpr Name kNames[] = {{Kind::kIdentity, "identity"}, {Kind::kBucket, "bucket"},
                           {Kind::kTruncate, "truncate"}, {Kind::kYear, "year"},
                           {Kind::kMonth, "month"},       {Kind::kDay, "day"},
                           {Kind::kHour, "hour"},         {Kind::kVoid, "void"}};

Status UnknownTransform(std::string_view text) {
  return Error(ErrorKind::kUserInput,
               "unknown partition transform; known are identity, bucket[N], truncate[W], "
               "year, month, day, hour, void: " +
                   std::string(text));
}

}  // namespace

std::string Transform::ToString() const {
  for (const Name& name : kNames) {
    if (name.kind != kind) continue;
    bool parameterised = kind == Kind::kBucket || kind == Kind::kTruncate;
    return parameterised ? fmt::format("{}[{}]", name.text, parameter) : name.text;
  }
  return "unknown";
}

Result<Transform> Transform::Parse(std::string_view text) {
  std::string_view word = text.substr(0, text.find('['));
  for (const Name& name : kNames) {
    if (word != name.text) continue;
    bool parameterised = name.kind == Kind::kBucket || name.kind == Kind::kTruncate;
    if (!parameterised) {
      if (word.size() != text.size()) break;
      return Transform{name.kind, 0};
    }
    if (word.size() == text.size() || text.back() != ']') break;
    std::string_view number = text.substr(word.size() + 1);
    number.remove_suffix(1);
    int parameter = 0;
    auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), parameter);
    if (error != std::errc() || end != number.data() + number.size() || parameter <= 0) {
      break;
    }
    return Transform{name.kind, parameter};
  }
  return UnknownTransform(text);
}

Result<Primitive> Transform::ResultType(const Primitive& source) const {
  if (!CanTransform(kind, source)) {
    return Error(ErrorKind::kUserInput,
                 fmt::format("partition transform {} does not take a column of type {}",
                             ToString(), types::TypeText(types::Type{source})));
  }
  switch (kind) {
    case Kind::kIdentity:
    case Kind::kTruncate:
    case Kind::kVoid:
      return source;
    case Kind::kDay:
      return Primitive{PrimitiveKind::kDate};
    case Kind::kBucket:
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kHour:
      break;
  }
  return Primitive{PrimitiveKind::kInt};
}

Value Transform::Apply(const Primitive& source, const Value& value) const {
  if (IsNull(value) || kind == Kind::kVoid) return Value();
  SLUICE_CHECK(CanTransform(kind, source) && FitsType(source, value));
  switch (kind) {
    case Kind::kIdentity:
    case Kind::kVoid:
      return value;
    case Kind::kBucket:
      return Bucket(parameter, value);
    case Kind::kTruncate:
      return Truncate(source, parameter, value);
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kDay:
    case Kind::kHour:
      return TimePart(kind, source, *WholeNumber(value));
  }
  return Value();
}

}  // namespace sluice::table
