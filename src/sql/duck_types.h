#pragma once

#include <memory>
#include <optional>
#include <string>

#include <arrow/type_fwd.h>

#include "table/value.h"
#include "types/iceberg.h"

namespace duckdb {
struct LogicalType;
class Value;
}  // namespace duckdb

namespace sluice::sql {

/// The DuckDB type in which a column of the lake is seen.
duckdb::LogicalType ToDuckType(const types::Type& type);

/// The type in which a new column of this DuckDB type is kept: itself, or a wider one
/// that holds every value (smallint -> integer, ubigint -> decimal(20,0), enum ->
/// varchar). Throws a BinderException naming `column` and a cast to write for what the
/// lake does not hold.
duckdb::LogicalType KeptType(const duckdb::LogicalType& type, const std::string& column);

/// The type in which a result column is handed out: itself where Arrow has it exactly,
/// hugeint as decimal(38,0), and the text form for the rest (interval, bit, time with
/// zone, enum, union).
duckdb::LogicalType ShownType(const duckdb::LogicalType& type);

/// The Arrow type that BatchBuilder makes of a kept or shown type; `time_zone` is what
/// timestamps with zone are marked with.
std::shared_ptr<arrow::DataType> ToArrowType(const duckdb::LogicalType& type,
                                             const std::string& time_zone = "UTC");

/// A constant of a filter as a value of the column; nothing when it is null or does not
/// fit.
std::optional<table::Value> ToTableValue(const duckdb::Value& value,
                                         const types::Primitive& type);

}  // namespace sluice::sql
