#pragma once

#include <string>
#include <vector>

#include "connect/values.h"
#include "connectors/postgresql/connection_internal.h"
#include "connectors/postgresql/type_internal.h"

namespace sluice::connectors::postgresql {

/// One relation that rows can be read from.
struct TableFacts {
  uint32_t oid = 0;
  connect::TableName name;  ///< as the server spells it, with its schema
  char kind =
      'r';  ///< relkind: r table, p partitioned, v view, m materialized, f foreign
  bool can_read_all = false;  ///< SELECT on the whole relation
  std::vector<ColumnFacts> columns;
  std::vector<std::string> unreadable;  ///< columns without SELECT
  std::vector<std::string> key;
};

/// Tables that match, sorted. A pattern without '.' looks in the current schema only.
/// Views and partitions are listed only when named without wildcards.
Result<std::vector<connect::TableName>> ListTables(Connection& connection,
                                                   const std::string& pattern);

/// The relation with its columns. A name that differs in letter case only is taken when
/// it is the only one. Fails with kNotFound, naming near tables, and kAuth without USAGE
/// on the schema.
Result<TableFacts> ReadTable(Connection& connection, const connect::TableName& table);

/// kAuth with the GRANT where `columns` (empty: all) of the table may not be read.
Status CheckReadable(Connection& connection, const TableFacts& table,
                     const std::vector<std::string>& columns);

/// The file sizes under a table: itself, its partitions, tables that inherit from it.
struct StoragePart {
  char kind = 'r';
  bool is_heap = false;  ///< rows have physical addresses (ctid)
  int64_t pages = 0;
  int64_t rows =
      -1;  ///< the server's estimate, scaled to the present size; -1: never analyzed
};
Result<std::vector<StoragePart>> ReadStorage(Connection& connection,
                                             const TableFacts& table);

/// The user that statements run as.
Result<std::string> CurrentUser(Connection& connection);

}  // namespace sluice::connectors::postgresql
