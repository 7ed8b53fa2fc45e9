#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::io {

/// scheme://user:password@host:port/path?key=value (RFC 3986), percent-decoded.
/// "sqlite:///x.db" has path "x.db" after its authority's slash, "sqlite:////abs/x.db"
/// has "/abs/x.db".
struct Uri {
  std::string scheme;
  std::string user;
  Secret password;   ///< accepted in a URL, never printed again
  std::string host;  ///< IPv6 without brackets
  int port = 0;      ///< 0: none given
  std::string path;  ///< without the slash after the authority
  std::map<std::string, std::string> query;

  /// Fails with kUserInput, quoting the part that is wrong and never the password.
  static Result<Uri> Parse(std::string_view text);
  /// Without the password.
  std::string ToString() const;
};

/// True when `text` begins with "letters://".
bool HasScheme(std::string_view text);

}  // namespace sluice::io
