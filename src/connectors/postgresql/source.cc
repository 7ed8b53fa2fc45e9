#include "connectors/postgresql/source_internal.h"

#include <algorithm>
#include <set>

#include "base/near_names.h"
#include "base/text.h"
#include "connectors/postgresql/catalog_internal.h"
#include "connectors/postgresql/diagnose_internal.h"
#include "connectors/postgresql/reader_internal.h"

namespace sluice::connectors::postgresql {
namespace {

/// The facts of the columns that are read, in the order asked for.
Result<std::vector<ColumnFacts>> ChooseColumns(const std::vector<ColumnFacts>& all,
                                               const connect::Selection& selection) {
  if (selection.columns.empty()) return all;
  std::vector<ColumnFacts> chosen;
  std::vector<std::string> known;
  for (const ColumnFacts& column : all) known.push_back(column.name);
  for (const std::string& name : selection.columns) {
    auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      found = std::find_if(known.begin(), known.end(), [&](const std::string& candidate) {
        return Lower(candidate) == Lower(name);
      });
    }
    if (found == known.end()) {
      return Error(ErrorKind::kNotFound,
                   "no such column in " + selection.Label() + ": " + name +
                       DidYouMean(name, known),
                   {{"table", selection.Label()}, {"column", name}});
    }
    chosen.push_back(all[static_cast<size_t>(found - known.begin())]);
  }
  return chosen;
}

Status PlanColumns(Connection& connection, const std::vector<ColumnFacts>& columns,
                   const connect::ReadOptions& options, Resolved* resolved) {
  std::vector<uint32_t> oids;
  for (const ColumnFacts& column : columns) oids.push_back(column.type);
  SLUICE_ASSIGN(TypeMap types, ReadTypes(connection, oids));
  for (const ColumnFacts& column : columns) {
    resolved->columns.push_back(PlanColumn(column, types, options));
  }
  return Status::OK();
}

}  // namespace

PostgresqlSource::PostgresqlSource(connect::Link link,
                                   const connect::ReadOptions& options)
    : link_(link), options_(options), pool_(std::move(link)) {}

Result<std::unique_ptr<connect::Source>> PostgresqlSource::Make(
    const connect::Link& link, const connect::ReadOptions& options) {
  std::unique_ptr<PostgresqlSource> source(new PostgresqlSource(link, options));
  SLUICE_TRY(source->EnsureConnected());
  return std::unique_ptr<connect::Source>(std::move(source));
}

Status PostgresqlSource::EnsureConnected() {
  if (connection_ != nullptr && connection_->is_alive()) return Status::OK();
  SLUICE_ASSIGN(connection_, Connection::Connect(link_));
  SLUICE_ASSIGN(Rows rows, connection_->Query("SHOW server_encoding"));
  check_text_ = rows.at(0, 0) == "SQL_ASCII";
  return Status::OK();
}

Result<std::vector<connect::TableName>> PostgresqlSource::List(
    const std::string& pattern) {
  std::lock_guard lock(mutex_);
  SLUICE_TRY(EnsureConnected());
  return ListTables(*connection_, pattern);
}

Status PostgresqlSource::ResolveTable(const connect::Selection& selection,
                                      Resolved* resolved) {
  resolved->is_table = true;
  SLUICE_ASSIGN(resolved->table, ReadTable(*connection_, *selection.table));
  SLUICE_ASSIGN(auto columns, ChooseColumns(resolved->table.columns, selection));
  std::vector<std::string> names;
  for (const ColumnFacts& column : columns) names.push_back(column.name);
  SLUICE_TRY(CheckReadable(*connection_, resolved->table, names));
  SLUICE_TRY(PlanColumns(*connection_, columns, options_, resolved));
  if (selection.where.empty()) return Status::OK();
  return Within(
      selection.Label() + ": --where",
      connection_->DescribeStatement(SelectText(selection, *resolved, "")).status());
}

Status PostgresqlSource::ResolveQuery(const connect::Selection& selection,
                                      Resolved* resolved) {
  auto described = connection_->DescribeStatement(SelectText(selection, *resolved, ""));
  if (!described.ok()) return Within("query", described.status());
  std::vector<ColumnFacts> columns;
  std::set<std::string> names;
  std::vector<std::string> oids, modifiers;
  for (const ResultColumn& column : *described) {
    if (!names.insert(column.name).second) {
      return Error(
          ErrorKind::kUserInput,
          "the query gives two columns of one name, name them with AS: " + column.name);
    }
    columns.push_back({column.name, "", column.type, column.modifier, false});
    oids.push_back(std::to_string(column.type));
    modifiers.push_back(std::to_string(column.modifier));
  }
  SLUICE_ASSIGN(Rows types,
                connection_->Query(
                    "SELECT format_type(o, m) FROM unnest($1::oid[], $2::int[]) "
                    "WITH ORDINALITY AS t(o, m, place) ORDER BY place",
                    {"{" + Join(oids, ",") + "}", "{" + Join(modifiers, ",") + "}"}));
  for (int i = 0; i < types.size(); ++i)
    columns[static_cast<size_t>(i)].source_type = types.at(i, 0);
  SLUICE_ASSIGN(columns, ChooseColumns(columns, selection));
  return PlanColumns(*connection_, columns, options_, resolved);
}

Result<const Resolved*> PostgresqlSource::Resolve(const connect::Selection& selection) {
  const std::string key = ToText(selection.ToJson());
  auto found = resolved_.find(key);
  if (found != resolved_.end()) return &found->second;
  SLUICE_TRY(EnsureConnected());
  Resolved resolved;
  SLUICE_TRY(selection.table ? ResolveTable(selection, &resolved)
                             : ResolveQuery(selection, &resolved));
  if (resolved.columns.empty()) {
    return Error(ErrorKind::kUserInput,
                 "there are no columns to read: " + selection.Label());
  }
  return &resolved_.emplace(key, std::move(resolved)).first->second;
}

Result<connect::TableSchema> PostgresqlSource::Describe(
    const connect::Selection& selection) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const Resolved* resolved, Resolve(selection));
  connect::TableSchema schema;
  schema.name = selection.Label();
  for (const ColumnPlan& plan : resolved->columns) schema.columns.push_back(plan.column);
  schema.key = resolved->table.key;
  return schema;
}

Result<connect::SnapshotInfo> PostgresqlSource::BeginSnapshot() {
  return pool_.Begin(std::max(1, options_.parallel));
}

Result<connect::ReadPlan> PostgresqlSource::Plan(const connect::Selection& selection) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const Resolved* resolved, Resolve(selection));
  SLUICE_TRY(EnsureConnected());
  return PlanSelection(*connection_, selection, *resolved, options_);
}

Result<std::unique_ptr<connect::Reader>> PostgresqlSource::Open(
    const connect::Split& split, const connect::Position& from) {
  if (!from.value.is_null()) {
    return Error(
        ErrorKind::kUserInput,
        "a split of a PostgreSQL table is read from its beginning, start the split "
        "again: " +
            split.id);
  }
  PostgresqlReader::Request request;
  {
    std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(const Resolved* resolved, Resolve(split.selection));
    SLUICE_ASSIGN(std::string condition, GetString(split.range, "condition"));
    request.label = split.selection.Label();
    request.split_id = split.id;
    request.sql = CopyText(split.selection, *resolved, condition);
    request.columns = resolved->columns;
    request.options = options_;
    request.check_text = check_text_;
    const TableFacts& table = resolved->table;
    if (split.selection.table && (table.kind == 'r' || table.kind == 'p')) {
      request.table_oid = table.oid;
      if (table.can_read_all) {
        request.lock_target =
            QuoteName(table.name.schema) + "." + QuoteName(table.name.name);
      }
    }
  }
  return PostgresqlReader::Make(&pool_, std::move(request));
}

Result<connect::Diagnosis> PostgresqlSource::Diagnose() {
  std::lock_guard lock(mutex_);
  SLUICE_TRY(EnsureConnected());
  return DiagnoseServer(*connection_);
}

}  // namespace sluice::connectors::postgresql
