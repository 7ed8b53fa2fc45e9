#include "connectors/lake/batch_cast.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

namespace sluice::connectors::lake {
namespace {

int64_t FirstNull(const arrow::Array& array) {
  int64_t row = 0;
  while (row < array.length() && !array.IsNull(row)) ++row;
  return row;
}

}  // namespace

BatchCast::BatchCast(const SchemaFit& fit, std::shared_ptr<arrow::Schema> load)
    : load_(std::move(load)),
      schema_(fit.schema.ToArrow()),
      source_columns_(fit.source_columns) {}

Result<std::shared_ptr<arrow::Array>> BatchCast::CastColumn(
    const arrow::RecordBatch& batch, int index) {
  const auto& field = schema_->field(index);
  int source = source_columns_[index];
  if (source < 0) return arrow::MakeArrayOfNull(field->type(), batch.num_rows());
  std::shared_ptr<arrow::Array> array = batch.column(source);
  if (!field->nullable() && array->null_count() > 0) {
    int64_t row = rows_ + FirstNull(*array);
    return Error(
        ErrorKind::kUserInput,
        fmt::format("column {} is required in the table and a row of the source has "
                    "null; leave such rows out in a query, or replace the table with "
                    "mode overwrite, row {} of the split",
                    field->name(), row),
        {{"column", field->name()}, {"row", std::to_string(row)}});
  }
  if (array->type()->Equals(*field->type())) return array;
  if (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  auto cast =
      arrow::compute::Cast(*array, field->type(), arrow::compute::CastOptions::Safe());
  if (cast.ok()) return cast;
  return Error(
      ErrorKind::kCorrupt,
      fmt::format("a value of column {} does not fit the table's type {}, rows {} to {} "
                  "of the split: {}",
                  field->name(), field->type()->ToString(), rows_,
                  rows_ + batch.num_rows() - 1, cast.status().message()),
      {{"column", field->name()}});
}

Result<std::shared_ptr<arrow::RecordBatch>> BatchCast::Cast(
    const arrow::RecordBatch& batch) {
  if (!batch.schema()->Equals(*load_, /*check_metadata=*/false)) {
    return Error(
        ErrorKind::kInternal,
        fmt::format("a reader gave a batch of another schema than it promised: {}",
                    batch.schema()->ToString()));
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    SLUICE_ASSIGN(auto column, CastColumn(batch, i));
    columns.push_back(std::move(column));
  }
  rows_ += batch.num_rows();
  return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
}

}  // namespace sluice::connectors::lake
