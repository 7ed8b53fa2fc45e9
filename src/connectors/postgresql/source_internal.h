#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "connect/source.h"
#include "connectors/postgresql/connection_internal.h"
#include "connectors/postgresql/plan_internal.h"
#include "connectors/postgresql/snapshot_internal.h"

namespace sluice::connectors::postgresql {

/// One database of one server. Thread-safe: what asks the server about itself shares one
/// connection, which is made anew after it was lost.
class PostgresqlSource final : public connect::Source {
 public:
  /// Connects; fails as MakePostgresqlConnector says.
  static Result<std::unique_ptr<connect::Source>> Make(
      const connect::Link& link, const connect::ReadOptions& options);

  Result<std::vector<connect::TableName>> List(const std::string& pattern) override;
  Result<connect::TableSchema> Describe(const connect::Selection& selection) override;
  Result<connect::SnapshotInfo> BeginSnapshot() override;
  Result<connect::ReadPlan> Plan(const connect::Selection& selection) override;
  Result<std::unique_ptr<connect::Reader>> Open(const connect::Split& split,
                                                const connect::Position& from) override;
  Result<connect::Diagnosis> Diagnose() override;

 private:
  PostgresqlSource(connect::Link link, const connect::ReadOptions& options);
  // All of these need mutex_.
  Status EnsureConnected();
  Result<const Resolved*> Resolve(const connect::Selection& selection);
  Status ResolveTable(const connect::Selection& selection, Resolved* resolved);
  Status ResolveQuery(const connect::Selection& selection, Resolved* resolved);

  const connect::Link link_;
  const connect::ReadOptions options_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
  bool check_text_ = false;
  std::map<std::string, Resolved> resolved_;  // by the selection's JSON
  SnapshotPool pool_;
};

}  // namespace sluice::connectors::postgresql
