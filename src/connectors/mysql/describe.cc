#include "connectors/mysql/describe.h"

#include <fmt/format.h>

#include "base/near_names.h"
#include "base/text.h"

namespace sluice::connectors::mysql {
namespace {

constexpr std::string_view kDerivedName = "sluice_query";

/// The wanted columns of the table, all when none are named.
Result<std::vector<std::string>> ColumnNames(const TableFacts& facts,
                                             const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  for (const TableColumn& column : facts.columns) known.push_back(column.name);
  if (wanted.empty()) return known;
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    const TableColumn* column = facts.FindColumn(name);
    if (column == nullptr) {
      return Error(ErrorKind::kNotFound,
                   fmt::format("table {} has no column {}{}", facts.name.ToString(), name,
                               DidYouMean(name, known)),
                   {{"table", facts.name.ToString()}, {"column", name}});
    }
    names.push_back(column->name);
  }
  return names;
}

void UseTableFacts(const TableFacts& facts, Described* described) {
  for (ResultColumn& result : described->columns) {
    const TableColumn* column = facts.FindColumn(result.column.name);
    if (column == nullptr) continue;
    result.column.source_type = column->column_type;
    const bool hidden = column->extra.find("INVISIBLE") != std::string::npos;
    if (hidden) {
      if (!result.column.note.empty()) result.column.note += "; ";
      result.column.note += "an INVISIBLE column";
    }
  }
  for (const TableIndex& index : facts.indexes) {
    if (index.name == "PRIMARY") described->schema.key = index.columns;
  }
}

}  // namespace

Result<std::string> FromText(const Session& session,
                             const connect::Selection& selection) {
  if (selection.table) {
    SLUICE_ASSIGN(connect::TableName name, Qualify(*selection.table, session));
    return QuoteTable(name);
  }
  if (selection.query.empty()) {
    return Error(ErrorKind::kUserInput, "name a table or give a query to read");
  }
  return fmt::format("({}\n) AS {}", selection.query, kDerivedName);
}

Result<std::string> SelectText(const Session& session,
                               const connect::Selection& selection,
                               const ReadText& read) {
  const bool plain_query = !selection.table && selection.where.empty() &&
                           read.condition.empty() && selection.columns.empty();
  SLUICE_ASSIGN(std::string from, FromText(session, selection));
  if (plain_query) return selection.query;
  std::vector<std::string> names;
  for (const std::string& name : selection.table ? read.names : selection.columns) {
    names.push_back(QuoteName(name));
  }
  std::string sql =
      "SELECT " + (names.empty() ? "*" : Join(names, ", ")) + " FROM " + from;
  if (!read.index.empty()) sql += " FORCE INDEX (" + QuoteName(read.index) + ")";
  std::vector<std::string> conditions;
  if (!read.condition.empty()) conditions.push_back(read.condition);
  // The line break ends a comment that the user's text may end with.
  if (!selection.where.empty()) conditions.push_back("(" + selection.where + "\n)");
  if (!conditions.empty()) sql += " WHERE " + Join(conditions, " AND ");
  return sql;
}

Result<Described> DescribeSelection(Session* session, const connect::Selection& selection,
                                    const connect::ReadOptions& options) {
  Described described;
  described.schema.name = selection.Label();
  if (selection.table) {
    SLUICE_ASSIGN(described.facts,
                  ReadTableFacts(session, *selection.table, selection.columns));
    SLUICE_ASSIGN(described.names, ColumnNames(described.facts, selection.columns));
  }
  SLUICE_ASSIGN(std::string sql,
                SelectText(*session, selection, {described.names, "", ""}));
  const std::string doing = "describe " + selection.Label();
  auto statement = Statement::Prepare(session, sql, doing);
  if (!statement.ok()) {
    if (selection.table && KindOf(statement.status()) == ErrorKind::kAuth) {
      return MissingSelect(session, described.facts.name, statement.status());
    }
    return statement.status();
  }
  described.nullable_only = !selection.table || described.facts.kind == "VIEW";
  SLUICE_ASSIGN(described.columns, ColumnsFromFields((*statement)->fields(), options,
                                                     described.nullable_only));
  if (selection.table) UseTableFacts(described.facts, &described);
  for (const ResultColumn& column : described.columns) {
    described.schema.columns.push_back(column.column);
  }
  return described;
}

}  // namespace sluice::connectors::mysql
