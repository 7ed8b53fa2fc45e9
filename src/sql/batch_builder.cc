#include "sql/batch_builder.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "sql/duck_types.h"

namespace sluice::sql {
namespace {

constexpr int64_t kBatchRows = 32 * 1024;
constexpr int64_t kBatchBytes = 8 << 20;

// About the bytes of `count` values of a flat vector.
int64_t BytesOf(duckdb::Vector& vector, duckdb::idx_t count) {
  const duckdb::LogicalType& type = vector.GetType();
  switch (type.InternalType()) {
    case duckdb::PhysicalType::VARCHAR: {
      duckdb::UnifiedVectorFormat format;
      vector.ToUnifiedFormat(count, format);
      const auto* strings =
          duckdb::UnifiedVectorFormat::GetData<duckdb::string_t>(format);
      int64_t bytes = 0;
      for (duckdb::idx_t i = 0; i < count; ++i) {
        const auto at = format.sel->get_index(i);
        if (format.validity.RowIsValid(at)) bytes += strings[at].GetSize();
      }
      return bytes;
    }
    case duckdb::PhysicalType::LIST:
      return BytesOf(duckdb::ListVector::GetEntry(vector),
                     duckdb::ListVector::GetListSize(vector));
    case duckdb::PhysicalType::ARRAY:
      return BytesOf(duckdb::ArrayVector::GetEntry(vector),
                     count * duckdb::ArrayType::GetSize(type));
    case duckdb::PhysicalType::STRUCT: {
      int64_t bytes = 0;
      for (auto& entry : duckdb::StructVector::GetEntries(vector)) {
        bytes += BytesOf(*entry, count);
      }
      return bytes;
    }
    default:
      return static_cast<int64_t>(count * duckdb::GetTypeIdSize(type.InternalType()));
  }
}

int64_t BytesOf(duckdb::DataChunk& chunk) {
  int64_t bytes = 0;
  for (duckdb::Vector& vector : chunk.data) bytes += BytesOf(vector, chunk.size());
  return bytes;
}

bool IsFixedBinary(const arrow::DataType& wanted, const arrow::DataType& filled) {
  return wanted.id() == arrow::Type::FIXED_SIZE_BINARY &&
         filled.id() == arrow::Type::BINARY;
}

// DuckDB's own type where it must be turned into fixed-size values afterwards, else the
// wanted type: layouts are the same, names and nullability are the schema's.
std::shared_ptr<arrow::Schema> AppenderSchema(
    const arrow::Schema& wanted, const duckdb::vector<duckdb::LogicalType>& types) {
  arrow::FieldVector fields;
  for (int i = 0; i < wanted.num_fields(); ++i) {
    const auto filled = ToArrowType(types[static_cast<size_t>(i)]);
    const bool fixed = IsFixedBinary(*wanted.field(i)->type(), *filled);
    fields.push_back(fixed ? wanted.field(i)->WithType(filled) : wanted.field(i));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Array>> ToFixedBinary(
    const std::string& column, const arrow::Array& array,
    const std::shared_ptr<arrow::DataType>& type) {
  const auto& values = static_cast<const arrow::BinaryArray&>(array);
  const int width = static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width();
  arrow::FixedSizeBinaryBuilder builder(type);
  SLUICE_TRY(builder.Reserve(values.length()));
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      SLUICE_TRY(builder.AppendNull());
      continue;
    }
    const auto value = values.GetView(row);
    if (static_cast<int>(value.size()) != width) {
      return Error(ErrorKind::kUserInput,
                   "a value has another length than its column, which holds exactly " +
                       std::to_string(width) + " bytes: " + std::to_string(value.size()) +
                       " bytes for column " + column);
    }
    SLUICE_TRY(builder.Append(value));
  }
  return builder.Finish();
}

}  // namespace

BatchBuilder::BatchBuilder(duckdb::ClientContext& context,
                           duckdb::vector<duckdb::LogicalType> types,
                           std::shared_ptr<arrow::Schema> schema)
    : context_(context),
      types_(std::move(types)),
      schema_(std::move(schema)),
      appender_schema_(AppenderSchema(*schema_, types_)) {
  // Gives uuids as 16 bytes; without a client no other type is changed by it.
  properties_.arrow_lossless_conversion = true;
  cast_.InitializeEmpty(types_);
}

BatchBuilder::~BatchBuilder() = default;

duckdb::DataChunk& BatchBuilder::Cast(duckdb::DataChunk& chunk) {
  if (chunk.GetTypes() == types_) return chunk;
  cast_.Reset();
  for (size_t i = 0; i < types_.size(); ++i) {
    if (chunk.data[i].GetType() == types_[i]) {
      cast_.data[i].Reference(chunk.data[i]);
      continue;
    }
    duckdb::Vector target(types_[i], std::max<duckdb::idx_t>(chunk.size(), 1));
    duckdb::VectorOperations::Cast(context_, chunk.data[i], target, chunk.size(), true);
    cast_.data[i].Reference(target);
  }
  cast_.SetCardinality(chunk.size());
  return cast_;
}

Status BatchBuilder::Append(duckdb::DataChunk& input, const Emit& emit) {
  if (input.size() == 0) return Status::OK();
  duckdb::DataChunk& chunk = Cast(input);
  chunk.Flatten();
  const int64_t bytes = BytesOf(chunk);
  const auto count = static_cast<int64_t>(chunk.size());
  const int64_t step = std::clamp<int64_t>(count * kBatchBytes / (bytes + 1), 1, count);
  for (int64_t from = 0; from < count; from += step) {
    const int64_t to = std::min(from + step, count);
    if (!appender_) {
      appender_ = duckdb::make_uniq<duckdb::ArrowAppender>(
          types_, std::min(count, kBatchRows), properties_,
          duckdb::unordered_map<
              duckdb::idx_t, const duckdb::shared_ptr<duckdb::ArrowTypeExtensionData>>());
    }
    appender_->Append(chunk, static_cast<duckdb::idx_t>(from),
                      static_cast<duckdb::idx_t>(to), static_cast<duckdb::idx_t>(count));
    rows_ += to - from;
    bytes_ += bytes * (to - from) / count;
    if (rows_ >= kBatchRows || bytes_ >= kBatchBytes) SLUICE_TRY(Flush(emit));
  }
  return Status::OK();
}

Status BatchBuilder::Flush(const Emit& emit) {
  if (rows_ == 0) return Status::OK();
  ArrowArray array = appender_->Finalize();
  appender_.reset();
  rows_ = bytes_ = 0;
  SLUICE_ASSIGN(auto batch, arrow::ImportRecordBatch(&array, appender_schema_));
  for (int i = 0; i < batch->num_columns(); ++i) {
    const auto& wanted = schema_->field(i);
    if (!IsFixedBinary(*wanted->type(), *batch->column(i)->type())) continue;
    SLUICE_ASSIGN(auto column,
                  ToFixedBinary(wanted->name(), *batch->column(i), wanted->type()));
    SLUICE_ASSIGN(batch, batch->SetColumn(i, wanted, column));
  }
  return emit(*batch);
}

}  // namespace sluice::sql
