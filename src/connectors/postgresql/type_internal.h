#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "connect/values.h"
#include "connectors/postgresql/connection_internal.h"

namespace sluice::connectors::postgresql {

/// How a column's binary form is read.
enum class Form {
  kBool,
  kInt16,
  kInt32,
  kInt64,
  kOid,
  kFloat32,
  kFloat64,
  kDecimal,      ///< numeric(p,s), p <= 38
  kWideDecimal,  ///< numeric(p,s), p <= 76, sent as text
  kDate,
  kTime,
  kTimestamp,
  kUuid,
  kBinary,
  kText,  ///< bytes that are the text: text, varchar, json, enum, or a cast to text
  kBlankPadded,  ///< char(n): without the blanks at its end, as in a cast to text
  kJsonb,        ///< a version byte and the text
  kList,
};

/// One column of a read.
struct ColumnPlan {
  connect::Column column;
  Form form = Form::kText;
  Form element = Form::kText;  ///< of kList
  int32_t precision = 0;       ///< of kDecimal and kWideDecimal, also as an element
  int32_t scale = 0;
  bool cast_to_text = false;  ///< the SELECT list says name::text
  bool can_be_odd = false;    ///< some values of the type follow the policy out_of_range
  connect::OddValuePolicy policy = connect::OddValuePolicy::kError;
};

/// A row of pg_type.
struct TypeFacts {
  uint32_t oid = 0;
  std::string name;   ///< typname
  char kind = 'b';    ///< typtype: b base, d domain, e enum, c composite, r range, ...
  uint32_t base = 0;  ///< of a domain
  int32_t base_modifier = -1;
  uint32_t element = 0;  ///< of an array, 0 for others
};
using TypeMap = std::map<uint32_t, TypeFacts>;

/// The types with these oids, and the types under their domains and arrays.
Result<TypeMap> ReadTypes(Connection& connection, const std::vector<uint32_t>& oids);

/// A column before it is planned.
struct ColumnFacts {
  std::string name;
  std::string source_type;  ///< as format_type prints it
  uint32_t type = 0;
  int32_t modifier = -1;
  bool not_null = false;
};

/// What a column becomes: the conventions of all connectors, for PostgreSQL's types.
ColumnPlan PlanColumn(const ColumnFacts& facts, const TypeMap& types,
                      const connect::ReadOptions& options);

/// The Arrow type that builders of this column make; differs from the field's for uuid,
/// where the field has the extension type.
std::shared_ptr<arrow::DataType> StorageType(const ColumnPlan& plan);

}  // namespace sluice::connectors::postgresql
