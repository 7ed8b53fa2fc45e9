#include "connectors/postgresql/numeric_internal.h"

#include <array>

#include "connectors/postgresql/bytes_internal.h"

namespace sluice::connectors::postgresql {
namespace {

constexpr std::array<int32_t, 5> kPowers = {1, 10, 100, 1000, 10000};

/// 10^38, the first value of 39 digits.
constexpr unsigned __int128 Limit() {
  unsigned __int128 limit = 1;
  for (int i = 0; i < 38; ++i) limit *= 10;
  return limit;
}

}  // namespace

NumericKind DecodeNumeric(std::string_view bytes, int32_t scale, __int128* value) {
  if (bytes.size() < 8) return NumericKind::kBroken;
  const int32_t count = Load16(bytes.data());
  const int32_t weight = static_cast<int16_t>(Load16(bytes.data() + 2));
  const uint16_t sign = Load16(bytes.data() + 4);
  if (sign == 0xC000) return NumericKind::kNotANumber;
  if (sign == 0xD000) return NumericKind::kInfinity;
  if (sign == 0xF000) return NumericKind::kNegativeInfinity;
  if ((sign != 0 && sign != 0x4000) ||
      bytes.size() != 8 + 2 * static_cast<size_t>(count)) {
    return NumericKind::kBroken;
  }
  unsigned __int128 sum = 0;
  int32_t exponent = 0;  // of the unit of `sum`, after the last digit
  for (int32_t i = 0; i < count; ++i) {
    const int32_t digit = Load16(bytes.data() + 8 + 2 * i);
    if (digit > 9999) return NumericKind::kBroken;
    exponent = 4 * (weight - i) + scale;
    if (exponent <= -4) {
      if (digit != 0) return NumericKind::kTooWide;
      exponent = 0;
      continue;
    }
    // A group that reaches beyond the scale loses its last digits, which must be zeros.
    const int32_t cut = exponent >= 0 ? 1 : kPowers[-exponent];
    const unsigned grow = static_cast<unsigned>(10000 / cut);
    if (digit % cut != 0 || sum > Limit() / grow) return NumericKind::kTooWide;
    sum = sum * grow + static_cast<unsigned>(digit / cut);
    exponent = exponent > 0 ? exponent : 0;
  }
  for (; exponent > 0 && sum != 0; --exponent) {
    if (sum >= Limit() / 10) return NumericKind::kTooWide;
    sum *= 10;
  }
  if (sum >= Limit()) return NumericKind::kTooWide;
  *value = sign == 0 ? static_cast<__int128>(sum) : -static_cast<__int128>(sum);
  return NumericKind::kNumber;
}

}  // namespace sluice::connectors::postgresql
