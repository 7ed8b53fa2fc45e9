#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/source.h"
#include "connectors/fake/gate.h"
#include "connectors/fake/rows.h"

namespace sluice::connectors::fake {

/// One thing that goes wrong while reading.
struct ReadFault {
  enum class Kind {
    kError,     ///< Next fails with `error`
    kThrow,     ///< Next throws std::runtime_error, as a library would
    kStall,     ///< Next blocks until it is stopped
    kEndEarly,  ///< Next says kEnd
  };
  Kind kind = Kind::kError;
  int64_t at_row = 0;  ///< of the table, before this row is given; -1: in Open
  ErrorKind error = ErrorKind::kUnavailable;
};

/// One table and how it is read.
struct FakeTable {
  std::string name = "orders";
  std::shared_ptr<arrow::Schema> schema;  ///< null: the named schema "orders"
  int64_t rows = 1000;
  int splits = 4;
  int64_t batch_rows = 100;
  uint64_t seed = 1;
  std::optional<ReadFault> fault;
  std::shared_ptr<Gate> gate;  ///< passed before every batch; may be null
  types::Fidelity fidelity =
      types::Fidelity::kExact;  ///< said of every column but the first
};

/// A source of made-up tables. Its splits are ranges of row numbers.
class FakeSource final : public connect::Source {
 public:
  explicit FakeSource(std::vector<FakeTable> tables);

  Result<std::vector<connect::TableName>> List(const std::string& pattern) override;
  Result<connect::TableSchema> Describe(const connect::Selection& selection) override;
  Result<connect::SnapshotInfo> BeginSnapshot() override;
  Result<connect::ReadPlan> Plan(const connect::Selection& selection) override;
  Result<std::unique_ptr<connect::Reader>> Open(const connect::Split& split,
                                                const connect::Position& from) override;
  Result<connect::Diagnosis> Diagnose() override;

 private:
  Result<const FakeTable*> Find(const connect::Selection& selection) const;

  std::vector<FakeTable> tables_;
};

}  // namespace sluice::connectors::fake
