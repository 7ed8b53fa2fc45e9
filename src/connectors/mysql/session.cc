#include "connectors/mysql/session.h"

#include <filesystem>
#include <mutex>

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/near_names.h"
#include "base/text.h"

namespace sluice::connectors::mysql {
namespace {

constexpr unsigned long kPacketBytesMax =
    1UL << 30;  // the protocol's own limit for one value

ServerError ErrorOf(MYSQL* mysql) {
  return {mysql_errno(mysql), mysql_sqlstate(mysql), mysql_error(mysql)};
}

/// A relocated program carries the client library's login plugins beside its libraries;
/// "" when it was not relocated and the library's own directory is right.
std::string PackagedPlugins() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto plugins = program.parent_path().parent_path() / "lib" / "plugin";
  return !error && std::filesystem::is_directory(plugins, error) ? plugins.string() : "";
}

void SetOptions(MYSQL* mysql, const Settings& settings, bool tls) {
  const unsigned timeout = static_cast<unsigned>(settings.connect_timeout_s);
  const unsigned no = 0;
  const my_bool yes_byte = 1;
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no);
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &kPacketBytesMax);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "sluice");
  if (const std::string plugins = PackagedPlugins(); !plugins.empty()) {
    mysql_optionsv(mysql, MYSQL_PLUGIN_DIR, plugins.c_str());
  }
  if (settings.socket.empty()) {
    // "localhost" would make the library look for a socket of its own choice.
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  }
  if (!tls) return;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes_byte);
  if (!settings.ssl_ca.empty()) {
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, settings.ssl_ca.c_str());
  }
  if (settings.ssl == SslMode::kVerify) {
    mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes_byte);
  }
}

/// A silent network partition must end a blocked read at some time.
void KeepAlive(MYSQL* mysql, bool tcp) {
  if (!tcp) return;
  const int fd = mysql_get_socket(mysql);
  const int on = 1, idle_s = 60, interval_s = 15, probes = 4;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/// Connects; null with `error` filled on failure.
MYSQL* Dial(const Settings& settings, const std::string& database, bool tls,
            ServerError* error) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
  MYSQL* mysql = mysql_init(nullptr);
  if (mysql == nullptr) {
    *error = {CR_OUT_OF_MEMORY, "HY001", "out of memory"};
    return nullptr;
  }
  SetOptions(mysql, settings, tls);
  const bool tcp = settings.socket.empty();
  if (mysql_real_connect(mysql, tcp ? settings.host.c_str() : "localhost",
                         settings.user.c_str(), settings.password.Reveal().c_str(),
                         database.empty() ? nullptr : database.c_str(),
                         static_cast<unsigned>(settings.port),
                         tcp ? nullptr : settings.socket.c_str(), 0) == nullptr) {
    *error = ErrorOf(mysql);
    mysql_close(mysql);
    return nullptr;
  }
  // The library goes on without TLS when the server has none, even where it is told not
  // to.
  if (tls && settings.ssl != SslMode::kPreferred &&
      mysql_get_ssl_cipher(mysql) == nullptr) {
    *error = {CR_SSL_CONNECTION_ERROR, "HY000", "the server offers no TLS"};
    mysql_close(mysql);
    return nullptr;
  }
  KeepAlive(mysql, tcp);
  return mysql;
}

/// Like Dial, with the URL's rule for TLS.
MYSQL* DialAsAsked(const Settings& settings, const std::string& database,
                   ServerError* error) {
  const bool tls = settings.ssl != SslMode::kDisabled;
  MYSQL* mysql = Dial(settings, database, tls, error);
  if (mysql == nullptr && settings.ssl == SslMode::kPreferred &&
      error->code == CR_SSL_CONNECTION_ERROR) {
    mysql = Dial(settings, database, false, error);
  }
  return mysql;
}

/// Names of databases near the one that does not exist, as far as the account may see
/// them.
std::string NearDatabases(const Settings& settings) {
  ServerError error;
  MYSQL* mysql = DialAsAsked(settings, "", &error);
  if (mysql == nullptr) return {};
  std::vector<std::string> names;
  MYSQL_RES* result = mysql_list_dbs(mysql, nullptr);
  while (MYSQL_ROW row = result == nullptr ? nullptr : mysql_fetch_row(result)) {
    names.emplace_back(row[0]);
  }
  if (result != nullptr) mysql_free_result(result);
  mysql_close(mysql);
  return DidYouMean(settings.database, names);
}

/// The server's own modes without those that change or refuse stored values.
std::string ReadingSqlMode(std::string_view server_mode) {
  std::vector<std::string> kept;
  for (std::string_view mode : SplitText(server_mode, ',')) {
    if (mode.empty() || mode == "PAD_CHAR_TO_FULL_LENGTH" || mode == "NO_ZERO_DATE" ||
        mode == "NO_ZERO_IN_DATE" || mode == "TRADITIONAL" ||
        mode == "STRICT_ALL_TABLES" || mode == "STRICT_TRANS_TABLES") {
      continue;
    }
    kept.emplace_back(mode);
  }
  // Key boundaries may be dates that only a lax session stored.
  kept.emplace_back("ALLOW_INVALID_DATES");
  return Join(kept, ",");
}

}  // namespace

Session::Session(st_mysql* mysql, Endpoint endpoint)
    : mysql_(mysql), endpoint_(std::move(endpoint)) {
  id_ = mysql_thread_id(mysql);
  is_mariadb_ = mariadb_connection(mysql) != 0;
  version_ = mysql_get_server_info(mysql);
  socket_ = ::dup(mysql_get_socket(mysql));
}

Session::~Session() {
  if (dead_) {
    // Nothing may be written to a broken stream: it would only wait for a timeout.
    ::shutdown(socket_, SHUT_RDWR);
  }
  mysql_close(mysql_);
  ::close(socket_);
}

Result<std::unique_ptr<Session>> Session::Connect(const Settings& settings) {
  ServerError error;
  MYSQL* mysql = DialAsAsked(settings, settings.database, &error);
  if (mysql == nullptr) {
    Status status = ErrorFrom(error, settings.ToEndpoint(), "connect");
    if (error.code == ER_BAD_DB_ERROR) {
      return Error(ErrorKind::kNotFound, MessageOf(status) + NearDatabases(settings),
                   FactsOf(status));
    }
    if (error.code == ER_DBACCESS_DENIED_ERROR) {
      return Error(ErrorKind::kAuth,
                   fmt::format("{}; an administrator can run: GRANT SELECT ON {}.* TO {}",
                               MessageOf(status), QuoteName(settings.database),
                               QuoteText(settings.user) + "@'%'"),
                   FactsOf(status));
    }
    return status;
  }
  std::unique_ptr<Session> session(new Session(mysql, settings.ToEndpoint()));
  SLUICE_TRY(session->SetUp());
  return session;
}

Status Session::SetUp() {
  constexpr std::string_view kDoing = "set the session up";
  SLUICE_ASSIGN(Rows rows, Query("SELECT @@sql_mode", kDoing));
  const std::string mode = ReadingSqlMode(rows.at(0).at(0).value_or(""));
  SLUICE_TRY(Query(
      fmt::format("SET SESSION sql_mode='{}', time_zone='+00:00', "
                  "net_write_timeout=86400, net_read_timeout=3600, "
                  "wait_timeout=604800, lock_wait_timeout=60, sql_select_limit=DEFAULT, "
                  "sql_big_selects=1, sql_auto_is_null=0",
                  mode),
      kDoing));
  SLUICE_TRY(Query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                   kDoing));
  return Query(is_mariadb_
                   ? "SET SESSION max_statement_time=0, idle_transaction_timeout=0, "
                     "idle_readonly_transaction_timeout=0"
                   : "SET SESSION max_execution_time=0",
               kDoing)
      .status();
}

Status Session::LastError(std::string_view doing) {
  ServerError error = ErrorOf(mysql_);
  if (error.code >= CR_MIN_ERROR && error.code < 3000) dead_ = true;
  if (error.code == ER_CONNECTION_KILLED || error.code == ER_SERVER_SHUTDOWN)
    dead_ = true;
  return ErrorFrom(error, endpoint_, doing);
}

Result<Session::Rows> Session::Query(std::string_view sql, std::string_view doing) {
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return LastError(doing);
  MYSQL_RES* result = mysql_store_result(mysql_);
  if (result == nullptr) {
    if (mysql_errno(mysql_) != 0) return LastError(doing);
    return Rows{};
  }
  Rows rows;
  const unsigned columns = mysql_num_fields(result);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    std::vector<Cell>& cells = rows.emplace_back();
    for (unsigned i = 0; i < columns; ++i) {
      cells.push_back(row[i] == nullptr ? Cell() : Cell(std::string(row[i], lengths[i])));
    }
  }
  mysql_free_result(result);
  return rows;
}

Status Session::Send(std::string_view sql, std::string_view doing) {
  if (mysql_send_query(mysql_, sql.data(), sql.size()) != 0) return LastError(doing);
  return Status::OK();
}

Status Session::Receive(std::string_view doing) {
  if (mysql_read_query_result(mysql_) != 0) return LastError(doing);
  return Status::OK();
}

void Session::Break() {
  dead_ = true;
  ::shutdown(socket_, SHUT_RDWR);
}

std::string QuoteName(std::string_view name) {
  std::string quoted = "`";
  for (char c : name) {
    quoted += c;
    if (c == '`') quoted += c;
  }
  return quoted + "`";
}

std::string QuoteText(std::string_view text) {
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '\'' || c == '\\') {
      return "_utf8mb4 x'" + HexText(text) + "'";
    }
  }
  return "'" + std::string(text) + "'";
}

}  // namespace sluice::connectors::mysql
