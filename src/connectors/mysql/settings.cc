#include <charconv>

#include <fmt/format.h>

#include "connectors/mysql/session.h"

namespace sluice::connectors::mysql {
namespace {

Result<SslMode> ParseSslMode(const std::string& word) {
  if (word == "disabled" || word == "disable" || word == "false")
    return SslMode::kDisabled;
  if (word == "preferred" || word == "prefer") return SslMode::kPreferred;
  if (word == "required" || word == "require" || word == "true")
    return SslMode::kRequired;
  if (word == "verify" || word == "verify-full" || word == "verify_identity") {
    return SslMode::kVerify;
  }
  return Error(
      ErrorKind::kUserInput,
      fmt::format("ssl in a mysql URL must be disabled, preferred, required or verify,"
                  " not \"{}\"",
                  word));
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

}  // namespace

Result<Settings> Settings::FromLink(const connect::Link& link) {
  const io::Uri& uri = link.uri;
  Settings settings;
  settings.host = uri.host.empty() ? "127.0.0.1" : uri.host;
  settings.port = uri.port == 0 ? 3306 : uri.port;
  settings.user = uri.user;
  settings.password = link.password.empty() ? uri.password : link.password;
  settings.database = uri.path;
  if (settings.database.find('/') != std::string::npos) {
    return Error(
        ErrorKind::kUserInput,
        fmt::format("a mysql URL is mysql://user@host:port/database; its path names one"
                    " database, not \"{}\"",
                    uri.path));
  }
  bool ssl_given = false;
  for (const auto& [name, value] : uri.query) {
    if (name == "socket") {
      settings.socket = value;
    } else if (name == "ssl" || name == "sslmode" || name == "ssl-mode") {
      SLUICE_ASSIGN(settings.ssl, ParseSslMode(value));
      ssl_given = true;
    } else if (name == "ssl-ca") {
      settings.ssl_ca = value;
    } else if (name == "connect-timeout") {
      const char* end = value.data() + value.size();
      auto [last, error] = std::from_chars(value.data(), end, settings.connect_timeout_s);
      if (error != std::errc() || last != end || settings.connect_timeout_s < 1) {
        return Error(
            ErrorKind::kUserInput,
            fmt::format("connect-timeout in a mysql URL must be seconds from 1, not"
                        " \"{}\"",
                        value));
      }
    } else {
      return Error(
          ErrorKind::kUserInput,
          fmt::format("a mysql URL has no parameter \"{}\"; it has socket, ssl, ssl-ca"
                      " and connect-timeout",
                      name));
    }
  }
  if (!ssl_given) {
    if (!settings.ssl_ca.empty()) {
      settings.ssl = SslMode::kVerify;
    } else if (!settings.socket.empty() || IsLoopback(settings.host)) {
      settings.ssl = SslMode::kDisabled;
    }
  }
  if (settings.user.empty()) {
    return Error(ErrorKind::kUserInput,
                 "a mysql URL needs the user's name: mysql://user@host:port/database");
  }
  return settings;
}

Endpoint Settings::ToEndpoint() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return {socket.empty()
              ? fmt::format("{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port)
              : "socket " + socket,
          user, database};
}

}  // namespace sluice::connectors::mysql
