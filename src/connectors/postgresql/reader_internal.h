#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connect/source.h"
#include "connectors/postgresql/decode_internal.h"
#include "connectors/postgresql/snapshot_internal.h"
#include "connectors/postgresql/type_internal.h"

namespace sluice::connectors::postgresql {

/// Streams one split as COPY BINARY and gives batches.
class PostgresqlReader final : public connect::Reader {
 public:
  struct Request {
    std::string label;  ///< of the selection, for messages
    std::string split_id;
    std::string sql;  ///< the COPY statement
    std::vector<ColumnPlan> columns;
    connect::ReadOptions options;
    bool check_text = false;
    uint32_t table_oid = 0;   ///< of a table with files of its own; 0: a view, a query
    std::string lock_target;  ///< that table's quoted name when all of it may be read
  };

  /// Takes a connection of `pool`, which is borrowed and outlives the reader, and sends
  /// the statement; its answer is awaited by Next.
  static Result<std::unique_ptr<connect::Reader>> Make(SnapshotPool* pool,
                                                       Request request);
  ~PostgresqlReader() override;

  Result<connect::Chunk> Next(const connect::Wait& wait) override;
  Status Close() override;
  std::map<std::string, int64_t> OddValues() const override;

 private:
  PostgresqlReader(SnapshotPool* pool, Request request);
  Status Start();
  Status CheckSameFiles();
  Status FillBatch(const connect::Wait& wait);

  SnapshotPool* const pool_;
  const Request request_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<RowDecoder> decoder_;  // borrows request_.columns
  bool copying_ = false;                 // the statement was sent
  bool ended_ = false;
};

}  // namespace sluice::connectors::postgresql
