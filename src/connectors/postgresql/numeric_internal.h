#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::connectors::postgresql {

/// What numeric's binary form held.
enum class NumericKind {
  kNumber,
  kNotANumber,
  kInfinity,
  kNegativeInfinity,
  kTooWide,
  kBroken
};

/// Decodes the binary form of numeric (src/backend/utils/adt/numeric.c, numeric_send:
/// counts of base-10000 digits, weight, sign, display scale, digits; all 16 bits, big
/// endian) to value * 10^scale. kTooWide: more than 38 digits, or digits beyond `scale`.
NumericKind DecodeNumeric(std::string_view bytes, int32_t scale, __int128* value);

}  // namespace sluice::connectors::postgresql
