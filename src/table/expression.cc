#include "table/expression.h"

#include <algorithm>

#include "table/manifest_schema_internal.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;
using Op = Predicate::Op;
using Kind = Transform::Kind;

// What is known about the values of one column, or of one partition field, in a file or
// in a manifest. Every doubt is on the side of "there may be".
struct Extent {
  Value lower, upper;  // null: unknown
  bool may_have_null = true;
  bool may_have_nan = false;
  bool may_have_value = true;  // anything but null
};

// The order in which queries compare: unlike in stored bounds the two zeros are equal.
int Order(const Value& left, const Value& right) {
  auto l = FloatNumber(left), r = FloatNumber(right);
  if (l && r) return *l < *r ? -1 : *l > *r ? 1 : 0;
  return CompareValues(left, right);
}

// True when `bound` is known and stands in the relation; unknown is never a reason to
// prune.
bool IsBelow(const Value& bound, const Value& literal) {
  return AreComparable(bound, literal) && Order(bound, literal) < 0;
}
bool IsAbove(const Value& bound, const Value& literal) {
  return AreComparable(bound, literal) && Order(bound, literal) > 0;
}
bool IsEqual(const Value& bound, const Value& literal) {
  return AreComparable(bound, literal) && Order(bound, literal) == 0;
}

// A pair of bounds in the wrong order comes from a writer with another order of the type.
void DropUnusableBounds(Extent* extent) {
  if (IsNan(extent->lower)) extent->lower = Value();
  if (IsNan(extent->upper)) extent->upper = Value();
  if (IsAbove(extent->lower, extent->upper)) extent->lower = extent->upper = Value();
}

bool MayEqual(const Extent& extent, const Value& literal) {
  return !IsAbove(extent.lower, literal) && !IsBelow(extent.upper, literal);
}

bool MayHold(Op op, const std::vector<Value>& literals, const Extent& extent) {
  if (op == Op::kIsNull) return extent.may_have_null;
  if (!extent.may_have_value) return false;  // a comparison with null is never true
  if (op == Op::kNotNull || literals.empty()) return true;
  if (op == Op::kEq || op == Op::kIn) {
    return std::any_of(literals.begin(), literals.end(),
                       [&](const Value& literal) { return MayEqual(extent, literal); });
  }
  const Value& literal = literals[0];
  switch (op) {
    case Op::kLt:
      return !IsAbove(extent.lower, literal) && !IsEqual(extent.lower, literal);
    case Op::kLe:
      return !IsAbove(extent.lower, literal);
    // NaN is above every number in SQL and is in no bound.
    case Op::kGt:
      return extent.may_have_nan ||
             (!IsBelow(extent.upper, literal) && !IsEqual(extent.upper, literal));
    case Op::kGe:
      return extent.may_have_nan || !IsBelow(extent.upper, literal);
    case Op::kNe:
      return extent.may_have_nan ||
             !(IsEqual(extent.lower, literal) && IsEqual(extent.upper, literal));
    default:
      return true;
  }
}

bool IsFloat(const Primitive& type) {
  return type.kind == PrimitiveKind::kFloat || type.kind == PrimitiveKind::kDouble;
}

Value DecodeBound(const Primitive& type, const std::map<int, std::string>& bounds,
                  int id) {
  auto it = bounds.find(id);
  if (it == bounds.end()) return Value();
  return DecodeValue(type, it->second).ValueOr(Value());
}

std::optional<int64_t> FindCount(const std::map<int, int64_t>& counts, int id) {
  auto it = counts.find(id);
  return it == counts.end() ? std::nullopt : std::optional<int64_t>(it->second);
}

Extent ColumnOfFile(const types::Field& field, const Primitive& type,
                    const DataFile& file) {
  Extent extent;
  extent.lower = DecodeBound(type, file.lower_bounds, field.id);
  extent.upper = DecodeBound(type, file.upper_bounds, field.id);
  auto nulls = FindCount(file.null_counts, field.id);
  int64_t values = FindCount(file.value_counts, field.id).value_or(file.record_count);
  extent.may_have_null = nulls.value_or(1) != 0;
  extent.may_have_value = file.record_count != 0 && !(nulls && *nulls >= values);
  extent.may_have_nan = IsFloat(type) && FindCount(file.nan_counts, field.id) != 0;
  DropUnusableBounds(&extent);
  return extent;
}

Extent PartitionOfFile(const Value& value) {
  Extent extent{.lower = value, .upper = value};
  extent.may_have_null = IsNull(value);
  extent.may_have_value = !IsNull(value);
  extent.may_have_nan = IsNan(value);
  DropUnusableBounds(&extent);
  return extent;
}

Extent PartitionOfManifest(const Primitive& type, const FieldSummary& summary) {
  Extent extent;
  auto decode = [&](const std::optional<std::string>& bound) {
    return bound ? DecodeValue(type, *bound).ValueOr(Value()) : Value();
  };
  extent.lower = decode(summary.lower_bound);
  extent.upper = decode(summary.upper_bound);
  extent.may_have_null = summary.contains_null;
  extent.may_have_nan = IsFloat(type) && summary.contains_nan.value_or(true);
  DropUnusableBounds(&extent);
  return extent;
}

// The operator that partition values must satisfy where source values satisfy `op`;
// nothing where that says nothing. Truncated text keeps its order only while it is UTF-8,
// and truncated numbers wrap around at the lower end, so of them only equality is used.
std::optional<Op> ProjectOp(Op op, const Transform& transform) {
  switch (transform.kind) {
    case Kind::kVoid:
      return std::nullopt;
    case Kind::kIdentity:
      return op;
    case Kind::kBucket:
    case Kind::kTruncate:
      if (op == Op::kLt || op == Op::kLe || op == Op::kGt || op == Op::kGe) {
        return std::nullopt;
      }
      [[fallthrough]];
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kDay:
    case Kind::kHour:
      if (op == Op::kNe) return std::nullopt;
      if (op == Op::kLt) return Op::kLe;
      if (op == Op::kGt) return Op::kGe;
      return op;
  }
  return std::nullopt;
}

// May rows whose partition value is in `extent` satisfy a predicate on the field's
// source?
bool MayHoldProjected(const Predicate& predicate, const Transform& transform,
                      const Primitive& source, const Extent& extent) {
  auto op = ProjectOp(predicate.op, transform);
  if (!op || !transform.ResultType(source).ok()) return true;
  std::vector<Value> literals;
  for (const Value& literal : predicate.values) {
    if (!IsNull(literal) && !FitsType(source, literal)) return true;
    literals.push_back(transform.Apply(source, literal));
  }
  return MayHold(*op, literals, extent);
}

const Primitive* PrimitiveOf(const types::Field* field) {
  return field ? std::get_if<Primitive>(&field->type->value) : nullptr;
}

bool HasNullOrNan(const Predicate& predicate) {
  return std::any_of(predicate.values.begin(), predicate.values.end(),
                     [](const Value& value) { return IsNull(value) || IsNan(value); });
}

}  // namespace

bool MayMatchFile(const Filter& filter, const Schema& schema, const PartitionSpec& spec,
                  const DataFile& file) {
  for (const Predicate& predicate : filter) {
    const types::Field* field = schema.FindById(predicate.field_id);
    const Primitive* type = PrimitiveOf(field);
    if (!type || HasNullOrNan(predicate)) continue;
    Extent column = ColumnOfFile(*field, *type, file);
    if (!MayHold(predicate.op, predicate.values, column)) return false;
    size_t count = std::min(spec.fields.size(), file.partition.size());
    for (size_t i = 0; i < count; ++i) {
      if (spec.fields[i].source_id != predicate.field_id) continue;
      Extent partition = PartitionOfFile(file.partition[i]);
      if (!MayHoldProjected(predicate, spec.fields[i].transform, *type, partition)) {
        return false;
      }
    }
  }
  return true;
}

bool MayMatchManifest(const Filter& filter, const Schema& schema,
                      const PartitionSpec& spec, const ManifestFile& manifest) {
  size_t count = std::min(spec.fields.size(), manifest.partitions.size());
  for (const Predicate& predicate : filter) {
    const Primitive* type = PrimitiveOf(schema.FindById(predicate.field_id));
    if (!type || HasNullOrNan(predicate)) continue;
    for (size_t i = 0; i < count; ++i) {
      const PartitionField& field = spec.fields[i];
      if (field.source_id != predicate.field_id) continue;
      Result<Primitive> result_type = field.transform.ResultType(*type);
      if (!result_type.ok()) continue;
      Extent extent = PartitionOfManifest(*result_type, manifest.partitions[i]);
      if (!MayHoldProjected(predicate, field.transform, *type, extent)) return false;
    }
  }
  return true;
}

}  // namespace sluice::table
