#include "sql/table_filter.h"

#include <cmath>
#include <optional>
#include <utility>

#include "sql/duck_types.h"

namespace sluice::sql {
namespace {

using duckdb::TableFilterType;
using Op = table::Predicate::Op;

struct Column {
  int field_id;
  types::Primitive type;
};

std::optional<Op> ComparisonOp(duckdb::ExpressionType type) {
  switch (type) {
    case duckdb::ExpressionType::COMPARE_EQUAL:
      return Op::kEq;
    case duckdb::ExpressionType::COMPARE_NOTEQUAL:
      return Op::kNe;
    case duckdb::ExpressionType::COMPARE_LESSTHAN:
      return Op::kLt;
    case duckdb::ExpressionType::COMPARE_LESSTHANOREQUALTO:
      return Op::kLe;
    case duckdb::ExpressionType::COMPARE_GREATERTHAN:
      return Op::kGt;
    case duckdb::ExpressionType::COMPARE_GREATERTHANOREQUALTO:
      return Op::kGe;
    default:
      return std::nullopt;
  }
}

// DuckDB orders NaN above all numbers, file bounds leave it out: `x > 1` must keep files
// with NaN.
bool OrdersNan(const Column& column, Op op) {
  const bool floating = column.type.kind == types::PrimitiveKind::kFloat ||
                        column.type.kind == types::PrimitiveKind::kDouble;
  return floating && (op == Op::kGt || op == Op::kGe || op == Op::kNe);
}

// Constants whose order in SQL differs from the order of bounds: NaN, and the zeroes,
// which SQL holds equal and bounds do not.
bool IsOddConstant(const duckdb::Value& value) {
  const auto id = value.type().id();
  const bool floating =
      id == duckdb::LogicalTypeId::DOUBLE || id == duckdb::LogicalTypeId::FLOAT;
  if (value.IsNull() || !floating) return false;
  const double number = value.GetValue<double>();
  return std::isnan(number) || number == 0;
}

void AddComparison(const Column& column, const duckdb::ConstantFilter& filter,
                   table::Filter* out) {
  const auto op = ComparisonOp(filter.comparison_type);
  if (!op || OrdersNan(column, *op) || IsOddConstant(filter.constant)) return;
  auto value = ToTableValue(filter.constant, column.type);
  if (value) out->push_back({column.field_id, *op, {*std::move(value)}});
}

void AddIn(const Column& column, const duckdb::InFilter& filter, table::Filter* out) {
  table::Predicate predicate{column.field_id, Op::kIn, {}};
  for (const duckdb::Value& constant : filter.values) {
    auto value = ToTableValue(constant, column.type);
    if (!value || IsOddConstant(constant)) return;
    predicate.values.push_back(*std::move(value));
  }
  if (!predicate.values.empty()) out->push_back(std::move(predicate));
}

void AddFilter(const Column& column, const duckdb::TableFilter& filter,
               table::Filter* out) {
  switch (filter.filter_type) {
    case TableFilterType::CONSTANT_COMPARISON:
      return AddComparison(column, filter.Cast<duckdb::ConstantFilter>(), out);
    case TableFilterType::IN_FILTER:
      return AddIn(column, filter.Cast<duckdb::InFilter>(), out);
    case TableFilterType::IS_NULL:
      return out->push_back({column.field_id, Op::kIsNull, {}});
    case TableFilterType::IS_NOT_NULL:
      return out->push_back({column.field_id, Op::kNotNull, {}});
    case TableFilterType::CONJUNCTION_AND:
      for (const auto& child :
           filter.Cast<duckdb::ConjunctionAndFilter>().child_filters) {
        AddFilter(column, *child, out);
      }
      return;
    case TableFilterType::OPTIONAL_FILTER: {
      const auto& optional = filter.Cast<duckdb::OptionalFilter>();
      if (optional.child_filter) AddFilter(column, *optional.child_filter, out);
      return;
    }
    case TableFilterType::DYNAMIC_FILTER: {
      const auto& data = filter.Cast<duckdb::DynamicFilter>().filter_data;
      if (!data) return;
      duckdb::lock_guard<duckdb::mutex> lock(data->lock);
      if (data->initialized && data->filter) AddComparison(column, *data->filter, out);
      return;
    }
    default:
      return;
  }
}

}  // namespace

table::Filter ToPruningFilter(const duckdb::TableFilterSet& filters,
                              const std::function<int64_t(uint64_t)>& column_of_filter,
                              const table::Schema& schema) {
  table::Filter result;
  for (const auto& [key, filter] : filters.filters) {
    const int64_t position = column_of_filter(key);
    if (position < 0 || position >= std::ssize(schema.columns.fields)) continue;
    const types::Field& field = schema.columns.fields[static_cast<size_t>(position)];
    const auto* primitive = std::get_if<types::Primitive>(&field.type->value);
    if (primitive) AddFilter({field.id, *primitive}, *filter, &result);
  }
  return result;
}

}  // namespace sluice::sql
