#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::connectors::mysql {

/// What the server or the client library said.
struct ServerError {
  unsigned code = 0;
  std::string sqlstate;
  std::string message;
};

/// Who was asked, for messages.
struct Endpoint {
  std::string address;  ///< "127.0.0.1:3306" or "socket /run/mysqld.sock"
  std::string user;
  std::string database;  ///< may be empty
};

/// Gives the kind that a caller may act on: retry, other credentials, another name.
ErrorKind KindOfServerError(const ServerError& error);

/// The Status of a failed call; `doing` is what was tried, "read table shop.orders".
Status ErrorFrom(const ServerError& error, const Endpoint& endpoint,
                 std::string_view doing);

}  // namespace sluice::connectors::mysql
