#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "connect/source.h"
#include "connectors/postgresql/connection_internal.h"
#include "connectors/postgresql/postgresql.h"

namespace sluice::connectors::postgresql {

/// The real server of these tests and one database on it that only they use. The server
/// is the one that SLUICE_TEST_POSTGRESQL and SLUICE_TEST_POSTGRESQL_PASSWORD name;
/// without them it is started by tests/services/postgresql.sh in a temporary directory.
class TestServer final {
 public:
  /// Of the running test program; there after the global set-up.
  static TestServer& Get();

  /// How to reach the test database, as role "sluice" unless another user is named.
  connect::Link LinkOf(const std::string& user = "") const;
  /// A session that may write.
  std::unique_ptr<Connection> Connect(const std::string& user = "") const;
  /// Runs statements, one after the other, as the owner of the test database.
  void Run(const std::vector<std::string>& statements);
  /// The first column of a result, in the server's text; NULL is "NULL".
  std::vector<std::string> Column(const std::string& sql);
  std::unique_ptr<connect::Source> Source(const connect::ReadOptions& options = {}) const;

  connect::Link link;  // set by the environment
  std::string database;
  std::unique_ptr<Connection> session;
};

inline connect::Selection TableSelection(const std::string& name) {
  connect::Selection selection;
  selection.table = connect::TableName{"", name};
  return selection;
}

inline connect::Selection QuerySelection(const std::string& query) {
  connect::Selection selection;
  selection.query = query;
  return selection;
}

/// All rows of one split, checked to have the schema that Describe promised.
Result<arrow::RecordBatchVector> ReadSplit(connect::Source& source,
                                           const connect::Split& split);

/// Begins the snapshot, plans and reads everything.
Result<std::shared_ptr<arrow::Table>> ReadAll(connect::Source& source,
                                              const connect::Selection& selection);

/// An int32 or int64 column, sorted.
std::vector<int64_t> SortedNumbers(const arrow::Table& table, const std::string& column);

}  // namespace sluice::connectors::postgresql
