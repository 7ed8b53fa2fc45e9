#include "connectors/postgresql/diagnose_internal.h"

#include "base/text.h"
#include "connectors/postgresql/catalog_internal.h"

namespace sluice::connectors::postgresql {
namespace {

using Level = connect::Finding::Level;

/// More than this many refused tables are counted instead of listed.
constexpr int kTablesListed = 20;

Status AddTables(Connection& connection, const std::string& user,
                 connect::Diagnosis* out) {
  SLUICE_ASSIGN(
      Rows rows,
      connection.Query("SELECT n.nspname, c.relname, "
                       "has_table_privilege(c.oid, 'SELECT'), "
                       "has_schema_privilege(n.oid, 'USAGE') "
                       "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace WHERE c.relkind IN "
                       "('r','p','v','m','f') AND NOT c.relispartition "
                       "AND n.nspname NOT LIKE 'pg\\_%' "
                       "AND n.nspname <> 'information_schema' ORDER BY 1, 2"));
  int64_t readable = 0, refused = 0;
  for (int i = 0; i < rows.size(); ++i) {
    const connect::TableName name{rows.at(i, 0), rows.at(i, 1)};
    if (rows.bool_at(i, 2) && rows.bool_at(i, 3)) {
      ++readable;
      continue;
    }
    if (++refused > kTablesListed) continue;
    std::string grant;
    if (!rows.bool_at(i, 3)) {
      grant = "GRANT USAGE ON SCHEMA " + QuoteName(name.schema) + " TO " +
              QuoteName(user) + "; ";
    }
    grant += "GRANT SELECT ON " + QuoteTable(name) + " TO " + QuoteName(user);
    out->findings.push_back({Level::kProblem, "cannot read " + name.ToString(), grant});
  }
  if (refused > kTablesListed) {
    out->findings.push_back(
        {Level::kProblem,
         "cannot read " + CountText(refused - kTablesListed) + " more tables",
         "GRANT pg_read_all_data TO " + QuoteName(user)});
  }
  out->findings.push_back(
      {Level::kOk, "can read " + CountText(readable) + " tables and views", ""});
  return Status::OK();
}

/// Tries it, because poolers and some replicas refuse.
Status AddSnapshot(Connection& connection, connect::Diagnosis* out) {
  SLUICE_TRY(connection.Query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  auto exported = connection.Query("SELECT pg_export_snapshot()");
  SLUICE_TRY(connection.Query("ROLLBACK"));
  if (exported.ok()) {
    out->findings.push_back(
        {Level::kOk, "all connections of an import can share one snapshot", ""});
  } else {
    out->findings.push_back(
        {Level::kWarning,
         "connections cannot share a snapshot, chunks may differ in time: " +
             MessageOf(exported.status()),
         "connect to the server itself and not through a pooler"});
  }
  return Status::OK();
}

}  // namespace

Result<connect::Diagnosis> DiagnoseServer(Connection& connection) {
  connect::Diagnosis diagnosis;
  SLUICE_ASSIGN(
      Rows server,
      connection.Query("SELECT current_setting('server_version'), current_database(), "
                       "current_setting('server_encoding'), pg_is_in_recovery(), "
                       "current_setting('max_connections')"));
  SLUICE_ASSIGN(std::string user, CurrentUser(connection));
  diagnosis.server = "PostgreSQL " + server.at(0, 0);
  diagnosis.findings.push_back(
      {Level::kOk, "connected as " + user + " to database " + server.at(0, 1), ""});
  SLUICE_TRY(AddTables(connection, user, &diagnosis));
  if (connection.server_version() < 140000) {
    diagnosis.findings.push_back({Level::kWarning,
                                  "page ranges need PostgreSQL 14: tables are split by "
                                  "their primary key, others are one "
                                  "stream",
                                  "upgrade the server, or give --split-by"});
  }
  if (server.at(0, 2) == "SQL_ASCII") {
    diagnosis.findings.push_back(
        {Level::kWarning,
         "the database's encoding is SQL_ASCII: text that is not UTF-8 "
         "stops an import",
         "convert such columns in --query: convert_from(...)"});
  }
  if (server.bool_at(0, 3)) {
    diagnosis.findings.push_back(
        {Level::kWarning,
         "this server is a replica: a long import may be broken off by the replay",
         "ALTER SYSTEM SET max_standby_streaming_delay = '1h'"});
  }
  SLUICE_TRY(AddSnapshot(connection, &diagnosis));
  return diagnosis;
}

}  // namespace sluice::connectors::postgresql
