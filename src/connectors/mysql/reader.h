#pragma once

#include <map>
#include <memory>
#include <string>

#include "connect/source.h"
#include "connectors/mysql/decoder.h"
#include "connectors/mysql/session_pool.h"
#include "connectors/mysql/statement.h"

namespace sluice::connectors::mysql {

/// Reads the rows of one prepared statement.
class MysqlReader final : public connect::Reader {
 public:
  /// `doing` names table and split: "read shop.orders, split s0003". `settings` outlives
  /// it.
  MysqlReader(const Settings* settings, std::unique_ptr<SessionPool::Lease> lease,
              std::unique_ptr<Statement> statement, std::unique_ptr<Decoder> decoder,
              std::string doing);
  ~MysqlReader() override;

  Result<connect::Chunk> Next(const connect::Wait& wait) override;
  Status Close() override;
  std::map<std::string, int64_t> OddValues() const override;

 private:
  Status Fill(const connect::Wait& wait);
  /// Ends a statement whose rows are not wanted any more, so that the session can be used
  /// again.
  void Abandon();

  const Settings* settings_;
  std::unique_ptr<SessionPool::Lease> lease_;
  std::unique_ptr<Statement> statement_;
  std::unique_ptr<Decoder> decoder_;
  std::string doing_;
  bool executed_ = false;
  bool cancelled_ = false;  // while the server worked for this reader
  bool ended_ = false;
  int64_t rows_ = 0;
};

}  // namespace sluice::connectors::mysql
