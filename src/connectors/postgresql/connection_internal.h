#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/registry.h"

struct pg_conn;
struct pg_result;

namespace sluice::connectors::postgresql {

/// A small result in text form.
class Rows final {
 public:
  explicit Rows(pg_result* result);
  int size() const;
  std::string at(int row, int column) const;  ///< "" for NULL
  bool is_null(int row, int column) const;
  int64_t int_at(int row, int column) const;  ///< 0 for NULL
  bool bool_at(int row, int column) const { return at(row, column) == "t"; }

 private:
  std::shared_ptr<pg_result> result_;
};

/// A column of a statement's result.
struct ResultColumn {
  std::string name;
  uint32_t type = 0;  ///< oid
  int32_t modifier = -1;
};

/// One session. One thread at a time.
class Connection final {
 public:
  /// Connects within 30 s and sets what values look like: UTF8, ISO dates, UTC, exact
  /// floats, read-only. Fails as MakePostgresqlConnector says.
  static Result<std::unique_ptr<Connection>> Connect(const connect::Link& link);
  ~Connection();

  int server_version() const;  ///< 150018
  /// False after the server or the network went away.
  bool is_alive() const;
  int32_t backend_pid() const;

  /// One statement; parameters $1.. are texts. Waits for the whole result.
  Result<Rows> Query(const std::string& sql,
                     const std::vector<std::string>& parameters = {});
  /// The columns that a SELECT would give; nothing is run.
  Result<std::vector<ResultColumn>> DescribeStatement(const std::string& sql);

  /// Sends a COPY ... TO STDOUT; does not wait for the server.
  Status SendCopy(const std::string& sql);
  /// The next message of the COPY; nullptr data at its end. The bytes live until the next
  /// call. Fails with kCancelled within 100 ms of `stop`.
  struct Message {
    const char* data = nullptr;
    int64_t size = 0;
  };
  Result<Message> NextMessage(std::stop_token stop);
  /// Ends a COPY early: asks the server to cancel it and waits at most 2 s until it did.
  /// The connection is of no more use then.
  void CancelCopy();

 private:
  explicit Connection(pg_conn* connection) : connection_(connection) {}
  Status Settle();
  Status LastError(std::string_view doing, const pg_result* result) const;
  Status WaitForInput(std::stop_token stop);
  Status WaitForResult(std::stop_token stop);
  Status StartMessages(std::stop_token stop);
  Status EndMessages(std::stop_token stop);
  void WakeAfter(int bytes);

  pg_conn* const connection_;
  enum class Copy { kNone, kSent, kStreaming } copy_ = Copy::kNone;
  char* message_ = nullptr;  // of libpq, until the next call
};

/// 'text' as SQL, whatever standard_conforming_strings is.
std::string QuoteLiteral(std::string_view text);
/// "name".
std::string QuoteName(std::string_view name);
/// "schema"."name" or "name".
std::string QuoteTable(const connect::TableName& table);

}  // namespace sluice::connectors::postgresql
