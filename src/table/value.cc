#include "table/value.h"

#include <cmath>
#include <cstring>

#include "table/value_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;

template <typename T>
std::string LittleEndian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T>
T FromLittleEndian(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

Status BadLength(const Primitive& type, std::string_view bytes) {
  return Error(ErrorKind::kCorrupt, "stored value has " + std::to_string(bytes.size()) +
                                        " bytes, which does not fit its type " +
                                        types::TypeText(types::Type{type}));
}

template <typename T>
int Compare(const T& left, const T& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

int CompareFloats(double left, double right) {
  if (left == right) return Compare(std::signbit(right), std::signbit(left));
  return left < right ? -1 : 1;
}

}  // namespace

std::optional<int64_t> WholeNumber(const Value& value) {
  if (const auto* number = std::get_if<int32_t>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  return std::nullopt;
}

std::optional<double> FloatNumber(const Value& value) {
  if (const auto* number = std::get_if<float>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::nullopt;
}

bool IsNan(const Value& value) { return std::isnan(FloatNumber(value).value_or(0)); }

bool AreComparable(const Value& left, const Value& right) {
  if (IsNull(left) || IsNull(right) || IsNan(left) || IsNan(right)) return false;
  return left.index() == right.index() || (WholeNumber(left) && WholeNumber(right)) ||
         (FloatNumber(left) && FloatNumber(right));
}

bool FitsType(const Primitive& type, const Value& value) {
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      return std::holds_alternative<bool>(value);
    case PrimitiveKind::kInt:
    case PrimitiveKind::kDate:
      return std::holds_alternative<int32_t>(value);
    case PrimitiveKind::kLong:
    case PrimitiveKind::kTime:
    case PrimitiveKind::kTimestamp:
    case PrimitiveKind::kTimestamptz:
      return WholeNumber(value).has_value();
    case PrimitiveKind::kFloat:
      return std::holds_alternative<float>(value);
    case PrimitiveKind::kDouble:
      return FloatNumber(value).has_value();
    case PrimitiveKind::kDecimal:
      return std::holds_alternative<arrow::Decimal128>(value);
    case PrimitiveKind::kString:
    case PrimitiveKind::kUuid:
    case PrimitiveKind::kFixed:
    case PrimitiveKind::kBinary:
      return std::holds_alternative<std::string>(value);
  }
  return false;
}

std::string EncodeDecimal(const arrow::Decimal128& value) {
  std::array<uint8_t, 16> little = value.ToBytes();
  std::string bytes(little.rbegin(), little.rend());
  // A leading byte is redundant when it only repeats the sign of the next one.
  size_t first = 0;
  while (first + 1 < bytes.size()) {
    bool negative_next = (bytes[first + 1] & 0x80) != 0;
    if (bytes[first] != (negative_next ? '\xff' : '\0')) break;
    ++first;
  }
  return bytes.substr(first);
}

std::string EncodeValue(const Primitive& type, const Value& value) {
  SLUICE_CHECK(FitsType(type, value));
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      return std::string(1, std::get<bool>(value) ? '\1' : '\0');
    case PrimitiveKind::kInt:
    case PrimitiveKind::kDate:
      return LittleEndian(std::get<int32_t>(value));
    case PrimitiveKind::kLong:
    case PrimitiveKind::kTime:
    case PrimitiveKind::kTimestamp:
    case PrimitiveKind::kTimestamptz:
      return LittleEndian(*WholeNumber(value));
    case PrimitiveKind::kFloat:
      return LittleEndian(std::get<float>(value));
    case PrimitiveKind::kDouble:
      return LittleEndian(*FloatNumber(value));
    case PrimitiveKind::kDecimal:
      return EncodeDecimal(std::get<arrow::Decimal128>(value));
    case PrimitiveKind::kString:
    case PrimitiveKind::kUuid:
    case PrimitiveKind::kFixed:
    case PrimitiveKind::kBinary:
      return std::get<std::string>(value);
  }
  return {};
}

Result<Value> DecodeValue(const Primitive& type, std::string_view bytes) {
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      if (bytes.size() == 1) return Value(bytes[0] != 0);
      break;
    case PrimitiveKind::kInt:
    case PrimitiveKind::kDate:
      if (bytes.size() == 4) return Value(FromLittleEndian<int32_t>(bytes));
      break;
    case PrimitiveKind::kLong:
    case PrimitiveKind::kTime:
    case PrimitiveKind::kTimestamp:
    case PrimitiveKind::kTimestamptz:
      if (bytes.size() == 8) return Value(FromLittleEndian<int64_t>(bytes));
      if (bytes.size() == 4) {
        return Value(static_cast<int64_t>(FromLittleEndian<int32_t>(bytes)));
      }
      break;
    case PrimitiveKind::kFloat:
      if (bytes.size() == 4) return Value(FromLittleEndian<float>(bytes));
      break;
    case PrimitiveKind::kDouble:
      if (bytes.size() == 8) return Value(FromLittleEndian<double>(bytes));
      if (bytes.size() == 4) {
        return Value(static_cast<double>(FromLittleEndian<float>(bytes)));
      }
      break;
    case PrimitiveKind::kDecimal:
      if (!bytes.empty() && bytes.size() <= 16) {
        SLUICE_ASSIGN(auto decimal, arrow::Decimal128::FromBigEndian(
                                        reinterpret_cast<const uint8_t*>(bytes.data()),
                                        static_cast<int32_t>(bytes.size())));
        return Value(decimal);
      }
      break;
    case PrimitiveKind::kUuid:
      if (bytes.size() == 16) return Value(std::string(bytes));
      break;
    case PrimitiveKind::kFixed:  // other writers cut long bounds
      if (bytes.size() <= static_cast<size_t>(type.length)) {
        return Value(std::string(bytes));
      }
      break;
    case PrimitiveKind::kString:
    case PrimitiveKind::kBinary:
      return Value(std::string(bytes));
  }
  return BadLength(type, bytes);
}

int CompareValues(const Value& left, const Value& right) {
  SLUICE_DCHECK(AreComparable(left, right));
  if (auto l = WholeNumber(left), r = WholeNumber(right); l && r) return Compare(*l, *r);
  if (auto l = FloatNumber(left), r = FloatNumber(right); l && r) {
    return CompareFloats(*l, *r);
  }
  if (left.index() != right.index()) return Compare(left.index(), right.index());
  if (const auto* l = std::get_if<bool>(&left)) {
    return Compare(*l, std::get<bool>(right));
  }
  if (const auto* l = std::get_if<arrow::Decimal128>(&left)) {
    return Compare(*l, std::get<arrow::Decimal128>(right));
  }
  if (const auto* l = std::get_if<std::string>(&left)) {
    return Compare(l->compare(std::get<std::string>(right)), 0);
  }
  return 0;
}

}  // namespace sluice::table
