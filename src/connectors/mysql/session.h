#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "connect/registry.h"
#include "connectors/mysql/errors.h"

struct st_mysql;

namespace sluice::connectors::mysql {

enum class SslMode { kDisabled, kPreferred, kRequired, kVerify };

/// How to get in; made from a URL.
struct Settings {
  std::string host;
  int port = 3306;
  std::string socket;  ///< a path; empty is TCP
  std::string user;
  Secret password;
  std::string database;  ///< empty: none chosen
  SslMode ssl = SslMode::kPreferred;
  std::string ssl_ca;
  int connect_timeout_s = 10;

  /// Fails with kUserInput for a parameter that the URL must not have.
  static Result<Settings> FromLink(const connect::Link& link);
  Endpoint ToEndpoint() const;
};

/// One connection, set up for reading: utf8mb4, UTC, repeatable read, read only, no time
/// limits. Used by one thread at a time; only Break may come from another.
class Session final {
 public:
  using Cell = std::optional<std::string>;
  using Rows = std::vector<std::vector<Cell>>;

  /// Fails with kAuth, kNotFound (database, naming near ones) or kUnavailable.
  static Result<std::unique_ptr<Session>> Connect(const Settings& settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs one statement and holds its small answer. `doing` is for the message: "list
  /// tables".
  Result<Rows> Query(std::string_view sql, std::string_view doing);
  /// The two halves of a statement without rows, so that several sessions can run it at
  /// about the same moment from one thread.
  Status Send(std::string_view sql, std::string_view doing);
  Status Receive(std::string_view doing);

  /// Breaks a blocked call off, from any thread; the session is dead then.
  void Break();
  bool dead() const { return dead_; }
  void MarkDead() { dead_ = true; }

  /// The failure of the last call on handle(); a lost connection makes the session dead.
  Status LastError(std::string_view doing);

  st_mysql* handle() { return mysql_; }
  uint64_t id() const { return id_; }
  bool is_mariadb() const { return is_mariadb_; }
  const std::string& version() const { return version_; }
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  Session(st_mysql* mysql, Endpoint endpoint);
  Status SetUp();

  st_mysql* mysql_;
  Endpoint endpoint_;
  uint64_t id_ = 0;
  bool is_mariadb_ = false;
  std::string version_;
  int socket_ = -1;  // a duplicate: the library may close its own at any moment
  std::atomic<bool> dead_{false};
};

/// `name` in backticks.
std::string QuoteName(std::string_view name);
/// 'text' as a literal that needs no escapes: a hexadecimal one when the text is not
/// plain.
std::string QuoteText(std::string_view text);

}  // namespace sluice::connectors::mysql
