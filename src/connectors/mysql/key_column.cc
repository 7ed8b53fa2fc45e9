#include "connectors/mysql/key_column.h"

#include <array>

#include <arrow/type.h>
#include <fmt/format.h>

namespace sluice::connectors::mysql {
namespace {

struct Row {
  std::string_view data_type;
  KeyKind kind;
};

constexpr std::array<Row, 25> kKinds{{
    {"tinyint", KeyKind::kInteger},   {"smallint", KeyKind::kInteger},
    {"mediumint", KeyKind::kInteger}, {"int", KeyKind::kInteger},
    {"bigint", KeyKind::kInteger},    {"bit", KeyKind::kInteger},
    {"year", KeyKind::kQuoted},       {"enum", KeyKind::kInteger},
    {"set", KeyKind::kInteger},       {"decimal", KeyKind::kDecimal},
    {"float", KeyKind::kFloat},       {"double", KeyKind::kFloat},
    {"date", KeyKind::kDay},          {"datetime", KeyKind::kDay},
    {"timestamp", KeyKind::kDay},     {"time", KeyKind::kQuoted},
    {"uuid", KeyKind::kQuoted},       {"inet6", KeyKind::kQuoted},
    {"inet4", KeyKind::kQuoted},      {"char", KeyKind::kText},
    {"varchar", KeyKind::kText},      {"binary", KeyKind::kBinary},
    {"varbinary", KeyKind::kBinary},  {"tinytext", KeyKind::kText},
    {"tinyblob", KeyKind::kBinary},
}};

}  // namespace

std::string KeyColumn::ReadExpression() const {
  switch (kind) {
    case KeyKind::kInteger:
      return name + " + 0";
    case KeyKind::kFloat:
      return name + " + 0e0";
    case KeyKind::kDecimal:
    case KeyKind::kDay:
    case KeyKind::kQuoted:
      return "CAST(" + name + " AS CHAR)";
    case KeyKind::kText:
    case KeyKind::kBinary:
      return "HEX(" + name + ")";
  }
  return name;
}

std::string KeyColumn::Literal(std::string_view value) const {
  switch (kind) {
    case KeyKind::kInteger:
    case KeyKind::kDecimal:
      return std::string(value);
    case KeyKind::kFloat:
      // Without an exponent the server would take the digits for an exact decimal.
      return std::string(value) + (value.find('e') == std::string_view::npos ? "e0" : "");
    case KeyKind::kDay:
    case KeyKind::kQuoted:
      return fmt::format("'{}'", value);
    case KeyKind::kText:
      return fmt::format("_{} x'{}'", charset, value);
    case KeyKind::kBinary:
      return fmt::format("x'{}'", value);
  }
  return {};
}

std::optional<KeyColumn> KeyColumnOf(const TableColumn& column) {
  for (const Row& row : kKinds) {
    if (row.data_type != column.data_type) continue;
    KeyKind kind = row.kind;
    if (kind == KeyKind::kText && column.charset.empty()) return {};
    if (kind == KeyKind::kText && column.charset == "binary") kind = KeyKind::kBinary;
    return KeyColumn{QuoteName(column.name), kind, column.nullable, column.charset};
  }
  return {};
}

std::optional<KeyColumn> KeyColumnOf(const ResultColumn& column) {
  KeyColumn key{QuoteName(column.column.name), KeyKind::kInteger, true, ""};
  switch (column.column.field->type()->id()) {
    case arrow::Type::INT32:
    case arrow::Type::INT64:
      return key;
    case arrow::Type::DECIMAL128:
      key.kind = KeyKind::kDecimal;
      return key;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      key.kind = KeyKind::kFloat;
      return key;
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
      key.kind = KeyKind::kDay;
      return key;
    default:
      return {};
  }
}

}  // namespace sluice::connectors::mysql
