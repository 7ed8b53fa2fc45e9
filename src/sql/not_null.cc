#include "sql/not_null.h"

#include <optional>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace sluice::sql {
namespace {

bool HasRequiredPart(const arrow::DataType& type) {
  for (const auto& field : type.fields()) {
    if (!field->nullable() || HasRequiredPart(*field->type())) return true;
  }
  return false;
}

std::optional<std::string> FindNull(const arrow::Field& field, const arrow::Array& array,
                                    const arrow::Array* parent);

std::optional<std::string> FindNullInside(const arrow::Field& field,
                                          const arrow::Array& array) {
  if (!HasRequiredPart(*field.type())) return std::nullopt;
  std::optional<std::string> found;
  if (array.type_id() == arrow::Type::STRUCT) {
    const auto& structs = static_cast<const arrow::StructArray&>(array);
    for (int i = 0; i < structs.num_fields() && !found; ++i) {
      found = FindNull(*field.type()->field(i), *structs.field(i), &array);
    }
  } else if (array.type_id() == arrow::Type::LIST ||
             array.type_id() == arrow::Type::MAP) {
    const auto& lists = static_cast<const arrow::ListArray&>(array);
    found = FindNull(*field.type()->field(0), *lists.values(), nullptr);
  }
  if (found) return field.name() + "." + *found;
  return std::nullopt;
}

// `parent`: the struct around `array`, whose null rows have nothing in them.
std::optional<std::string> FindNull(const arrow::Field& field, const arrow::Array& array,
                                    const arrow::Array* parent) {
  if (!field.nullable() && array.null_count() > 0) {
    for (int64_t row = 0; row < array.length(); ++row) {
      if (array.IsNull(row) && !(parent && parent->IsNull(row))) return field.name();
    }
  }
  return FindNullInside(field, array);
}

}  // namespace

Status CheckNotNull(const std::string& table, const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (const auto column =
            FindNull(*batch.schema()->field(i), *batch.column(i), nullptr)) {
      return Error(
          ErrorKind::kUserInput,
          "a column that is NOT NULL got a null: give every row a value, or leave such "
          "rows out: " +
              table + "." + *column,
          {{"table", table}, {"column", *column}});
    }
  }
  return Status::OK();
}

}  // namespace sluice::sql
