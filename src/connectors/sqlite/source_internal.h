#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connect/source.h"
#include "connectors/sqlite/column_internal.h"
#include "connectors/sqlite/connections_internal.h"

namespace sluice::connectors::sqlite {

/// One SQLite file. Thread-safe: what asks the file about itself shares one connection.
class SqliteSource final : public connect::Source {
 public:
  /// Fails as MakeSqliteConnector says.
  static Result<std::unique_ptr<connect::Source>> Make(
      const std::string& path, const connect::ReadOptions& options);

  Result<std::vector<connect::TableName>> List(const std::string& pattern) override;
  Result<connect::TableSchema> Describe(const connect::Selection& selection) override;
  Result<connect::SnapshotInfo> BeginSnapshot() override;
  Result<connect::ReadPlan> Plan(const connect::Selection& selection) override;
  Result<std::unique_ptr<connect::Reader>> Open(const connect::Split& split,
                                                const connect::Position& from) override;
  Result<connect::Diagnosis> Diagnose() override;

 private:
  SqliteSource(std::string path, const connect::ReadOptions& options,
               std::unique_ptr<::sluice::sqlite::Database> database);

  /// A selection resolved against the file.
  struct Resolved {
    std::unique_ptr<TableFacts> table;  // null for a query
    std::vector<ColumnPlan> columns;
    std::vector<std::string> key;
  };
  Result<Resolved> Resolve(const connect::Selection& selection);
  Result<std::vector<ColumnPlan>> PlanQueryColumns(const connect::Selection& selection);
  Result<std::vector<ColumnPlan>> PlanTableColumns(const connect::Selection& selection,
                                                   const TableFacts& table);

  const std::string path_;
  const connect::ReadOptions options_;
  std::mutex mutex_;  // guards database_
  std::unique_ptr<::sluice::sqlite::Database> database_;
  Connections connections_;
};

}  // namespace sluice::connectors::sqlite
