#include "connectors/files/publish.h"

#include "base/failpoint.h"
#include "base/json.h"
#include "connectors/files/posix_internal.h"
#include "io/file_system.h"

// The order is what the promise rests on. The journal is durable before the first rename,
// and every step after it can be repeated: a rename whose source is gone was done before.
// Old files leave before new ones come, so that no row is ever seen twice.

namespace sluice::connectors::files {
namespace {

using internal::Exists;
using internal::Rename;

std::string JournalPath(const std::string& staging) { return staging + "/journal.json"; }
std::string ReplacedPath(const std::string& staging) { return staging + "/replaced"; }
std::string SuccessPath(const std::string& directory) { return directory + "/_SUCCESS"; }

Json NamesToJson(const std::vector<std::string>& names) {
  Json json = Json::array();
  for (const std::string& name : names) json.push_back(name);
  return json;
}

Result<std::vector<std::string>> NamesFromJson(const Json& json, std::string_view key) {
  SLUICE_ASSIGN(const Json* array, GetArray(json, key));
  std::vector<std::string> names;
  for (const Json& name : *array) {
    if (!name.is_string()) return Error(ErrorKind::kCorrupt, "a journal names no file");
    names.push_back(name.get<std::string>());
  }
  return names;
}

Status CreateText(const std::string& path, const std::string& text) {
  SLUICE_ASSIGN(io::Location location, io::Locate(path));
  return io::CreateFile(location, text);
}

// Moves each name; one that is not there any more was moved before.
Status MoveAll(const std::vector<std::string>& names, const std::string& from,
               const std::string& to) {
  for (const std::string& name : names) {
    Status moved = Rename(from + "/" + name, to + "/" + name);
    if (!moved.ok() &&
        !(KindOf(moved) == ErrorKind::kNotFound && Exists(to + "/" + name))) {
      return moved;
    }
  }
  return Status::OK();
}

Status Redo(const std::string& directory, const std::string& staging, const Move& move) {
  SLUICE_TRY(internal::Unlink(SuccessPath(directory)));
  SLUICE_TRY(internal::MakeDirectory(ReplacedPath(staging)));
  SLUICE_TRY(MoveAll(move.replace, directory, ReplacedPath(staging)));
  SLUICE_TRY(Failpoint("files.after_replace"));
  SLUICE_TRY(MoveAll(move.publish, staging, directory));
  SLUICE_TRY(internal::SyncDirectory(directory));
  SLUICE_TRY(Failpoint("files.before_success"));
  Status success = CreateText(SuccessPath(directory), "");
  return KindOf(success) == ErrorKind::kAlreadyExists ? Status::OK() : success;
}

// Back to how it was before the journal.
Status Undo(const std::string& directory, const std::string& staging, const Move& move,
            bool had_success) {
  for (const std::string& name : move.publish) {
    if (!Exists(directory + "/" + name)) continue;
    SLUICE_TRY(Rename(directory + "/" + name, staging + "/" + name));
  }
  for (const std::string& name : move.replace) {
    if (!Exists(ReplacedPath(staging) + "/" + name)) continue;
    SLUICE_TRY(Rename(ReplacedPath(staging) + "/" + name, directory + "/" + name));
  }
  if (!had_success) {
    SLUICE_TRY(internal::Unlink(SuccessPath(directory)));
  } else if (!Exists(SuccessPath(directory))) {
    SLUICE_TRY(CreateText(SuccessPath(directory), ""));
  }
  SLUICE_TRY(internal::SyncDirectory(directory));
  return internal::Unlink(JournalPath(staging));
}

}  // namespace

Result<std::vector<std::string>> VisibleNames(const std::string& directory) {
  std::vector<std::string> visible;
  if (!Exists(directory)) return visible;
  SLUICE_ASSIGN(auto names, internal::ListNames(directory));
  for (std::string& name : names) {
    if (name[0] != '.' && name != "_SUCCESS") visible.push_back(std::move(name));
  }
  return visible;
}

namespace {

Status EndJournal(const std::string& staging) {
  SLUICE_TRY(internal::Unlink(JournalPath(staging)));
  return internal::SyncDirectory(staging);
}

}  // namespace

Status MoveIn(const std::string& directory, const std::string& staging,
              const Move& move) {
  bool had_success = Exists(SuccessPath(directory));
  for (const std::string& name : move.publish) {
    if (!Exists(directory + "/" + name)) continue;
    return Error(
        ErrorKind::kConflict,
        "a file of this name is there already, import again: " + directory + "/" + name);
  }
  Json journal;
  journal["publish"] = NamesToJson(move.publish);
  journal["replace"] = NamesToJson(move.replace);
  SLUICE_TRY(CreateText(JournalPath(staging), ToText(journal)));
  Status moved = Failpoint("files.after_journal");
  if (moved.ok()) moved = Redo(directory, staging, move);
  if (moved.ok()) {
    // It is published: from here on nothing may be redone over what others put there.
    (void)EndJournal(staging);
    return moved;
  }
  Status undone = Undo(directory, staging, move, had_success);
  if (undone.ok()) return moved;
  return Error(
      ErrorKind::kCommitUnknown,
      "some files of the load are moved and some are not; the next load into the "
      "directory completes it, " +
          directory + ": " + undone.message());
}

Status FinishMove(const std::string& directory, const std::string& staging) {
  if (!Exists(JournalPath(staging))) return Status::OK();
  SLUICE_ASSIGN(io::Location location, io::Locate(JournalPath(staging)));
  SLUICE_ASSIGN(std::string text, io::ReadFile(location));
  SLUICE_ASSIGN(Json journal, ParseJson(text));
  Move move;
  SLUICE_ASSIGN(move.publish, NamesFromJson(journal, "publish"));
  SLUICE_ASSIGN(move.replace, NamesFromJson(journal, "replace"));
  SLUICE_TRY(Redo(directory, staging, move));
  return EndJournal(staging);
}

}  // namespace sluice::connectors::files
