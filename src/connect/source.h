#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "connect/values.h"

namespace sluice::connect {

/// How long a call may block.
struct Wait {
  std::stop_token stop;
  std::chrono::milliseconds idle_max{
      1000};  ///< an endless source answers kIdle after this
};

/// What Reader::Next gives.
struct Chunk {
  enum class State { kRows, kIdle, kEnd };
  State state = State::kEnd;
  std::shared_ptr<arrow::RecordBatch> batch;  ///< with kRows only, never empty
  Position last;                              ///< how far the reader is after this batch
};

/// Reads one split. Used by one thread; destroyed readers give their connection back.
class Reader {
 public:
  virtual ~Reader() = default;
  /// The next batch, of exactly the schema that Describe promised. Fails with kCancelled
  /// soon after `wait.stop` (a blocked read is broken off), kUnavailable when the
  /// connection died, kCorrupt or kUserInput for a value that breaks a policy: the
  /// message names table, column and row number within the split. After an error or kEnd
  /// only Close may be called.
  virtual Result<Chunk> Next(const Wait& wait) = 0;
  /// Ends the statement and frees the connection. Idempotent.
  virtual Status Close() = 0;
  /// Values changed or nulled so far by a policy, "column: reason" -> count.
  virtual std::map<std::string, int64_t> OddValues() const { return {}; }
};

/// One finding of `sluice doctor`.
struct Finding {
  enum class Level { kOk, kWarning, kProblem };
  Level level = Level::kOk;
  std::string what;    ///< "can read shop.orders"
  std::string remedy;  ///< the exact statement to run, e.g. GRANT ...; empty with kOk
};

struct Diagnosis {
  std::string server;  ///< product and version
  std::vector<Finding> findings;
};

/// One place that rows can be read from. Thread-safe after BeginSnapshot; readers of
/// different splits run on different threads. Outlives its readers.
class Source {
 public:
  virtual ~Source() = default;

  /// Tables that match a pattern ('*' and '?', "name" or "schema.name"), sorted.
  virtual Result<std::vector<TableName>> List(const std::string& pattern) = 0;

  /// The columns that a read of `selection` gives. Fails with kNotFound for an unknown
  /// table or column (naming near ones), kAuth without SELECT (naming the GRANT).
  virtual Result<TableSchema> Describe(const Selection& selection) = 0;

  /// Opens the connections for reading (ReadOptions::parallel of them) and puts them on
  /// one state of the data where the server can. Once, before Open; Plan and Describe
  /// work without.
  virtual Result<SnapshotInfo> BeginSnapshot() = 0;

  /// Cuts the selection into splits whose union is the selection and which are disjoint,
  /// for every kind of key (NULL, NaN, gaps, collations). Reads index boundaries, never
  /// rows.
  virtual Result<ReadPlan> Plan(const Selection& selection) = 0;

  /// Starts reading one split, waiting for one of the connections to be free.
  virtual Result<std::unique_ptr<Reader>> Open(const Split& split,
                                               const Position& from) = 0;

  /// What the account may do here, and the exact GRANT for what it may not.
  virtual Result<Diagnosis> Diagnose() = 0;
};

}  // namespace sluice::connect
