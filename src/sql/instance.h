#pragma once

#include <memory>
#include <string>

#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"

namespace sluice::sql {

/// A DuckDB instance with the lake attached, locked so that text in SQL reaches nothing
/// else: no file, no network, no extension, no setting but the harmless ones. Holds no
/// state that is worth keeping: throw it away at will.
class Instance final {
 public:
  /// `access` outlives the instance; its parquet_scan is set. Fails with kUserInput for a
  /// bad option.
  static Result<std::unique_ptr<Instance>> Open(LakeAccess& access);
  ~Instance();

  duckdb::Connection& connection() { return *connection_; }

 private:
  Instance() = default;
  Status PrepareSpill(const std::string& directory);
  void Start(LakeAccess& access);
  void Lock();
  void Run(const std::string& statement);

  std::string spill_directory_;
  bool owns_spill_directory_ = false;
  duckdb::unique_ptr<duckdb::DuckDB> database_;
  duckdb::unique_ptr<duckdb::Connection> connection_;
};

}  // namespace sluice::sql
