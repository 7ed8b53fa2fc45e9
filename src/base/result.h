#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// The one error currency of all rooms. Nothing of ours throws; exceptions of libraries
/// are caught in the room that is allowed to include the library.
using Status = arrow::Status;
template <typename T>
using Result = arrow::Result<T>;

/// What went wrong, as far as a caller may act on it. Retry looks at nothing else.
enum class ErrorKind {
  kUserInput,      ///< the request is wrong: flag, URL, SQL, name
  kNotFound,       ///< the named thing does not exist
  kAlreadyExists,  ///< the named thing exists and must not
  kConflict,       ///< somebody else changed it first; nothing of ours is visible
  kCommitUnknown,  ///< the commit may or may not have landed: look, never guess, delete
                   ///< nothing
  kAuth,           ///< wrong credentials or a missing privilege
  kUnavailable,  ///< temporary: network, lock, disk full; the same call may succeed later
  kCancelled,    ///< stopped on request
  kCorrupt,      ///< stored or received bytes are not what they must be
  kInternal,     ///< a defect of ours
};

/// "user_input", "not_found", ... as in JSON and logs.
std::string_view KindName(ErrorKind kind);

/// One name and value that a machine may want: table, chunk, sqlstate, row, file.
struct Fact {
  std::string name;
  std::string value;
};

/// What a Status of ours carries beside its text.
class ErrorDetail final : public arrow::StatusDetail {
 public:
  ErrorDetail(ErrorKind kind, std::vector<Fact> facts)
      : kind_(kind), facts_(std::move(facts)) {}

  const char* type_id() const override { return "sluice::ErrorDetail"; }
  std::string ToString() const override;
  ErrorKind kind() const { return kind_; }
  const std::vector<Fact>& facts() const { return facts_; }

 private:
  ErrorKind kind_;
  std::vector<Fact> facts_;
};

/// Makes a failed Status. `message`: lower-case fact, what the user can do, run-time
/// values last.
Status Error(ErrorKind kind, std::string message, std::vector<Fact> facts = {});

/// The kind of a failed status; statuses made by Arrow are mapped by their code (an
/// IOError is kUnavailable, Invalid is kCorrupt, Cancelled is kCancelled, KeyError is
/// kNotFound).
ErrorKind KindOf(const Status& status);

/// The facts of a failed status, empty for one made by Arrow.
std::vector<Fact> FactsOf(const Status& status);

/// Puts `where` and ": " before the message; keeps kind and facts, adds `facts`. OK stays
/// OK.
Status Within(std::string_view where, const Status& status, std::vector<Fact> facts = {});

/// The message alone, without the code's name or the detail, for people.
std::string MessageOf(const Status& status);

namespace base_internal {
inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression);
}  // namespace base_internal
}  // namespace sluice

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)

/// Returns from the function when `expr` (a Status or Result) failed.
#define SLUICE_TRY(expr)                                                        \
  do {                                                                          \
    if (auto&& _sluice_result = (expr);                                         \
        !::sluice::base_internal::StatusOf(_sluice_result).ok()) [[unlikely]] { \
      return ::sluice::base_internal::StatusOf(_sluice_result);                 \
    }                                                                           \
  } while (false)

/// `SLUICE_ASSIGN(auto x, F());` declares or assigns x from a Result, or returns its
/// error.
#define SLUICE_ASSIGN(lhs, expr) \
  SLUICE_ASSIGN_INNER(SLUICE_CONCAT(_sluice_assign_, __COUNTER__), lhs, expr)
#define SLUICE_ASSIGN_INNER(result, lhs, expr) \
  auto&& result = (expr);                      \
  if (!result.ok()) [[unlikely]]               \
    return result.status();                    \
  lhs = std::move(result).ValueUnsafe()

/// For errors of the programmer only; input never reaches a check.
#define SLUICE_CHECK(condition)                                             \
  do {                                                                      \
    if (!(condition)) [[unlikely]]                                          \
      ::sluice::base_internal::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)
#ifdef SLUICE_DCHECKS
#define SLUICE_DCHECK(condition) SLUICE_CHECK(condition)
#else
#define SLUICE_DCHECK(condition) \
  do {                           \
  } while (false)
#endif
