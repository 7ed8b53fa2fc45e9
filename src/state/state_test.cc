#include "state/state.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sqlite/database.h"

namespace sluice::state {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StateTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("sluice_state_test_" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string Path() { return (directory_ / "deep" / "state.db").string(); }
  std::unique_ptr<State> Open() { return State::Open(Path(), clock_).ValueOrDie(); }

  std::filesystem::path directory_;
  FakeClock clock_{5000};
};

state::Run ARun(const std::string& id) {
  return {.run_id = id,
          .command = "import",
          .source = "mysql://app@h/shop",
          .target = "landing"};
}

TEST_F(StateTest, RunsSurviveReopening) {
  {
    auto state = Open();
    state::Run first = ARun("r1");
    first.started_ms = 100;
    ASSERT_TRUE(state->StartRun(first).ok());
    ASSERT_TRUE(state->StartRun(ARun("r2")).ok());
    EXPECT_EQ(KindOf(state->StartRun(ARun("r2"))), ErrorKind::kAlreadyExists);
    clock_.Advance(std::chrono::milliseconds(70));
    ASSERT_TRUE(
        state->FinishRun("r1", "succeeded", Json{{"rows", 3}, {"who", "O'Neil"}}).ok());
    EXPECT_EQ(KindOf(state->FinishRun("r9", "failed", {})), ErrorKind::kNotFound);
  }
  auto state = Open();
  state::Run first = state->FindRun("r1").ValueOrDie().value();
  EXPECT_EQ(first.started_ms, 100);
  EXPECT_EQ(first.finished_ms, 5070);
  EXPECT_EQ(first.status, "succeeded");
  EXPECT_EQ(first.command, "import");
  EXPECT_EQ(first.source, "mysql://app@h/shop");
  EXPECT_EQ(first.target, "landing");
  EXPECT_EQ(ToText(first.report), R"({"rows":3,"who":"O'Neil"})");
  state::Run second = state->FindRun("r2").ValueOrDie().value();
  EXPECT_EQ(second.started_ms, 5000);
  EXPECT_FALSE(second.finished_ms);
  EXPECT_EQ(second.status, "running");
  EXPECT_TRUE(second.report.is_null());
  EXPECT_FALSE(state->FindRun("r9").ValueOrDie().has_value());
}

TEST_F(StateTest, ListsTheLatestFirst) {
  auto state = Open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(state->StartRun(ARun("r" + std::to_string(i))).ok());
    if (i % 2) clock_.Advance(std::chrono::milliseconds(1));
  }
  std::vector<std::string> ids;
  for (const state::Run& run : state->ListRuns(3).ValueOrDie()) ids.push_back(run.run_id);
  EXPECT_THAT(ids, ElementsAre("r4", "r3", "r2"));
  EXPECT_EQ(state->ListRuns(0)->size(), 0u);
  EXPECT_EQ(state->ListRuns(-1)->size(), 0u);
}

TEST_F(StateTest, ChunksAreReplacedPerAttempt) {
  auto state = Open();
  ChunkRecord record{.run_id = "r",
                     .table = "orders",
                     .split_id = "s1",
                     .status = "written",
                     .rows = 10,
                     .bytes = 1LL << 40,
                     .receipt = Json{{"file", "f1"}}};
  ASSERT_TRUE(state->RecordChunk(record).ok());
  record.attempt = 2;
  record.status = "failed";
  record.receipt = nullptr;
  ASSERT_TRUE(state->RecordChunk(record).ok());
  record.attempt = 1;
  record.status = "committed";
  record.receipt = Json{{"file", "f2"}};
  ASSERT_TRUE(state->RecordChunk(record).ok());
  record.run_id = "other";
  ASSERT_TRUE(state->RecordChunk(record).ok());

  auto chunks = state->ListChunks("r").ValueOrDie();
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0].status, "committed");
  EXPECT_EQ(chunks[0].table, "orders");
  EXPECT_EQ(chunks[0].split_id, "s1");
  EXPECT_EQ(chunks[0].rows, 10);
  EXPECT_EQ(chunks[0].bytes, 1LL << 40);
  EXPECT_EQ(ToText(chunks[0].receipt), R"({"file":"f2"})");
  EXPECT_EQ(chunks[1].attempt, 2);
  EXPECT_TRUE(chunks[1].receipt.is_null());
  EXPECT_TRUE(state->ListChunks("none")->empty());
}

TEST_F(StateTest, ManyWritersOfOneFile) {
  constexpr int kThreads = 8, kChunks = 20;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        auto state = State::Open(Path(), clock_);
        if (!state.ok()) {
          ++failures;
          return;
        }
        for (int i = 0; i < kChunks; ++i) {
          ChunkRecord record{.run_id = "r",
                             .table = std::to_string(t),
                             .split_id = std::to_string(i),
                             .status = "written"};
          if (!(*state)->RecordChunk(record).ok()) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Open()->ListChunks("r")->size(), static_cast<size_t>(kThreads * kChunks));
}

TEST_F(StateTest, RefusesANewerFile) {
  Open();
  auto raw = sqlite::Database::Open(Path(), {}).ValueOrDie();
  ASSERT_TRUE(raw->Execute("UPDATE schema_version SET version = 99").ok());
  Status newer = State::Open(Path(), clock_).status();
  EXPECT_EQ(KindOf(newer), ErrorKind::kUserInput);
  EXPECT_THAT(newer.message(), HasSubstr(Path()));
}

TEST_F(StateTest, MemoryKeepsNothing) {
  auto state = State::Open(":memory:", clock_).ValueOrDie();
  ASSERT_TRUE(state->StartRun(ARun("r")).ok());
  EXPECT_TRUE(state->FindRun("r")->has_value());
  EXPECT_FALSE(State::Open(":memory:", clock_).ValueOrDie()->FindRun("r")->has_value());
  EXPECT_FALSE(std::filesystem::exists(":memory:"));
}

}  // namespace
}  // namespace sluice::state
