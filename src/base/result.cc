#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {
namespace {

arrow::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUserInput:
    case ErrorKind::kCorrupt:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kNotFound:
      return arrow::StatusCode::KeyError;
    case ErrorKind::kAlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    case ErrorKind::kCancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorKind::kConflict:
    case ErrorKind::kCommitUnknown:
    case ErrorKind::kAuth:
    case ErrorKind::kUnavailable:
      return arrow::StatusCode::IOError;
    case ErrorKind::kInternal:
      return arrow::StatusCode::UnknownError;
  }
  return arrow::StatusCode::UnknownError;
}

const ErrorDetail* DetailOf(const Status& status) {
  return dynamic_cast<const ErrorDetail*>(status.detail().get());
}

}  // namespace

std::string_view KindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUserInput:
      return "user_input";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kAlreadyExists:
      return "already_exists";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kCommitUnknown:
      return "commit_unknown";
    case ErrorKind::kAuth:
      return "auth";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

std::string ErrorDetail::ToString() const {
  std::string text(KindName(kind_));
  for (const Fact& fact : facts_) text += " " + fact.name + "=" + fact.value;
  return text;
}

Status Error(ErrorKind kind, std::string message, std::vector<Fact> facts) {
  return Status(CodeOf(kind), std::move(message),
                std::make_shared<ErrorDetail>(kind, std::move(facts)));
}

ErrorKind KindOf(const Status& status) {
  if (const ErrorDetail* detail = DetailOf(status)) return detail->kind();
  if (status.IsIOError()) return ErrorKind::kUnavailable;
  if (status.IsCancelled()) return ErrorKind::kCancelled;
  if (status.IsKeyError()) return ErrorKind::kNotFound;
  if (status.IsAlreadyExists()) return ErrorKind::kAlreadyExists;
  if (status.IsInvalid() || status.IsTypeError()) return ErrorKind::kCorrupt;
  return ErrorKind::kInternal;
}

std::vector<Fact> FactsOf(const Status& status) {
  const ErrorDetail* detail = DetailOf(status);
  return detail ? detail->facts() : std::vector<Fact>{};
}

Status Within(std::string_view where, const Status& status, std::vector<Fact> facts) {
  if (status.ok()) return status;
  std::vector<Fact> all = FactsOf(status);
  all.insert(all.end(), facts.begin(), facts.end());
  return Error(KindOf(status), std::string(where) + ": " + status.message(),
               std::move(all));
}

std::string MessageOf(const Status& status) { return status.message(); }

namespace base_internal {

void CheckFailed(const char* file, int line, const char* expression) {
  std::fprintf(stderr, "%s:%d: defect in sluice: %s does not hold\n", file, line,
               expression);
  std::abort();
}

}  // namespace base_internal
}  // namespace sluice
