#include "connectors/fake/fake_sink.h"

#include <map>
#include <stdexcept>

#include <arrow/record_batch.h>

namespace sluice::connectors::fake {

struct FakeSink::Shared {
  Options options;
  std::mutex mutex;
  Recorded recorded;  // guarded by mutex

  Status Fail(WriteFault::Where where) const {
    if (!options.fault || options.fault->where != where) return Status::OK();
    if (options.fault->kind == WriteFault::Kind::kThrow) {
      throw std::runtime_error("thrown by the fake sink as asked");
    }
    if (options.fault->kind != WriteFault::Kind::kError) return Status::OK();
    return Error(options.fault->error, "the fake sink fails as asked");
  }
};

namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

/// Finished splits of one session, by "split-attempt".
struct Finished {
  std::mutex mutex;
  std::map<std::string, Batches> batches;
};

std::string KeyOf(const std::string& split_id, int attempt) {
  return split_id + "-" + std::to_string(attempt);
}

class FakeWriter final : public connect::Writer {
 public:
  FakeWriter(std::shared_ptr<FakeSink::Shared> shared, std::shared_ptr<Finished> finished,
             std::string split_id, int attempt)
      : shared_(std::move(shared)),
        finished_(std::move(finished)),
        split_id_(std::move(split_id)),
        attempt_(attempt) {}

  Status Write(const arrow::RecordBatch& batch) override {
    if (shared_->options.gate) shared_->options.gate->Pass({});
    bool fails;
    {
      std::lock_guard lock(shared_->mutex);
      shared_->recorded.rows_seen += batch.num_rows();
      fails = shared_->options.fault &&
              shared_->recorded.rows_seen > shared_->options.fault->after_rows;
    }
    if (fails) SLUICE_TRY(shared_->Fail(WriteFault::Where::kWrite));
    batches_.push_back(batch.Slice(0));
    return Status::OK();
  }

  Result<connect::Receipt> Finish() override {
    if (done_) return Error(ErrorKind::kInternal, "a writer was finished twice");
    SLUICE_TRY(shared_->Fail(WriteFault::Where::kFinish));
    connect::Receipt receipt;
    receipt.split_id = split_id_;
    receipt.attempt = attempt_;
    for (const auto& batch : batches_) receipt.rows += batch->num_rows();
    receipt.bytes = receipt.rows * 8;
    const auto& fault = shared_->options.fault;
    if (fault && fault->kind == WriteFault::Kind::kLosesARow && receipt.rows > 0) {
      --receipt.rows;
    }
    End(/*aborted=*/false);
    std::lock_guard lock(finished_->mutex);
    finished_->batches[KeyOf(split_id_, attempt_)] = std::move(batches_);
    return receipt;
  }

  void Abort() override {
    if (!done_) End(/*aborted=*/true);
  }

 private:
  void End(bool aborted) {
    done_ = true;
    std::lock_guard lock(shared_->mutex);
    --shared_->recorded.writers_open;
    if (aborted) ++shared_->recorded.writers_aborted;
  }

  std::shared_ptr<FakeSink::Shared> shared_;
  std::shared_ptr<Finished> finished_;
  const std::string split_id_;
  const int attempt_;
  Batches batches_;
  bool done_ = false;
};

class FakeSession final : public connect::WriteSession {
 public:
  explicit FakeSession(std::shared_ptr<FakeSink::Shared> shared)
      : shared_(std::move(shared)), finished_(std::make_shared<Finished>()) {}

  Result<std::unique_ptr<connect::Writer>> OpenWriter(const connect::Split& split,
                                                      int attempt) override {
    SLUICE_TRY(shared_->Fail(WriteFault::Where::kOpen));
    std::lock_guard lock(shared_->mutex);
    ++shared_->recorded.writers_open;
    return std::make_unique<FakeWriter>(shared_, finished_, split.id, attempt);
  }

  Result<connect::CommitOutcome> Commit(std::span<const connect::Receipt> receipts,
                                        const connect::CommitRequest& request) override {
    SLUICE_TRY(shared_->Fail(WriteFault::Where::kCommit));
    connect::CommitOutcome outcome;
    const auto& fault = shared_->options.fault;
    if (fault && fault->kind == WriteFault::Kind::kConflict) {
      outcome.state = connect::CommitOutcome::State::kConflict;
      outcome.message = "the fake sink was changed by somebody else, as asked";
      return outcome;
    }
    if (fault && fault->kind == WriteFault::Kind::kUnknown) {
      outcome.state = connect::CommitOutcome::State::kUnknown;
      outcome.message = "the fake sink lost the answer, as asked";
    }
    Batches all;
    std::lock_guard finished_lock(finished_->mutex);
    for (const connect::Receipt& receipt : receipts) {
      const Batches& one = finished_->batches[KeyOf(receipt.split_id, receipt.attempt)];
      all.insert(all.end(), one.begin(), one.end());
    }
    std::lock_guard lock(shared_->mutex);
    shared_->recorded.commits.push_back(std::move(all));
    shared_->recorded.requests.push_back(request);
    outcome.snapshot_id = static_cast<int64_t>(shared_->recorded.commits.size());
    return outcome;
  }

  void Abort() override {
    std::lock_guard lock(shared_->mutex);
    if (!aborted_) ++shared_->recorded.sessions_aborted;
    aborted_ = true;
  }

 private:
  std::shared_ptr<FakeSink::Shared> shared_;
  std::shared_ptr<Finished> finished_;
  bool aborted_ = false;
};

}  // namespace

FakeSink::FakeSink(Options options) : shared_(std::make_shared<Shared>()) {
  shared_->options = std::move(options);
}

FakeSink::~FakeSink() = default;

Result<std::vector<connect::SchemaChange>> FakeSink::Preview(const connect::TableSchema&,
                                                             connect::WriteMode) {
  return std::vector<connect::SchemaChange>{};
}

Result<std::unique_ptr<connect::WriteSession>> FakeSink::Begin(
    const connect::TableSchema&, connect::WriteMode, const std::string&) {
  SLUICE_TRY(shared_->Fail(WriteFault::Where::kBegin));
  return std::make_unique<FakeSession>(shared_);
}

Recorded FakeSink::recorded() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->recorded;
}

int64_t FakeSink::rows_committed() const {
  int64_t rows = 0;
  for (const auto& commit : recorded().commits) {
    for (const auto& batch : commit) rows += batch->num_rows();
  }
  return rows;
}

}  // namespace sluice::connectors::fake
