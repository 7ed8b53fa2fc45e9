#include <chrono>

#include <arrow/scalar.h>
#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;

constexpr int64_t kMicrosOfSecond = 1'000'000;
constexpr int64_t kMicrosOfDay = 86'400 * kMicrosOfSecond;

std::string DateText(int64_t days) {
  CivilDate date = CivilFromDays(days);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string TimeOfDayText(int64_t micros) {
  int64_t seconds = micros / kMicrosOfSecond, fraction = micros % kMicrosOfSecond;
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fraction == 0 ? text : text + fmt::format(".{:06}", fraction);
}

std::string TimestampText(int64_t micros) {
  int64_t days = FloorDivide(micros, kMicrosOfDay);
  return DateText(days) + "T" + TimeOfDayText(micros - days * kMicrosOfDay);
}

std::string UuidOf(const std::string& bytes) {
  if (bytes.size() != 16) return HexText(bytes);
  std::array<uint8_t, 16> array;
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return UuidText(array);
}

template <typename Scalar>
Value NumberOf(const arrow::Scalar& scalar) {
  return Value(static_cast<const Scalar&>(scalar).value);
}

}  // namespace

CivilDate CivilFromDays(int64_t days) {
  // The calendar repeats every 400 years, so a day of one such era is enough for
  // <chrono>, whose years are 16-bit numbers.
  constexpr int64_t kDaysOfEra = 146'097;
  int64_t era = FloorDivide(days, kDaysOfEra);
  std::chrono::sys_days day{std::chrono::days{days - era * kDaysOfEra}};
  std::chrono::year_month_day date(day);
  return {.year = static_cast<int>(date.year()) + 400 * era,
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day())};
}

std::string ValueText(const Primitive& type, const Value& value) {
  if (IsNull(value)) return "null";
  SLUICE_CHECK(FitsType(type, value));
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      return std::get<bool>(value) ? "true" : "false";
    case PrimitiveKind::kInt:
    case PrimitiveKind::kLong:
      return std::to_string(*WholeNumber(value));
    case PrimitiveKind::kDate:
      return DateText(*WholeNumber(value));
    case PrimitiveKind::kTime:
      return TimeOfDayText(*WholeNumber(value));
    case PrimitiveKind::kTimestamp:
      return TimestampText(*WholeNumber(value));
    case PrimitiveKind::kTimestamptz:
      return TimestampText(*WholeNumber(value)) + "+00:00";
    case PrimitiveKind::kFloat:
      return fmt::format("{}", std::get<float>(value));
    case PrimitiveKind::kDouble:
      return fmt::format("{}", *FloatNumber(value));
    case PrimitiveKind::kDecimal:
      return std::get<arrow::Decimal128>(value).ToString(type.scale);
    case PrimitiveKind::kString:
      return std::get<std::string>(value);
    case PrimitiveKind::kUuid:
      return UuidOf(std::get<std::string>(value));
    case PrimitiveKind::kFixed:
    case PrimitiveKind::kBinary:
      return HexText(std::get<std::string>(value));
  }
  return {};
}

Result<Value> ValueFromScalar(const Primitive& type, const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return Value();
  auto wanted = types::TypeToArrow(types::Type{type});
  if (!scalar.type->Equals(*wanted)) {
    return Error(
        ErrorKind::kUserInput,
        fmt::format("value is not of the column's type; cast it first: {} for {}",
                    scalar.type->ToString(), wanted->ToString()));
  }
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      return NumberOf<arrow::BooleanScalar>(scalar);
    case PrimitiveKind::kInt:
      return NumberOf<arrow::Int32Scalar>(scalar);
    case PrimitiveKind::kDate:
      return NumberOf<arrow::Date32Scalar>(scalar);
    case PrimitiveKind::kLong:
      return NumberOf<arrow::Int64Scalar>(scalar);
    case PrimitiveKind::kTime:
      return NumberOf<arrow::Time64Scalar>(scalar);
    case PrimitiveKind::kTimestamp:
    case PrimitiveKind::kTimestamptz:
      return NumberOf<arrow::TimestampScalar>(scalar);
    case PrimitiveKind::kFloat:
      return NumberOf<arrow::FloatScalar>(scalar);
    case PrimitiveKind::kDouble:
      return NumberOf<arrow::DoubleScalar>(scalar);
    case PrimitiveKind::kDecimal:
      return NumberOf<arrow::Decimal128Scalar>(scalar);
    case PrimitiveKind::kUuid: {
      const auto& storage = static_cast<const arrow::ExtensionScalar&>(scalar).value;
      return Value(
          std::string(static_cast<const arrow::BaseBinaryScalar&>(*storage).view()));
    }
    case PrimitiveKind::kString:
    case PrimitiveKind::kFixed:
    case PrimitiveKind::kBinary:
      return Value(
          std::string(static_cast<const arrow::BaseBinaryScalar&>(scalar).view()));
  }
  return Value();
}

}  // namespace sluice::table
