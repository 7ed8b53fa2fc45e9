#include "table/avro_record_internal.h"

#include <algorithm>
#include <limits>

#include "table/value_internal.h"

namespace sluice::table {
namespace {

namespace avro = formats::avro;
using types::Primitive;
using types::PrimitiveKind;

Status WrongField(int id, std::string_view name) {
  return Error(ErrorKind::kCorrupt,
               "field is absent or of another type: " + std::string(name) + " (id " +
                   std::to_string(id) + ")");
}

template <typename T>
Result<std::optional<T>> FindAs(const std::optional<AvroRecord::Column>& column, int id,
                                std::string_view name) {
  if (!column) return std::nullopt;
  const T* value = std::get_if<T>(&column->datum->value);
  if (!value) return WrongField(id, name);
  return std::optional<T>(*value);
}

Status WrongValue(const Primitive& type) {
  return Error(ErrorKind::kCorrupt, "partition value is not of its type " +
                                        types::TypeText(types::Type{type}));
}

}  // namespace

AvroRecord::AvroRecord(const avro::Schema& schema, const avro::Datums& fields)
    : schema_(&schema), fields_(&fields) {
  has_ids_ = std::any_of(schema.fields.begin(), schema.fields.end(),
                         [](const auto& field) { return field.field_id.has_value(); });
}

Result<AvroRecord> AvroRecord::Make(const avro::Schema& schema,
                                    const avro::Datum& datum) {
  const auto* fields = std::get_if<avro::Datums>(&datum.value);
  if (!fields || schema.kind != avro::Kind::kRecord) {
    return Error(ErrorKind::kCorrupt, "Avro file does not hold records");
  }
  return AvroRecord(schema, *fields);
}

std::optional<AvroRecord::Column> AvroRecord::Find(int id, std::string_view name) const {
  int index = has_ids_ ? schema_->FindField(id) : schema_->FindField(name);
  if (index < 0 || (*fields_)[index].is_null()) return std::nullopt;
  return Column{&schema_->fields[index].type->NonNull(), &(*fields_)[index]};
}

Result<std::optional<int64_t>> AvroRecord::FindLong(int id, std::string_view name) const {
  return FindAs<int64_t>(Find(id, name), id, name);
}

Result<std::optional<bool>> AvroRecord::FindBool(int id, std::string_view name) const {
  return FindAs<bool>(Find(id, name), id, name);
}

Result<std::optional<std::string>> AvroRecord::FindBytes(int id,
                                                         std::string_view name) const {
  return FindAs<std::string>(Find(id, name), id, name);
}

Result<int64_t> AvroRecord::GetLong(int id, std::string_view name) const {
  SLUICE_ASSIGN(auto value, FindLong(id, name));
  if (!value) return WrongField(id, name);
  return *value;
}

Result<std::string> AvroRecord::GetBytes(int id, std::string_view name) const {
  SLUICE_ASSIGN(auto value, FindBytes(id, name));
  if (!value) return WrongField(id, name);
  return *std::move(value);
}

Result<AvroRecord> AvroRecord::GetRecord(int id, std::string_view name) const {
  std::optional<Column> column = Find(id, name);
  if (!column) return WrongField(id, name);
  return Make(*column->schema, *column->datum);
}

Result<const avro::Datums*> AvroRecord::FindArray(int id, std::string_view name,
                                                  const avro::Schema** item) const {
  std::optional<Column> column = Find(id, name);
  if (!column) return nullptr;
  const auto* items = std::get_if<avro::Datums>(&column->datum->value);
  if (!items || column->schema->kind != avro::Kind::kArray) return WrongField(id, name);
  *item = &column->schema->parts[0]->NonNull();
  return items;
}

Result<Value> ValueFromDatum(const Primitive& type, const avro::Datum& datum) {
  if (datum.is_null()) return Value();
  Value value;
  if (const auto* flag = std::get_if<bool>(&datum.value)) {
    value = *flag;
  } else if (const auto* number = std::get_if<int64_t>(&datum.value)) {
    bool narrow = type.kind == PrimitiveKind::kInt || type.kind == PrimitiveKind::kDate;
    if (narrow && *number != static_cast<int32_t>(*number)) return WrongValue(type);
    value = narrow ? Value(static_cast<int32_t>(*number)) : Value(*number);
  } else if (const auto* single = std::get_if<float>(&datum.value)) {
    value = *single;
  } else if (const auto* real = std::get_if<double>(&datum.value)) {
    value = *real;
  } else if (const auto* bytes = std::get_if<std::string>(&datum.value)) {
    if (type.kind == PrimitiveKind::kDecimal || type.kind == PrimitiveKind::kUuid) {
      return DecodeValue(type, *bytes);
    }
    value = *bytes;
  }
  if (!FitsType(type, value)) return WrongValue(type);
  return value;
}

Result<avro::Datum> DatumFromValue(const Primitive& type, const avro::Schema& avro_type,
                                   const Value& value) {
  if (IsNull(value)) return avro::Datum();
  if (!FitsType(type, value)) {
    return Error(ErrorKind::kInternal, "partition value is not of its type " +
                                           types::TypeText(types::Type{type}));
  }
  if (auto number = WholeNumber(value)) return avro::Datum(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return avro::Datum(*flag);
  if (const auto* single = std::get_if<float>(&value);
      single && type.kind == PrimitiveKind::kFloat) {
    return avro::Datum(*single);
  }
  if (auto real = FloatNumber(value)) return avro::Datum(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return avro::Datum(*text);
  const auto& decimal = std::get<arrow::Decimal128>(value);
  std::string bytes = EncodeDecimal(decimal);
  size_t size = static_cast<size_t>(avro_type.size);
  if (bytes.size() < size) {
    bytes.insert(0, size - bytes.size(), decimal.IsNegative() ? '\xff' : '\0');
  }
  return avro::Datum(std::move(bytes));
}

}  // namespace sluice::table
