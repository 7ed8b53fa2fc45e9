#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connect/source.h"
#include "connectors/sqlite/column_internal.h"
#include "connectors/sqlite/connections_internal.h"
#include "sqlite/database.h"

namespace sluice::connectors::sqlite {

/// Runs one split's statement on a connection of its own and gives batches.
class SqliteReader final : public connect::Reader {
 public:
  struct Request {
    std::string label;  ///< of the selection, for messages
    std::string sql;
    std::vector<ColumnPlan> columns;
    connect::ReadOptions options;
  };

  /// Takes a connection of `connections`, which is borrowed and outlives the reader.
  static Result<std::unique_ptr<connect::Reader>> Make(Connections* connections,
                                                       Request request);
  ~SqliteReader() override;

  Result<connect::Chunk> Next(const connect::Wait& wait) override;
  Status Close() override;
  std::map<std::string, int64_t> OddValues() const override;

 private:
  SqliteReader(Connections* connections, Request request);
  Status Start();
  Result<bool> AppendRow();
  Result<int64_t> FillBatch(const connect::Wait& wait);

  Connections* const connections_;
  const Request request_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<::sluice::sqlite::Database> database_;
  std::unique_ptr<::sluice::sqlite::Statement> statement_;  // of database_
  std::vector<std::unique_ptr<ColumnBuilder>> builders_;    // borrow request_.columns
  int64_t num_rows_ = 0;
  bool ended_ = false;
};

}  // namespace sluice::connectors::sqlite
