#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace sluice {

/// A password or token. Cannot be printed, logged or turned into JSON by accident;
/// whatever was ever held in one is also struck out of log lines and error texts (see
/// RedactSecrets).
class Secret final {
 public:
  Secret() = default;
  explicit Secret(std::string value);

  bool empty() const { return value_.empty(); }
  /// The only way out. Never put the answer on an argv or into a message.
  const std::string& Reveal() const { return value_; }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) {
    return out << "***";
  }

 private:
  std::string value_;
};

/// Reads a reference: "file:PATH" (one trailing newline is dropped), "env:NAME". Fails
/// with kUserInput on another form, kNotFound when the file or variable does not exist.
Result<Secret> ReadSecret(std::string_view reference);

/// `text` with every secret of four or more characters that this process has held
/// replaced by "***". Thread-safe.
std::string RedactSecrets(std::string text);

/// The same for every string value in `json`; keys, numbers and form stay, so it stays
/// JSON.
Json RedactSecretValues(Json json);

}  // namespace sluice
