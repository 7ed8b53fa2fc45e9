// Imports into a real lake: SQLite catalog, Parquet files, state ledger.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "connectors/lake/lake_rig_test.h"
#include "transfer/gc.h"
#include "transfer/import.h"

namespace sluice::transfer {
namespace {

using connect::WriteMode;
using connectors::fake::FakeSource;
using connectors::fake::FakeTable;
using connectors::fake::Gate;
using connectors::fake::ReadFault;
using connectors::lake::IdRange;
using connectors::lake::LakeRig;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class NoProgress final : public Progress {
 public:
  void TableStarted(const std::string&, int64_t) override {}
  void TableAdvanced(const std::string&, const pipeline::Counters&,
                     std::chrono::nanoseconds) override {}
  void TableEnded(const TableReport&) override {}
};

FakeTable Table(int64_t rows, std::optional<ReadFault> fault = {}) {
  FakeTable table;
  table.rows = rows;
  table.splits = 5;
  table.fault = fault;
  return table;
}

class ImportLake : public testing::Test, public LakeRig {
 protected:
  Result<ImportReport> Import(FakeTable table, WriteMode mode,
                              std::stop_token stop = {}) {
    FakeSource source({table});
    ImportRequest request;
    request.source_name = "fake:///" + table.name;
    request.mode = mode;
    request.items = {{.selection = {.table = connect::TableName{"", table.name},
                                    .query = "",
                                    .columns = {},
                                    .where = "",
                                    .split_by = ""},
                      .target = "landing.orders",
                      .sink = Sink()}};
    NoProgress progress;
    return RunImport(request, source, *state_, progress, stop, clock, random);
  }

  Status ImportStatus(FakeTable table, WriteMode mode) {
    auto report = Import(std::move(table), mode);
    return report.ok() ? report->Summary() : report.status();
  }

  std::unique_ptr<state::State> state_ =
      state::State::Open(directory + "/state.db", clock).ValueOrDie();
};

TEST_F(ImportLake, LandsAndReports) {
  ImportReport report = Import(Table(1000), WriteMode::kErrorIfExists).ValueOrDie();
  ASSERT_TRUE(report.Summary().ok()) << report.Summary().ToString();
  const TableReport& table = report.tables.at(0);
  EXPECT_EQ(table.rows_read, 1000);
  EXPECT_EQ(table.rows_written, 1000);
  EXPECT_EQ(table.rows_committed, 1000);
  EXPECT_EQ(table.files, 5);
  EXPECT_EQ(table.splits, 5);
  EXPECT_EQ(table.snapshot_id, Metadata().current_snapshot_id);
  EXPECT_EQ(Ids(), IdRange(0, 1000));
  EXPECT_EQ(Metadata().snapshots.size(), 1u);
  EXPECT_THAT(Metadata().CurrentSnapshot()->summary,
              Contains(Pair("sluice.run-id", report.run_id)));

  auto run = state_->FindRun(report.run_id).ValueOrDie();
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->status, "succeeded");
  auto chunks = state_->ListChunks(report.run_id).ValueOrDie();
  ASSERT_EQ(chunks.size(), 5u);
  for (const auto& chunk : chunks) EXPECT_EQ(chunk.status, "committed");
  EXPECT_EQ(GetString(report.ToJson(), "status").ValueOrDie(), "succeeded");
}

TEST_F(ImportLake, CancelledHalfWayLeavesTheTargetUnchanged) {
  ASSERT_TRUE(ImportStatus(Table(100), WriteMode::kAppend).ok());
  for (WriteMode mode : {WriteMode::kAppend, WriteMode::kOverwrite}) {
    auto gate = std::make_shared<Gate>();
    FakeTable slow = Table(5000);
    slow.gate = gate;
    gate->Admit(10);  // fewer than one split needs, so that four readers come to wait
    std::stop_source stop;
    std::jthread user([&] {
      gate->AwaitWaiting(4);
      stop.request_stop();
    });
    ImportReport report = Import(slow, mode, stop.get_token()).ValueOrDie();
    EXPECT_EQ(KindOf(report.Summary()), ErrorKind::kCancelled);
    EXPECT_GT(report.tables[0].rows_read, 0);
    EXPECT_EQ(Ids(), IdRange(0, 100));
    EXPECT_EQ(CountFiles(".parquet"), 5);
  }
}

// At least 14 names are passed on the way; whichever fails, at its first or third pass,
// the table is as it was or holds the rows once, and what is reported is what happened.
TEST_F(ImportLake, EveryFailpointLeavesAllOrNothing) {
  ASSERT_TRUE(ArmFailpoints("trace").ok());
  ASSERT_TRUE(ImportStatus(Table(50), WriteMode::kErrorIfExists).ok());
  std::set<std::string> names;
  for (const auto& [name, passes] : PassedFailpoints()) names.insert(name);
  EXPECT_GE(names.size(), 14u);
  int64_t rows = 50;
  for (const std::string& name : names) {
    for (const char* when : {"@1", "@3", "@*"}) {
      SCOPED_TRACE(name + when);
      std::multiset<int64_t> before = Ids();
      ++rows;
      ASSERT_TRUE(ArmFailpoints(name + "=error" + when).ok());
      Status status = ImportStatus(Table(rows), WriteMode::kOverwrite);
      ASSERT_TRUE(ArmFailpoints("").ok());
      if (status.ok()) {
        EXPECT_EQ(Ids(), IdRange(0, rows));
      } else if (KindOf(status) != ErrorKind::kCommitUnknown) {
        EXPECT_EQ(Ids(), before) << status.ToString();
      } else {
        std::multiset<int64_t> now = Ids();
        EXPECT_TRUE(now == before || now == IdRange(0, rows));
      }
    }
  }
}

// Random tables, splits, modes and failures against a model of what the table must hold.
TEST_F(ImportLake, RandomRunsKeepTheRowsExactlyOnce) {
  Random chance(20261120);
  const std::vector<std::string> points = {
      "pipeline.after_batch", "pipeline.before_finish", "lake.after_file_finish",
      "import.before_commit", "commit.after_manifest",  "commit.before_swap",
      "commit.after_swap",    "lake.after_commit",      "commit.after_metadata_written",
      "lake.before_commit",   "commit.before_manifest", "pipeline.after_receipt"};
  std::multiset<int64_t> model;
  int succeeded = 0, failed = 0;
  for (int run = 0; run < 60; ++run) {
    FakeTable table = Table(chance.Between(0, 300));
    table.splits = static_cast<int>(chance.Between(1, 9));
    table.batch_rows = chance.Between(1, 120);
    if (chance.Between(0, 3) == 0) {
      auto kind =
          chance.Between(0, 1) ? ReadFault::Kind::kError : ReadFault::Kind::kThrow;
      table.fault = ReadFault{.kind = kind, .at_row = chance.Between(-1, 300)};
    } else if (chance.Between(0, 1) == 0) {
      const std::string& point = points[chance.Between(0, points.size() - 1)];
      std::string pass = std::to_string(chance.Between(1, 3));
      ASSERT_TRUE(ArmFailpoints(point + "=error@" + pass).ok());
    }
    WriteMode mode =
        chance.Between(0, 2) == 0 ? WriteMode::kOverwrite : WriteMode::kAppend;
    SCOPED_TRACE(testing::Message() << "run " << run << ", rows " << table.rows);
    Status status = ImportStatus(table, mode);
    ASSERT_TRUE(ArmFailpoints("").ok());
    if (status.ok()) {
      ++succeeded;
      if (mode == WriteMode::kOverwrite) model.clear();
      model.merge(IdRange(0, table.rows));
    } else {
      ++failed;
      ASSERT_NE(KindOf(status), ErrorKind::kCommitUnknown) << status.ToString();
    }
    ASSERT_EQ(Ids(), model) << status.ToString();
  }
  EXPECT_GT(succeeded, 15);
  EXPECT_GT(failed, 10);
  FakeClock later(SystemClock().NowMs() + 25 * 3600000);
  auto orphans =
      CollectOrphans(*lake_catalog, {.warehouse = directory, .remove = true}, later);
  ASSERT_TRUE(orphans.ok()) << orphans.status().ToString();
  EXPECT_EQ(Ids(), model);
}

TEST_F(ImportLake, FullDiskLeavesTheTargetUnchanged) {
  ASSERT_TRUE(ImportStatus(Table(100), WriteMode::kAppend).ok());
  // A file may not grow beyond a size: the same failing write that a full device gives.
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 256 << 10;
  auto old_handler = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  FakeTable large = Table(2000000);
  large.batch_rows = 50000;
  Status status = ImportStatus(large, WriteMode::kOverwrite);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, old_handler);
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(".parquet"));
  EXPECT_EQ(Ids(), IdRange(0, 100));
  EXPECT_EQ(CountFiles(".parquet"), 5);
}

TEST_F(ImportLake, UnwritableDirectoryIsSaidBeforeTheFirstRow) {
  namespace fs = std::filesystem;
  fs::create_directories(directory + "/landing");
  fs::permissions(directory + "/landing", fs::perms::owner_read | fs::perms::owner_exec |
                                              fs::perms::others_read |
                                              fs::perms::others_exec);
  // The superuser may write everywhere: be somebody else meanwhile.
  bool is_root = geteuid() == 0;
  if (is_root) {
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.is_regular_file()) fs::permissions(entry.path(), fs::perms::all);
    }
    fs::permissions(directory, fs::perms::all);
    ASSERT_EQ(seteuid(65534), 0);
  }
  auto report = Import(Table(100), WriteMode::kAppend);
  if (is_root) ASSERT_EQ(seteuid(0), 0);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(KindOf(report->Summary()), ErrorKind::kUnavailable);
  EXPECT_THAT(report->Summary().message(), HasSubstr("landing"));
  EXPECT_EQ(report->tables[0].rows_read, 0);
  EXPECT_FALSE(Exists());
  fs::permissions(directory + "/landing", fs::perms::owner_all);
}

// Two runs at the same time, each with its own catalog object, as two processes have.
TEST_F(ImportLake, TwoRunsAtTheSameTime) {
  auto other_catalog = OpenCatalog();
  auto import_by = [&](std::shared_ptr<catalog::Catalog> catalog, WriteMode mode,
                       int64_t rows, uint64_t seed) {
    Random own_random(seed);
    FakeSource source({Table(rows)});
    ImportRequest request;
    request.mode = mode;
    auto sink_options = SinkOptions();
    request.items = {{.selection = {.table = connect::TableName{"", "orders"},
                                    .query = "",
                                    .columns = {},
                                    .where = "",
                                    .split_by = ""},
                      .target = "landing.orders",
                      .sink = connectors::lake::MakeLakeSink(
                          catalog, {"landing", "orders"}, sink_options)}};
    NoProgress progress;
    return RunImport(request, source, *state_, progress, {}, clock, own_random)
        .ValueOrDie()
        .Summary();
  };
  for (int round = 0; round < 5; ++round) {
    size_t before = Ids().size();
    Status first, second;
    {
      std::jthread a(
          [&] { first = import_by(lake_catalog, WriteMode::kAppend, 100, 2 * round); });
      second = import_by(other_catalog, WriteMode::kAppend, 70, 2 * round + 1);
    }
    EXPECT_TRUE(first.ok()) << first.ToString();
    EXPECT_TRUE(second.ok()) << second.ToString();
    EXPECT_EQ(Ids().size(), before + 170);
  }
  Status append, over;
  {
    std::jthread a(
        [&] { append = import_by(lake_catalog, WriteMode::kAppend, 100, 100); });
    over = import_by(other_catalog, WriteMode::kOverwrite, 70, 101);
  }
  EXPECT_TRUE(append.ok());
  if (over.ok()) {
    std::multiset<int64_t> now = Ids();
    EXPECT_TRUE(now.size() == 70 || now.size() == 170) << now.size();
  } else {
    EXPECT_EQ(KindOf(over), ErrorKind::kConflict);
    EXPECT_EQ(Ids().size(), 5u * 170 + 100);
  }
}

}  // namespace
}  // namespace sluice::transfer
