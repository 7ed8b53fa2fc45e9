#include "connectors/sqlite/column_internal.h"

#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace sluice::connectors::sqlite {
namespace {

namespace sq = ::sluice::sqlite;
using connect::OddValuePolicy;
using types::Fidelity;

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Reads "decimal(12,2)" and "numeric(12)"; false for another form or a precision
/// over 38.
bool ParseDecimal(const std::string& lower, int32_t* precision, int32_t* scale) {
  size_t open = lower.find('('), close = lower.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open)
    return false;
  auto parts = SplitText(std::string_view(lower).substr(open + 1, close - open - 1), ',');
  std::array<int32_t, 2> numbers{0, 0};
  if (parts.size() > 2) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::string_view part = Trim(parts[i]);
    auto [end, error] = std::from_chars(part.begin(), part.end(), numbers[i]);
    if (error != std::errc() || end != part.end()) return false;
  }
  *precision = numbers[0];
  *scale = numbers[1];
  return *precision >= 1 && *precision <= 38 && *scale >= 0 && *scale <= *precision;
}

Form FormOf(const std::string& lower, int32_t* precision, int32_t* scale) {
  if (lower == "boolean" || lower == "bool") return Form::kBool;
  if (Contains(lower, "date") || Contains(lower, "time")) return Form::kAnyText;
  if (lower.starts_with("decimal") || lower.starts_with("numeric")) {
    return ParseDecimal(lower, precision, scale) ? Form::kDecimal : Form::kAnyText;
  }
  if (Contains(lower, "int")) return Form::kInt64;
  if (Contains(lower, "char") || Contains(lower, "clob") || Contains(lower, "text")) {
    return Form::kText;
  }
  if (Contains(lower, "blob") || Contains(lower, "binary")) return Form::kBinary;
  if (Contains(lower, "real") || Contains(lower, "floa") || Contains(lower, "doub")) {
    return Form::kDouble;
  }
  return Form::kAnyText;
}

std::shared_ptr<arrow::DataType> ArrowType(const ColumnPlan& plan) {
  switch (plan.form) {
    case Form::kInt64:
      return arrow::int64();
    case Form::kBool:
      return arrow::boolean();
    case Form::kDouble:
      return arrow::float64();
    case Form::kDecimal:
      return arrow::decimal128(plan.precision, plan.scale);
    case Form::kBinary:
      return arrow::binary();
    case Form::kText:
    case Form::kAnyText:
      break;
  }
  return arrow::utf8();
}

std::string PolicyNote(const ColumnPlan& plan, bool as_text) {
  if (as_text) return "text of every value, blobs as x'..' (--wrong-storage-class text)";
  switch (plan.policy) {
    case OddValuePolicy::kNull:
      return "a value of another storage class becomes null and is counted";
    case OddValuePolicy::kText:
      return "bytes of text values as they are";
    case OddValuePolicy::kError:
      break;
  }
  return "a value of another storage class stops the import (--wrong-storage-class)";
}

std::string KindText(const sq::Statement& row, int index) {
  switch (row.class_of(index)) {
    case sq::ValueClass::kInteger:
      return "integer " + std::to_string(row.int_at(index));
    case sq::ValueClass::kReal:
      return "real " + DoubleText(row.double_at(index));
    case sq::ValueClass::kText:
      return "text '" + std::string(row.text_at(index).substr(0, 60)) + "'";
    case sq::ValueClass::kBlob:
      return "blob x'" + HexText(row.blob_at(index).substr(0, 30)) + "'";
    case sq::ValueClass::kNull:
      break;
  }
  return "null";
}

std::string AnyText(const sq::Statement& row, int index) {
  switch (row.class_of(index)) {
    case sq::ValueClass::kInteger:
      return std::to_string(row.int_at(index));
    case sq::ValueClass::kReal:
      return DoubleText(row.double_at(index));
    default:
      return "x'" + HexText(row.blob_at(index)) + "'";
  }
}

}  // namespace

std::string DoubleText(double value) {
  std::array<char, 32> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), end);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// Every integer up to here is a double too.
constexpr int64_t kExactDoubleMax = int64_t{1} << 53;

ColumnPlan PlanColumn(const ColumnFacts& facts, bool exact, OddValuePolicy policy) {
  ColumnPlan plan;
  plan.policy = policy;
  const std::string lower = Lower(facts.declared_type);
  plan.form = FormOf(lower, &plan.precision, &plan.scale);
  const Form declared_form = plan.form;
  const bool is_text = plan.form == Form::kText || plan.form == Form::kAnyText;
  const bool as_text =
      policy == OddValuePolicy::kText && !exact && plan.form != Form::kBinary;
  if (as_text) plan.form = Form::kAnyText;

  connect::Column& column = plan.column;
  column.name = facts.name;
  column.source_type = facts.declared_type;
  const bool may_null = policy == OddValuePolicy::kNull && (!exact || is_text);
  column.field =
      arrow::field(facts.name, ArrowType(plan), /*nullable=*/!facts.not_null || may_null);
  if (declared_form == Form::kAnyText || (as_text && !is_text)) {
    column.fidelity = Fidelity::kTextForm;
  }
  if (may_null) column.fidelity = Fidelity::kLossy;
  if (declared_form == Form::kAnyText && !as_text) {
    column.note = facts.declared_type.empty() ? "no declared type: text form; "
                                              : "text form of the value as stored; ";
  }
  if (!exact) column.note += PolicyNote(plan, as_text);
  return plan;
}

ColumnBuilder::ColumnBuilder(const ColumnPlan* plan,
                             std::unique_ptr<arrow::ArrayBuilder> builder)
    : plan_(plan), builder_(std::move(builder)) {}

ColumnBuilder::~ColumnBuilder() = default;

Result<std::unique_ptr<ColumnBuilder>> ColumnBuilder::Make(const ColumnPlan* plan) {
  SLUICE_ASSIGN(auto builder, arrow::MakeBuilder(plan->column.field->type()));
  return std::unique_ptr<ColumnBuilder>(new ColumnBuilder(plan, std::move(builder)));
}

Status ColumnBuilder::Append(const sq::Statement& row, int index) {
  const sq::ValueClass value = row.class_of(index);
  bytes_ += 8;
  if (value == sq::ValueClass::kNull) return builder_->AppendNull();
  switch (plan_->form) {
    case Form::kInt64:
      if (value != sq::ValueClass::kInteger) return AppendOdd(row, index);
      return static_cast<arrow::Int64Builder&>(*builder_).Append(row.int_at(index));
    case Form::kBool:
      if (value != sq::ValueClass::kInteger || (row.int_at(index) & ~int64_t{1}) != 0) {
        return AppendOdd(row, index);
      }
      return static_cast<arrow::BooleanBuilder&>(*builder_).Append(row.int_at(index) ==
                                                                   1);
    case Form::kDouble: {
      if (value == sq::ValueClass::kInteger &&
          (row.int_at(index) > kExactDoubleMax || row.int_at(index) < -kExactDoubleMax)) {
        return AppendOdd(row, index);
      }
      if (value != sq::ValueClass::kReal && value != sq::ValueClass::kInteger) {
        return AppendOdd(row, index);
      }
      return static_cast<arrow::DoubleBuilder&>(*builder_).Append(row.double_at(index));
    }
    case Form::kDecimal:
      return AppendDecimal(row, index);
    case Form::kBinary: {
      bool as_bytes =
          value == sq::ValueClass::kText && plan_->policy == OddValuePolicy::kText;
      if (value != sq::ValueClass::kBlob && !as_bytes) return AppendOdd(row, index);
      std::string_view bytes = as_bytes ? row.text_at(index) : row.blob_at(index);
      bytes_ += static_cast<int64_t>(bytes.size());
      num_odd_ += as_bytes ? 1 : 0;
      return static_cast<arrow::BinaryBuilder&>(*builder_).Append(bytes);
    }
    case Form::kText:
    case Form::kAnyText:
      return AppendText(row, index);
  }
  return Status::OK();
}

Status ColumnBuilder::AppendText(const sq::Statement& row, int index) {
  auto& builder = static_cast<arrow::StringBuilder&>(*builder_);
  const sq::ValueClass value = row.class_of(index);
  if (value == sq::ValueClass::kText) {
    std::string_view text = row.text_at(index);
    bytes_ += static_cast<int64_t>(text.size());
    if (!arrow::util::ValidateUTF8(text)) return AppendOdd(row, index);
    return builder.Append(text);
  }
  if (plan_->form == Form::kText || value == sq::ValueClass::kBlob) {
    return AppendOdd(row, index);
  }
  return builder.Append(AnyText(row, index));
}

Status ColumnBuilder::AppendDecimal(const sq::Statement& row, int index) {
  std::string text;
  switch (row.class_of(index)) {
    case sq::ValueClass::kInteger:
      text = std::to_string(row.int_at(index));
      break;
    case sq::ValueClass::kReal:
      if (!std::isfinite(row.double_at(index))) return AppendOdd(row, index);
      text = DoubleText(row.double_at(index));
      break;
    default:
      return AppendOdd(row, index);
  }
  arrow::Decimal128 value;
  int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) {
    return AppendOdd(row, index);
  }
  auto scaled = value.Rescale(scale, plan_->scale);
  if (!scaled.ok() || !scaled->FitsInPrecision(plan_->precision))
    return AppendOdd(row, index);
  bytes_ += 8;
  return static_cast<arrow::Decimal128Builder&>(*builder_).Append(*scaled);
}

/// A value that its column's form does not hold: error, null, or its text.
Status ColumnBuilder::AppendOdd(const sq::Statement& row, int index) {
  const bool is_text_builder =
      plan_->form == Form::kText || plan_->form == Form::kAnyText;
  if (plan_->policy == OddValuePolicy::kText && is_text_builder) {
    ++num_odd_;
    std::string text = AnyText(row, index);
    bytes_ += static_cast<int64_t>(text.size());
    return static_cast<arrow::StringBuilder&>(*builder_).Append(text);
  }
  if (plan_->policy == OddValuePolicy::kNull) {
    ++num_odd_;
    return builder_->AppendNull();
  }
  const std::string& type = plan_->column.source_type;
  return Error(
      ErrorKind::kCorrupt,
      "value contradicts the declared type " + (type.empty() ? "(none)" : type) +
          ", read on with --wrong-storage-class null or text: " + KindText(row, index));
}

Result<std::shared_ptr<arrow::Array>> ColumnBuilder::Finish() {
  bytes_ = 0;
  return builder_->Finish();
}

}  // namespace sluice::connectors::sqlite
