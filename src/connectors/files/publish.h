#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::connectors::files {

/// What a commit moves: names of files only.
struct Move {
  std::vector<std::string> publish;  ///< from the staging directory into the directory
  std::vector<std::string> replace;  ///< from the directory into <staging>/replaced/
};

/// The content that a load may replace: names of files in `directory` that are not
/// hidden, but
/// "_SUCCESS"; sorted. A directory that is not there has none.
Result<std::vector<std::string>> VisibleNames(const std::string& directory);

/// Writes the journal into `staging` (from then on the load counts as committed), moves,
/// and writes _SUCCESS. On an error everything is moved back and `directory` is as
/// before; when even that fails the kind is kCommitUnknown and the next FinishMove
/// completes it. The caller holds the directory's lock.
Status MoveIn(const std::string& directory, const std::string& staging, const Move& move);

/// Completes what a crashed MoveIn began; nothing when it had not come to its journal.
Status FinishMove(const std::string& directory, const std::string& staging);

}  // namespace sluice::connectors::files
