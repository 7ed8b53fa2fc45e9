#include "connectors/sqlite/catalog_internal.h"

#include <algorithm>

#include "base/near_names.h"
#include "base/text.h"

namespace sluice::connectors::sqlite {
namespace {

namespace sq = ::sluice::sqlite;

struct Listed {
  std::string name;
  std::string kind;
  bool without_rowid;
  bool strict;
};

Result<std::vector<Listed>> ReadTableList(sq::Database& database) {
  SLUICE_ASSIGN(
      auto statement,
      database.Prepare("SELECT name, type, wr, strict FROM pragma_table_list "
                       "WHERE schema = 'main' AND type <> 'shadow' "
                       "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"));
  std::vector<Listed> listed;
  while (true) {
    SLUICE_ASSIGN(bool more, statement.Step());
    if (!more) return listed;
    listed.push_back({std::string(statement.text_at(0)),
                      std::string(statement.text_at(1)), statement.int_at(2) != 0,
                      statement.int_at(3) != 0});
  }
}

Result<std::vector<ColumnFacts>> ReadColumns(sq::Database& database,
                                             const std::string& table) {
  SLUICE_ASSIGN(
      auto statement,
      database.Prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(" +
                       sq::QuoteLiteral(table) + ") WHERE hidden <> 1 ORDER BY cid"));
  std::vector<ColumnFacts> columns;
  while (true) {
    SLUICE_ASSIGN(bool more, statement.Step());
    if (!more) return columns;
    columns.push_back({std::string(statement.text_at(0)),
                       std::string(statement.text_at(1)), statement.int_at(2) != 0,
                       static_cast<int>(statement.int_at(3))});
  }
}

}  // namespace

const ColumnFacts* TableFacts::rowid_alias() const {
  if (kind != Kind::kTable || without_rowid) return nullptr;
  const ColumnFacts* alias = nullptr;
  for (const ColumnFacts& column : columns) {
    if (column.key_position == 0) continue;
    if (alias != nullptr) return nullptr;
    alias = &column;
  }
  return alias != nullptr && Lower(alias->declared_type) == "integer" ? alias : nullptr;
}

std::vector<std::string> TableFacts::key() const {
  std::vector<const ColumnFacts*> parts;
  for (const ColumnFacts& column : columns) {
    if (column.key_position > 0) parts.push_back(&column);
  }
  std::sort(parts.begin(), parts.end(),
            [](auto* a, auto* b) { return a->key_position < b->key_position; });
  std::vector<std::string> names;
  for (const ColumnFacts* part : parts) names.push_back(part->name);
  return names;
}

std::string TableFacts::RowidName() const {
  if (kind != Kind::kTable || without_rowid) return "";
  for (const char* spelling : {"rowid", "_rowid_", "oid"}) {
    bool hidden = std::any_of(
        columns.begin(), columns.end(),
        [&](const ColumnFacts& column) { return Lower(column.name) == spelling; });
    if (!hidden) return spelling;
  }
  const ColumnFacts* alias = rowid_alias();
  return alias == nullptr ? "" : sq::QuoteName(alias->name);
}

Result<std::vector<connect::TableName>> ListTables(sq::Database& database,
                                                   const std::string& pattern) {
  SLUICE_ASSIGN(auto listed, ReadTableList(database));
  std::string wanted = pattern.starts_with("main.") ? pattern.substr(5) : pattern;
  bool has_wildcard = wanted.find_first_of("*?") != std::string::npos;
  std::vector<connect::TableName> tables;
  for (const Listed& table : listed) {
    if (table.kind == "view" && has_wildcard) continue;
    if (MatchesPattern(Lower(wanted), Lower(table.name)))
      tables.push_back({"", table.name});
  }
  return tables;
}

Result<TableFacts> ReadTable(sq::Database& database, const connect::TableName& table) {
  SLUICE_ASSIGN(auto listed, ReadTableList(database));
  std::vector<std::string> known;
  for (const Listed& candidate : listed) {
    bool main_schema = table.schema.empty() || Lower(table.schema) == "main";
    if (main_schema && Lower(candidate.name) == Lower(table.name)) {
      TableFacts facts;
      facts.name = candidate.name;
      facts.kind = candidate.kind == "view"      ? TableFacts::Kind::kView
                   : candidate.kind == "virtual" ? TableFacts::Kind::kVirtual
                                                 : TableFacts::Kind::kTable;
      facts.without_rowid = candidate.without_rowid;
      facts.strict = candidate.strict;
      SLUICE_ASSIGN(facts.columns, ReadColumns(database, candidate.name));
      return facts;
    }
    known.push_back(candidate.name);
  }
  return Error(ErrorKind::kNotFound,
               "no such table or view in the database file: " + table.ToString() +
                   DidYouMean(table.name, known),
               {{"table", table.ToString()}});
}

}  // namespace sluice::connectors::sqlite
