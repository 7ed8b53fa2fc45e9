#include "base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/text.h"

namespace sluice {
namespace {

struct Armed {
  std::string name;
  std::string action;
  int64_t at = 1;  // 0: every pass
};

struct Registry {
  std::mutex mutex;
  std::vector<Armed> armed;
  std::vector<std::pair<std::string, int64_t>> passed;
  bool trace = false;
  bool loaded = false;
};

Registry& TheRegistry() {
  static Registry registry;
  return registry;
}

std::atomic<bool> active{std::getenv("SLUICE_FAILPOINTS") != nullptr};

Result<Armed> ParseOne(std::string_view text) {
  Armed armed;
  size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Error(ErrorKind::kUserInput,
                 "a failpoint reads NAME=ACTION[@N]: " + std::string(text));
  }
  armed.name = text.substr(0, equals);
  std::string_view rest = text.substr(equals + 1);
  if (size_t at = rest.find('@'); at != std::string_view::npos) {
    std::string_view pass = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (pass == "*") {
      armed.at = 0;
    } else if (std::from_chars(pass.data(), pass.data() + pass.size(), armed.at).ec !=
               std::errc()) {
      return Error(ErrorKind::kUserInput,
                   "the pass of a failpoint is a number or *: " + std::string(text));
    }
  }
  armed.action = rest;
  if (armed.action != "crash" && armed.action != "error" &&
      armed.action.rfind("delay:", 0) != 0) {
    return Error(
        ErrorKind::kUserInput,
        "a failpoint's action is crash, error or delay:MS: " + std::string(text));
  }
  return armed;
}

}  // namespace

Status ArmFailpoints(std::string_view text) {
  std::vector<Armed> armed;
  for (std::string_view part : SplitText(text, ';')) {
    if (part.empty() || part == "trace") continue;
    SLUICE_ASSIGN(Armed one, ParseOne(part));
    armed.push_back(std::move(one));
  }
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  registry.armed = std::move(armed);
  registry.passed.clear();
  registry.loaded = true;
  registry.trace = text.find("trace") != std::string_view::npos;
  active = !registry.armed.empty() || registry.trace;
  return Status::OK();
}

std::vector<std::pair<std::string, int64_t>> PassedFailpoints() {
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  return registry.passed;
}

#ifdef SLUICE_FAILPOINTS
Status Failpoint(std::string_view name) {
  if (!active.load(std::memory_order_relaxed)) return Status::OK();
  Registry& registry = TheRegistry();
  std::string action;
  {
    std::unique_lock lock(registry.mutex);
    if (!registry.loaded) {
      lock.unlock();
      SLUICE_TRY(ArmFailpoints(std::getenv("SLUICE_FAILPOINTS")));
      lock.lock();
    }
    int64_t* passes = nullptr;
    for (auto& [known, count] : registry.passed) {
      if (known == name) passes = &count;
    }
    if (!passes) passes = &registry.passed.emplace_back(std::string(name), 0).second;
    ++*passes;
    if (registry.trace) {
      std::fprintf(stderr, "failpoint %.*s pass %lld\n", static_cast<int>(name.size()),
                   name.data(), static_cast<long long>(*passes));
    }
    for (const Armed& armed : registry.armed) {
      if (armed.name == name && (armed.at == 0 || armed.at == *passes)) {
        action = armed.action;
      }
    }
  }
  if (action == "crash") kill(getpid(), SIGKILL);
  if (action == "error") {
    return Error(ErrorKind::kUnavailable, "failpoint fired: " + std::string(name));
  }
  if (action.rfind("delay:", 0) == 0) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::atoll(action.c_str() + 6)));
  }
  return Status::OK();
}
#endif

}  // namespace sluice
