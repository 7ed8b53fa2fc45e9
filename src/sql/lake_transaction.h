#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"
#include "sql/lake_table.h"
#include "table/scan.h"

namespace sluice::sql {

/// What one statement (or BEGIN ... COMMIT) has seen of the lake: each table is loaded
/// once, so that all its mentions read one state. Thread-safe.
class LakeTransaction final : public duckdb::Transaction {
 public:
  LakeTransaction(duckdb::TransactionManager& manager, duckdb::ClientContext& context,
                  const LakeAccess& access);
  static LakeTransaction& Of(duckdb::ClientContext& context, duckdb::Catalog& catalog);

  /// The namespace's own spelling of a name; nothing when there is none.
  std::optional<std::string> FindNamespace(const std::string& name);
  const std::vector<std::string>& Namespaces();

  /// Null when there is no such table. A name matches exactly, or without regard to case
  /// when that is unique. Throws when the catalog or the metadata cannot be read, and for
  /// an unknown snapshot.
  LakeTable* FindTable(duckdb::SchemaCatalogEntry& schema, const std::string& name,
                       const table::SnapshotSelector& selector);
  std::vector<catalog::TableIdent> Tables(const std::string& name_space);

  /// After a change of a table: the next mention loads it again.
  void Forget(const catalog::TableIdent& ident);

 private:
  using Metadata = std::shared_ptr<const table::TableMetadata>;
  using EntryKey =
      std::pair<catalog::TableIdent, int64_t>;  // snapshot id, -1 for the current

  std::optional<catalog::TableIdent> Resolve(const catalog::TableIdent& ident);
  Metadata Load(const catalog::TableIdent& ident);
  const std::vector<std::string>& NamespacesLocked();

  const LakeAccess& access_;
  std::mutex mutex_;
  std::optional<std::vector<std::string>> namespaces_;
  std::map<catalog::TableIdent, Metadata> loaded_;  // null: there is none
  std::map<EntryKey, duckdb::unique_ptr<LakeTable>> entries_;
  std::vector<duckdb::unique_ptr<LakeTable>> forgotten_;  // still named by running plans
};

/// A transaction's tables outlive its end until the next one starts: DuckDB destroys the
/// plan, which mentions them, after the commit.
class LakeTransactions final : public duckdb::TransactionManager {
 public:
  LakeTransactions(duckdb::AttachedDatabase& database, const LakeAccess& access);

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& context) override;
  duckdb::ErrorData CommitTransaction(duckdb::ClientContext& context,
                                      duckdb::Transaction& transaction) override;
  void RollbackTransaction(duckdb::Transaction& transaction) override;
  void Checkpoint(duckdb::ClientContext& context, bool force) override;

 private:
  void End(duckdb::Transaction& transaction);

  const LakeAccess& access_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<LakeTransaction>> running_, ended_;
};

}  // namespace sluice::sql
