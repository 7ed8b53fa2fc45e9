#include "io/uri.h"

#include <cctype>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace sluice::io {
namespace {

constexpr std::string_view kHint =
    "write special characters of user, password and path as %XX, as in p%40ss for p@ss";

Status Bad(std::string_view what) {
  return Error(ErrorKind::kUserInput,
               "URL: " + std::string(what) + "; " + std::string(kHint));
}

size_t SchemeLength(std::string_view text) {
  size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0) return 0;
  if (!std::isalpha(static_cast<unsigned char>(text[0]))) return 0;
  for (char c : text.substr(0, end)) {
    bool allowed =
        std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
    if (!allowed) return 0;
  }
  return end;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Nothing: a '%' without two hexadecimal digits, or a NUL byte.
std::optional<std::string> Decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return {};
      int high = HexValue(text[i + 1]), low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return {};
    decoded += c;
  }
  return decoded;
}

std::string Encode(std::string_view text, std::string_view special) {
  std::string encoded;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = byte > 0x20 && byte != 0x7f && c != '%' && c != '?' && c != '#' &&
                 c != '"' && special.find(c) == std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      encoded += "%" + HexText(std::string_view(&c, 1));
    }
  }
  return encoded;
}

bool LooksSecret(const std::string& key) {
  std::string small = Lower(key);
  for (const char* part : {"passw", "pwd", "secret", "token"}) {
    if (small.find(part) != std::string::npos) return true;
  }
  return false;
}

Status ParseUser(std::string_view text, Uri* uri) {
  size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    auto password = Decode(text.substr(colon + 1));
    if (!password) return Bad("the password has a bad %-sequence");
    uri->password = Secret(*std::move(password));
  }
  auto user = Decode(text.substr(0, colon));
  if (!user) return Bad("the user name has a bad %-sequence");
  uri->user = *std::move(user);
  return Status::OK();
}

Status ParsePort(std::string_view text, Uri* uri) {
  int port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  bool good = error == std::errc() && end == text.data() + text.size() && port > 0 &&
              port < 65536;
  // What stands in the port's place may be half a password: it is not quoted.
  if (!good) return Bad("what follows the host's ':' is not a port between 1 and 65535");
  uri->port = port;
  return Status::OK();
}

Status ParseHost(std::string_view text, Uri* uri) {
  if (text.starts_with('[')) {
    size_t close = text.find(']');
    if (close == std::string_view::npos) return Bad("the host's '[' is not closed");
    // A zone follows as %25name (RFC 6874).
    auto host = Decode(text.substr(1, close - 1));
    std::string address = host ? host->substr(0, host->find('%')) : "";
    if (address.find(':') == std::string::npos ||
        address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) {
      return Bad("what stands in brackets is not an IPv6 address");
    }
    uri->host = *std::move(host);
    text.remove_prefix(close + 1);
    if (text.empty()) return Status::OK();
    if (text[0] != ':') return Bad("after the host's ']' only ':port' or '/' may follow");
    return ParsePort(text.substr(1), uri);
  }
  size_t colon = text.find(':');
  auto host = Decode(text.substr(0, colon));
  if (!host) return Bad("the host has a bad %-sequence");
  uri->host = *std::move(host);
  if (colon == std::string_view::npos) return Status::OK();
  if (uri->host.empty()) return Bad("there is a port but no host");
  return ParsePort(text.substr(colon + 1), uri);
}

Status ParseAuthority(std::string_view text, Uri* uri) {
  size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    SLUICE_TRY(ParseUser(text.substr(0, at), uri));
    text.remove_prefix(at + 1);
  }
  return ParseHost(text, uri);
}

Status ParseQuery(std::string_view text, Uri* uri) {
  for (std::string_view pair : SplitText(text, '&')) {
    if (pair.empty()) continue;
    size_t equals = pair.find('=');
    auto key = Decode(pair.substr(0, equals));
    if (!key || key->empty())
      return Bad("a key after '?' is empty or has a bad %-sequence");
    auto value = Decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!value) return Bad("the value of '" + *key + "' has a bad %-sequence");
    if (LooksSecret(*key)) Secret registered(*value);  // struck out of logs from here on
    if (!uri->query.emplace(*key, *std::move(value)).second) {
      return Bad("'" + *key + "' is given twice");
    }
  }
  return Status::OK();
}

}  // namespace

bool HasScheme(std::string_view text) { return SchemeLength(text) > 0; }

Result<Uri> Uri::Parse(std::string_view text) {
  size_t length = SchemeLength(text);
  if (length == 0) return Bad("it does not begin with a scheme such as mysql://");
  Uri uri;
  uri.scheme = Lower(text.substr(0, length));
  std::string_view rest = text.substr(length + 3);
  if (rest.find('#') != std::string_view::npos) return Bad("'#' must be written as %23");

  size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    if (rest.find('@', question) != std::string_view::npos &&
        rest.substr(0, question).find('@') == std::string_view::npos) {
      return Bad("an '@' follows the first '?'");
    }
    SLUICE_TRY(ParseQuery(rest.substr(question + 1), &uri));
    rest = rest.substr(0, question);
  }
  size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  // user:12/34@host would silently mean host "user", port 12.
  if (authority.find(':') != std::string_view::npos &&
      authority.find('@') == std::string_view::npos &&
      path.find('@') != std::string_view::npos) {
    return Bad("an '@' follows the first '/'");
  }
  SLUICE_TRY(ParseAuthority(authority, &uri));
  auto decoded = Decode(path);
  if (!decoded) return Bad("the path has a bad %-sequence");
  uri.path = *std::move(decoded);
  return uri;
}

std::string Uri::ToString() const {
  std::string text = scheme + "://";
  if (!user.empty()) text += Encode(user, ":@/[]") + "@";
  bool ipv6 = host.find(':') != std::string::npos;
  text += ipv6 ? "[" + Encode(host, "") + "]" : Encode(host, ":@/[]");
  if (port != 0) text += ":" + std::to_string(port);
  if (!path.empty() || host.empty()) text += "/" + Encode(path, "");
  char separator = '?';
  for (const auto& [key, value] : query) {
    text += separator + Encode(key, "&=") + "=";
    text += LooksSecret(key) ? "***" : Encode(value, "&=");
    separator = '&';
  }
  return text;
}

}  // namespace sluice::io
