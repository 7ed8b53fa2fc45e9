#include "connectors/mysql/table_facts.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/near_names.h"
#include "base/text.h"

namespace sluice::connectors::mysql {
namespace {

using connect::TableName;

constexpr std::string_view kTableKinds = "('BASE TABLE', 'SYSTEM VERSIONED')";

int64_t Number(const Session::Cell& cell) {
  return cell.has_value() ? std::strtoll(cell->c_str(), nullptr, 10) : -1;
}

Status UnknownTable(Session* session, const TableName& name) {
  SLUICE_ASSIGN(auto rows,
                session->Query(fmt::format("SELECT table_name FROM information_schema"
                                           ".tables WHERE table_schema = {}",
                                           QuoteText(name.schema)),
                               "list tables"));
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.at(0).value_or(""));
  const std::string near = DidYouMean(name.name, names);
  return Error(ErrorKind::kNotFound,
               fmt::format("no such table, or no right to see it: {}{} (user {} at {})",
                           name.ToString(), near, session->endpoint().user,
                           session->endpoint().address),
               {{"table", name.ToString()}});
}

Status ReadSize(Session* session, TableFacts* facts) {
  const std::string sql = fmt::format(
      "SELECT table_type, engine, table_rows, avg_row_length FROM "
      "information_schema.tables "
      "WHERE table_schema = {} AND table_name = {}",
      QuoteText(facts->name.schema), QuoteText(facts->name.name));
  SLUICE_ASSIGN(auto rows,
                session->Query(sql, "look up table " + facts->name.ToString()));
  if (rows.empty()) return UnknownTable(session, facts->name);
  facts->kind = rows[0].at(0).value_or("");
  facts->engine = rows[0].at(1).value_or("");
  facts->rows = Number(rows[0].at(2));
  facts->row_bytes = Number(rows[0].at(3));
  return Status::OK();
}

Status ReadColumns(Session* session, TableFacts* facts) {
  const std::string sql = fmt::format(
      "SELECT column_name, data_type, column_type, is_nullable, character_set_name, "
      "extra "
      "FROM information_schema.columns WHERE table_schema = {} AND table_name = {} "
      "ORDER BY ordinal_position",
      QuoteText(facts->name.schema), QuoteText(facts->name.name));
  SLUICE_ASSIGN(auto rows,
                session->Query(sql, "list columns of " + facts->name.ToString()));
  for (const auto& row : rows) {
    facts->columns.push_back({row.at(0).value_or(""), Lower(row.at(1).value_or("")),
                              row.at(2).value_or(""), row.at(3).value_or("") != "NO",
                              row.at(4).value_or(""), row.at(5).value_or("")});
  }
  return Status::OK();
}

/// SHOW INDEX: Non_unique 1, Key_name 2, Column_name 4, Sub_part 7, Null 9, Index_type
/// 10, and at 13 MariaDB's Ignored or MySQL's Visible.
Status ReadIndexes(Session* session, TableFacts* facts) {
  SLUICE_ASSIGN(auto rows, session->Query("SHOW INDEX FROM " + QuoteTable(facts->name),
                                          "list indexes of " + facts->name.ToString()));
  std::vector<std::string> unusable;
  for (const auto& row : rows) {
    const std::string name = row.at(2).value_or("");
    if (facts->indexes.empty() || facts->indexes.back().name != name) {
      facts->indexes.push_back({name, row.at(1).value_or("1") == "0"});
    }
    TableIndex& index = facts->indexes.back();
    const std::string flag = row.size() > 13 ? row[13].value_or("") : "";
    const bool ignored = flag == (session->is_mariadb() ? "YES" : "NO");
    if (!row.at(4).has_value() || row.at(7).has_value() || row.at(10) != "BTREE" ||
        ignored) {
      unusable.push_back(name);
    }
    index.columns.push_back(row.at(4).value_or(""));
    if (row.at(9).value_or("") == "YES") index.nullable = true;
  }
  std::erase_if(facts->indexes, [&](const TableIndex& index) {
    return std::find(unusable.begin(), unusable.end(), index.name) != unusable.end();
  });
  return Status::OK();
}

Status CheckReadable(Session* session, const TableName& name, std::string_view what) {
  const Status status =
      session
          ->Query(fmt::format("SELECT {} FROM {} LIMIT 0", what, QuoteTable(name)),
                  "read table " + name.ToString())
          .status();
  if (status.ok()) return status;
  if (KindOf(status) == ErrorKind::kAuth) return MissingSelect(session, name, status);
  if (KindOf(status) == ErrorKind::kNotFound) return UnknownTable(session, name);
  return status;
}

}  // namespace

const TableColumn* TableFacts::FindColumn(const std::string& column) const {
  for (const TableColumn& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  const std::string small = Lower(column);  // the server ignores case in names of columns
  for (const TableColumn& candidate : columns) {
    if (Lower(candidate.name) == small) return &candidate;
  }
  return nullptr;
}

Result<TableName> Qualify(const TableName& name, const Session& session) {
  if (!name.schema.empty()) return name;
  if (session.endpoint().database.empty()) {
    return Error(
        ErrorKind::kUserInput,
        fmt::format("name the database, in the URL (mysql://user@host/database) or as"
                    " database.table: {}",
                    name.name));
  }
  return TableName{session.endpoint().database, name.name};
}

std::string QuoteTable(const TableName& name) {
  return QuoteName(name.schema) + "." + QuoteName(name.name);
}

Result<TableFacts> ReadTableFacts(Session* session, const TableName& name,
                                  const std::vector<std::string>& columns) {
  TableFacts facts;
  SLUICE_ASSIGN(facts.name, Qualify(name, *session));
  SLUICE_TRY(CheckReadable(session, facts.name, "1"));
  SLUICE_TRY(ReadSize(session, &facts));
  SLUICE_TRY(ReadColumns(session, &facts));
  // SELECT * needs the right on every column, so that none is left out for want of a
  // right.
  if (columns.empty()) SLUICE_TRY(CheckReadable(session, facts.name, "*"));
  if (facts.kind != "VIEW") SLUICE_TRY(ReadIndexes(session, &facts));
  return facts;
}

Result<std::vector<TableName>> ListTables(Session* session, const std::string& pattern) {
  std::string schema, name = pattern;
  const size_t dot = pattern.find('.');
  if (dot != std::string::npos) {
    schema = pattern.substr(0, dot);
    name = pattern.substr(dot + 1);
  }
  SLUICE_ASSIGN(TableName qualified, Qualify({schema, name}, *session));
  const bool wild = pattern.find_first_of("*?") != std::string::npos;
  std::string sql =
      "SELECT table_schema, table_name FROM information_schema.tables WHERE ";
  if (wild) {
    sql += fmt::format(
        "table_type IN {} AND table_schema NOT IN ('mysql', 'sys', "
        "'performance_schema', 'information_schema')",
        kTableKinds);
  } else {
    sql += fmt::format("table_schema = {}", QuoteText(qualified.schema));
  }
  SLUICE_ASSIGN(auto rows, session->Query(sql, "list tables"));
  std::vector<TableName> tables;
  for (const auto& row : rows) {
    TableName table{row.at(0).value_or(""), row.at(1).value_or("")};
    if (!MatchesPattern(qualified.schema, table.schema)) continue;
    if (!MatchesPattern(qualified.name, table.name)) continue;
    if (schema.empty()) table.schema.clear();
    tables.push_back(std::move(table));
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

Result<std::string> QuotedAccount(Session* session) {
  SLUICE_ASSIGN(auto rows,
                session->Query("SELECT CURRENT_USER()", "ask for the account"));
  const std::string account = rows.at(0).at(0).value_or("");
  const size_t at = account.rfind('@');
  if (at == std::string::npos) return QuoteText(account);
  return QuoteText(account.substr(0, at)) + "@" + QuoteText(account.substr(at + 1));
}

Status MissingSelect(Session* session, const TableName& name, const Status& cause) {
  std::string account = QuoteText(session->endpoint().user) + "@'%'";
  if (auto asked = QuotedAccount(session); asked.ok()) account = *asked;
  std::vector<Fact> facts = FactsOf(cause);
  facts.push_back({"table", name.ToString()});
  return Error(
      ErrorKind::kAuth,
      fmt::format("no right to read table {}; an administrator can run: GRANT SELECT ON"
                  " {} TO {} (user {} at {})",
                  name.ToString(), QuoteTable(name), account, session->endpoint().user,
                  session->endpoint().address),
      std::move(facts));
}

}  // namespace sluice::connectors::mysql
