#include "connectors/mysql/columns.h"

#include <set>

#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <mysql.h>

#include "base/text.h"

namespace sluice::connectors::mysql {
namespace {

using connect::OddValuePolicy;
using types::Fidelity;

constexpr int kBinaryCharset = 63;
constexpr int kDecimal128Digits = 38;
constexpr int kMysqlJson = 245;  // MySQL's own JSON type

/// The result of the mapping of one type.
struct Mapping {
  Codec codec;
  std::shared_ptr<arrow::DataType> type;
  Fidelity fidelity = Fidelity::kExact;
  std::string note;
  std::string source_type;
  int precision = 0;
  int scale = 0;
};

Mapping Widened(Codec codec, std::shared_ptr<arrow::DataType> type,
                std::string source_type) {
  return {codec, std::move(type), Fidelity::kCompatible, "", std::move(source_type)};
}

Mapping MapInteger(const WireField& field) {
  const bool is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
  const std::string suffix = is_unsigned ? " unsigned" : "";
  switch (field.type) {
    case MYSQL_TYPE_TINY:
      return Widened(is_unsigned ? Codec::kUInt8 : Codec::kInt8, arrow::int32(),
                     "tinyint" + suffix);
    case MYSQL_TYPE_SHORT:
      return Widened(is_unsigned ? Codec::kUInt16 : Codec::kInt16, arrow::int32(),
                     "smallint" + suffix);
    case MYSQL_TYPE_INT24:
      return Widened(Codec::kInt32, arrow::int32(), "mediumint" + suffix);
    case MYSQL_TYPE_LONG:
      if (is_unsigned) return Widened(Codec::kUInt32, arrow::int64(), "int unsigned");
      return {Codec::kInt32, arrow::int32(), Fidelity::kExact, "", "int"};
    default:
      if (is_unsigned) {
        return Widened(Codec::kUInt64, arrow::decimal128(20, 0), "bigint unsigned");
      }
      return {Codec::kInt64, arrow::int64(), Fidelity::kExact, "", "bigint"};
  }
}

Mapping MapDecimal(const WireField& field, const connect::ReadOptions& options) {
  const bool is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
  const int scale = field.decimals;
  const int precision =
      static_cast<int>(field.length) - (is_unsigned ? 0 : 1) - (scale > 0 ? 1 : 0);
  Mapping mapping{Codec::kText, arrow::utf8(), Fidelity::kTextForm};
  mapping.source_type =
      fmt::format("decimal({},{}){}", precision, scale, is_unsigned ? " unsigned" : "");
  if (precision >= 1 && precision <= kDecimal128Digits && scale <= precision) {
    mapping.codec = Codec::kDecimal128;
    mapping.type = arrow::decimal128(precision, scale);
    mapping.fidelity = Fidelity::kExact;
  } else if (options.wide_decimals_as_decimal256 && precision >= 1 &&
             scale <= precision) {
    mapping.codec = Codec::kDecimal256;
    mapping.type = arrow::decimal256(precision, scale);
    mapping.fidelity = Fidelity::kExact;
  } else {
    mapping.note = "more than 38 digits: the server's text";
  }
  mapping.precision = precision;
  mapping.scale = scale;
  return mapping;
}

std::string ZeroDateNote(OddValuePolicy policy) {
  switch (policy) {
    case OddValuePolicy::kError:
      return "a zero or partial date stops the import (--zero-dates)";
    case OddValuePolicy::kNull:
      return "zero and partial dates become NULL and are counted (--zero-dates null)";
    case OddValuePolicy::kText:
      return "text of every value, so that zero and partial dates stay (--zero-dates "
             "text)";
  }
  return {};
}

Mapping MapTemporal(const WireField& field, const connect::ReadOptions& options) {
  const bool as_text = options.zero_dates == OddValuePolicy::kText;
  const int digits = field.decimals >= 0 && field.decimals <= 6 ? field.decimals : 0;
  const std::string fraction = digits > 0 ? fmt::format("({})", digits) : "";
  Mapping mapping{Codec::kTimeText, arrow::utf8(), Fidelity::kTextForm};
  mapping.scale = digits;
  if (field.type == MYSQL_TYPE_TIME) {
    mapping.source_type = "time" + fraction;
    mapping.note = "from -838:59:59 to 838:59:59: the server's text";
    return mapping;
  }
  mapping.note = ZeroDateNote(options.zero_dates);
  const bool is_date = field.type == MYSQL_TYPE_DATE || field.type == MYSQL_TYPE_NEWDATE;
  if (is_date) {
    mapping.source_type = "date";
  } else {
    mapping.source_type =
        (field.type == MYSQL_TYPE_TIMESTAMP ? "timestamp" : "datetime") + fraction;
  }
  if (as_text) {
    mapping.codec = is_date ? Codec::kDateText : Codec::kTimestampText;
    return mapping;
  }
  mapping.fidelity = Fidelity::kExact;
  mapping.codec = is_date ? Codec::kDate : Codec::kTimestamp;
  mapping.type = is_date ? arrow::date32()
                 : field.type == MYSQL_TYPE_TIMESTAMP
                     ? arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")
                     : arrow::timestamp(arrow::TimeUnit::MICRO);
  return mapping;
}

Mapping MapBit(const WireField& field) {
  const std::string name = fmt::format("bit({})", field.length);
  if (field.length == 1)
    return {Codec::kBit1, arrow::boolean(), Fidelity::kExact, "", name};
  if (field.length < 64)
    return {Codec::kBit, arrow::int64(), Fidelity::kCompatible, "", name};
  return {Codec::kBit64, arrow::decimal128(20, 0), Fidelity::kCompatible, "", name};
}

/// Strings, byte strings and what the server sends like them.
Mapping MapString(const WireField& field) {
  if (field.extended == "uuid") {
    return {Codec::kUuid, arrow::extension::uuid(), Fidelity::kExact, "", "uuid"};
  }
  if (field.extended == "inet6" || field.extended == "inet4") {
    return {Codec::kText, arrow::utf8(), Fidelity::kTextForm, "", field.extended};
  }
  if (field.type == kMysqlJson || field.format == "json") {
    return {Codec::kText, arrow::utf8(), Fidelity::kExact, "", "json"};
  }
  if (field.type == MYSQL_TYPE_GEOMETRY) {
    return {Codec::kBytes, arrow::binary(), Fidelity::kExact,
            "4 bytes of SRID (little-endian), then WKB",
            field.extended.empty() ? "geometry" : field.extended};
  }
  const bool binary = field.charset == kBinaryCharset;
  const bool blob = field.type >= MYSQL_TYPE_TINY_BLOB && field.type <= MYSQL_TYPE_BLOB;
  std::string name = blob ? (binary ? "blob" : "text")
                     : field.type == MYSQL_TYPE_STRING
                         ? (binary ? "binary" : "char")
                         : (binary ? "varbinary" : "varchar");
  if ((field.flags & ENUM_FLAG) != 0) name = "enum";
  if ((field.flags & SET_FLAG) != 0) name = "set";
  if (!blob && name != "enum" && name != "set") {
    name += fmt::format("({})", binary ? field.length : field.length / 4);
  }
  if (binary) return {Codec::kBytes, arrow::binary(), Fidelity::kExact, "", name};
  return {Codec::kText, arrow::utf8(), Fidelity::kExact, "", name};
}

Mapping Map(const WireField& field, const connect::ReadOptions& options) {
  switch (field.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return MapInteger(field);
    case MYSQL_TYPE_FLOAT:
      return {Codec::kFloat, arrow::float32(), Fidelity::kExact, "", "float"};
    case MYSQL_TYPE_DOUBLE:
      return {Codec::kDouble, arrow::float64(), Fidelity::kExact, "", "double"};
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return MapDecimal(field, options);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
      return MapTemporal(field, options);
    case MYSQL_TYPE_BIT:
      return MapBit(field);
    case MYSQL_TYPE_YEAR:
      return Widened(Codec::kYear, arrow::int32(), "year");
    case MYSQL_TYPE_NULL:
      return {Codec::kText, arrow::utf8(), Fidelity::kCompatible, "always NULL", "null"};
    default:
      return MapString(field);
  }
}

}  // namespace

Result<std::vector<ResultColumn>> ColumnsFromFields(const std::vector<WireField>& fields,
                                                    const connect::ReadOptions& options,
                                                    bool nullable_only) {
  std::vector<ResultColumn> columns;
  std::set<std::string> names;
  for (const WireField& field : fields) {
    if (!names.insert(field.name).second) {
      return Error(
          ErrorKind::kUserInput,
          fmt::format("the query gives two columns of one name; give one an alias:"
                      " column {}",
                      field.name));
    }
    Mapping mapping = Map(field, options);
    const bool date = mapping.codec == Codec::kDate || mapping.codec == Codec::kTimestamp;
    const bool lossy = date && options.zero_dates == OddValuePolicy::kNull;
    const bool nullable = nullable_only || (field.flags & NOT_NULL_FLAG) == 0 || lossy;
    if (lossy) mapping.fidelity = types::Fidelity::kLossy;
    ResultColumn& result = columns.emplace_back();
    result.column = {field.name, mapping.source_type,
                     arrow::field(field.name, mapping.type, nullable), mapping.fidelity,
                     mapping.note};
    result.codec = {mapping.codec, mapping.precision, mapping.scale, options.zero_dates};
  }
  return columns;
}

}  // namespace sluice::connectors::mysql
