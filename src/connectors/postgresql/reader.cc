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
  return connection_->SendCopy(request_.sql);
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
  if (!ended_) connection_->CancelCopy();
  pool_->Give(std::move(connection_), /*clean=*/ended_);
  return Status::OK();
}

std::map<std::string, int64_t> PostgresqlReader::OddValues() const {
  return decoder_->OddValues();
}

}  // namespace sluice::connectors::postgresql
