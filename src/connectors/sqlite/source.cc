#include "connectors/sqlite/source_internal.h"

#include <algorithm>

#include "base/near_names.h"
#include "base/text.h"
#include "connectors/sqlite/catalog_internal.h"
#include "connectors/sqlite/plan_internal.h"
#include "connectors/sqlite/reader_internal.h"

namespace sluice::connectors::sqlite {
namespace {

namespace sq = ::sluice::sqlite;

/// A bad column or WHERE of the user is found here, before any row is read.
Status CheckStatement(sq::Database& database, const connect::Selection& selection,
                      const TableFacts* table) {
  auto statement = database.Prepare(SelectText(selection, table));
  if (statement.ok()) return Status::OK();
  return Within(selection.Label(), statement.status(), {{"table", selection.Label()}});
}

ColumnPlan PlanOf(const TableFacts& table, ColumnFacts facts,
                  connect::OddValuePolicy policy) {
  const ColumnFacts* alias = table.rowid_alias();
  const bool is_alias = alias != nullptr && alias->name == facts.name;
  if (is_alias || (table.without_rowid && facts.key_position > 0)) facts.not_null = true;
  const bool strict = table.strict && Lower(facts.declared_type) != "any";
  ColumnPlan plan = PlanColumn(facts, is_alias || strict, policy);
  if (table.kind != TableFacts::Kind::kTable) {
    plan.column.field = plan.column.field->WithNullable(true);
  }
  return plan;
}

}  // namespace

SqliteSource::SqliteSource(std::string path, const connect::ReadOptions& options,
                           std::unique_ptr<sq::Database> database)
    : path_(std::move(path)),
      options_(options),
      database_(std::move(database)),
      connections_(path_) {}

Result<std::unique_ptr<connect::Source>> SqliteSource::Make(
    const std::string& path, const connect::ReadOptions& options) {
  if (path.empty()) {
    return Error(
        ErrorKind::kUserInput,
        "a SQLite URL needs a file: sqlite:///relative.db or sqlite:////absolute.db");
  }
  SLUICE_ASSIGN(auto database, OpenFile(path));
  return std::unique_ptr<connect::Source>(
      new SqliteSource(path, options, std::move(database)));
}

Result<std::vector<connect::TableName>> SqliteSource::List(const std::string& pattern) {
  std::lock_guard lock(mutex_);
  return ListTables(*database_, pattern);
}

Result<std::vector<ColumnPlan>> SqliteSource::PlanTableColumns(
    const connect::Selection& selection, const TableFacts& table) {
  std::vector<ColumnPlan> plans;
  if (selection.columns.empty()) {
    for (const ColumnFacts& column : table.columns) {
      plans.push_back(PlanOf(table, column, options_.wrong_storage_class));
    }
    return plans;
  }
  std::vector<std::string> known;
  for (const ColumnFacts& column : table.columns) known.push_back(column.name);
  for (const std::string& name : selection.columns) {
    auto found = std::find_if(
        table.columns.begin(), table.columns.end(),
        [&](const ColumnFacts& column) { return Lower(column.name) == Lower(name); });
    if (found == table.columns.end()) {
      return Error(ErrorKind::kNotFound,
                   "no such column in " + selection.Label() + ": " + name +
                       DidYouMean(name, known),
                   {{"table", selection.Label()}, {"column", name}});
    }
    plans.push_back(PlanOf(table, *found, options_.wrong_storage_class));
  }
  return plans;
}

Result<std::vector<ColumnPlan>> SqliteSource::PlanQueryColumns(
    const connect::Selection& selection) {
  auto statement = database_->Prepare(SelectText(selection, nullptr));
  if (!statement.ok()) return Within("query", statement.status());
  std::vector<ColumnPlan> plans;
  for (int i = 0; i < statement->num_columns(); ++i) {
    ColumnFacts facts{statement->column_name(i), statement->declared_type(i)};
    ColumnPlan plan = PlanColumn(facts, /*exact=*/false, options_.wrong_storage_class);
    if (facts.declared_type.empty()) {
      plan.column.note = "an expression has no declared type: " + plan.column.note;
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

Result<SqliteSource::Resolved> SqliteSource::Resolve(
    const connect::Selection& selection) {
  Resolved resolved;
  if (selection.table) {
    SLUICE_ASSIGN(TableFacts table, ReadTable(*database_, *selection.table));
    resolved.table = std::make_unique<TableFacts>(std::move(table));
    SLUICE_ASSIGN(resolved.columns, PlanTableColumns(selection, *resolved.table));
    resolved.key = resolved.table->key();
    SLUICE_TRY(CheckStatement(*database_, selection, resolved.table.get()));
    return resolved;
  }
  SLUICE_ASSIGN(resolved.columns, PlanQueryColumns(selection));
  return resolved;
}

Result<connect::TableSchema> SqliteSource::Describe(const connect::Selection& selection) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(Resolved resolved, Resolve(selection));
  connect::TableSchema schema;
  schema.name = selection.Label();
  for (ColumnPlan& plan : resolved.columns)
    schema.columns.push_back(std::move(plan.column));
  schema.key = std::move(resolved.key);
  return schema;
}

Result<connect::SnapshotInfo> SqliteSource::BeginSnapshot() {
  std::lock_guard lock(mutex_);
  return connections_.Begin(std::max(1, options_.parallel), database_.get());
}

Result<connect::ReadPlan> SqliteSource::Plan(const connect::Selection& selection) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(Resolved resolved, Resolve(selection));
  return PlanSelection(*database_, selection, resolved.table.get(), options_);
}

Result<std::unique_ptr<connect::Reader>> SqliteSource::Open(
    const connect::Split& split, const connect::Position& from) {
  if (!from.value.is_null()) {
    return Error(
        ErrorKind::kUserInput,
        "a split of a SQLite file is read from its beginning, start the split again: " +
            split.id);
  }
  SqliteReader::Request request;
  {
    std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(Resolved resolved, Resolve(split.selection));
    SLUICE_ASSIGN(std::string condition, GetString(split.range, "condition"));
    request.label = split.selection.Label();
    request.sql = SelectText(split.selection, resolved.table.get(), condition);
    request.columns = std::move(resolved.columns);
    request.options = options_;
  }
  return SqliteReader::Make(&connections_, std::move(request));
}

Result<connect::Diagnosis> SqliteSource::Diagnose() {
  std::lock_guard lock(mutex_);
  connect::Diagnosis diagnosis;
  SLUICE_ASSIGN(auto version, database_->Prepare("SELECT sqlite_version()"));
  SLUICE_TRY(version.Step());
  diagnosis.server = "SQLite " + std::string(version.text_at(0)) + " (in this program)";
  SLUICE_ASSIGN(auto mode, database_->Prepare("PRAGMA journal_mode"));
  SLUICE_TRY(mode.Step());
  SLUICE_ASSIGN(auto tables, ListTables(*database_, "*"));
  using Level = connect::Finding::Level;
  diagnosis.findings.push_back({Level::kOk,
                                "can read " +
                                    CountText(static_cast<int64_t>(tables.size())) +
                                    " tables of " + path_,
                                ""});
  if (mode.text_at(0) != "wal") {
    diagnosis.findings.push_back({Level::kWarning,
                                  "journal mode " + std::string(mode.text_at(0)) +
                                      ": programs that write to the file "
                                      "wait while it is read",
                                  "PRAGMA journal_mode = WAL"});
  } else {
    diagnosis.findings.push_back(
        {Level::kOk, "journal mode wal: writers go on while the file is read", ""});
  }
  return diagnosis;
}

}  // namespace sluice::connectors::sqlite
