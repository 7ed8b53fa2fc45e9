#include "connectors/postgresql/type_internal.h"

#include <arrow/extension/uuid.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace sluice::connectors::postgresql {
namespace {

using connect::OddValuePolicy;
using types::Fidelity;

/// Object ids of built-in types are fixed for ever (src/include/catalog/pg_type.dat).
enum Oid : uint32_t {
  kBoolOid = 16,
  kByteaOid = 17,
  kNameOid = 19,
  kInt8Oid = 20,
  kInt2Oid = 21,
  kInt4Oid = 23,
  kTextOid = 25,
  kOidOid = 26,
  kJsonOid = 114,
  kFloat4Oid = 700,
  kFloat8Oid = 701,
  kBpcharOid = 1042,
  kVarcharOid = 1043,
  kDateOid = 1082,
  kTimeOid = 1083,
  kTimestampOid = 1114,
  kTimestamptzOid = 1184,
  kNumericOid = 1700,
  kUuidOid = 2950,
  kJsonbOid = 3802,
};

/// A type that has a binary form of its own here.
struct Simple {
  Form form = Form::kText;
  std::shared_ptr<arrow::DataType> type;
  Fidelity fidelity = Fidelity::kExact;
  bool can_be_odd = false;
  int32_t precision = 0;
  int32_t scale = 0;
};

/// Of numeric(p,s): a negative scale becomes digits, and the precision covers the scale.
std::optional<Simple> Numeric(int32_t modifier, const connect::ReadOptions& options) {
  if (modifier < 4) return {};
  int32_t precision = ((modifier - 4) >> 16) & 0xffff;
  int32_t scale = (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
  if (scale < 0) {
    precision -= scale;
    scale = 0;
  }
  precision = std::max(precision, scale);
  if (precision <= 38) {
    return Simple{Form::kDecimal,   arrow::decimal128(precision, scale),
                  Fidelity::kExact, true,
                  precision,        scale};
  }
  if (precision <= 76 && options.wide_decimals_as_decimal256) {
    return Simple{Form::kWideDecimal, arrow::decimal256(precision, scale),
                  Fidelity::kExact,   true,
                  precision,          scale};
  }
  return {};
}

std::optional<Simple> SimpleType(uint32_t oid, int32_t modifier,
                                 const connect::ReadOptions& options) {
  switch (oid) {
    case kBoolOid:
      return Simple{Form::kBool, arrow::boolean()};
    case kInt2Oid:
      return Simple{Form::kInt16, arrow::int32(), Fidelity::kCompatible};
    case kInt4Oid:
      return Simple{Form::kInt32, arrow::int32()};
    case kInt8Oid:
      return Simple{Form::kInt64, arrow::int64()};
    case kOidOid:
      return Simple{Form::kOid, arrow::int64(), Fidelity::kCompatible};
    case kFloat4Oid:
      return Simple{Form::kFloat32, arrow::float32()};
    case kFloat8Oid:
      return Simple{Form::kFloat64, arrow::float64()};
    case kDateOid:
      return Simple{Form::kDate, arrow::date32(), Fidelity::kExact, true};
    case kTimeOid:
      return Simple{Form::kTime, arrow::time64(arrow::TimeUnit::MICRO), Fidelity::kExact,
                    true};
    case kTimestampOid:
      return Simple{Form::kTimestamp, arrow::timestamp(arrow::TimeUnit::MICRO),
                    Fidelity::kExact, true};
    case kTimestamptzOid:
      return Simple{Form::kTimestamp, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                    Fidelity::kExact, true};
    case kUuidOid:
      return Simple{Form::kUuid, arrow::extension::uuid()};
    case kByteaOid:
      return Simple{Form::kBinary, arrow::binary()};
    case kTextOid:
    case kVarcharOid:
    case kNameOid:
    case kJsonOid:
      return Simple{Form::kText, arrow::utf8()};
    case kBpcharOid:
      return Simple{Form::kBlankPadded, arrow::utf8()};
    case kJsonbOid:
      return Simple{Form::kJsonb, arrow::utf8()};
    case kNumericOid:
      return Numeric(modifier, options);
    default:
      return {};
  }
}

std::string OddNote(const ColumnPlan& plan, bool as_text) {
  if (as_text) return "text of every value (--out-of-range text)";
  const std::string what = plan.form == Form::kList
                               ? "arrays that are not one-dimensional from 1"
                           : plan.form == Form::kTime ? "24:00:00"
                           : plan.precision > 0       ? "NaN and infinity"
                                                      : "infinity";
  return what + (plan.policy == OddValuePolicy::kNull
                     ? " becomes null and is counted"
                     : " stops the import (--out-of-range)");
}

std::string TextNote(const ColumnFacts& facts, uint32_t oid) {
  if (oid != kNumericOid) return "the server's text of the value";
  if (facts.modifier >= 4) {
    return "more than 38 digits: the server's text (--wide-decimals for decimal256)";
  }
  return "no declared precision: the server's text; cast to numeric(p,s) in --query for "
         "numbers";
}

}  // namespace

Result<TypeMap> ReadTypes(Connection& connection, const std::vector<uint32_t>& oids) {
  std::vector<std::string> numbers{"0"};
  for (uint32_t oid : oids) numbers.push_back(std::to_string(oid));
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query(
          "WITH RECURSIVE t AS (SELECT * FROM pg_catalog.pg_type WHERE oid IN (" +
          Join(numbers, ",") +
          ") UNION SELECT p.* FROM t JOIN pg_catalog.pg_type p ON p.oid IN "
          "(t.typbasetype, CASE t.typcategory WHEN 'A' THEN t.typelem END)) "
          "SELECT oid, typname, typtype, typbasetype, typtypmod, "
          "CASE typcategory WHEN 'A' THEN typelem ELSE 0 END FROM t"));
  TypeMap types;
  for (int i = 0; i < rows.size(); ++i) {
    TypeFacts facts;
    facts.oid = static_cast<uint32_t>(rows.int_at(i, 0));
    facts.name = rows.at(i, 1);
    facts.kind = rows.at(i, 2).at(0);
    facts.base = static_cast<uint32_t>(rows.int_at(i, 3));
    facts.base_modifier = static_cast<int32_t>(rows.int_at(i, 4));
    facts.element = static_cast<uint32_t>(rows.int_at(i, 5));
    types[facts.oid] = facts;
  }
  return types;
}

ColumnPlan PlanColumn(const ColumnFacts& facts, const TypeMap& types,
                      const connect::ReadOptions& options) {
  ColumnPlan plan;
  plan.policy = options.out_of_range;
  uint32_t oid = facts.type;
  int32_t modifier = facts.modifier;
  char kind = 'b';
  uint32_t element = 0;
  for (auto found = types.find(oid); found != types.end(); found = types.find(oid)) {
    kind = found->second.kind;
    element = found->second.element;
    if (kind != 'd') break;
    oid = found->second.base;
    modifier = found->second.base_modifier;
  }

  std::optional<Simple> simple = SimpleType(oid, modifier, options);
  if (!simple && kind == 'e') simple = Simple{Form::kText, arrow::utf8()};
  if (!simple && element != 0) {
    auto item = SimpleType(element, modifier, options);
    // A decimal256 element would need a cast of its own.
    if (item && item->form != Form::kWideDecimal) {
      plan.element = item->form;
      simple = Simple{Form::kList,     arrow::list(arrow::field("element", item->type)),
                      item->fidelity,  true,
                      item->precision, item->scale};
    }
  }
  connect::Column& column = plan.column;
  column.name = facts.name;
  column.source_type = facts.source_type;
  const bool as_text =
      simple && simple->can_be_odd && options.out_of_range == OddValuePolicy::kText;
  if (!simple || as_text) {
    plan.cast_to_text = true;
    column.fidelity = Fidelity::kTextForm;
    column.note = as_text ? OddNote(plan, true) : TextNote(facts, oid);
    column.field = arrow::field(facts.name, arrow::utf8(), !facts.not_null);
    return plan;
  }
  plan.form = simple->form;
  plan.precision = simple->precision;
  plan.scale = simple->scale;
  plan.can_be_odd = simple->can_be_odd;
  plan.cast_to_text = plan.form == Form::kWideDecimal;
  column.fidelity = simple->fidelity;
  if (plan.can_be_odd) column.note = OddNote(plan, false);
  if (plan.form == Form::kInt16) column.note = "widened to 32 bits";
  if (plan.form == Form::kBlankPadded) column.note = "without the blanks that pad it";
  if (plan.form == Form::kOid) column.note = "unsigned 32 bits in 64";
  const bool may_null = plan.can_be_odd && options.out_of_range == OddValuePolicy::kNull;
  if (may_null) column.fidelity = Fidelity::kLossy;
  column.field = arrow::field(facts.name, simple->type, !facts.not_null || may_null);
  return plan;
}

std::shared_ptr<arrow::DataType> StorageType(const ColumnPlan& plan) {
  if (plan.form == Form::kUuid) return arrow::fixed_size_binary(16);
  if (plan.form == Form::kList && plan.element == Form::kUuid) {
    return arrow::list(arrow::field("element", arrow::fixed_size_binary(16)));
  }
  return plan.column.field->type();
}

}  // namespace sluice::connectors::postgresql
