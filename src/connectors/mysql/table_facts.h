#pragma once

#include <string>
#include <vector>

#include "connect/values.h"
#include "connectors/mysql/session.h"

namespace sluice::connectors::mysql {

/// One column of a table as information_schema has it.
struct TableColumn {
  std::string name;
  std::string data_type;    ///< "bigint"
  std::string column_type;  ///< "bigint(20) unsigned"
  bool nullable = true;
  std::string charset;  ///< of a text column, else empty
  std::string extra;    ///< "auto_increment", "STORED GENERATED", "INVISIBLE"
};

/// One index whose parts are whole columns.
struct TableIndex {
  std::string name;
  bool unique = false;
  bool nullable = false;             ///< some part may be NULL
  std::vector<std::string> columns;  ///< in index order
};

struct TableFacts {
  connect::TableName name;           ///< with its schema
  std::string kind;                  ///< "BASE TABLE", "VIEW", ...
  std::string engine;                ///< "InnoDB"; empty for a view
  int64_t rows = -1;                 ///< the server's estimate; -1: unknown
  int64_t row_bytes = -1;            ///< average on disk
  std::vector<TableColumn> columns;  ///< in table order, INVISIBLE ones too
  std::vector<TableIndex>
      indexes;  ///< PRIMARY first; BTREE only, none that the server ignores

  const TableColumn* FindColumn(const std::string& column) const;
  bool transactional() const { return engine.empty() || engine == "InnoDB"; }
};

/// `name` with the connection's own database where it has no schema. Fails with
/// kUserInput when there is neither.
Result<connect::TableName> Qualify(const connect::TableName& name,
                                   const Session& session);
/// `schema`.`name`
std::string QuoteTable(const connect::TableName& name);

/// Columns, keys and size. `columns` are those that will be read, empty for all. Fails
/// with kNotFound naming near tables, kAuth naming the GRANT.
Result<TableFacts> ReadTableFacts(Session* session, const connect::TableName& name,
                                  const std::vector<std::string>& columns);

/// Tables that match ("name" or "schema.name", '*' and '?'), sorted; views only when
/// `pattern` has no wildcard. The answers have a schema exactly where the pattern has
/// one.
Result<std::vector<connect::TableName>> ListTables(Session* session,
                                                   const std::string& pattern);

/// The kAuth error that names the statement which gives SELECT.
Status MissingSelect(Session* session, const connect::TableName& name,
                     const Status& cause);

/// "user@host" of the account as it must be quoted in a GRANT.
Result<std::string> QuotedAccount(Session* session);

}  // namespace sluice::connectors::mysql
