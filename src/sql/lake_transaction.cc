#include "sql/lake_transaction.h"

#include <algorithm>

#include "base/text.h"
#include "sql/errors.h"

namespace sluice::sql {

LakeTransaction::LakeTransaction(duckdb::TransactionManager& manager,
                                 duckdb::ClientContext& context, const LakeAccess& access)
    : Transaction(manager, context), access_(access) {}

LakeTransaction& LakeTransaction::Of(duckdb::ClientContext& context,
                                     duckdb::Catalog& catalog) {
  return Transaction::Get(context, catalog).Cast<LakeTransaction>();
}

const std::vector<std::string>& LakeTransaction::NamespacesLocked() {
  if (!namespaces_) namespaces_ = ValueOrThrow(access_.options.catalog->ListNamespaces());
  return *namespaces_;
}

const std::vector<std::string>& LakeTransaction::Namespaces() {
  std::lock_guard lock(mutex_);
  return NamespacesLocked();
}

std::optional<std::string> LakeTransaction::FindNamespace(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto& names = NamespacesLocked();
  if (std::ranges::find(names, name) != names.end()) return name;
  const auto same = [&](const std::string& other) { return Lower(other) == Lower(name); };
  if (std::ranges::count_if(names, same) != 1) return std::nullopt;
  return *std::ranges::find_if(names, same);
}

std::vector<catalog::TableIdent> LakeTransaction::Tables(const std::string& name_space) {
  auto tables = access_.options.catalog->ListTables(name_space);
  if (!tables.ok() && KindOf(tables.status()) == ErrorKind::kNotFound) return {};
  return ValueOrThrow(std::move(tables));
}

LakeTransaction::Metadata LakeTransaction::Load(const catalog::TableIdent& ident) {
  if (const auto found = loaded_.find(ident); found != loaded_.end())
    return found->second;
  auto loaded = access_.options.catalog->LoadTable(ident);
  if (!loaded.ok() && KindOf(loaded.status()) == ErrorKind::kNotFound) {
    return loaded_[ident] = nullptr;
  }
  ThrowIfFailed(loaded.status());
  return loaded_[ident] =
             std::make_shared<const table::TableMetadata>(std::move(loaded->metadata));
}

std::optional<catalog::TableIdent> LakeTransaction::Resolve(
    const catalog::TableIdent& ident) {
  if (Load(ident)) return ident;
  const auto tables = Tables(ident.name_space);
  const auto same = [&](const catalog::TableIdent& other) {
    return Lower(other.name) == Lower(ident.name);
  };
  if (std::ranges::count_if(tables, same) != 1) return std::nullopt;
  const auto found = *std::ranges::find_if(tables, same);
  if (!Load(found)) return std::nullopt;
  return found;
}

LakeTable* LakeTransaction::FindTable(duckdb::SchemaCatalogEntry& schema,
                                      const std::string& name,
                                      const table::SnapshotSelector& selector) {
  std::lock_guard lock(mutex_);
  const auto ident = Resolve({schema.name, name});
  if (!ident) return nullptr;
  const Metadata metadata = Load(*ident);
  auto selected = table::SelectSnapshot(*metadata, selector);
  if (!selected.ok())
    ThrowStatus(Within("table " + ident->ToString(), selected.status()));
  const table::Snapshot* snapshot = *selected;
  const bool travels = selector.snapshot_id || selector.as_of_ms;
  const EntryKey key{*ident, travels && snapshot ? snapshot->snapshot_id : -1};
  if (const auto found = entries_.find(key); found != entries_.end())
    return found->second.get();

  auto version = std::make_shared<TableVersion>();
  version->ident = *ident;
  version->metadata = metadata;
  version->snapshot = snapshot;
  const table::Schema* of_snapshot = travels && snapshot && snapshot->schema_id
                                         ? metadata->FindSchema(*snapshot->schema_id)
                                         : nullptr;
  version->schema = of_snapshot ? *of_snapshot : metadata->CurrentSchema();
  auto& entry = entries_[key];
  entry = LakeTable::Make(schema.catalog, schema, access_, std::move(version));
  return entry.get();
}

void LakeTransaction::Forget(const catalog::TableIdent& ident) {
  std::lock_guard lock(mutex_);
  loaded_.erase(ident);
  namespaces_.reset();
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->first.first == ident) {
      forgotten_.push_back(std::move(at->second));
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
}

LakeTransactions::LakeTransactions(duckdb::AttachedDatabase& database,
                                   const LakeAccess& access)
    : TransactionManager(database), access_(access) {}

duckdb::Transaction& LakeTransactions::StartTransaction(duckdb::ClientContext& context) {
  std::lock_guard lock(mutex_);
  if (running_.empty()) ended_.clear();
  running_.push_back(std::make_unique<LakeTransaction>(*this, context, access_));
  return *running_.back();
}

void LakeTransactions::End(duckdb::Transaction& transaction) {
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      running_, [&](const auto& candidate) { return candidate.get() == &transaction; });
  if (found == running_.end()) return;
  ended_.push_back(std::move(*found));
  running_.erase(found);
}

duckdb::ErrorData LakeTransactions::CommitTransaction(duckdb::ClientContext&,
                                                      duckdb::Transaction& transaction) {
  End(transaction);
  return {};
}

void LakeTransactions::RollbackTransaction(duckdb::Transaction& transaction) {
  End(transaction);
}

void LakeTransactions::Checkpoint(duckdb::ClientContext&, bool) {}

}  // namespace sluice::sql
