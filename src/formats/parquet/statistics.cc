#include <bit>
#include <cmath>
#include <cstring>

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <arrow/util/decimal.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include "formats/parquet/statistics_internal.h"

namespace sluice::formats::parquet::internal {
namespace {

using arrow::Type;

bool IsNested(Type::type id) {
  return id == Type::STRUCT || id == Type::LIST || id == Type::LARGE_LIST ||
         id == Type::FIXED_SIZE_LIST || id == Type::MAP;
}

bool HasFloats(const arrow::DataType& type) {
  if (type.id() == Type::FLOAT || type.id() == Type::DOUBLE) return true;
  for (const auto& field : type.fields()) {
    if (HasFloats(*field->type())) return true;
  }
  return false;
}

template <typename ArrayType>
int64_t NansOf(const arrow::Array& array) {
  const auto& floats = static_cast<const ArrayType&>(array);
  int64_t count = 0;
  const auto* values = floats.raw_values();
  if (floats.null_count() == 0) {
    for (int64_t i = 0; i < floats.length(); ++i) count += std::isnan(values[i]);
  } else {
    for (int64_t i = 0; i < floats.length(); ++i) {
      count += floats.IsValid(i) && std::isnan(values[i]);
    }
  }
  return count;
}

Result<std::shared_ptr<arrow::Array>> FlattenList(const arrow::Array& array) {
  switch (array.type_id()) {
    case Type::LARGE_LIST:
      return static_cast<const arrow::LargeListArray&>(array).Flatten();
    case Type::FIXED_SIZE_LIST:
      return static_cast<const arrow::FixedSizeListArray&>(array).Flatten();
    default:  // a map is a list of structs
      return static_cast<const arrow::ListArray&>(array).Flatten();
  }
}

void CountArray(const arrow::Array& array, int leaf, std::vector<int64_t>* counts) {
  if (!HasFloats(*array.type())) return;
  if (array.type_id() == Type::FLOAT) {
    (*counts)[leaf] += NansOf<arrow::FloatArray>(array);
  } else if (array.type_id() == Type::DOUBLE) {
    (*counts)[leaf] += NansOf<arrow::DoubleArray>(array);
  } else if (array.type_id() == Type::STRUCT) {
    const auto& parent = static_cast<const arrow::StructArray&>(array);
    for (int i = 0; i < parent.num_fields(); ++i) {
      // Flattened: with the parent's nulls and offset applied.
      auto child = parent.GetFlattenedField(i);
      if (child.ok()) CountArray(**child, leaf, counts);
      leaf += NumLeaves(*array.type()->field(i)->type());
    }
  } else if (IsNested(array.type_id())) {
    auto child = FlattenList(array);
    if (child.ok()) CountArray(**child, leaf, counts);
  }
}

template <typename T>
T Load(const std::string& bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof(T), bytes.size()));
  return value;
}

template <typename Decimal, typename ScalarType>
Result<std::shared_ptr<arrow::Scalar>> DecimalScalar(
    const std::string& bytes, ::parquet::Type::type physical,
    const std::shared_ptr<arrow::DataType>& type) {
  if (physical == ::parquet::Type::INT32) {
    return std::make_shared<ScalarType>(Decimal(int64_t{Load<int32_t>(bytes)}), type);
  }
  if (physical == ::parquet::Type::INT64) {
    return std::make_shared<ScalarType>(Decimal(Load<int64_t>(bytes)), type);
  }
  SLUICE_ASSIGN(Decimal value,
                Decimal::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                       static_cast<int32_t>(bytes.size())));
  return std::make_shared<ScalarType>(value, type);
}

/// One bound out of its plain encoding; null for a type without bounds.
Result<std::shared_ptr<arrow::Scalar>> BoundOf(
    const std::string& bytes, ::parquet::Type::type physical,
    const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case Type::BOOL:
      return arrow::MakeScalar(Load<uint8_t>(bytes) != 0);
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::DATE32:
      return arrow::MakeScalar(type, Load<int32_t>(bytes));
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
      return arrow::MakeScalar(type, Load<uint32_t>(bytes));
    case Type::UINT64:
      return arrow::MakeScalar(type, Load<uint64_t>(bytes));
    case Type::INT64:
    case Type::TIMESTAMP:
    case Type::TIME64:
      return arrow::MakeScalar(type, Load<int64_t>(bytes));
    case Type::FLOAT:
      return arrow::MakeScalar(Load<float>(bytes));
    case Type::DOUBLE:
      return arrow::MakeScalar(Load<double>(bytes));
    case Type::DECIMAL128:
      return DecimalScalar<arrow::Decimal128, arrow::Decimal128Scalar>(bytes, physical,
                                                                       type);
    case Type::DECIMAL256:
      return DecimalScalar<arrow::Decimal256, arrow::Decimal256Scalar>(bytes, physical,
                                                                       type);
    case Type::STRING:
    case Type::BINARY:
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
    case Type::FIXED_SIZE_BINARY:
      return arrow::MakeScalar(type, arrow::Buffer::FromString(bytes));
    case Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
      SLUICE_ASSIGN(auto storage, BoundOf(bytes, physical, extension.storage_type()));
      if (!storage) return storage;
      return std::make_shared<arrow::ExtensionScalar>(std::move(storage), type);
    }
    default:
      return nullptr;
  }
}

/// The smallest and largest plain-encoded values of the row groups seen so far.
class Bounds final {
 public:
  explicit Bounds(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Status Add(const ::parquet::ColumnChunkMetaData& chunk,
             const ::parquet::EncodedStatistics* stats) {
    bool only_nulls = stats != nullptr && stats->has_null_count &&
                      stats->null_count == chunk.num_values();
    if (unknown_ || only_nulls) return Status::OK();
    if (stats == nullptr || !stats->has_min || !stats->has_max ||
        !stats->is_min_value_exact.value_or(true) ||
        !stats->is_max_value_exact.value_or(true)) {
      // Floating point chunks have no bounds when they hold NaN only, which is no bound
      // either.
      bool floats = type_->id() == Type::FLOAT || type_->id() == Type::DOUBLE;
      unknown_ = !floats;
      return Status::OK();
    }
    SLUICE_ASSIGN(auto low, BoundOf(stats->min(), chunk.type(), type_));
    SLUICE_ASSIGN(auto high, BoundOf(stats->max(), chunk.type(), type_));
    if (!low || !high) {
      unknown_ = true;
      return Status::OK();
    }
    if (!min_ || Less(*low, *min_)) min_ = low;
    if (!max_ || Less(*max_, *high)) max_ = high;
    return Status::OK();
  }

  std::shared_ptr<arrow::Scalar> min() const { return unknown_ ? nullptr : min_; }
  std::shared_ptr<arrow::Scalar> max() const { return unknown_ ? nullptr : max_; }

 private:
  template <typename ScalarType>
  static bool LessAs(const arrow::Scalar& left, const arrow::Scalar& right) {
    return static_cast<const ScalarType&>(left).value <
           static_cast<const ScalarType&>(right).value;
  }

  /// Only called with bounds of one type, none of them NaN.
  static bool Less(const arrow::Scalar& left, const arrow::Scalar& right) {
    switch (left.type->id()) {
      case Type::BOOL:
        return LessAs<arrow::BooleanScalar>(left, right);
      case Type::INT8:
        return LessAs<arrow::Int8Scalar>(left, right);
      case Type::INT16:
        return LessAs<arrow::Int16Scalar>(left, right);
      case Type::INT32:
        return LessAs<arrow::Int32Scalar>(left, right);
      case Type::DATE32:
        return LessAs<arrow::Date32Scalar>(left, right);
      case Type::UINT8:
        return LessAs<arrow::UInt8Scalar>(left, right);
      case Type::UINT16:
        return LessAs<arrow::UInt16Scalar>(left, right);
      case Type::UINT32:
        return LessAs<arrow::UInt32Scalar>(left, right);
      case Type::UINT64:
        return LessAs<arrow::UInt64Scalar>(left, right);
      case Type::INT64:
        return LessAs<arrow::Int64Scalar>(left, right);
      case Type::TIMESTAMP:
        return LessAs<arrow::TimestampScalar>(left, right);
      case Type::TIME64:
        return LessAs<arrow::Time64Scalar>(left, right);
      case Type::FLOAT:
        return LessAs<arrow::FloatScalar>(left, right);
      case Type::DOUBLE:
        return LessAs<arrow::DoubleScalar>(left, right);
      case Type::DECIMAL128:
        return LessAs<arrow::Decimal128Scalar>(left, right);
      case Type::DECIMAL256:
        return LessAs<arrow::Decimal256Scalar>(left, right);
      case Type::EXTENSION:
        return Less(*static_cast<const arrow::ExtensionScalar&>(left).value,
                    *static_cast<const arrow::ExtensionScalar&>(right).value);
      default: {  // bytes, compared unsigned
        const auto& a = static_cast<const arrow::BaseBinaryScalar&>(left);
        const auto& b = static_cast<const arrow::BaseBinaryScalar&>(right);
        return a.view() < b.view();
      }
    }
  }

  const std::shared_ptr<arrow::DataType> type_;
  bool unknown_ = false;
  std::shared_ptr<arrow::Scalar> min_, max_;
};

Result<ColumnStats> CollectColumn(const ::parquet::FileMetaData& footer, int leaf,
                                  const std::shared_ptr<arrow::DataType>& type,
                                  int64_t nans) {
  const auto* column = footer.schema()->Column(leaf);
  ColumnStats stats;
  stats.field_id = std::max(0, column->schema_node()->field_id());
  bool floats = column->physical_type() == ::parquet::Type::FLOAT ||
                column->physical_type() == ::parquet::Type::DOUBLE;
  if (floats) stats.num_nans = nans;
  Bounds bounds(type);
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    auto chunk = footer.RowGroup(group)->ColumnChunk(leaf);
    auto encoded = chunk->is_stats_set() ? chunk->encoded_statistics() : nullptr;
    stats.compressed_bytes += chunk->total_compressed_size();
    stats.num_values += chunk->num_values();
    if (encoded) stats.num_nulls += encoded->null_count;
    bool top_level = !IsNested(type->id());
    if (top_level) SLUICE_TRY(bounds.Add(*chunk, encoded.get()));
  }
  stats.min = bounds.min();
  stats.max = bounds.max();
  return stats;
}

int64_t OffsetOf(const ::parquet::ColumnChunkMetaData& chunk) {
  bool dictionary = chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0;
  return dictionary ? std::min(chunk.dictionary_page_offset(), chunk.data_page_offset())
                    : chunk.data_page_offset();
}

}  // namespace

int NumLeaves(const arrow::DataType& type) {
  if (type.id() == Type::EXTENSION) {
    return NumLeaves(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  if (!IsNested(type.id())) return 1;
  int count = 0;
  for (const auto& field : type.fields()) count += NumLeaves(*field->type());
  return count;
}

void CountNans(const arrow::RecordBatch& batch, std::vector<int64_t>* counts) {
  int leaf = 0;
  for (const auto& column : batch.columns()) {
    CountArray(*column, leaf, counts);
    leaf += NumLeaves(*column->type());
  }
}

Result<FileStats> CollectStats(const ::parquet::FileMetaData& footer,
                               const arrow::Schema& schema,
                               const std::vector<int64_t>& nans) {
  FileStats stats;
  stats.num_rows = footer.num_rows();
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    stats.split_offsets.push_back(OffsetOf(*footer.RowGroup(group)->ColumnChunk(0)));
  }
  int leaf = 0;
  for (const auto& field : schema.fields()) {
    int end = leaf + NumLeaves(*field->type());
    for (; leaf < end; ++leaf) {
      SLUICE_ASSIGN(ColumnStats column, CollectColumn(footer, leaf, field->type(),
                                                      nans[static_cast<size_t>(leaf)]));
      stats.columns.push_back(std::move(column));
    }
  }
  return stats;
}

}  // namespace sluice::formats::parquet::internal
