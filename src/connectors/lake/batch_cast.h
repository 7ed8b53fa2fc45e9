#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "connectors/lake/schema_fit.h"

namespace sluice::connectors::lake {

/// Turns batches of a load into batches of the table's Arrow schema: columns picked and
/// ordered, missing ones null, values cast without loss. One thread.
class BatchCast final {
 public:
  /// `load` is the schema that every batch will have.
  BatchCast(const SchemaFit& fit, std::shared_ptr<arrow::Schema> load);

  /// Of the table: fields carry PARQUET:field_id.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// Fails with kCorrupt for a value that the table's type cannot hold, kUserInput for a
  /// null in a required column (both name the column and the row within the split),
  /// kInternal for a batch of another schema.
  Result<std::shared_ptr<arrow::RecordBatch>> Cast(const arrow::RecordBatch& batch);

 private:
  Result<std::shared_ptr<arrow::Array>> CastColumn(const arrow::RecordBatch& batch,
                                                   int index);

  std::shared_ptr<arrow::Schema> load_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> source_columns_;
  int64_t rows_ = 0;  // cast so far
};

}  // namespace sluice::connectors::lake
