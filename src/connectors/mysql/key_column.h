#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/mysql/columns.h"
#include "connectors/mysql/table_facts.h"

namespace sluice::connectors::mysql {

/// How values of a key column are read and written as literals that mean the same value
/// again.
enum class KeyKind {
  kInteger,  ///< integers, BIT, ENUM and SET by their number
  kDecimal,
  kFloat,   ///< as doubles with all their digits
  kDay,     ///< DATE, DATETIME, TIMESTAMP
  kQuoted,  ///< TIME, YEAR, UUID, INET6: their text
  kText,    ///< bytes in the column's own character set
  kBinary,
};

/// One column that rows may be cut by.
struct KeyColumn {
  std::string name;  ///< quoted
  KeyKind kind = KeyKind::kInteger;
  bool nullable = false;
  std::string charset;  ///< of kText

  /// SQL that gives a value in the text form that Literal takes.
  std::string ReadExpression() const;
  /// SQL for one value, compared by the column's own collation and type.
  std::string Literal(std::string_view value) const;
  /// Numbers lie evenly in memory, so that boundaries may be computed between two values.
  bool numeric() const { return kind == KeyKind::kInteger; }
};

/// Nothing for a type that cannot be cut by (JSON, geometry, LOBs).
std::optional<KeyColumn> KeyColumnOf(const TableColumn& column);
/// The same for a column of a query or view, by its result type.
std::optional<KeyColumn> KeyColumnOf(const ResultColumn& column);

}  // namespace sluice::connectors::mysql
