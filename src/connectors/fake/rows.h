#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <arrow/type_fwd.h>

#include "base/result.h"

namespace sluice::connectors::fake {

/// Named schemas: "orders" (id, customer, status, total, created), "types" (one column
/// per type that Iceberg can take), "wide_decimal" (a decimal of 50 digits), "same_names"
/// (note, NOTE). Fails with kUserInput naming them.
Result<std::shared_ptr<arrow::Schema>> NamedSchema(std::string_view name);

/// What the rows of a fake table are made of.
struct RowMaker {
  std::shared_ptr<arrow::Schema> schema;
  uint64_t seed = 1;

  /// Rows [first, first + count): a function of seed, column and row number only. A first
  /// column of 32 or 64 bit integers is the row number itself; about every seventh value
  /// of a nullable column is null. Fails with kUserInput for a type it has no values for.
  Result<std::shared_ptr<arrow::RecordBatch>> Make(int64_t first, int64_t count) const;
};

}  // namespace sluice::connectors::fake
