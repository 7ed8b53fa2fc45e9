#include "cli/exit_code.h"

#include "base/secret.h"
#include "cli/signals.h"

namespace sluice::cli {

int ExitCodeOf(const Status& status) {
  if (status.ok()) return kExitOk;
  switch (KindOf(status)) {
    case ErrorKind::kUserInput:
    case ErrorKind::kNotFound:
    case ErrorKind::kAlreadyExists:
      return kExitUsage;
    case ErrorKind::kAuth:
      return kExitAuth;
    case ErrorKind::kConflict:
      return kExitConflict;
    case ErrorKind::kCorrupt:
      return kExitDataCheck;
    case ErrorKind::kUnavailable:
      return kExitTemporary;
    case ErrorKind::kCancelled:
      return 128 + (ReceivedSignal() ? ReceivedSignal() : 2);
    case ErrorKind::kCommitUnknown:
    case ErrorKind::kInternal:
      return kExitFailed;
  }
  return kExitFailed;
}

Json ErrorToJson(const Status& status) {
  Json json;
  json["kind"] = KindName(KindOf(status));
  json["message"] = RedactSecrets(MessageOf(status));
  for (const Fact& fact : FactsOf(status)) json[fact.name] = RedactSecrets(fact.value);
  return json;
}

}  // namespace sluice::cli
