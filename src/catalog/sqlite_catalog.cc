// A commit writes the new metadata under a name of its own and then moves the table's row
// from the old location to the new one by UPDATE ... WHERE metadata_location = old: one
// statement, atomic between threads and processes. The journal stays in rollback mode, so
// that outside of a transaction catalog.db is one file, which any foreign reader can
// open.

#include "catalog/sqlite_catalog.h"

#include <mutex>
#include <optional>
#include <set>

#include "base/failpoint.h"
#include "base/near_names.h"
#include "base/text.h"
#include "catalog/metadata_file_internal.h"
#include "catalog/names_internal.h"
#include "sqlite/database.h"

namespace sluice::catalog {
namespace {

// The statements of Iceberg's own JDBC catalog (schema V1), word for word in names and
// types.
constexpr const char* kCreateTables =
    "CREATE TABLE IF NOT EXISTS iceberg_tables ("
    "catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, "
    "table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), "
    "previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5), "
    "PRIMARY KEY (catalog_name, table_namespace, table_name));"
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties ("
    "catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL, "
    "property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL, "
    "PRIMARY KEY (catalog_name, namespace, property_key))";

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(std::unique_ptr<sqlite::Database> database, std::string name,
                bool has_type, Clock& clock, Random& random)
      : database_(std::move(database)),
        name_(std::move(name)),
        has_type_(has_type),
        clock_(clock),
        random_(random) {}

  Result<std::vector<std::string>> ListNamespaces() override;
  Status CreateNamespace(const std::string& name_space) override;
  Result<std::vector<TableIdent>> ListTables(const std::string& name_space) override;
  Result<LoadedTable> LoadTable(const TableIdent& ident) override;
  Result<LoadedTable> CreateTable(const TableIdent& ident,
                                  const table::TableMetadata& metadata) override;
  Result<LoadedTable> CommitTable(const TableIdent& ident,
                                  const std::vector<table::Requirement>& requirements,
                                  const std::vector<table::Update>& updates) override;
  Status DropTable(const TableIdent& ident) override;

 private:
  // All with mutex_ held.
  Result<sqlite::Statement> Prepare(const std::string& sql, const TableIdent& ident);
  Result<std::vector<std::string>> Namespaces();
  Result<std::vector<TableIdent>> Tables(const std::string* name_space);
  Result<std::optional<std::string>> FindLocation(const TableIdent& ident);
  Status EnterNamespace(const std::string& name_space);
  Status Enter(const TableIdent& ident, const std::string& location);
  Status EnterInTransaction(const TableIdent& ident, const std::string& location);
  Result<bool> Swap(const TableIdent& ident, const std::string& from,
                    const std::string& to);
  Status NotFound(const TableIdent& ident);

  Result<std::string> LocationOf(const TableIdent& ident);
  Status Publish(const TableIdent& ident, const std::string& from, const LoadedTable& to);
  Status Settle(const TableIdent& ident, const std::string& from, const std::string& to,
                const Status& failure);

  /// Rows of views share the table; older databases have no such column.
  std::string TypeFilter() const {
    return has_type_ ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : "";
  }

  std::mutex mutex_;  // of database_; never held while files are read or written
  const std::unique_ptr<sqlite::Database> database_;
  const std::string name_;
  const bool has_type_;
  Clock& clock_;
  Random& random_;
};

Status Lost(const TableIdent& ident) {
  return Error(
      ErrorKind::kConflict,
      "somebody else changed the table first, nothing of this commit is visible; load it "
      "again and retry: " +
          ident.ToString(),
      {{"table", ident.ToString()}});
}

Status Taken(const TableIdent& ident) {
  return Error(ErrorKind::kAlreadyExists, "table " + ident.ToString() + " exists",
               {{"table", ident.ToString()}});
}

/// Prepares a statement whose first parameters are catalog, namespace and name.
Result<sqlite::Statement> SqliteCatalog::Prepare(const std::string& sql,
                                                 const TableIdent& ident) {
  SLUICE_ASSIGN(sqlite::Statement statement, database_->Prepare(sql));
  statement.Bind(1, name_).Bind(2, ident.name_space).Bind(3, ident.name);
  return statement;
}

Result<std::vector<std::string>> SqliteCatalog::Namespaces() {
  SLUICE_ASSIGN(
      auto select,
      database_->Prepare("SELECT namespace FROM iceberg_namespace_properties "
                         "WHERE catalog_name = ?1 UNION SELECT table_namespace "
                         "FROM iceberg_tables WHERE catalog_name = ?1 ORDER BY 1"));
  select.Bind(1, name_);
  std::vector<std::string> names;
  while (true) {
    SLUICE_ASSIGN(bool row, select.Step());
    if (!row) return names;
    names.emplace_back(select.text_at(0));
  }
}

/// Null: of all namespaces.
Result<std::vector<TableIdent>> SqliteCatalog::Tables(const std::string* name_space) {
  std::string sql =
      "SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ?";
  if (name_space) sql += " AND table_namespace = ?";
  SLUICE_ASSIGN(auto select, database_->Prepare(sql + TypeFilter() + " ORDER BY 1, 2"));
  select.Bind(1, name_);
  if (name_space) select.Bind(2, *name_space);
  std::vector<TableIdent> tables;
  while (true) {
    SLUICE_ASSIGN(bool row, select.Step());
    if (!row) return tables;
    tables.push_back({std::string(select.text_at(0)), std::string(select.text_at(1))});
  }
}

Result<std::optional<std::string>> SqliteCatalog::FindLocation(const TableIdent& ident) {
  SLUICE_ASSIGN(
      auto select,
      Prepare("SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? "
              "AND table_namespace = ? AND table_name = ?" +
                  TypeFilter(),
              ident));
  SLUICE_ASSIGN(bool row, select.Step());
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(select.text_at(0));
}

Status SqliteCatalog::NotFound(const TableIdent& ident) {
  SLUICE_ASSIGN(auto tables, Tables(nullptr));
  std::vector<std::string> names;
  for (const TableIdent& table : tables) names.push_back(table.ToString());
  return Error(ErrorKind::kNotFound,
               "table " + ident.ToString() + " does not exist" +
                   DidYouMean(ident.ToString(), names),
               {{"table", ident.ToString()}});
}

Result<std::string> SqliteCatalog::LocationOf(const TableIdent& ident) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(std::optional<std::string> location, FindLocation(ident));
  if (!location) return NotFound(ident);
  if (location->empty()) {
    return Error(ErrorKind::kCorrupt,
                 "the catalog knows no metadata file of table " + ident.ToString());
  }
  return *std::move(location);
}

Result<std::vector<std::string>> SqliteCatalog::ListNamespaces() {
  std::lock_guard lock(mutex_);
  return Namespaces();
}

Status SqliteCatalog::EnterNamespace(const std::string& name_space) {
  SLUICE_ASSIGN(
      auto insert,
      database_->Prepare("INSERT INTO iceberg_namespace_properties SELECT ?1, ?2, "
                         "'exists', 'true' WHERE NOT EXISTS (SELECT 1 FROM "
                         "iceberg_namespace_properties WHERE catalog_name = ?1 AND "
                         "namespace = ?2)"));
  return insert.Bind(1, name_).Bind(2, name_space).Run();
}

Status SqliteCatalog::CreateNamespace(const std::string& name_space) {
  SLUICE_TRY(internal::CheckNamespace(name_space));
  std::lock_guard lock(mutex_);
  return EnterNamespace(name_space);
}

Result<std::vector<TableIdent>> SqliteCatalog::ListTables(const std::string& name_space) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto tables, Tables(&name_space));
  if (!tables.empty()) return tables;
  SLUICE_ASSIGN(auto names, Namespaces());
  for (const std::string& name : names) {
    // A level above a namespace exists too.
    if (name == name_space || name.starts_with(name_space + ".")) return tables;
  }
  return Error(
      ErrorKind::kNotFound,
      "namespace " + name_space + " does not exist" + DidYouMean(name_space, names),
      {{"namespace", name_space}});
}

Result<LoadedTable> SqliteCatalog::LoadTable(const TableIdent& ident) {
  SLUICE_ASSIGN(std::string location, LocationOf(ident));
  auto metadata = internal::ReadMetadata(location);
  if (!metadata.ok()) return Within("table " + ident.ToString(), metadata.status());
  return LoadedTable{*std::move(metadata), std::move(location)};
}

Status SqliteCatalog::EnterInTransaction(const TableIdent& ident,
                                         const std::string& location) {
  SLUICE_TRY(EnterNamespace(ident.name_space));
  std::string columns = "catalog_name, table_namespace, table_name, metadata_location";
  std::string values = "?, ?, ?, ?";
  if (has_type_) {
    columns += ", iceberg_type";
    values += ", 'TABLE'";
  }
  SLUICE_ASSIGN(auto insert, Prepare("INSERT INTO iceberg_tables (" + columns +
                                         ") VALUES (" + values + ")",
                                     ident));
  Status inserted = insert.Bind(4, location).Run();
  return KindOf(inserted) == ErrorKind::kAlreadyExists ? Taken(ident) : inserted;
}

Status SqliteCatalog::Enter(const TableIdent& ident, const std::string& location) {
  SLUICE_TRY(database_->Execute("BEGIN IMMEDIATE"));
  Status entered = EnterInTransaction(ident, location);
  if (entered.ok()) entered = database_->Execute("COMMIT");
  if (!entered.ok()) {
    // Fails where SQLite has rolled back by itself, which is as good.
    [[maybe_unused]] Status rolled_back = database_->Execute("ROLLBACK");
  }
  return entered;
}

Result<bool> SqliteCatalog::Swap(const TableIdent& ident, const std::string& from,
                                 const std::string& to) {
  SLUICE_ASSIGN(
      auto update,
      Prepare("UPDATE iceberg_tables SET metadata_location = ?4, "
              "previous_metadata_location = ?5 WHERE catalog_name = ?1 AND "
              "table_namespace = ?2 AND table_name = ?3 AND metadata_location = ?5" +
                  TypeFilter(),
              ident));
  SLUICE_TRY(update.Bind(4, to).Bind(5, from).Run());
  return database_->changes() == 1;
}

/// Finds out by looking whether a change landed whose answer was an error. OK: it did.
Status SqliteCatalog::Settle(const TableIdent& ident, const std::string& from,
                             const std::string& to, const Status& failure) {
  if (KindOf(failure) == ErrorKind::kAlreadyExists) return failure;
  auto unknown = [&](const Status& cause) {
    return Error(
        ErrorKind::kCommitUnknown,
        "it is not known whether the change of table " + ident.ToString() +
            " landed; look at its snapshots before trying again: " + cause.message(),
        {{"table", ident.ToString()}, {"metadata", to}});
  };
  std::optional<std::string> now;
  {
    std::lock_guard lock(mutex_);
    auto found = FindLocation(ident);
    if (!found.ok()) return unknown(failure);
    now = *std::move(found);
  }
  if (now == to) return Status::OK();
  if (!now || *now == from) return failure;
  auto current = internal::ReadMetadata(*now);
  if (!current.ok()) return unknown(current.status());
  for (const auto& entry : current->metadata_log) {
    if (entry.metadata_file == to) return Status::OK();  // and was followed by another
  }
  return failure;
}

/// Writes the metadata and moves the name from `from` ("": from nothing) to it.
Status SqliteCatalog::Publish(const TableIdent& ident, const std::string& from,
                              const LoadedTable& to) {
  const std::string& location = to.metadata_location;
  SLUICE_TRY(Failpoint("commit.before_metadata_written"));
  SLUICE_TRY(internal::WriteMetadata(to.metadata, location));
  Status ready = Failpoint("commit.after_metadata_written");
  if (ready.ok()) ready = Failpoint("commit.before_swap");
  if (!ready.ok()) {
    internal::RemoveMetadata(location);
    return ready;
  }
  Status done;
  {
    std::lock_guard lock(mutex_);
    if (from.empty()) {
      done = Enter(ident, location);
    } else {
      auto swapped = Swap(ident, from, location);
      done = !swapped.ok() ? swapped.status() : *swapped ? Status::OK() : Lost(ident);
    }
  }
  if (!done.ok() && KindOf(done) != ErrorKind::kConflict)
    done = Settle(ident, from, location, done);
  if (!done.ok()) {
    if (KindOf(done) != ErrorKind::kCommitUnknown) internal::RemoveMetadata(location);
    return done;
  }
  Status answered = Failpoint("commit.after_swap");
  if (answered.ok()) return answered;
  return Error(ErrorKind::kCommitUnknown,
               "the commit's answer was lost: " + answered.message());
}

Result<LoadedTable> SqliteCatalog::CreateTable(const TableIdent& ident,
                                               const table::TableMetadata& metadata) {
  SLUICE_TRY(TableIdent::Parse(ident.ToString()));
  {
    std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(std::optional<std::string> existing, FindLocation(ident));
    if (existing) return Taken(ident);
  }
  LoadedTable created{metadata,
                      table::MetadataPath(metadata.location, 0, random_.Uuid())};
  SLUICE_TRY(Publish(ident, "", created));
  return created;
}

Result<LoadedTable> SqliteCatalog::CommitTable(
    const TableIdent& ident, const std::vector<table::Requirement>& requirements,
    const std::vector<table::Update>& updates) {
  SLUICE_ASSIGN(LoadedTable base, LoadTable(ident));
  Status met = table::CheckRequirements(&base.metadata, requirements);
  if (!met.ok())
    return Within("commit to " + ident.ToString(), met, {{"table", ident.ToString()}});
  auto changed =
      table::ApplyUpdates(base.metadata, updates, base.metadata_location, clock_.NowMs());
  if (!changed.ok()) return Within("commit to " + ident.ToString(), changed.status());
  int version = table::MetadataVersion(base.metadata_location) + 1;
  LoadedTable next{*std::move(changed), ""};
  next.metadata_location =
      table::MetadataPath(next.metadata.location, version, random_.Uuid());
  SLUICE_TRY(Publish(ident, base.metadata_location, next));
  return next;
}

Status SqliteCatalog::DropTable(const TableIdent& ident) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(
      auto remove,
      Prepare("DELETE FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? "
              "AND table_name = ?" +
                  TypeFilter(),
              ident));
  SLUICE_TRY(remove.Run());
  return database_->changes() == 1 ? Status::OK() : NotFound(ident);
}

/// Makes the tables where they are missing; tells whether rows say what they are (schema
/// V1).
Result<bool> PrepareSchema(sqlite::Database& database, bool create) {
  SLUICE_ASSIGN(
      auto columns,
      database.Prepare("SELECT name FROM pragma_table_info('iceberg_tables') UNION ALL "
                       "SELECT 'namespaces' FROM sqlite_master WHERE type = 'table' AND "
                       "name = 'iceberg_namespace_properties'"));
  std::set<std::string> found;
  while (true) {
    SLUICE_ASSIGN(bool row, columns.Step());
    if (!row) break;
    found.insert(Lower(columns.text_at(0)));
  }
  bool has_tables = found.contains("metadata_location");
  if (has_tables && found.contains("namespaces")) return found.contains("iceberg_type");
  if (!create) {
    return Error(ErrorKind::kNotFound, "the SQLite file holds no Iceberg catalog");
  }
  // IF NOT EXISTS under the write lock: another process may be doing the same.
  SLUICE_TRY(
      database.Execute(std::string("BEGIN IMMEDIATE;") + kCreateTables + ";COMMIT"));
  return !has_tables || found.contains("iceberg_type");
}

}  // namespace

Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const SqliteCatalogOptions& options,
                                                   Clock& clock, Random& random) {
  if (options.create) SLUICE_TRY(sqlite::MakeDirectoryOf(options.path));
  auto database = sqlite::Database::Open(options.path, {.create = options.create});
  if (!database.ok()) return Within("open the catalog", database.status());
  auto has_type = PrepareSchema(**database, options.create);
  if (!has_type.ok())
    return Within("open the catalog " + options.path, has_type.status());
  return std::make_unique<SqliteCatalog>(*std::move(database), options.name, *has_type,
                                         clock, random);
}

Result<std::vector<std::string>> ForeignMetadata(const std::string& path,
                                                 const std::string& name) {
  SLUICE_ASSIGN(auto database, sqlite::Database::Open(path, {.read_only = true}));
  SLUICE_ASSIGN(bool has_type, PrepareSchema(*database, /*create=*/false));
  std::string views = has_type ? " OR iceberg_type = 'VIEW'" : "";
  SLUICE_ASSIGN(auto select,
                database->Prepare("SELECT metadata_location FROM iceberg_tables WHERE "
                                  "metadata_location IS NOT NULL AND (catalog_name <> ?" +
                                  views + ")"));
  select.Bind(1, name);
  std::vector<std::string> locations;
  while (true) {
    SLUICE_ASSIGN(bool row, select.Step());
    if (!row) return locations;
    locations.emplace_back(select.text_at(0));
  }
}

}  // namespace sluice::catalog
