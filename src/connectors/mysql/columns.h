#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connect/values.h"
#include "connectors/mysql/statement.h"

namespace sluice::connectors::mysql {

/// How one column's bytes in a binary row become an Arrow value.
enum class Codec : uint8_t {
  kInt8,
  kUInt8,
  kInt16,
  kUInt16,
  kInt32,   ///< also MEDIUMINT, which takes 4 bytes in a row
  kUInt32,  ///< -> int64
  kInt64,
  kUInt64,  ///< -> decimal128(20, 0)
  kFloat,
  kDouble,
  kDecimal128,
  kDecimal256,
  kDate,
  kTimestamp,  ///< DATETIME and TIMESTAMP
  kDateText,   ///< DATE under the policy `text`
  kTimestampText,
  kTimeText,  ///< TIME: -838:59:59.999999 .. 838:59:59.999999
  kBit1,      ///< -> bool
  kBit,       ///< up to 63 bits -> int64
  kBit64,     ///< -> decimal128(20, 0)
  kYear,
  kText,
  kBytes,
  kUuid,  ///< 36 characters -> 16 bytes
};

/// Everything that the decoder knows of a column.
struct ColumnCodec {
  Codec codec = Codec::kText;
  int precision = 0;  ///< of a decimal
  int scale = 0;      ///< of a decimal; digits of a second's fraction
  connect::OddValuePolicy zero_dates = connect::OddValuePolicy::kError;
};

/// A result column as Describe shows it and as the decoder reads it.
struct ResultColumn {
  connect::Column column;
  ColumnCodec codec;
};

/// Gives each field its Arrow type and label. `nullable_only` is for queries, whose NOT
/// NULL flags are not to be trusted (outer joins, unions). Fails with kUserInput for two
/// columns of one name.
Result<std::vector<ResultColumn>> ColumnsFromFields(const std::vector<WireField>& fields,
                                                    const connect::ReadOptions& options,
                                                    bool nullable_only);

}  // namespace sluice::connectors::mysql
