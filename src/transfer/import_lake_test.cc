// Imports into a real lake: SQLite catalog, Parquet files, state ledger.
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

}  // namespace
}  // namespace sluice::transfer
