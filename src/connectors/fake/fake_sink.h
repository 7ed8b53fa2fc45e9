#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "connect/sink.h"
#include "connectors/fake/gate.h"

namespace sluice::connectors::fake {

/// One thing that goes wrong while writing.
struct WriteFault {
  enum class Where { kBegin, kOpen, kWrite, kFinish, kCommit };
  enum class Kind {
    kError,
    kThrow,      ///< std::runtime_error, as a library would
    kLosesARow,  ///< kFinish: the receipt counts one row less than was written
    kConflict,   ///< kCommit: nothing lands
    kUnknown,    ///< kCommit: it lands and says that it does not know
  };
  Where where = Where::kWrite;
  Kind kind = Kind::kError;
  int64_t after_rows =
      0;  ///< kWrite: at the batch that goes beyond so many rows of the session
  ErrorKind error = ErrorKind::kUnavailable;
};

/// What a FakeSink has seen. Batches by commit, in the order of the receipts.
struct Recorded {
  std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> commits;
  std::vector<connect::CommitRequest> requests;
  int sessions_aborted = 0;
  int writers_open = 0;  ///< opened and neither finished nor aborted
  int writers_aborted = 0;
  int64_t rows_seen = 0;  ///< of all Write calls
};

/// Keeps rows in memory and shows them only when committed. Thread-safe.
class FakeSink final : public connect::Sink {
 public:
  struct Options {
    std::optional<WriteFault> fault;
    std::shared_ptr<Gate>
        gate;  ///< passed before every Write; not stoppable; may be null
  };
  explicit FakeSink(Options options);
  ~FakeSink() override;

  Result<std::vector<connect::SchemaChange>> Preview(const connect::TableSchema& schema,
                                                     connect::WriteMode mode) override;
  Result<std::unique_ptr<connect::WriteSession>> Begin(
      const connect::TableSchema& schema, connect::WriteMode mode,
      const std::string& run_id) override;
  std::string Describe() const override { return "fake sink"; }

  Recorded recorded() const;
  /// Rows of all commits.
  int64_t rows_committed() const;

  struct Shared;  ///< between the sink, its sessions and writers

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::connectors::fake
