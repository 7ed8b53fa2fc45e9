#include "connectors/mysql/errors.h"

#include <algorithm>
#include <cstdlib>

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

namespace sluice::connectors::mysql {
namespace {

// Numbers that the client's header of MariaDB does not name.
constexpr unsigned kQueryTimeoutMysql = 3024;
constexpr unsigned kConnectionKilledMysql = 4031;

/// What the user can do about it.
std::string Advice(unsigned code, const Endpoint& endpoint) {
  switch (code) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
      return "cannot reach the server: check host, port and that it runs";
    case CR_SSL_CONNECTION_ERROR:
      return "TLS failed: check the server's certificate, or choose ?ssl=... in the URL";
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
      return fmt::format(
          "access denied: check user {} and its password (--password-file)",
          endpoint.user);
    case ER_BAD_DB_ERROR:
      return "no such database";
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
      return "the server has no connection left: use a smaller --parallel, or try later";
    case ER_TABLE_DEF_CHANGED:
      return "the table was altered while it was read: start again";
    case ER_CONNECTION_KILLED:
    case kConnectionKilledMysql:
    case ER_QUERY_INTERRUPTED:
      return "somebody killed the connection or its statement: start again";
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
      return "the connection broke: start again";
    default:
      return {};
  }
}

}  // namespace

ErrorKind KindOfServerError(const ServerError& error) {
  switch (error.code) {
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_MUST_CHANGE_PASSWORD:
    case ER_MUST_CHANGE_PASSWORD_LOGIN:
    case ER_HOST_NOT_PRIVILEGED:
      return ErrorKind::kAuth;
    case ER_BAD_DB_ERROR:
    case ER_NO_SUCH_TABLE:
    case ER_BAD_FIELD_ERROR:
    case ER_BAD_TABLE_ERROR:
      return ErrorKind::kNotFound;
    case ER_TABLE_DEF_CHANGED:
      return ErrorKind::kConflict;
    case CR_SSL_CONNECTION_ERROR:
      return ErrorKind::kUserInput;
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
    case ER_QUERY_INTERRUPTED:
    case ER_CONNECTION_KILLED:
    case ER_STATEMENT_TIMEOUT:
    case ER_SERVER_SHUTDOWN:
    case ER_HOST_IS_BLOCKED:
    case kQueryTimeoutMysql:
    case kConnectionKilledMysql:
      return ErrorKind::kUnavailable;
    default:
      break;
  }
  if (error.code >= CR_MIN_ERROR && error.code < 3000) return ErrorKind::kUnavailable;
  const std::string state = error.sqlstate.substr(0, 2);
  if (state == "08" || state == "40" || state == "70" || state == "HY") {
    return ErrorKind::kUnavailable;
  }
  return ErrorKind::kUserInput;
}

Status ErrorFrom(const ServerError& error, const Endpoint& endpoint,
                 std::string_view doing) {
  std::string advice = Advice(error.code, endpoint);
  std::string text = fmt::format("cannot {}", doing);
  if (!advice.empty()) text += ": " + advice;
  text +=
      fmt::format(" (user {} at {}{}: {}, error {} {})", endpoint.user, endpoint.address,
                  endpoint.database.empty() ? "" : ", database " + endpoint.database,
                  error.message, error.code, error.sqlstate);
  return Error(KindOfServerError(error), std::move(text),
               {{"connector", "mysql"},
                {"sqlstate", error.sqlstate},
                {"code", std::to_string(error.code)}});
}

}  // namespace sluice::connectors::mysql
