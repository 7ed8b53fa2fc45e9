#include "connectors/mysql/diagnose.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "connectors/mysql/table_facts.h"

namespace sluice::connectors::mysql {
namespace {

using connect::Diagnosis;
using Level = connect::Finding::Level;

constexpr int kTablesShown = 20;

void Add(Diagnosis* diagnosis, Level level, std::string what, std::string remedy = {}) {
  diagnosis->findings.push_back({level, std::move(what), std::move(remedy)});
}

/// The value of a global variable; "" when the server does not have it.
std::string Variable(Session* session, std::string_view name) {
  auto rows = session->Query(fmt::format("SELECT @@global.{}", name), "read a setting");
  if (!rows.ok() || rows->empty()) return {};
  return rows->at(0).at(0).value_or("");
}

void CheckTables(Session* session, Diagnosis* diagnosis) {
  const std::string& database = session->endpoint().database;
  auto tables = ListTables(session, database.empty() ? "*.*" : "*");
  if (!tables.ok()) {
    Add(diagnosis, Level::kProblem, MessageOf(tables.status()));
    return;
  }
  const std::string account = QuotedAccount(session).ValueOr("'?'@'%'");
  const std::string place = database.empty() ? "any database" : "database " + database;
  if (tables->empty()) {
    Add(diagnosis, Level::kWarning, "sees no table in " + place,
        fmt::format("GRANT SELECT ON {}.* TO {};",
                    database.empty() ? "*" : QuoteName(database), account));
    return;
  }
  int readable = 0, shown = 0;
  for (const connect::TableName& table : *tables) {
    const connect::TableName name = Qualify(table, *session).ValueOr(table);
    Status status =
        session->Query("SELECT * FROM " + QuoteTable(name) + " LIMIT 0", "read").status();
    if (status.ok()) {
      ++readable;
    } else if (++shown <= kTablesShown) {
      const bool denied = KindOf(status) == ErrorKind::kAuth;
      Add(diagnosis, Level::kProblem,
          "cannot read " + name.ToString() + (denied ? "" : ": " + MessageOf(status)),
          denied ? fmt::format("GRANT SELECT ON {} TO {};", QuoteTable(name), account)
                 : "");
    }
  }
  if (shown > kTablesShown) {
    Add(diagnosis, Level::kProblem,
        fmt::format("cannot read {} tables more", shown - kTablesShown));
  }
  if (readable > 0) {
    Add(diagnosis, Level::kOk,
        fmt::format("can read {} of {} tables in {}", readable, tables->size(), place));
  }
}

void CheckSnapshot(Session* session, Diagnosis* diagnosis) {
  if (session->is_mariadb()) {
    if (Variable(session, "log_bin") == "1") {
      Add(diagnosis, Level::kOk,
          "one consistent snapshot over all connections is possible (equal binlog "
          "positions)");
    } else {
      Add(diagnosis, Level::kWarning,
          "the binlog is off: several connections cannot be put on one snapshot, each "
          "chunk is "
          "consistent in itself only",
          "log_bin=ON in the server's configuration, or --parallel 1");
    }
    return;
  }
  if (Variable(session, "gtid_mode") == "ON") {
    Add(diagnosis, Level::kOk,
        "one snapshot over all connections is possible while writers pause (equal "
        "GTIDs)");
  } else {
    Add(diagnosis, Level::kWarning,
        "GTIDs are off: several connections cannot be put on one snapshot, each chunk is "
        "consistent in itself only",
        "gtid_mode=ON and enforce_gtid_consistency=ON in the server's configuration, or "
        "--parallel 1");
  }
}

void CheckEngines(Session* session, Diagnosis* diagnosis) {
  auto rows = session->Query(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
      "AND engine "
      "<> 'InnoDB' AND table_schema = " +
          QuoteText(session->endpoint().database),
      "count tables");
  if (!rows.ok() || rows->empty()) return;
  const std::string count = rows->at(0).at(0).value_or("0");
  if (count == "0") return;
  Add(diagnosis, Level::kWarning,
      fmt::format("{} tables are not InnoDB: no snapshot covers them", count),
      "ALTER TABLE ... ENGINE=InnoDB, or stop writers while they are read");
}

void CheckConnections(Session* session, int parallel, Diagnosis* diagnosis) {
  const int maximum = std::atoi(Variable(session, "max_connections").c_str());
  if (maximum <= 0 || parallel + 1 < maximum) return;
  Add(diagnosis, Level::kWarning,
      fmt::format("--parallel {} needs {} connections, the server has {}", parallel,
                  parallel + 1, maximum),
      fmt::format("--parallel {}", maximum > 2 ? maximum / 2 : 1));
}

}  // namespace

Result<Diagnosis> DiagnoseServer(Session* session, int parallel) {
  Diagnosis diagnosis;
  diagnosis.server = (session->is_mariadb() ? "MariaDB " : "MySQL ") + session->version();
  Add(&diagnosis, Level::kOk,
      fmt::format("can connect to {} as {}", session->endpoint().address,
                  session->endpoint().user));
  auto grants = session->Query("SHOW GRANTS", "list grants");
  for (const auto& row : grants.ok() ? *grants : Session::Rows()) {
    std::string grant = row.at(0).value_or("");
    // The hash of a password is nobody's business.
    grant = grant.substr(0, grant.find(" IDENTIFIED "));
    Add(&diagnosis, Level::kOk, "has " + grant);
  }
  CheckTables(session, &diagnosis);
  CheckSnapshot(session, &diagnosis);
  CheckEngines(session, &diagnosis);
  CheckConnections(session, parallel, &diagnosis);
  return diagnosis;
}

}  // namespace sluice::connectors::mysql
