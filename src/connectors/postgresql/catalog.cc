#include "connectors/postgresql/catalog_internal.h"

#include <algorithm>

#include "base/near_names.h"
#include "base/text.h"

namespace sluice::connectors::postgresql {
namespace {

Status NotFound(Connection& connection, const connect::TableName& table) {
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query("SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN "
                       "c.relname ELSE n.nspname || '.' || c.relname END "
                       "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace WHERE c.relkind IN "
                       "('r','p','v','m','f') AND n.nspname NOT LIKE 'pg\\_%' AND "
                       "n.nspname <> 'information_schema' LIMIT 10000"));
  std::vector<std::string> known;
  for (int i = 0; i < rows.size(); ++i) known.push_back(rows.at(i, 0));
  return Error(ErrorKind::kNotFound,
               "no such table or view in the database: " + table.ToString() +
                   DidYouMean(table.ToString(), known),
               {{"table", table.ToString()}});
}

Status ReadColumns(Connection& connection, TableFacts* table) {
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query("SELECT attname, format_type(atttypid, atttypmod), atttypid, "
                       "atttypmod, attnotnull, "
                       "has_column_privilege(attrelid, attnum, 'SELECT') "
                       "FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid "
                       "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                       {std::to_string(table->oid)}));
  for (int i = 0; i < rows.size(); ++i) {
    ColumnFacts column;
    column.name = rows.at(i, 0);
    column.source_type = rows.at(i, 1);
    column.type = static_cast<uint32_t>(rows.int_at(i, 2));
    column.modifier = static_cast<int32_t>(rows.int_at(i, 3));
    column.not_null = rows.bool_at(i, 4);
    if (!rows.bool_at(i, 5)) table->unreadable.push_back(column.name);
    table->columns.push_back(std::move(column));
  }
  return Status::OK();
}

Status ReadKey(Connection& connection, TableFacts* table) {
  SLUICE_ASSIGN(Rows rows,
                connection.Query("SELECT a.attname FROM pg_catalog.pg_index i, "
                                 "unnest(i.indkey) WITH ORDINALITY AS k(number, place), "
                                 "pg_catalog.pg_attribute a WHERE i.indrelid = $1::oid "
                                 "AND i.indisprimary AND a.attrelid = i.indrelid "
                                 "AND a.attnum = k.number ORDER BY k.place",
                                 {std::to_string(table->oid)}));
  for (int i = 0; i < rows.size(); ++i) table->key.push_back(rows.at(i, 0));
  return Status::OK();
}

}  // namespace

Result<std::vector<connect::TableName>> ListTables(Connection& connection,
                                                   const std::string& pattern) {
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query("SELECT n.nspname, c.relname, n.nspname = current_schema(), "
                       "c.relkind = 'v' OR c.relispartition "
                       "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace WHERE c.relkind IN "
                       "('r','p','v','m','f') AND n.nspname NOT LIKE 'pg\\_%' AND "
                       "n.nspname <> 'information_schema' ORDER BY 1, 2"));
  const bool with_schema = pattern.find('.') != std::string::npos;
  const bool has_wildcard = pattern.find_first_of("*?") != std::string::npos;
  std::vector<connect::TableName> tables;
  for (int i = 0; i < rows.size(); ++i) {
    if (has_wildcard && rows.bool_at(i, 3)) continue;
    if (!with_schema && !rows.bool_at(i, 2)) continue;
    connect::TableName name{with_schema ? rows.at(i, 0) : "", rows.at(i, 1)};
    if (MatchesPattern(pattern, name.ToString())) tables.push_back(std::move(name));
  }
  return tables;
}

Result<TableFacts> ReadTable(Connection& connection, const connect::TableName& wanted) {
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query("SELECT c.oid, n.nspname, c.relname, c.relkind, "
                       "has_table_privilege(c.oid, 'SELECT'), "
                       "has_schema_privilege(n.oid, 'USAGE'), c.relname = $1 "
                       "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace "
                       "WHERE c.relkind IN ('r','p','v','m','f') "
                       "AND lower(c.relname) = lower($1) AND CASE WHEN $2 = '' THEN "
                       "pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END "
                       "ORDER BY c.relname = $1 DESC",
                       {wanted.name, wanted.schema}));
  if (rows.size() == 0 || (!rows.bool_at(0, 6) && rows.size() > 1)) {
    return NotFound(connection, wanted);
  }
  TableFacts table;
  table.oid = static_cast<uint32_t>(rows.int_at(0, 0));
  table.name = {rows.at(0, 1), rows.at(0, 2)};
  table.kind = rows.at(0, 3).at(0);
  table.can_read_all = rows.bool_at(0, 4);
  if (!rows.bool_at(0, 5)) {
    SLUICE_ASSIGN(std::string user, CurrentUser(connection));
    return Error(
        ErrorKind::kAuth,
        "no permission to use the schema, ask its owner: GRANT USAGE ON SCHEMA " +
            QuoteName(table.name.schema) + " TO " + QuoteName(user),
        {{"table", table.name.ToString()}});
  }
  SLUICE_TRY(ReadColumns(connection, &table));
  SLUICE_TRY(ReadKey(connection, &table));
  return table;
}

Status CheckReadable(Connection& connection, const TableFacts& table,
                     const std::vector<std::string>& columns) {
  auto needed = [&](const std::string& name) {
    return columns.empty() ||
           std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  if (table.can_read_all ||
      std::none_of(table.unreadable.begin(), table.unreadable.end(), needed)) {
    return Status::OK();
  }
  SLUICE_ASSIGN(std::string user, CurrentUser(connection));
  return Error(ErrorKind::kAuth,
               "no permission to read " + table.name.ToString() +
                   ", ask its owner: GRANT SELECT ON " + QuoteTable(table.name) + " TO " +
                   QuoteName(user),
               {{"table", table.name.ToString()}});
}

Result<std::vector<StoragePart>> ReadStorage(Connection& connection,
                                             const TableFacts& table) {
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query(
          "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid "
          "FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid) "
          "SELECT c.relkind, coalesce(a.amname = 'heap', false), "
          "pg_catalog.pg_relation_size(c.oid) / "
          "current_setting('block_size')::bigint, c.reltuples::bigint, c.relpages "
          "FROM tree JOIN pg_catalog.pg_class c USING (oid) "
          "LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam "
          "WHERE c.relkind <> 'p'",
          {std::to_string(table.oid)}));
  std::vector<StoragePart> parts;
  for (int i = 0; i < rows.size(); ++i) {
    StoragePart part;
    part.kind = rows.at(i, 0).at(0);
    part.is_heap = rows.bool_at(i, 1);
    part.pages = rows.int_at(i, 2);
    const int64_t tuples = rows.int_at(i, 3), counted_pages = rows.int_at(i, 4);
    if (part.pages == 0) part.rows = 0;
    if (counted_pages > 0 && tuples >= 0) {
      part.rows = static_cast<int64_t>(static_cast<double>(tuples) /
                                       static_cast<double>(counted_pages) *
                                       static_cast<double>(part.pages));
    }
    parts.push_back(part);
  }
  return parts;
}

Result<std::string> CurrentUser(Connection& connection) {
  SLUICE_ASSIGN(Rows rows, connection.Query("SELECT current_user"));
  return rows.at(0, 0);
}

}  // namespace sluice::connectors::postgresql
