// The commit against the real SQLite catalog and against one that loses answers.
#include "connectors/lake/lake_commit.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lake/lake_rig_test.h"

namespace sluice::connectors::lake {
namespace {

using connect::CommitOutcome;
using connect::WriteMode;
using testing::HasSubstr;
using State = CommitOutcome::State;

// Passes everything on, but answers some calls otherwise.
class FaultyCatalog final : public catalog::Catalog {
 public:
  enum class Fault {
    kNone,
    kLostAfterLanding,   ///< it landed, the answer is kCommitUnknown
    kLostBeforeLanding,  ///< it did not land, the answer is kCommitUnknown
    kLostAndDeaf,  ///< it landed, the answer is lost, nothing can be loaded any more
    kRefuses,      ///< kAuth, nothing landed
  };
  FaultyCatalog(std::shared_ptr<catalog::Catalog> inner, Fault fault, int times)
      : inner_(std::move(inner)), fault_(fault), times_(times) {}

  Result<std::vector<std::string>> ListNamespaces() override {
    return inner_->ListNamespaces();
  }
  Status CreateNamespace(const std::string& name) override {
    return inner_->CreateNamespace(name);
  }
  Result<std::vector<catalog::TableIdent>> ListTables(const std::string& name) override {
    return inner_->ListTables(name);
  }
  Result<catalog::LoadedTable> LoadTable(const catalog::TableIdent& ident) override {
    if (deaf_) return Error(ErrorKind::kUnavailable, "the catalog is not there");
    return inner_->LoadTable(ident);
  }
  Result<catalog::LoadedTable> CreateTable(
      const catalog::TableIdent& ident, const table::TableMetadata& metadata) override {
    return Answer([&] { return inner_->CreateTable(ident, metadata); });
  }
  Result<catalog::LoadedTable> CommitTable(
      const catalog::TableIdent& ident,
      const std::vector<table::Requirement>& requirements,
      const std::vector<table::Update>& updates) override {
    return Answer([&] { return inner_->CommitTable(ident, requirements, updates); });
  }
  Status DropTable(const catalog::TableIdent& ident) override {
    return inner_->DropTable(ident);
  }

 private:
  template <typename Call>
  Result<catalog::LoadedTable> Answer(const Call& call) {
    if (fault_ == Fault::kNone || times_-- <= 0) return call();
    if (fault_ == Fault::kRefuses) return Error(ErrorKind::kAuth, "no privilege");
    if (fault_ != Fault::kLostBeforeLanding) SLUICE_TRY(call());
    deaf_ = fault_ == Fault::kLostAndDeaf;
    return Error(ErrorKind::kCommitUnknown, "the connection broke");
  }

  std::shared_ptr<catalog::Catalog> inner_;
  const Fault fault_;
  int times_;
  bool deaf_ = false;
};

class LakeCommit : public testing::Test, public LakeRig {
 protected:
  struct Started {
    std::unique_ptr<connect::Sink> sink;
    std::unique_ptr<connect::WriteSession> session;
    std::vector<connect::Receipt> receipts;
    std::string run_id;

    Result<CommitOutcome> Commit(std::map<std::string, std::string> progress = {}) {
      return session->Commit(
          receipts, {.run_id = run_id, .summary = {}, .progress = std::move(progress)});
    }
  };

  // A load of rows [first, end), ready to be committed.
  Started Start(WriteMode mode, int64_t first, int64_t end,
                std::shared_ptr<catalog::Catalog> catalog = nullptr,
                std::shared_ptr<arrow::Schema> schema = nullptr) {
    if (!schema) schema = fake::NamedSchema("orders").ValueOrDie();
    connect::TableSchema load{.name = "orders", .columns = {}, .key = {}};
    for (const auto& field : schema->fields()) {
      load.columns.push_back({.name = field->name(),
                              .source_type = field->type()->ToString(),
                              .field = field,
                              .fidelity = types::Fidelity::kExact,
                              .note = ""});
    }
    Started started;
    started.run_id = random.Uuid();
    started.sink = MakeLakeSink(catalog ? catalog : lake_catalog, {"landing", "orders"},
                                SinkOptions());
    started.session = started.sink->Begin(load, mode, started.run_id).ValueOrDie();
    connect::Split split;
    split.id = "s0000";
    auto writer = started.session->OpenWriter(split, 1).ValueOrDie();
    auto batch = fake::RowMaker{schema, 1}.Make(first, end - first).ValueOrDie();
    EXPECT_TRUE(writer->Write(*batch).ok());
    started.receipts.push_back(writer->Finish().ValueOrDie());
    return started;
  }

  std::shared_ptr<catalog::Catalog> Faulty(FaultyCatalog::Fault fault, int times = 1) {
    return std::make_shared<FaultyCatalog>(lake_catalog, fault, times);
  }
};

TEST_F(LakeCommit, NothingIsSeenBeforeIt) {
  auto first = Start(WriteMode::kAppend, 0, 100);
  EXPECT_FALSE(Exists());
  EXPECT_TRUE(lake_catalog->ListNamespaces().ValueOrDie().empty());
  ASSERT_EQ(first.Commit()->state, State::kCommitted);
  auto second = Start(WriteMode::kAppend, 100, 200);
  EXPECT_EQ(Ids(), IdRange(0, 100));
  ASSERT_EQ(second.Commit()->state, State::kCommitted);
  EXPECT_EQ(Ids(), IdRange(0, 200));
}

TEST_F(LakeCommit, AppendsAtTheSameTimeBothLand) {
  for (bool table_is_new : {true, false}) {
    SCOPED_TRACE(table_is_new);
    int64_t base = table_is_new ? 0 : 1000;
    auto a = Start(WriteMode::kAppend, base, base + 100);
    auto b = Start(WriteMode::kAppend, base + 100, base + 150);
    EXPECT_EQ(b.Commit()->state, State::kCommitted);
    EXPECT_EQ(a.Commit()->state, State::kCommitted);
  }
  EXPECT_EQ(Ids().size(), 300u);
  EXPECT_EQ(Metadata().snapshots.size(), 4u);
}

// Eight writers, each with a catalog object of its own, storm one table.
TEST_F(LakeCommit, StormOfAppendsLosesNothing) {
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10).Commit()->state, State::kCommitted);
  std::vector<Started> loads;
  for (int i = 0; i < 8; ++i) {
    loads.push_back(Start(WriteMode::kAppend, 10 + 10 * i, 20 + 10 * i, OpenCatalog()));
  }
  std::vector<CommitOutcome> outcomes(8);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] { outcomes[i] = loads[i].Commit().ValueOrDie(); });
    }
  }
  std::multiset<int64_t> expected = IdRange(0, 10);
  for (int i = 0; i < 8; ++i) {
    // With the fake clock back-off costs no time, so that one may well be out of tries:
    // then it must say so and leave nothing behind.
    if (outcomes[i].state != State::kCommitted) {
      EXPECT_EQ(outcomes[i].state, State::kConflict) << outcomes[i].message;
      continue;
    }
    expected.merge(IdRange(10 + 10 * i, 20 + 10 * i));
  }
  EXPECT_EQ(Ids(), expected);
  EXPECT_EQ(CountFiles(".parquet"), static_cast<int>(Files().size()));
}

TEST_F(LakeCommit, OverwriteThatLostTheRaceIsTold) {
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10).Commit()->state, State::kCommitted);
  auto over = Start(WriteMode::kOverwrite, 500, 510);
  auto append = Start(WriteMode::kAppend, 10, 20);
  ASSERT_EQ(append.Commit()->state, State::kCommitted);
  CommitOutcome lost = over.Commit().ValueOrDie();
  EXPECT_EQ(lost.state, State::kConflict);
  EXPECT_THAT(lost.message, HasSubstr("import again"));
  EXPECT_EQ(Ids(), IdRange(0, 20));
  EXPECT_EQ(CountFiles(".parquet"), 2);  // the loser's file is gone

  // The other way round the append lands on top of the new content.
  auto late = Start(WriteMode::kAppend, 20, 30);
  ASSERT_EQ(Start(WriteMode::kOverwrite, 500, 510).Commit()->state, State::kCommitted);
  ASSERT_EQ(late.Commit()->state, State::kCommitted);
  std::multiset<int64_t> expected = IdRange(500, 510);
  expected.merge(IdRange(20, 30));
  EXPECT_EQ(Ids(), expected);
}

TEST_F(LakeCommit, TableChangedUnderIt) {
  auto id = arrow::field("id", arrow::int64(), false);
  auto note = arrow::field("note", arrow::utf8());
  auto other = arrow::field("other", arrow::int32());
  auto plain = arrow::schema({id});
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10, nullptr, plain).Commit()->state,
            State::kCommitted);
  // Both add the same column: the second finds its schema there already.
  auto a = Start(WriteMode::kAppend, 10, 20, nullptr, arrow::schema({id, note}));
  auto b = Start(WriteMode::kAppend, 20, 30, nullptr, arrow::schema({id, note}));
  auto c = Start(WriteMode::kAppend, 30, 40, nullptr, arrow::schema({id, other}));
  auto d = Start(WriteMode::kAppend, 40, 50, nullptr, plain);
  EXPECT_EQ(a.Commit()->state, State::kCommitted);
  EXPECT_EQ(b.Commit()->state, State::kCommitted);
  // Another column under the same new id: its files cannot be read so.
  CommitOutcome lost = c.Commit().ValueOrDie();
  EXPECT_EQ(lost.state, State::kConflict);
  EXPECT_THAT(lost.message, HasSubstr("schema"));
  EXPECT_EQ(d.Commit()->state, State::kCommitted);
  std::multiset<int64_t> expected = IdRange(0, 30);
  expected.merge(IdRange(40, 50));
  EXPECT_EQ(Ids(), expected);

  auto dropped = Start(WriteMode::kAppend, 60, 70, nullptr, plain);
  ASSERT_TRUE(lake_catalog->DropTable({"landing", "orders"}).ok());
  EXPECT_EQ(dropped.Commit()->state, State::kConflict);
  EXPECT_FALSE(Exists());
}

TEST_F(LakeCommit, LostAnswerIsSettledByLooking) {
  using Fault = FaultyCatalog::Fault;
  for (Fault fault : {Fault::kLostAfterLanding, Fault::kLostBeforeLanding}) {
    for (WriteMode mode :
         {WriteMode::kErrorIfExists, WriteMode::kAppend, WriteMode::kOverwrite}) {
      SCOPED_TRACE(testing::Message()
                   << static_cast<int>(fault) << " " << connect::WriteModeName(mode));
      if (mode == WriteMode::kErrorIfExists && Exists()) {
        ASSERT_TRUE(lake_catalog->DropTable({"landing", "orders"}).ok());
      }
      std::multiset<int64_t> before = Ids();
      auto load = Start(mode, 100, 110, Faulty(fault));
      CommitOutcome outcome = load.Commit().ValueOrDie();
      EXPECT_EQ(outcome.state, State::kCommitted) << outcome.message;
      EXPECT_EQ(outcome.snapshot_id, Metadata().current_snapshot_id);
      if (mode != WriteMode::kAppend) before.clear();
      before.merge(IdRange(100, 110));
      EXPECT_EQ(Ids(), before);
    }
  }
}

TEST_F(LakeCommit, UnknownKeepsEveryFile) {
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10).Commit()->state, State::kCommitted);
  auto load =
      Start(WriteMode::kAppend, 10, 20, Faulty(FaultyCatalog::Fault::kLostAndDeaf));
  CommitOutcome outcome = load.Commit().ValueOrDie();
  EXPECT_EQ(outcome.state, State::kUnknown);
  EXPECT_THAT(outcome.message, HasSubstr(load.run_id));
  load.session->Abort();
  EXPECT_EQ(Ids(), IdRange(0, 20));  // it had landed, and all its files are there
}

TEST_F(LakeCommit, RefusedCommitLeavesNothing) {
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10).Commit()->state, State::kCommitted);
  int manifests = CountFiles(".avro");
  auto load =
      Start(WriteMode::kAppend, 10, 20, Faulty(FaultyCatalog::Fault::kRefuses, 100));
  EXPECT_EQ(KindOf(load.Commit().status()), ErrorKind::kAuth);
  EXPECT_EQ(Ids(), IdRange(0, 10));
  EXPECT_EQ(CountFiles(".parquet"), 1);
  EXPECT_EQ(CountFiles(".avro"), manifests);
}

TEST_F(LakeCommit, ProgressIsStoredAndFences) {
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10).Commit({{"orders", "10"}})->state,
            State::kCommitted);
  EXPECT_EQ(Metadata().properties.at("sluice.progress.orders"), "10");
  auto zombie = Start(WriteMode::kAppend, 10, 20);
  auto mine = Start(WriteMode::kAppend, 10, 20);
  auto bystander = Start(WriteMode::kAppend, 50, 60);
  ASSERT_EQ(mine.Commit({{"orders", "20"}})->state, State::kCommitted);
  CommitOutcome fenced = zombie.Commit({{"orders", "20"}}).ValueOrDie();
  EXPECT_EQ(fenced.state, State::kConflict);
  EXPECT_THAT(fenced.message, HasSubstr("fenced"));
  EXPECT_EQ(bystander.Commit()->state, State::kCommitted);
  EXPECT_EQ(Metadata().properties.at("sluice.progress.orders"), "20");
  std::multiset<int64_t> expected = IdRange(0, 20);
  expected.merge(IdRange(50, 60));
  EXPECT_EQ(Ids(), expected);
}

TEST_F(LakeCommit, TamperedReceiptIsRefused) {
  auto load = Start(WriteMode::kAppend, 0, 10);
  load.receipts[0].rows = 9;
  EXPECT_EQ(KindOf(load.Commit().status()), ErrorKind::kCorrupt);
  EXPECT_FALSE(Exists());
  EXPECT_EQ(CountFiles(".parquet"), 0);
}

// Whichever step fails once, the rows are there once or not at all, and a failed commit
// has left no data file.
TEST_F(LakeCommit, EveryFailpointLeavesAllOrNothing) {
  ASSERT_TRUE(ArmFailpoints("trace").ok());
  ASSERT_EQ(Start(WriteMode::kAppend, 0, 10).Commit()->state, State::kCommitted);
  ASSERT_EQ(Start(WriteMode::kAppend, 10, 20).Commit()->state, State::kCommitted);
  std::vector<std::string> names;
  for (const auto& [name, passes] : PassedFailpoints()) {
    if (name.starts_with("commit.") || name.ends_with("_commit")) names.push_back(name);
  }
  EXPECT_GE(names.size(), 9u);
  std::multiset<int64_t> expected = IdRange(0, 20);
  int64_t next = 20;
  for (const std::string& name : names) {
    for (const char* when : {"@1", "@*"}) {
      SCOPED_TRACE(name + when);
      ASSERT_TRUE(ArmFailpoints("").ok());
      auto load = Start(WriteMode::kAppend, next, next + 10);
      ASSERT_TRUE(ArmFailpoints(name + "=error" + when).ok());
      auto outcome = load.Commit();
      ASSERT_TRUE(ArmFailpoints("").ok());
      bool landed = outcome.ok() && outcome->state == State::kCommitted;
      bool unknown = outcome.ok() && outcome->state == State::kUnknown;
      std::multiset<int64_t> with = expected;
      with.merge(IdRange(next, next + 10));
      std::multiset<int64_t> found = Ids();
      if (landed || (unknown && found == with)) expected = with;
      EXPECT_EQ(found, expected);
      if (!unknown) EXPECT_EQ(CountFiles(".parquet"), static_cast<int>(Files().size()));
      next += 10;
    }
  }
}

}  // namespace
}  // namespace sluice::connectors::lake
