#include "connectors/postgresql/reader_internal.h"

#include <arrow/api.h>

namespace sluice::connectors::postgresql {

PostgresqlReader::PostgresqlReader(SnapshotPool* pool, Request request)
    : pool_(pool), request_(std::move(request)) {}

PostgresqlReader::~PostgresqlReader() { (void)Close(); }

Result<std::unique_ptr<connect::Reader>> PostgresqlReader::Make(SnapshotPool* pool,
                                                                Request request) {
  std::unique_ptr<PostgresqlReader> reader(
      new PostgresqlReader(pool, std::move(request)));
  SLUICE_TRY(reader->Start());
  return std::unique_ptr<connect::Reader>(std::move(reader));
}

Status PostgresqlReader::Start() {
  SLUICE_ASSIGN(decoder_,
                RowDecoder::Make(&request_.columns, request_.label, request_.check_text));
  SLUICE_ASSIGN(connection_, pool_->Take());
  if (request_.table_oid != 0) SLUICE_TRY(CheckSameFiles());
  copying_ = true;
  return connection_->SendCopy(request_.sql);
}

// TRUNCATE, a rewriting ALTER TABLE and a swap by renaming are not under MVCC: a snapshot
// that is older sees such a table without rows. A lock keeps it from happening from here
// on; comparing the file names of the snapshot's catalog with the present ones finds what
// happened before.
Status PostgresqlReader::CheckSameFiles() {
  if (!request_.lock_target.empty()) {
    SLUICE_TRY(connection_->Query("LOCK TABLE " + request_.lock_target +
                                  " IN ACCESS SHARE MODE"));
  }
  SLUICE_ASSIGN(
      Rows rows,
      connection_->Query(
          "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid "
          "FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid) "
          "SELECT count(*) FROM tree LEFT JOIN pg_catalog.pg_class c USING (oid) "
          "WHERE c.oid IS NULL OR (c.relkind IN ('r', 'm') AND c.relfilenode IS DISTINCT "
          "FROM pg_catalog.pg_relation_filenode(c.oid))",
          {std::to_string(request_.table_oid)}));
  if (rows.int_at(0, 0) == 0) return Status::OK();
  return Error(
      ErrorKind::kConflict,
      "the table was created, truncated or rewritten after the import's snapshot "
      "was taken, which therefore does not see its rows; import again: " +
          request_.label,
      {{"table", request_.label}});
}

Status PostgresqlReader::FillBatch(const connect::Wait& wait) {
  const connect::ReadOptions& options = request_.options;
  while (decoder_->batch_rows() < options.batch_rows &&
         decoder_->batch_bytes() < options.batch_bytes) {
    // Messages that have arrived are not waited for, so the stop is looked at here.
    if (decoder_->batch_rows() % 1024 == 0 && wait.stop.stop_requested()) {
      return Error(ErrorKind::kCancelled, "reading was stopped");
    }
    SLUICE_ASSIGN(auto message, connection_->NextMessage(wait.stop));
    if (message.data == nullptr) {
      ended_ = true;
      return Status::OK();
    }
    SLUICE_TRY(decoder_->Append(message.data, message.size));
  }
  return Status::OK();
}

Result<connect::Chunk> PostgresqlReader::Next(const connect::Wait& wait) {
  connect::Chunk chunk;
  if (ended_ || connection_ == nullptr) return chunk;
  Status filled = FillBatch(wait);
  if (!filled.ok()) {
    return Within("reading " + request_.label + ", chunk " + request_.split_id, filled,
                  {{"table", request_.label}, {"chunk", request_.split_id}});
  }
  SLUICE_ASSIGN(chunk.batch, decoder_->Finish());
  if (chunk.batch == nullptr) return chunk;
  chunk.state = connect::Chunk::State::kRows;
  chunk.last.value = Json{{"rows", decoder_->num_rows()}};
  return chunk;
}

Status PostgresqlReader::Close() {
  if (connection_ == nullptr) return Status::OK();
  if (copying_ && !ended_) connection_->CancelCopy();
  pool_->Give(std::move(connection_), /*clean=*/ended_);
  return Status::OK();
}

std::map<std::string, int64_t> PostgresqlReader::OddValues() const {
  return decoder_->OddValues();
}

}  // namespace sluice::connectors::postgresql
