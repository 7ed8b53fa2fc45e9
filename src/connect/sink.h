#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "connect/values.h"

namespace sluice::connect {

/// Takes one split's rows. Used by one thread.
class Writer {
 public:
  virtual ~Writer() = default;
  /// Batches of the session's schema.
  virtual Status Write(const arrow::RecordBatch& batch) = 0;
  /// Completes and flushes what was written to storage; nothing is visible to readers
  /// yet. A second call is an error. A split without rows gives a receipt without files.
  virtual Result<Receipt> Finish() = 0;
  /// Removes what was written. Idempotent; after Finish it does nothing.
  virtual void Abort() = 0;
};

struct CommitRequest {
  std::string run_id;  ///< recorded in the commit: settles an unknown outcome
  std::map<std::string, std::string>
      summary;  ///< facts of the run for the commit's summary
  std::map<std::string, std::string>
      progress;  ///< positions, stored with the data atomically
};

/// One load into one target, from Begin to its one commit.
class WriteSession {
 public:
  virtual ~WriteSession() = default;
  /// `attempt` counts from 1; files are named <run>-<split>-<attempt>. Thread-safe.
  virtual Result<std::unique_ptr<Writer>> OpenWriter(const Split& split, int attempt) = 0;
  /// Publishes exactly the receipts' rows, at once or not at all. Called once.
  virtual Result<CommitOutcome> Commit(std::span<const Receipt> receipts,
                                       const CommitRequest& request) = 0;
  /// Removes what writers left. Never after Commit was called. Idempotent.
  virtual void Abort() = 0;
};

/// One difference between what is there and what a load would make of it.
struct SchemaChange {
  enum class Kind {
    kCreateTable,
    kAddColumn,
    kTypeChange,
    kDropColumn,
    kReplaceTable,
    kNone
  };
  Kind kind = Kind::kNone;
  std::string text;     ///< "add column note string"
  bool allowed = true;  ///< false: a load fails with this text
};

/// One place that rows can be written to: a lake table, a directory. Thread-safe.
class Sink {
 public:
  virtual ~Sink() = default;
  /// What a load of `schema` would change; nothing is written. Empty: nothing.
  virtual Result<std::vector<SchemaChange>> Preview(const TableSchema& schema,
                                                    WriteMode mode) = 0;
  /// Starts a load. Fails before any row is read: kAlreadyExists (kErrorIfExists),
  /// kUserInput for a schema that does not fit or a mode this sink does not have (by
  /// name), kUnavailable for a place that cannot be written.
  virtual Result<std::unique_ptr<WriteSession>> Begin(const TableSchema& schema,
                                                      WriteMode mode,
                                                      const std::string& run_id) = 0;
  /// "lake table landing.orders", "directory ./out/orders".
  virtual std::string Describe() const = 0;
};

}  // namespace sluice::connect
