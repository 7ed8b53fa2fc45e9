#include "connectors/fake/rows.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>

namespace sluice::connectors::fake {
namespace {

// SplitMix64's finaliser: neighbouring rows get unrelated values.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

struct ColumnMaker {
  const arrow::Field& field;
  int index;
  uint64_t seed;

  bool IsRowNumber() const {
    arrow::Type::type id = field.type()->id();
    return index == 0 && (id == arrow::Type::INT64 || id == arrow::Type::INT32);
  }
  uint64_t Bits(int64_t row) const {
    return Mix(Mix(seed + 31 * static_cast<uint64_t>(index)) +
               static_cast<uint64_t>(row));
  }
  bool NullAt(int64_t row) const {
    return field.nullable() && !IsRowNumber() && Bits(row) % 7 == 0;
  }
  // 50 to 99, so that it fits every type.
  int64_t Small(int64_t row) const {
    return static_cast<int64_t>(Bits(row) >> 8) % 50 + 50;
  }
};

using ArrayResult = Result<std::shared_ptr<arrow::Array>>;

ArrayResult MakeNumbers(const ColumnMaker& column, int64_t first, int64_t count) {
  arrow::Int64Builder builder;
  SLUICE_TRY(builder.Reserve(count));
  for (int64_t row = first; row < first + count; ++row) {
    if (column.NullAt(row)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(column.IsRowNumber() ? row : column.Small(row));
    }
  }
  return builder.Finish();
}

template <typename Builder, typename Append>
ArrayResult MakeEach(const ColumnMaker& column, int64_t first, int64_t count,
                     Builder& builder, const Append& append) {
  for (int64_t row = first; row < first + count; ++row) {
    SLUICE_TRY(column.NullAt(row) ? builder.AppendNull() : append(row));
  }
  return builder.Finish();
}

ArrayResult CastTo(const std::shared_ptr<arrow::Array>& array,
                   const std::shared_ptr<arrow::DataType>& type) {
  return arrow::compute::Cast(*array, type);
}

ArrayResult MakeColumn(const ColumnMaker& column, int64_t first, int64_t count) {
  const auto& type = column.field.type();
  switch (type->id()) {
    case arrow::Type::STRING: {
      arrow::StringBuilder builder;
      return MakeEach(column, first, count, builder, [&](int64_t row) {
        return builder.Append("text " + std::to_string(column.Small(row)));
      });
    }
    case arrow::Type::BINARY: {
      arrow::BinaryBuilder builder;
      return MakeEach(column, first, count, builder, [&](int64_t row) {
        return builder.Append(std::string("\0\xff", 2) +
                              std::to_string(column.Small(row)));
      });
    }
    case arrow::Type::DECIMAL128: {
      arrow::Decimal128Builder builder(type);
      return MakeEach(column, first, count, builder, [&](int64_t row) {
        return builder.Append(arrow::Decimal128(column.Small(row)));
      });
    }
    case arrow::Type::DECIMAL256: {
      arrow::Decimal256Builder builder(type);
      return MakeEach(column, first, count, builder, [&](int64_t row) {
        return builder.Append(arrow::Decimal256(column.Small(row)));
      });
    }
    case arrow::Type::DATE32:
    case arrow::Type::TIME32: {
      SLUICE_ASSIGN(auto numbers, MakeNumbers(column, first, count));
      SLUICE_ASSIGN(auto narrow, CastTo(numbers, arrow::int32()));
      return CastTo(narrow, type);
    }
    default: {
      SLUICE_ASSIGN(auto numbers, MakeNumbers(column, first, count));
      auto cast = CastTo(numbers, type);
      if (cast.ok()) return cast;
      return Error(ErrorKind::kUserInput,
                   "the fake source has no values of this type: " + type->ToString());
    }
  }
}

std::shared_ptr<arrow::Schema> TypesSchema() {
  arrow::FieldVector fields = {arrow::field("id", arrow::int64(), false)};
  for (const auto& type : {arrow::boolean(),
                           arrow::int8(),
                           arrow::uint8(),
                           arrow::int16(),
                           arrow::uint16(),
                           arrow::int32(),
                           arrow::uint32(),
                           arrow::int64(),
                           arrow::uint64(),
                           arrow::float32(),
                           arrow::float64(),
                           arrow::date32(),
                           arrow::time64(arrow::TimeUnit::MICRO),
                           arrow::timestamp(arrow::TimeUnit::MICRO),
                           arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"),
                           arrow::utf8(),
                           arrow::binary(),
                           arrow::decimal128(9, 2),
                           arrow::decimal128(38, 10),
                           arrow::large_utf8()}) {
    fields.push_back(arrow::field("c" + std::to_string(fields.size()), type));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> NamedSchema(std::string_view name) {
  auto id = arrow::field("id", arrow::int64(), false);
  if (name == "orders") {
    return arrow::schema(
        {id, arrow::field("customer", arrow::int32(), false),
         arrow::field("status", arrow::utf8()),
         arrow::field("total", arrow::decimal128(12, 2)),
         arrow::field("created", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  }
  if (name == "types") return TypesSchema();
  if (name == "wide_decimal") {
    return arrow::schema({id, arrow::field("amount", arrow::decimal256(50, 4))});
  }
  if (name == "same_names") {
    return arrow::schema(
        {id, arrow::field("note", arrow::utf8()), arrow::field("NOTE", arrow::utf8())});
  }
  return Error(ErrorKind::kUserInput,
               "a fake schema is one of orders, types, wide_decimal, same_names: " +
                   std::string(name));
}

Result<std::shared_ptr<arrow::RecordBatch>> RowMaker::Make(int64_t first,
                                                           int64_t count) const {
  arrow::ArrayVector columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    ColumnMaker column{*schema->field(i), i, seed};
    SLUICE_ASSIGN(auto array, MakeColumn(column, first, count));
    columns.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, count, std::move(columns));
}

}  // namespace sluice::connectors::fake
