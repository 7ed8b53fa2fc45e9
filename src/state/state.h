#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace sluice::state {

/// One run of a command that moves rows: started before the first row, finished or not.
struct Run {
  std::string run_id;
  std::string command;  ///< "import"
  std::string source;   ///< URL without password
  std::string target;
  int64_t started_ms = 0;
  std::optional<int64_t> finished_ms;
  std::string status;  ///< "running", "succeeded", "failed"
  Json report;         ///< what was said at the end
};

/// One split of one table of a run, as the ledger knows it.
struct ChunkRecord {
  std::string run_id, table, split_id;
  int attempt = 1;
  std::string status;  ///< "written", "committed", "failed"
  int64_t rows = 0, bytes = 0;
  Json receipt;
};

/// The repository in SQLite. Thread-safe; several processes may use one file.
class State {
 public:
  /// Creates the file and its directory when absent; ":memory:" keeps nothing. Fails with
  /// kUserInput on a file of a newer version.
  static Result<std::unique_ptr<State>> Open(const std::string& path, Clock& clock);
  ~State();

  /// `started_ms` 0 is now, an empty status "running". Fails with kAlreadyExists.
  Status StartRun(const Run& run);
  /// Fails with kNotFound. Finishing again replaces what was said.
  Status FinishRun(const std::string& run_id, const std::string& status,
                   const Json& report);
  Result<std::optional<Run>> FindRun(const std::string& run_id);
  /// The latest first.
  Result<std::vector<Run>> ListRuns(int64_t limit);

  /// Replaces the record of the same run, table, split and attempt.
  Status RecordChunk(const ChunkRecord& record);
  /// By table, split and attempt; empty for an unknown run.
  Result<std::vector<ChunkRecord>> ListChunks(const std::string& run_id);

 private:
  struct Impl;
  explicit State(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::state
