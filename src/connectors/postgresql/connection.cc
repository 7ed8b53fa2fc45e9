#include "connectors/postgresql/connection_internal.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>

#include "base/text.h"
#include "connectors/postgresql/errors_internal.h"

namespace sluice::connectors::postgresql {
namespace {

constexpr std::chrono::seconds kConnectMax{30};
constexpr std::chrono::seconds kCancelMax{2};
constexpr int kStopPollMs = 50;
/// The kernel wakes us for this many bytes instead of for each 8 KiB that the server
/// sends.
constexpr int kWakeBytes = 64 << 10;
/// ... but not later than this.
constexpr int kWakeMs = 3;

constexpr const char* kSettings =
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET datestyle = 'ISO, YMD';"
    "SET intervalstyle = postgres; SET extra_float_digits = 3; SET bytea_output = hex;"
    "SET timezone = 'UTC'; SET jit = off; SET statement_timeout = 0; SET lock_timeout = "
    "'2min';"
    "SET idle_in_transaction_session_timeout = 0; SET standard_conforming_strings = on";

using ResultPointer = std::unique_ptr<PGresult, decltype(&PQclear)>;

Status ConnectError(PGconn* connection, const connect::Link& link) {
  const std::string message = PQerrorMessage(connection);
  const std::string sqlstate = SqlstateIn(message);
  ErrorKind kind = KindOfSqlstate(sqlstate);
  std::string advice;
  if (PQconnectionNeedsPassword(connection)) {
    kind = ErrorKind::kAuth;
    advice = "give the password with --password-file; ";
  } else if (kind == ErrorKind::kAuth) {
    advice = "check user and password; ";
  } else if (kind == ErrorKind::kUnavailable) {
    advice = "check host and port and that the server runs; ";
  }
  return Error(kind, "postgresql: cannot connect: " + advice + OneLine(message),
               {{"url", link.uri.ToString()}, {"sqlstate", sqlstate}});
}

/// The asynchronous connect, because only it lets the SQLSTATE be seen.
Status WaitForConnect(PGconn* connection) {
  const auto deadline = std::chrono::steady_clock::now() + kConnectMax;
  auto state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return Status::IOError("failed");
    pollfd waited{PQsocket(connection), POLLIN, 0};
    if (state == PGRES_POLLING_WRITING) waited.events = POLLOUT;
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return Error(ErrorKind::kUnavailable, "the server did not answer within 30 s");
    }
    (void)poll(&waited, 1, static_cast<int>(left.count()));
    state = PQconnectPoll(connection);
  }
  return Status::OK();
}

std::string QuotedBy(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result, PQclear) {}
int Rows::size() const { return PQntuples(result_.get()); }
std::string Rows::at(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}
bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}
int64_t Rows::int_at(int row, int column) const {
  return std::strtoll(PQgetvalue(result_.get(), row, column), nullptr, 10);
}

std::string QuoteLiteral(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return QuotedBy(text, '\'');
  std::string escaped;
  for (char c : text) escaped += c == '\\' ? std::string(2, c) : std::string(1, c);
  return "E" + QuotedBy(escaped, '\'');
}

std::string QuoteName(std::string_view name) { return QuotedBy(name, '"'); }

std::string QuoteTable(const connect::TableName& table) {
  if (table.schema.empty()) return QuoteName(table.name);
  return QuoteName(table.schema) + "." + QuoteName(table.name);
}

Result<std::unique_ptr<Connection>> Connection::Connect(const connect::Link& link) {
  const std::string port = link.uri.port > 0 ? std::to_string(link.uri.port) : "";
  const Secret& password = link.password.empty() ? link.uri.password : link.password;
  std::vector<const char*> names, values;
  auto add = [&](const char* name, std::string_view value) {
    if (value.empty()) return;
    names.push_back(name);
    values.push_back(value.data());  // every one ends with a NUL
  };
  // A dead network is noticed after two minutes; parameters of the URL come later and
  // win.
  add("keepalives_idle", "60");
  add("keepalives_interval", "10");
  add("keepalives_count", "6");
  add("host", link.uri.host);
  add("port", port);
  add("user", link.uri.user);
  add("dbname", link.uri.path);
  add("password", password.Reveal());
  for (const auto& [name, value] : link.uri.query) add(name.c_str(), value);
  names.insert(names.end(), {"client_encoding", "fallback_application_name", nullptr});
  values.insert(values.end(), {"UTF8", "sluice", nullptr});

  PGconn* handle = PQconnectStartParams(names.data(), values.data(), 0);
  if (handle == nullptr)
    return Error(ErrorKind::kUnavailable, "postgresql: out of memory");
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (PQstatus(handle) == CONNECTION_BAD) {
    return Error(ErrorKind::kUserInput,
                 "postgresql: the URL is not usable: " + OneLine(PQerrorMessage(handle)),
                 {{"url", link.uri.ToString()}});
  }
  PQsetErrorVerbosity(handle, PQERRORS_VERBOSE);
  Status connected = WaitForConnect(handle);
  if (!connected.ok()) {
    return KindOf(connected) == ErrorKind::kUnavailable && *PQerrorMessage(handle) == '\0'
               ? Within("postgresql", connected)
               : ConnectError(handle, link);
  }
  PQsetErrorVerbosity(handle, PQERRORS_DEFAULT);
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  SLUICE_TRY(connection->Settle());
  return connection;
}

Status Connection::Settle() {
  ResultPointer result(PQexec(connection_, kSettings), PQclear);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return Status::OK();
  return LastError("set up the session", result.get());
}

Connection::~Connection() {
  if (message_ != nullptr) PQfreemem(message_);
  PQfinish(connection_);
}

int Connection::server_version() const { return PQserverVersion(connection_); }
bool Connection::is_alive() const { return PQstatus(connection_) == CONNECTION_OK; }
int32_t Connection::backend_pid() const { return PQbackendPID(connection_); }

Status Connection::LastError(std::string_view doing, const pg_result* result) const {
  const char* code =
      result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const std::string sqlstate = code != nullptr ? code : "";
  std::string text = result != nullptr ? PQresultErrorMessage(result) : "";
  if (text.empty()) text = PQerrorMessage(connection_);
  return Error(KindOfSqlstate(sqlstate),
               "postgresql: " + std::string(doing) + ": " + OneLine(text),
               {{"sqlstate", sqlstate}});
}

Result<Rows> Connection::Query(const std::string& sql,
                               const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  ResultPointer result(
      PQexecParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                   values.data(), nullptr, nullptr, 0),
      PQclear);
  ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    return LastError("run a statement", result.get());
  }
  return Rows(result.release());
}

Result<std::vector<ResultColumn>> Connection::DescribeStatement(const std::string& sql) {
  ResultPointer prepared(PQprepare(connection_, "", sql.c_str(), 0, nullptr), PQclear);
  if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
    return LastError("prepare a statement", prepared.get());
  }
  ResultPointer described(PQdescribePrepared(connection_, ""), PQclear);
  if (PQresultStatus(described.get()) != PGRES_COMMAND_OK) {
    return LastError("describe a statement", described.get());
  }
  std::vector<ResultColumn> columns;
  for (int i = 0; i < PQnfields(described.get()); ++i) {
    columns.push_back({PQfname(described.get(), i), PQftype(described.get(), i),
                       PQfmod(described.get(), i)});
  }
  return columns;
}

Status Connection::SendCopy(const std::string& sql) {
  if (PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                        0) == 0) {
    return LastError("send a statement", nullptr);
  }
  copy_ = Copy::kSent;
  return Status::OK();
}

/// Everything that waits without a timeout of ours needs this back at one byte.
void Connection::WakeAfter(int bytes) {
  (void)setsockopt(PQsocket(connection_), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

Status Connection::WaitForInput(std::stop_token stop) {
  if (stop.stop_requested()) return Error(ErrorKind::kCancelled, "reading was stopped");
  pollfd waited{PQsocket(connection_), POLLIN, 0};
  (void)poll(&waited, 1, copy_ == Copy::kStreaming ? kWakeMs : kStopPollMs);
  return PQconsumeInput(connection_) != 0 ? Status::OK() : LastError("read", nullptr);
}

Status Connection::WaitForResult(std::stop_token stop) {
  while (PQisBusy(connection_)) SLUICE_TRY(WaitForInput(stop));
  return Status::OK();
}

Status Connection::StartMessages(std::stop_token stop) {
  (void)PQflush(connection_);
  SLUICE_TRY(WaitForResult(stop));
  ResultPointer result(PQgetResult(connection_), PQclear);
  if (PQresultStatus(result.get()) != PGRES_COPY_OUT) {
    Status failed = LastError("start reading", result.get());
    (void)EndMessages(stop);
    return failed;
  }
  copy_ = Copy::kStreaming;
  WakeAfter(kWakeBytes);
  return Status::OK();
}

/// Takes the results that end a COPY; the first failed one is the answer.
Status Connection::EndMessages(std::stop_token stop) {
  WakeAfter(1);
  copy_ = Copy::kNone;
  Status answer;
  while (true) {
    SLUICE_TRY(WaitForResult(stop));
    ResultPointer result(PQgetResult(connection_), PQclear);
    if (result == nullptr) return answer;
    ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_COPY_OUT) return LastError("end reading", result.get());
    if (status != PGRES_COMMAND_OK && answer.ok())
      answer = LastError("read", result.get());
  }
}

Result<Connection::Message> Connection::NextMessage(std::stop_token stop) {
  if (message_ != nullptr) PQfreemem(message_);
  message_ = nullptr;
  if (copy_ == Copy::kSent) SLUICE_TRY(StartMessages(stop));
  for (bool looked = false;;) {
    int size = PQgetCopyData(connection_, &message_, /*async=*/1);
    if (size > 0) return Message{message_, size};
    if (size == -1) {
      SLUICE_TRY(EndMessages(stop));
      return Message{};
    }
    if (size == -2) {
      WakeAfter(1);
      return LastError("read", nullptr);
    }
    if (looked) {
      SLUICE_TRY(WaitForInput(stop));
    } else if (PQconsumeInput(connection_) == 0) {
      return LastError("read", nullptr);
    }
    looked = true;
  }
}

void Connection::CancelCopy() {
  if (copy_ == Copy::kNone || !is_alive()) return;
  WakeAfter(1);
  std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(connection_),
                                                            PQfreeCancel);
  char reason[256];
  if (cancel == nullptr || !PQcancel(cancel.get(), reason, sizeof reason)) return;
  // Reading on until the server says that it stopped; a server that does not is left
  // alone.
  const auto deadline = std::chrono::steady_clock::now() + kCancelMax;
  if (message_ != nullptr) PQfreemem(message_);
  message_ = nullptr;
  while (std::chrono::steady_clock::now() < deadline) {
    int size = copy_ == Copy::kStreaming ? PQgetCopyData(connection_, &message_, 1)
                                         : (PQisBusy(connection_) ? 0 : -1);
    if (size < 0) break;
    if (size > 0) PQfreemem(message_);
    message_ = nullptr;
    if (size == 0 && !WaitForInput({}).ok()) break;
  }
  copy_ = Copy::kNone;
}

}  // namespace sluice::connectors::postgresql
