#include "cli/cell_text.h"

#include <cmath>

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"

namespace sluice::cli {
namespace {

constexpr int64_t kDayUs = int64_t{86400} * 1000000;

std::string DateText(int64_t days) {
  // Howard Hinnant's civil_from_days, valid for every int32 day.
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t day_of_era = z - era * 146097;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t year = year_of_era + era * 400;
  int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  if (month <= 2) ++year;
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string TimeOfDayText(int64_t us) {
  int64_t seconds = us / 1000000, fraction = us % 1000000;
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (fraction == 0) return text;
  text += fmt::format(".{:06}", fraction);
  while (text.back() == '0') text.pop_back();
  return text;
}

int64_t ToMicros(int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return value * 1000000;
    case arrow::TimeUnit::MILLI:
      return value * 1000;
    case arrow::TimeUnit::MICRO:
      return value;
    case arrow::TimeUnit::NANO:
      return value / 1000;
  }
  return value;
}

std::string TimestampText(const arrow::TimestampArray& array, int64_t row) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  int64_t us = ToMicros(array.Value(row), type.unit());
  int64_t days = us / kDayUs, rest = us % kDayUs;
  if (rest < 0) {
    rest += kDayUs;
    --days;
  }
  return DateText(days) + " " + TimeOfDayText(rest) +
         (type.timezone().empty() ? "" : "+00");
}

template <typename ArrayType>
std::string NumberText(const arrow::Array& array, int64_t row) {
  return fmt::format("{}", static_cast<const ArrayType&>(array).Value(row));
}

std::string ScalarText(const arrow::Array& array, int64_t row) {
  auto scalar = array.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : std::string("?");
}

std::string ListText(const arrow::Array& values, int64_t from, int64_t to, bool json) {
  std::string text = "[";
  for (int64_t i = from; i < to; ++i) {
    if (i > from) text += json ? "," : ", ";
    text += json ? CellJson(values, i) : values.IsNull(i) ? "NULL" : CellText(values, i);
  }
  return text + "]";
}

std::string StructText(const arrow::StructArray& array, int64_t row, bool json) {
  std::string text = "{";
  for (int i = 0; i < array.num_fields(); ++i) {
    const std::string& name = array.struct_type()->field(i)->name();
    const arrow::Array& child = *array.field(i);
    if (i > 0) text += json ? "," : ", ";
    text += json ? ToText(Json(name)) + ":" + CellJson(child, row)
                 : name + ": " + (child.IsNull(row) ? "NULL" : CellText(child, row));
  }
  return text + "}";
}

std::string NestedText(const arrow::Array& array, int64_t row, bool json) {
  switch (array.type_id()) {
    case arrow::Type::STRUCT:
      return StructText(static_cast<const arrow::StructArray&>(array), row, json);
    case arrow::Type::LARGE_LIST: {
      const auto& list = static_cast<const arrow::LargeListArray&>(array);
      return ListText(*list.values(), list.value_offset(row), list.value_offset(row + 1),
                      json);
    }
    default: {
      const auto& list = static_cast<const arrow::ListArray&>(array);  // MAP is one too
      return ListText(*list.values(), list.value_offset(row), list.value_offset(row + 1),
                      json);
    }
  }
}

bool IsNested(arrow::Type::type id) {
  return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST ||
         id == arrow::Type::STRUCT || id == arrow::Type::MAP;
}

std::string ExtensionText(const arrow::ExtensionArray& array, int64_t row) {
  const auto& type = static_cast<const arrow::ExtensionType&>(*array.type());
  if (type.extension_name() != "arrow.uuid") return CellText(*array.storage(), row);
  const auto& bytes = static_cast<const arrow::FixedSizeBinaryArray&>(*array.storage());
  std::array<uint8_t, 16> uuid;
  std::copy_n(bytes.GetValue(row), 16, uuid.begin());
  return UuidText(uuid);
}

}  // namespace

std::string CellText(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "";
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    case arrow::Type::INT32:
      return NumberText<arrow::Int32Array>(array, row);
    case arrow::Type::INT64:
      return NumberText<arrow::Int64Array>(array, row);
    case arrow::Type::FLOAT:
      return NumberText<arrow::FloatArray>(array, row);
    case arrow::Type::DOUBLE:
      return NumberText<arrow::DoubleArray>(array, row);
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(array).GetString(row);
    case arrow::Type::BINARY:
      return "\\x" + HexText(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::FIXED_SIZE_BINARY:
      return "\\x" +
             HexText(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row));
    case arrow::Type::DECIMAL128:
      return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    case arrow::Type::DECIMAL256:
      return static_cast<const arrow::Decimal256Array&>(array).FormatValue(row);
    case arrow::Type::DATE32:
      return DateText(static_cast<const arrow::Date32Array&>(array).Value(row));
    case arrow::Type::TIME64:
      return TimeOfDayText(
          ToMicros(static_cast<const arrow::Time64Array&>(array).Value(row),
                   static_cast<const arrow::Time64Type&>(*array.type()).unit()));
    case arrow::Type::TIMESTAMP:
      return TimestampText(static_cast<const arrow::TimestampArray&>(array), row);
    case arrow::Type::EXTENSION:
      return ExtensionText(static_cast<const arrow::ExtensionArray&>(array), row);
    default:
      return IsNested(array.type_id()) ? NestedText(array, row, false)
                                       : ScalarText(array, row);
  }
}

std::string CellJson(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "null";
  switch (array.type_id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return CellText(array, row);
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: {
      std::string text = CellText(array, row);
      bool finite = text.find_first_of("nN") == std::string::npos;
      return finite ? text : ToText(Json(text));
    }
    default:
      return IsNested(array.type_id()) ? NestedText(array, row, true)
                                       : ToText(Json(CellText(array, row)));
  }
}

}  // namespace sluice::cli
