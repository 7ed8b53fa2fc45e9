#pragma once

#include <string>
#include <vector>

#include "connect/values.h"
#include "connectors/mysql/columns.h"
#include "connectors/mysql/session.h"
#include "connectors/mysql/table_facts.h"

namespace sluice::connectors::mysql {

/// A selection resolved against the server.
struct Described {
  connect::TableSchema schema;
  std::vector<ResultColumn> columns;
  std::vector<std::string> names;  ///< columns of the table to select; empty for a query
  TableFacts facts;                ///< of a table
  bool nullable_only = true;       ///< NOT NULL of the result is not to be trusted
};

/// Columns from the server's result metadata, names and native types from
/// information_schema.
Result<Described> DescribeSelection(Session* session, const connect::Selection& selection,
                                    const connect::ReadOptions& options);

/// What one statement reads.
struct ReadText {
  std::vector<std::string> names;  ///< of a table
  std::string index;               ///< to force; may be empty
  std::string condition;           ///< of the split; may be empty
};

/// The SELECT of one split. Fails with kUserInput when neither table nor query is given.
Result<std::string> SelectText(const Session& session,
                               const connect::Selection& selection, const ReadText& read);

/// The table, or the query as a derived table: what a condition on keys is put to.
Result<std::string> FromText(const Session& session, const connect::Selection& selection);

}  // namespace sluice::connectors::mysql
