#include "connectors/files/staging.h"

#include <unistd.h>

#include "base/log.h"
#include "connectors/files/publish.h"

namespace sluice::connectors::files {
namespace {

constexpr std::string_view kPrefix = ".sluice-";

}  // namespace

Result<std::unique_ptr<Staging>> Staging::Make(const std::string& directory,
                                               const std::string& run_id) {
  SLUICE_ASSIGN(bool made_directory, internal::MakeDirectory(directory));
  std::string path = directory + "/" + std::string(kPrefix) + run_id;
  while (true) {
    SLUICE_TRY(internal::MakeDirectory(path));
    auto lock = internal::DirectoryLock::Take(path, /*wait=*/true);
    // Between the two calls another load may have taken it for a dead one and removed it.
    if (!lock.ok() && KindOf(lock.status()) == ErrorKind::kNotFound) continue;
    SLUICE_TRY(lock);
    if (!lock->IsAt(path)) continue;
    return std::unique_ptr<Staging>(
        new Staging(directory, path, made_directory, std::move(lock).ValueUnsafe()));
  }
}

void Staging::Remove() {
  Status removed = internal::RemoveTree(path_);
  if (!removed.ok()) {
    Log(LogLevel::kWarn, "connectors/files",
        "a staging directory is left for the next load",
        {{"path", path_}, {"reason", removed.message()}});
  }
  if (made_directory_)
    (void)::rmdir(directory_.c_str());  // fails when it holds something
}

Status SettleDeadLoads(const std::string& directory) {
  SLUICE_ASSIGN(auto names, internal::ListNames(directory));
  for (const std::string& name : names) {
    if (name.rfind(kPrefix, 0) != 0) continue;
    std::string path = directory + "/" + name;
    auto lock = internal::DirectoryLock::Take(path, /*wait=*/false);
    if (!lock.ok()) continue;  // alive, or gone meanwhile
    SLUICE_TRY(FinishMove(directory, path));
    SLUICE_TRY(internal::RemoveTree(path));
  }
  return Status::OK();
}

}  // namespace sluice::connectors::files
