#pragma once

#include <string>
#include <vector>

#include "connect/values.h"
#include "sqlite/database.h"

namespace sluice::connectors::sqlite {

/// One column as `PRAGMA table_xinfo` tells it.
struct ColumnFacts {
  std::string name;
  std::string declared_type;  ///< as written in CREATE TABLE, "" when none
  bool not_null = false;
  int key_position = 0;  ///< from 1 in the primary key, 0: not part of it
};

/// One table or view.
struct TableFacts {
  std::string name;  ///< as the file spells it
  enum class Kind { kTable, kView, kVirtual } kind = Kind::kTable;
  bool without_rowid = false;
  bool strict = false;  ///< values cannot contradict their column
  std::vector<ColumnFacts> columns;

  /// The column whose values are the rowid, or null.
  const ColumnFacts* rowid_alias() const;
  /// The primary key's columns in key order.
  std::vector<std::string> key() const;
  /// SQL text of the rowid, "" where the table has none or its columns hide every
  /// spelling.
  std::string RowidName() const;
};

/// Tables, virtual tables and (only for a pattern without wildcards) views, sorted.
Result<std::vector<connect::TableName>> ListTables(::sluice::sqlite::Database& database,
                                                   const std::string& pattern);

/// Fails with kNotFound, naming near tables.
Result<TableFacts> ReadTable(::sluice::sqlite::Database& database,
                             const connect::TableName& table);

}  // namespace sluice::connectors::sqlite
