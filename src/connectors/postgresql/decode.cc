#include "connectors/postgresql/decode_internal.h"

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <arrow/util/utf8.h>

#include <bit>
#include <limits>

#include "connectors/postgresql/bytes_internal.h"
#include "connectors/postgresql/numeric_internal.h"

namespace sluice::connectors::postgresql {
namespace {

/// PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01.
constexpr int32_t kEpochDays = 10957;
constexpr int64_t kEpochMicros = int64_t{kEpochDays} * 86400 * 1000000;
constexpr int64_t kDayMicros = int64_t{86400} * 1000000;

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

Status BadSize() {
  return Error(ErrorKind::kCorrupt, "the server sent a value of an unexpected length");
}

Status AppendDate(std::string_view bytes, arrow::ArrayBuilder* builder,
                  const char** odd) {
  const auto days = static_cast<int32_t>(Load32(bytes.data()));
  if (days == std::numeric_limits<int32_t>::max()) *odd = "infinity";
  if (days == std::numeric_limits<int32_t>::min()) *odd = "-infinity";
  if (*odd != nullptr) return Status::OK();
  return static_cast<arrow::Date32Builder&>(*builder).Append(days + kEpochDays);
}

Status AppendTimestamp(std::string_view bytes, arrow::ArrayBuilder* builder,
                       const char** odd) {
  const auto micros = static_cast<int64_t>(Load64(bytes.data()));
  int64_t since_1970 = 0;
  if (micros == std::numeric_limits<int64_t>::max()) {
    *odd = "infinity";
  } else if (micros == std::numeric_limits<int64_t>::min()) {
    *odd = "-infinity";
  } else if (__builtin_add_overflow(micros, kEpochMicros, &since_1970)) {
    *odd = "a timestamp after the year 294246";
  }
  if (*odd != nullptr) return Status::OK();
  return static_cast<arrow::TimestampBuilder&>(*builder).Append(since_1970);
}

Status AppendDecimal(const ColumnPlan& plan, std::string_view bytes,
                     arrow::ArrayBuilder* builder, const char** odd) {
  __int128 value = 0;
  switch (DecodeNumeric(bytes, plan.scale, &value)) {
    case NumericKind::kNumber:
      return static_cast<arrow::Decimal128Builder&>(*builder).Append(arrow::Decimal128(
          static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)));
    case NumericKind::kNotANumber:
      *odd = "NaN";
      return Status::OK();
    case NumericKind::kInfinity:
      *odd = "Infinity";
      return Status::OK();
    case NumericKind::kNegativeInfinity:
      *odd = "-Infinity";
      return Status::OK();
    case NumericKind::kTooWide:
      *odd = "a number with more digits than declared";
      return Status::OK();
    case NumericKind::kBroken:
      break;
  }
  return Error(ErrorKind::kCorrupt, "the server sent a numeric that cannot be read");
}

Status AppendWideDecimal(const ColumnPlan& plan, std::string_view bytes,
                         arrow::ArrayBuilder* builder, const char** odd) {
  arrow::Decimal256 value;
  int32_t precision = 0, scale = 0;
  if (!arrow::Decimal256::FromString(bytes, &value, &precision, &scale).ok()) {
    *odd = "NaN or infinity";
    return Status::OK();
  }
  SLUICE_ASSIGN(value, value.Rescale(scale, plan.scale));
  return static_cast<arrow::Decimal256Builder&>(*builder).Append(value);
}

/// The bytes that a form must have; -1: any number.
int FixedSize(Form form) {
  switch (form) {
    case Form::kBool:
      return 1;
    case Form::kInt16:
      return 2;
    case Form::kInt32:
    case Form::kOid:
    case Form::kFloat32:
    case Form::kDate:
      return 4;
    case Form::kInt64:
    case Form::kFloat64:
    case Form::kTime:
    case Form::kTimestamp:
      return 8;
    case Form::kUuid:
      return 16;
    default:
      return -1;
  }
}

/// Puts the extension type of uuid on arrays that were built as its storage.
Result<std::shared_ptr<arrow::Array>> WithFieldType(const ColumnPlan& plan,
                                                    std::shared_ptr<arrow::Array> array) {
  const auto& type = plan.column.field->type();
  if (plan.form == Form::kUuid) return arrow::ExtensionType::WrapArray(type, array);
  if (plan.form != Form::kList || plan.element != Form::kUuid) return array;
  const auto& list = static_cast<const arrow::ListArray&>(*array);
  const auto& element = static_cast<const arrow::ListType&>(*type).value_type();
  auto values = arrow::ExtensionType::WrapArray(element, list.values());
  return std::make_shared<arrow::ListArray>(type, list.length(), list.value_offsets(),
                                            values, list.null_bitmap(),
                                            list.null_count());
}

}  // namespace

Status AppendValue(Form form, const ColumnPlan& plan, std::string_view bytes,
                   arrow::ArrayBuilder* builder, const char** odd) {
  const char* data = bytes.data();
  if (int size = FixedSize(form);
      size >= 0 && bytes.size() != static_cast<size_t>(size)) {
    return BadSize();
  }
  switch (form) {
    case Form::kBool:
      return static_cast<arrow::BooleanBuilder&>(*builder).Append(*data != 0);
    case Form::kInt16:
      return static_cast<arrow::Int32Builder&>(*builder).Append(
          static_cast<int16_t>(Load16(data)));
    case Form::kInt32:
      return static_cast<arrow::Int32Builder&>(*builder).Append(
          static_cast<int32_t>(Load32(data)));
    case Form::kInt64:
      return static_cast<arrow::Int64Builder&>(*builder).Append(
          static_cast<int64_t>(Load64(data)));
    case Form::kOid:
      return static_cast<arrow::Int64Builder&>(*builder).Append(Load32(data));
    case Form::kFloat32:
      return static_cast<arrow::FloatBuilder&>(*builder).Append(
          std::bit_cast<float>(Load32(data)));
    case Form::kFloat64:
      return static_cast<arrow::DoubleBuilder&>(*builder).Append(
          std::bit_cast<double>(Load64(data)));
    case Form::kDecimal:
      return AppendDecimal(plan, bytes, builder, odd);
    case Form::kWideDecimal:
      return AppendWideDecimal(plan, bytes, builder, odd);
    case Form::kDate:
      return AppendDate(bytes, builder, odd);
    case Form::kTime: {
      const auto micros = static_cast<int64_t>(Load64(data));
      if (micros >= kDayMicros) {
        *odd = "24:00:00";
        return Status::OK();
      }
      return static_cast<arrow::Time64Builder&>(*builder).Append(micros);
    }
    case Form::kTimestamp:
      return AppendTimestamp(bytes, builder, odd);
    case Form::kUuid:
      return static_cast<arrow::FixedSizeBinaryBuilder&>(*builder).Append(data);
    case Form::kBinary:
      return static_cast<arrow::BinaryBuilder&>(*builder).Append(bytes);
    case Form::kText:
      return static_cast<arrow::StringBuilder&>(*builder).Append(bytes);
    case Form::kBlankPadded:
      return static_cast<arrow::StringBuilder&>(*builder).Append(
          bytes.substr(0, bytes.find_last_not_of(' ') + 1));
    case Form::kJsonb:
      if (bytes.empty() || bytes[0] != 1) return BadSize();
      return static_cast<arrow::StringBuilder&>(*builder).Append(bytes.substr(1));
    case Form::kList:
      break;
  }
  return Error(ErrorKind::kInternal, "a list inside a list was planned");
}

struct RowDecoder::Column {
  const ColumnPlan* plan;
  std::unique_ptr<arrow::ArrayBuilder> builder;
  int64_t num_odd = 0;
};

RowDecoder::RowDecoder(std::string label, bool check_text)
    : label_(std::move(label)), check_text_(check_text) {}
RowDecoder::~RowDecoder() = default;

Result<std::unique_ptr<RowDecoder>> RowDecoder::Make(
    const std::vector<ColumnPlan>* columns, std::string label, bool check_text) {
  std::unique_ptr<RowDecoder> decoder(new RowDecoder(std::move(label), check_text));
  arrow::FieldVector fields;
  for (const ColumnPlan& plan : *columns) {
    fields.push_back(plan.column.field);
    SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(StorageType(plan)));
    decoder->columns_.push_back({&plan, std::move(builder)});
  }
  decoder->schema_ = arrow::schema(std::move(fields));
  return decoder;
}

Status RowDecoder::InColumn(const Column& column, const Status& status) const {
  const std::string& name = column.plan->column.name;
  const std::string row = std::to_string(num_rows_ + 1);
  return Within("table " + label_ + ", column " + name + ", row " + row, status,
                {{"table", label_}, {"column", name}, {"row", row}});
}

Status RowDecoder::AppendColumn(Column& column, std::string_view bytes) {
  const ColumnPlan& plan = *column.plan;
  const char* odd = nullptr;
  if (plan.form == Form::kList) {
    SLUICE_TRY(AppendArray(plan, bytes, column.builder.get(), &column.num_odd, &odd));
  } else {
    SLUICE_TRY(AppendValue(plan.form, plan, bytes, column.builder.get(), &odd));
  }
  if (check_text_ && column.builder->type()->id() == arrow::Type::STRING &&
      !arrow::util::ValidateUTF8(bytes)) {
    return Error(
        ErrorKind::kCorrupt,
        "text that is not UTF-8 in a database of encoding SQL_ASCII; convert it in "
        "--query or read the column as bytea");
  }
  if (odd == nullptr) [[likely]]
    return Status::OK();
  if (plan.policy == connect::OddValuePolicy::kNull) {
    ++column.num_odd;
    return column.builder->AppendNull();
  }
  return Error(ErrorKind::kUserInput,
               plan.column.source_type +
                   " cannot hold this value in the lake, read on with "
                   "--out-of-range null or text: " +
                   odd);
}

Status RowDecoder::Append(const char* data, int64_t size) {
  const char* const end = data + size;
  if (!started_) {
    if (size < 19 || std::string_view(data, 11) != kSignature) {
      return Error(ErrorKind::kCorrupt, "the server did not send COPY BINARY: " + label_);
    }
    data += 19 + Load32(data + 15);
    started_ = true;
    if (data >= end) return Status::OK();
  }
  if (end - data < 2)
    return Error(ErrorKind::kCorrupt, "the server sent a row without columns");
  const auto count = static_cast<int16_t>(Load16(data));
  data += 2;
  if (count == -1) return Status::OK();
  if (static_cast<size_t>(count) != columns_.size()) {
    return Error(
        ErrorKind::kConflict,
        "the columns changed between planning and reading, start again: " + label_);
  }
  for (Column& column : columns_) {
    if (end - data < 4) return InColumn(column, BadSize());
    const auto length = static_cast<int32_t>(Load32(data));
    data += 4;
    Status status;
    if (length < 0) {
      status = column.builder->AppendNull();
    } else if (end - data < length) {
      status = BadSize();
    } else {
      status = AppendColumn(column, {data, static_cast<size_t>(length)});
      data += length;
    }
    if (!status.ok()) [[unlikely]]
      return InColumn(column, status);
  }
  ++num_rows_;
  ++batch_rows_;
  batch_bytes_ += size;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowDecoder::Finish() {
  if (batch_rows_ == 0) return nullptr;
  arrow::ArrayVector arrays;
  for (Column& column : columns_) {
    SLUICE_ASSIGN(auto array, column.builder->Finish());
    SLUICE_ASSIGN(array, WithFieldType(*column.plan, std::move(array)));
    arrays.push_back(std::move(array));
  }
  const int64_t rows = batch_rows_;
  batch_rows_ = 0;
  batch_bytes_ = 0;
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

std::map<std::string, int64_t> RowDecoder::OddValues() const {
  std::map<std::string, int64_t> odd;
  for (const Column& column : columns_) {
    if (column.num_odd > 0)
      odd[column.plan->column.name + ": out of range"] = column.num_odd;
  }
  return odd;
}

}  // namespace sluice::connectors::postgresql
