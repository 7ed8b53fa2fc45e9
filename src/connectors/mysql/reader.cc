#include "connectors/mysql/reader.h"

#include <arrow/record_batch.h>

namespace sluice::connectors::mysql {

MysqlReader::MysqlReader(const Settings* settings,
                         std::unique_ptr<SessionPool::Lease> lease,
                         std::unique_ptr<Statement> statement,
                         std::unique_ptr<Decoder> decoder, std::string doing)
    : settings_(settings),
      lease_(std::move(lease)),
      statement_(std::move(statement)),
      decoder_(std::move(decoder)),
      doing_(std::move(doing)) {}

MysqlReader::~MysqlReader() { (void)Close(); }

Result<connect::Chunk> MysqlReader::Next(const connect::Wait& wait) {
  if (lease_ == nullptr) {
    if (ended_) return connect::Chunk{};
    return Error(ErrorKind::kInternal, "a closed reader was read: " + doing_);
  }
  SLUICE_TRY(Fill(wait));
  if (decoder_->rows() == 0) {
    SLUICE_TRY(Close());
    return connect::Chunk{};
  }
  connect::Chunk chunk;
  chunk.state = connect::Chunk::State::kRows;
  SLUICE_ASSIGN(chunk.batch, decoder_->Finish());
  rows_ += chunk.batch->num_rows();
  chunk.last.value = Json{{"rows", rows_}};
  return chunk;
}

Status MysqlReader::Fill(const connect::Wait& wait) {
  Session* session = lease_->get();
  // Breaking the connection off is the only thing that ends a blocked read at once.
  std::stop_callback on_stop(wait.stop, [session] { session->Break(); });
  auto cancelled = [&] {
    cancelled_ = executed_;
    return Error(ErrorKind::kCancelled, "stopped on request: " + doing_);
  };
  if (wait.stop.stop_requested()) return cancelled();
  if (!executed_) {
    executed_ = true;
    Status status = statement_->Execute(doing_);
    if (!status.ok()) return wait.stop.stop_requested() ? cancelled() : status;
  }
  while (!ended_ && !decoder_->full()) {
    Statement::Packet packet;
    switch (statement_->Next(&packet)) {
      case Statement::Got::kRow:
        if (!decoder_->Append(packet.data, packet.size)) return decoder_->error();
        break;
      case Statement::Got::kEnd:
        ended_ = true;
        break;
      case Statement::Got::kError: {
        Status status = session->LastError(doing_);
        return wait.stop.stop_requested() ? cancelled() : status;
      }
    }
  }
  return Status::OK();
}

void MysqlReader::Abandon() {
  Session* session = lease_->get();
  // The server goes on until its next write fails, which may be long after; tell it.
  Settings settings = *settings_;
  settings.connect_timeout_s = 2;
  const auto side = Session::Connect(settings);
  const bool dead = session->dead();
  if (!side.ok()) {
    session->Break();
    return;
  }
  const std::string kill =
      (dead ? "KILL " : "KILL QUERY ") + std::to_string(session->id());
  const Status killed = (*side)->Query(kill, "end a statement").status();
  if (dead) return;
  if (!killed.ok()) {
    session->Break();
    return;
  }
  Statement::Packet packet;
  while (statement_->Next(&packet) == Statement::Got::kRow) {
  }
  // A kill that came after the last row would hit the next statement: this one.
  (void)session->Query("DO 0", "end a statement");
}

Status MysqlReader::Close() {
  if (lease_ == nullptr) return Status::OK();
  if (cancelled_ || statement_->streaming()) Abandon();
  statement_ = nullptr;
  lease_ = nullptr;
  return Status::OK();
}

std::map<std::string, int64_t> MysqlReader::OddValues() const {
  return decoder_->OddValues();
}

}  // namespace sluice::connectors::mysql
