#include "sql/result_reader.h"

#include <deque>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "sql/batch_builder.h"
#include "sql/duck_types.h"
#include "sql/errors.h"

namespace sluice::sql {
namespace {

class ResultReader final : public arrow::RecordBatchReader {
 public:
  ResultReader(duckdb::ClientContext& context,
               duckdb::unique_ptr<duckdb::QueryResult> result,
               duckdb::vector<duckdb::LogicalType> types,
               std::shared_ptr<arrow::Schema> schema)
      : result_(std::move(result)),
        schema_(schema),
        builder_(context, std::move(types), std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (ready_.empty() && result_) {
      Status status = CatchErrors([&] { return Advance(); });
      if (!status.ok()) {
        result_.reset();
        return status;
      }
    }
    if (ready_.empty()) return Status::OK();
    *batch = std::move(ready_.front());
    ready_.pop_front();
    return Status::OK();
  }

  Status Close() override {
    ready_.clear();
    result_.reset();
    return Status::OK();
  }

 private:
  Status Advance() {
    const BatchBuilder::Emit emit = [&](const arrow::RecordBatch& batch) {
      ready_.push_back(
          arrow::RecordBatch::Make(schema_, batch.num_rows(), batch.columns()));
      return Status::OK();
    };
    const auto chunk = result_->FetchRaw();
    if (result_->HasError()) return StatusFromError(result_->GetErrorObject());
    if (chunk && chunk->size() > 0) return builder_.Append(*chunk, emit);
    result_.reset();
    return builder_.Flush(emit);
  }

  duckdb::unique_ptr<duckdb::QueryResult> result_;  // null: at the end
  const std::shared_ptr<arrow::Schema> schema_;
  BatchBuilder builder_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> ready_;
};

}  // namespace

std::shared_ptr<arrow::RecordBatchReader> MakeResultReader(
    duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::QueryResult> result) {
  duckdb::vector<duckdb::LogicalType> types;
  arrow::FieldVector fields;
  for (size_t i = 0; i < result->types.size(); ++i) {
    types.push_back(ShownType(result->types[i]));
    fields.push_back(
        arrow::field(result->names[i],
                     ToArrowType(types.back(), result->client_properties.time_zone)));
  }
  return std::make_shared<ResultReader>(context, std::move(result), std::move(types),
                                        arrow::schema(std::move(fields)));
}

}  // namespace sluice::sql
