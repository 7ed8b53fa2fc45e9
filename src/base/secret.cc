#include "base/secret.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>

namespace sluice {
namespace {

struct Held {
  std::mutex mutex;
  std::set<std::string> values;
};

Held& TheHeld() {
  static Held held;
  return held;
}

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) {
  if (value_.size() < 4) return;
  Held& held = TheHeld();
  std::lock_guard lock(held.mutex);
  held.values.insert(value_);
}

Result<Secret> ReadSecret(std::string_view reference) {
  if (reference.rfind("env:", 0) == 0) {
    std::string name(reference.substr(4));
    const char* value = std::getenv(name.c_str());
    if (!value) {
      return Error(ErrorKind::kNotFound, "the environment variable is not set: " + name);
    }
    return Secret(value);
  }
  if (reference.rfind("file:", 0) == 0) {
    std::string path(reference.substr(5));
    std::ifstream in(path, std::ios::binary);
    if (!in) {
      return Error(ErrorKind::kNotFound, "cannot read the password file: " + path);
    }
    std::string value((std::istreambuf_iterator<char>(in)), {});
    if (!value.empty() && value.back() == '\n') value.pop_back();
    if (!value.empty() && value.back() == '\r') value.pop_back();
    return Secret(std::move(value));
  }
  return Error(ErrorKind::kUserInput,
               "a secret is given as file:PATH or env:NAME, not in the clear");
}

std::string RedactSecrets(std::string text) {
  Held& held = TheHeld();
  std::lock_guard lock(held.mutex);
  for (const std::string& value : held.values) {
    for (size_t at = text.find(value); at != std::string::npos;
         at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

Json RedactSecretValues(Json json) {
  if (json.is_string()) return RedactSecrets(json.get<std::string>());
  if (json.is_structured()) {
    for (Json& item : json) item = RedactSecretValues(std::move(item));
  }
  return json;
}

}  // namespace sluice
