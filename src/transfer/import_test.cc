#include "transfer/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "connectors/fake/fake_sink.h"
#include "connectors/fake/fake_source.h"

namespace sluice::transfer {
namespace {

using connectors::fake::FakeSink;
using connectors::fake::FakeSource;
using connectors::fake::FakeTable;
using connectors::fake::Gate;
using connectors::fake::ReadFault;
using connectors::fake::WriteFault;
using testing::ElementsAre;
using testing::HasSubstr;

// Writes down what it is told.
class LoggedProgress final : public Progress {
 public:
  void TableStarted(const std::string& table, int64_t rows) override {
    Say("start " + table + " " + std::to_string(rows));
  }
  void TableAdvanced(const std::string&, const pipeline::Counters& counters,
                     std::chrono::nanoseconds) override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    ++advanced;
    last_rows = counters.rows_written;
  }
  void TableEnded(const TableReport& report) override {
    Say("end " + report.table + (report.status.ok() ? " ok" : " failed"));
  }

  std::vector<std::string> lines;
  int advanced = 0;
  int64_t last_rows = 0;

 private:
  void Say(std::string line) {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    lines.push_back(std::move(line));
  }
  const std::thread::id thread_ = std::this_thread::get_id();
};

FakeTable Table(const std::string& name, std::optional<ReadFault> fault = {}) {
  FakeTable table;
  table.name = name;
  table.fault = fault;
  return table;
}

connect::Selection Named(const std::string& name) {
  return {.table = connect::TableName{"", name},
          .query = "",
          .columns = {},
          .where = "",
          .split_by = ""};
}

class Import : public testing::Test {
 protected:
  ~Import() override { EXPECT_TRUE(ArmFailpoints("").ok()); }

  void Add(FakeTable table, std::optional<WriteFault> fault = {}) {
    auto sink =
        std::make_shared<FakeSink>(FakeSink::Options{.fault = fault, .gate = nullptr});
    request_.items.push_back(
        {.selection = Named(table.name), .target = "to." + table.name, .sink = sink});
    sinks_.push_back(sink);
    tables_.push_back(std::move(table));
  }

  Result<ImportReport> Run() {
    FakeSource source(tables_);
    return RunImport(request_, source, *state_, progress_, stop_.get_token(), clock_,
                     random_);
  }

  FakeClock clock_{1700000000000};
  Random random_{3};
  std::unique_ptr<state::State> state_ =
      state::State::Open(":memory:", clock_).ValueOrDie();
  LoggedProgress progress_;
  std::stop_source stop_;
  ImportRequest request_{.source_name = "fake:///", .items = {}};
  std::vector<FakeTable> tables_;
  std::vector<std::shared_ptr<FakeSink>> sinks_;
};

TEST_F(Import, TablesInTurnWithOneReport) {
  Add(Table("a"));
  Add(Table("b"));
  ImportReport report = Run().ValueOrDie();
  EXPECT_TRUE(report.Summary().ok());
  EXPECT_THAT(progress_.lines,
              ElementsAre("start a 1000", "end a ok", "start b 1000", "end b ok"));
  EXPECT_GE(progress_.advanced, 2);
  EXPECT_EQ(progress_.last_rows, 1000);
  EXPECT_EQ(report.snapshot.consistency, connect::Consistency::kStatic);
  ASSERT_EQ(report.tables.size(), 2u);
  for (const TableReport& table : report.tables) {
    EXPECT_EQ(table.rows_read, 1000);
    EXPECT_EQ(table.rows_written, 1000);
    EXPECT_EQ(table.rows_committed, 1000);
    EXPECT_EQ(table.split_method, "row number, 4 ranges");
    EXPECT_EQ(table.schema.columns.size(), 5u);
  }
  EXPECT_EQ(sinks_[1]->rows_committed(), 1000);
  EXPECT_EQ(sinks_[0]->recorded().requests.at(0).run_id, report.run_id);

  Json json = report.ToJson();
  EXPECT_EQ(json["status"], "succeeded");
  EXPECT_EQ(json["started"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(json["tables"][1]["rows_committed"], 1000);
  EXPECT_TRUE(json["tables"][0]["error"].is_null());
  auto run = state_->FindRun(report.run_id).ValueOrDie();
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->status, "succeeded");
  EXPECT_EQ(run->target, "to.a, to.b");
  EXPECT_EQ(run->report["run_id"], report.run_id);
  EXPECT_EQ(state_->ListChunks(report.run_id).ValueOrDie().size(), 8u);
}

TEST_F(Import, FailedTableStopsOrIsPassedOver) {
  Add(Table("a"));
  Add(Table("b", ReadFault{.at_row = 400, .error = ErrorKind::kAuth}));
  Add(Table("c"));
  ImportReport stopped = Run().ValueOrDie();
  EXPECT_EQ(KindOf(stopped.Summary()), ErrorKind::kAuth);
  EXPECT_THAT(stopped.Summary().message(), HasSubstr("row 400"));
  EXPECT_TRUE(stopped.tables[0].status.ok());
  EXPECT_THAT(stopped.tables[2].status.message(),
              HasSubstr("not started, because b failed"));
  EXPECT_EQ(sinks_[1]->rows_committed(), 0);
  EXPECT_EQ(sinks_[1]->recorded().sessions_aborted, 1);
  EXPECT_EQ(sinks_[2]->rows_committed(), 0);
  EXPECT_EQ(state_->FindRun(stopped.run_id).ValueOrDie()->status, "failed");
  Json json = stopped.ToJson();
  EXPECT_EQ(json["status"], "failed");
  EXPECT_EQ(json["tables"][1]["error"]["kind"], "auth");
  EXPECT_EQ(json["tables"][1]["error"]["facts"]["table"], "b");

  request_.continue_on_error = true;
  ImportReport went_on = Run().ValueOrDie();
  EXPECT_EQ(KindOf(went_on.Summary()), ErrorKind::kAuth);
  EXPECT_TRUE(went_on.tables[2].status.ok());
  EXPECT_EQ(sinks_[2]->rows_committed(), 1000);
}

TEST_F(Import, RefusesBadRequests) {
  EXPECT_EQ(KindOf(Run().status()), ErrorKind::kUserInput);
  Add(Table("a"));
  Add(Table("b"));
  request_.items[1].target = request_.items[0].target;
  Status twice = Run().status();
  EXPECT_EQ(KindOf(twice), ErrorKind::kUserInput);
  EXPECT_THAT(twice.message(), HasSubstr("to.a"));
  EXPECT_TRUE(state_->ListRuns(10).ValueOrDie().empty());
  FakeSource source(tables_);
  EXPECT_EQ(KindOf(PlanImport(request_, source).status()), ErrorKind::kUserInput);
}

TEST_F(Import, UnknownTableIsInItsReport) {
  Add(Table("a"));
  request_.items[0].selection = Named("nothing");
  ImportReport report = Run().ValueOrDie();
  EXPECT_EQ(KindOf(report.Summary()), ErrorKind::kNotFound);
  EXPECT_THAT(progress_.lines, ElementsAre("end nothing failed"));
}

TEST_F(Import, WriteFaults) {
  using Where = WriteFault::Where;
  using Kind = WriteFault::Kind;
  struct Case {
    const char* name;
    WriteFault fault;
    ErrorKind kind;
    bool commit_was_called;
  };
  for (const Case& c : {
           Case{"begin", {Where::kBegin, Kind::kError}, ErrorKind::kUnavailable, true},
           Case{
               "begin throws", {Where::kBegin, Kind::kThrow}, ErrorKind::kInternal, true},
           Case{"write",
                {Where::kWrite, Kind::kError, 500},
                ErrorKind::kUnavailable,
                false},
           Case{"lost row",
                {Where::kFinish, Kind::kLosesARow},
                ErrorKind::kInternal,
                false},
           Case{"commit", {Where::kCommit, Kind::kError}, ErrorKind::kUnavailable, true},
           Case{"commit throws",
                {Where::kCommit, Kind::kThrow},
                ErrorKind::kInternal,
                true},
           Case{
               "conflict", {Where::kCommit, Kind::kConflict}, ErrorKind::kConflict, true},
           Case{"unknown",
                {Where::kCommit, Kind::kUnknown},
                ErrorKind::kCommitUnknown,
                true},
       }) {
    SCOPED_TRACE(c.name);
    tables_.clear();
    sinks_.clear();
    request_.items.clear();
    Add(Table("a"), c.fault);
    ImportReport report = Run().ValueOrDie();
    EXPECT_EQ(KindOf(report.Summary()), c.kind) << report.Summary().ToString();
    EXPECT_EQ(report.tables[0].rows_committed, 0);
    EXPECT_EQ(sinks_[0]->recorded().writers_open, 0);
    EXPECT_EQ(sinks_[0]->recorded().sessions_aborted, c.commit_was_called ? 0 : 1);
    EXPECT_EQ(state_->FindRun(report.run_id).ValueOrDie()->status, "failed");
  }
}

TEST_F(Import, StopInTheMiddle) {
  auto gate = std::make_shared<Gate>();
  FakeTable slow = Table("a");
  slow.gate = gate;
  Add(slow);
  Add(Table("b"));
  gate->Admit(3);  // fewer than one split needs, so that four readers come to wait
  std::jthread user([&] {
    gate->AwaitWaiting(4);
    stop_.request_stop();
  });
  ImportReport report = Run().ValueOrDie();
  EXPECT_EQ(KindOf(report.Summary()), ErrorKind::kCancelled);
  EXPECT_THAT(report.tables[1].status.message(),
              HasSubstr("not started, stopped on request"));
  EXPECT_EQ(sinks_[0]->rows_committed(), 0);
  EXPECT_EQ(sinks_[0]->recorded().sessions_aborted, 1);
}

// A stop after the last row but before the commit still changes nothing.
TEST_F(Import, StopBeforeTheCommit) {
  Add(Table("a"));
  struct StopAtLastRow final : Progress {
    std::stop_source& stop;
    explicit StopAtLastRow(std::stop_source& s) : stop(s) {}
    void TableStarted(const std::string&, int64_t) override {}
    void TableAdvanced(const std::string&, const pipeline::Counters& counters,
                       std::chrono::nanoseconds) override {
      if (counters.rows_written == 1000) stop.request_stop();
    }
    void TableEnded(const TableReport&) override {}
  } progress(stop_);
  FakeSource source(tables_);
  auto report =
      RunImport(request_, source, *state_, progress, stop_.get_token(), clock_, random_);
  EXPECT_EQ(KindOf(report.ValueOrDie().Summary()), ErrorKind::kCancelled);
  EXPECT_EQ(sinks_[0]->rows_committed(), 0);
}

TEST_F(Import, LossyColumnsNeedTheSwitch) {
  FakeTable lossy = Table("a");
  lossy.fidelity = types::Fidelity::kLossy;
  Add(lossy);
  Status refused = Run().ValueOrDie().Summary();
  EXPECT_EQ(KindOf(refused), ErrorKind::kUserInput);
  EXPECT_THAT(refused.message(), HasSubstr("total"));
  EXPECT_EQ(sinks_[0]->recorded().rows_seen, 0);
  request_.read.allow_lossy = true;
  EXPECT_TRUE(Run().ValueOrDie().Summary().ok());
}

TEST_F(Import, FailsAsAWholeBeforeTheFirstTable) {
  Add(Table("a"));
  ASSERT_TRUE(ArmFailpoints("import.before_snapshot=error").ok());
  EXPECT_EQ(KindOf(Run().status()), ErrorKind::kUnavailable);
  auto runs = state_->ListRuns(10).ValueOrDie();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].status, "failed");
}

TEST_F(Import, PlanReadsNothing) {
  Add(Table("a", ReadFault{.at_row = 0}));
  FakeSource source(tables_);
  auto plans = PlanImport(request_, source).ValueOrDie();
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].read.splits.size(), 4u);
  EXPECT_EQ(plans[0].ToJson()["splits"][3]["estimated_rows"], 250);
  EXPECT_EQ(plans[0].ToJson()["target"], "to.a");
  EXPECT_EQ(sinks_[0]->recorded().rows_seen, 0);
  EXPECT_TRUE(state_->ListRuns(10).ValueOrDie().empty());
}

}  // namespace
}  // namespace sluice::transfer
