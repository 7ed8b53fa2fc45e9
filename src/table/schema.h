#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "types/iceberg.h"

namespace sluice::table {

/// A table's columns at one time. Ids are never reused within a table.
struct Schema {
  int schema_id = 0;
  types::StructType columns;
  std::vector<int> identifier_field_ids;

  /// Null when there is none; top-level columns only. Borrowed.
  const types::Field* FindById(int id) const;
  const types::Field* FindByName(const std::string& name) const;
  /// The largest id of a column or nested part.
  int HighestFieldId() const;
  /// Fields carry PARQUET:field_id metadata.
  std::shared_ptr<arrow::Schema> ToArrow() const;
  /// Columns equal, ids included; schema_id does not count.
  bool SameColumns(const Schema& other) const;

  Json ToJson() const;
  static Result<Schema> FromJson(const Json& json);
  /// Fresh ids from 1 in order (top level first, then nested parts). Fails with
  /// kUserInput for a type Iceberg does not have or a name given twice.
  static Result<Schema> FromArrow(const arrow::Schema& schema);
};

}  // namespace sluice::table
