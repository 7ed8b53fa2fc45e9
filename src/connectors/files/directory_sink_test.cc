#include "connectors/files/directory_sink.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "connectors/fake/fake_source.h"
#include "formats/parquet/reader.h"
#include "io/file_system.h"
#include "pipeline/pipeline.h"

namespace sluice::connectors::files {
namespace {

using connect::CommitOutcome;
using connect::WriteMode;
using fake::FakeSource;
using fake::FakeTable;
using testing::HasSubstr;
namespace fs = std::filesystem;

connect::Selection Orders() {
  return {.table = connect::TableName{"", "orders"},
          .query = "",
          .columns = {},
          .where = "",
          .split_by = ""};
}

FakeTable Table(int64_t rows, const char* schema = "orders") {
  FakeTable table;
  table.rows = rows;
  table.schema = fake::NamedSchema(schema).ValueOrDie();
  return table;
}

class DirectorySink : public testing::Test {
 protected:
  DirectorySink() {
    std::string pattern = testing::TempDir() + "directory_XXXXXX";
    root_ = mkdtemp(pattern.data());
    directory_ = root_ + "/out/orders";
  }
  ~DirectorySink() override {
    EXPECT_TRUE(ArmFailpoints("").ok());
    fs::permissions(root_, fs::perms::owner_all);
    fs::remove_all(root_);
  }

  struct Started {
    std::unique_ptr<FakeSource> source;
    std::unique_ptr<connect::WriteSession> session;
    std::vector<connect::Receipt> receipts;
  };

  Result<Started> Start(FakeTable table, WriteMode mode, const std::string& run_id) {
    Started started;
    started.source =
        std::make_unique<FakeSource>(std::vector<FakeTable>{std::move(table)});
    auto sink = MakeDirectorySink(directory_, {});
    SLUICE_ASSIGN(auto schema, started.source->Describe(Orders()));
    SLUICE_ASSIGN(started.session, sink->Begin(schema, mode, run_id));
    SLUICE_ASSIGN(auto plan, started.source->Plan(Orders()));
    pipeline::Counters counters;
    auto outcome = pipeline::Run(plan.splits, *started.source, *started.session, {},
                                 counters, {}, {});
    if (!outcome.ok()) started.session->Abort();
    SLUICE_TRY(outcome);
    started.receipts = outcome->receipts;
    return started;
  }

  Result<CommitOutcome> Load(FakeTable table, WriteMode mode, const std::string& run_id) {
    SLUICE_ASSIGN(Started started, Start(std::move(table), mode, run_id));
    return started.session->Commit(started.receipts,
                                   {.run_id = run_id, .summary = {}, .progress = {}});
  }

  // Ids in all visible Parquet files.
  std::multiset<int64_t> Ids() {
    std::multiset<int64_t> ids;
    if (!fs::exists(directory_)) return ids;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().extension() != ".parquet") continue;
      auto location = io::Locate(entry.path().string()).ValueOrDie();
      auto reader = formats::parquet::OpenFile(location, {}).ValueOrDie();
      auto table = reader->ToTable().ValueOrDie();
      for (const auto& chunk : table->column(0)->chunks()) {
        const auto& column = static_cast<const arrow::Int64Array&>(*chunk);
        for (int64_t i = 0; i < column.length(); ++i) ids.insert(column.Value(i));
      }
    }
    return ids;
  }

  bool NothingHidden() {
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().filename().string()[0] == '.') return false;
    }
    return true;
  }

  std::string root_, directory_;
};

TEST_F(DirectorySink, WritesEverySchemaOnce) {
  for (const char* schema : {"orders", "types", "wide_decimal", "same_names"}) {
    SCOPED_TRACE(schema);
    directory_ = root_ + "/" + schema;
    auto outcome = Load(Table(1000, schema), WriteMode::kErrorIfExists, "run-1");
    ASSERT_TRUE(outcome.ok()) << outcome.status().ToString();
    EXPECT_EQ(Ids().size(), 1000u);
    EXPECT_TRUE(fs::exists(directory_ + "/_SUCCESS"));
    EXPECT_TRUE(fs::exists(directory_ + "/part-run-1-s0002-1.parquet"));
    EXPECT_TRUE(NothingHidden());
  }
}

TEST_F(DirectorySink, Modes) {
  ASSERT_TRUE(Load(Table(100), WriteMode::kAppend, "aaaaaaaa-1").ok());
  ASSERT_TRUE(Load(Table(100), WriteMode::kAppend, "bbbbbbbb-1").ok());
  EXPECT_EQ(Ids().size(), 200u);
  EXPECT_EQ(KindOf(Load(Table(100), WriteMode::kErrorIfExists, "cccccccc").status()),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(Ids().size(), 200u);
  ASSERT_TRUE(Load(Table(50), WriteMode::kOverwrite, "dddddddd").ok());
  EXPECT_EQ(Ids().size(), 50u);
  Status upsert = Load(Table(1), WriteMode::kUpsert, "eeeeeeee").status();
  EXPECT_EQ(KindOf(upsert), ErrorKind::kUserInput);
  EXPECT_THAT(upsert.message(), HasSubstr("upsert"));
  EXPECT_TRUE(NothingHidden());
}

TEST_F(DirectorySink, NoRowsGiveOneEmptyFile) {
  ASSERT_TRUE(Load(Table(0), WriteMode::kAppend, "aaaaaaaa").ok());
  EXPECT_TRUE(fs::exists(directory_ + "/part-aaaaaaaa-empty-1.parquet"));
  ASSERT_TRUE(Load(Table(0), WriteMode::kAppend, "bbbbbbbb").ok());
  EXPECT_FALSE(fs::exists(directory_ + "/part-bbbbbbbb-empty-1.parquet"));
}

TEST_F(DirectorySink, AppendWantsTheSameColumns) {
  ASSERT_TRUE(Load(Table(10), WriteMode::kAppend, "aaaaaaaa").ok());
  Status status =
      Load(Table(10, "wide_decimal"), WriteMode::kAppend, "bbbbbbbb").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_THAT(status.message(), HasSubstr("overwrite"));
  FakeTable other = Table(10);
  auto fields = other.schema->fields();
  fields[1] = fields[1]->WithType(arrow::int64());
  other.schema = arrow::schema(fields);
  EXPECT_THAT(Load(other, WriteMode::kAppend, "cccccccc").status().message(),
              HasSubstr("customer int32"));
  EXPECT_TRUE(Load(other, WriteMode::kOverwrite, "dddddddd").ok());
  EXPECT_EQ(Ids().size(), 10u);
}

TEST_F(DirectorySink, OverwriteRefusesForeignContent) {
  fs::create_directories(directory_);
  std::ofstream(directory_ + "/thesis.tex") << "x";
  Status status = Load(Table(10), WriteMode::kOverwrite, "aaaaaaaa").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_THAT(status.message(), HasSubstr("thesis.tex"));
  EXPECT_TRUE(fs::exists(directory_ + "/thesis.tex"));
  EXPECT_TRUE(NothingHidden());
}

TEST_F(DirectorySink, FailureLeavesTheDirectoryAsItWas) {
  ASSERT_TRUE(Load(Table(100), WriteMode::kAppend, "aaaaaaaa").ok());
  for (WriteMode mode : {WriteMode::kAppend, WriteMode::kOverwrite}) {
    FakeTable broken = Table(200);
    broken.fault = fake::ReadFault{.at_row = 120};
    EXPECT_EQ(KindOf(Load(broken, mode, "bbbbbbbb").status()), ErrorKind::kUnavailable);
    for (const char* name :
         {"files.after_begin", "files.before_commit", "files.after_journal",
          "files.after_replace", "files.before_success"}) {
      SCOPED_TRACE(name);
      ASSERT_TRUE(ArmFailpoints(std::string(name) + "=error").ok());
      EXPECT_THAT(Load(Table(200), mode, "cccccccc").status().message(), HasSubstr(name));
      EXPECT_EQ(Ids().size(), 100u);
      EXPECT_TRUE(fs::exists(directory_ + "/_SUCCESS"));
      EXPECT_TRUE(NothingHidden());
    }
  }
}

TEST_F(DirectorySink, AppendsAtTheSameTimeBothLandAndOverwriteLoses) {
  auto first = Start(Table(100), WriteMode::kAppend, "aaaaaaaa").ValueOrDie();
  auto second = Start(Table(50), WriteMode::kAppend, "bbbbbbbb").ValueOrDie();
  auto over = Start(Table(10), WriteMode::kOverwrite, "cccccccc").ValueOrDie();
  EXPECT_EQ(first.session->Commit(first.receipts, {})->state,
            CommitOutcome::State::kCommitted);
  EXPECT_EQ(second.session->Commit(second.receipts, {})->state,
            CommitOutcome::State::kCommitted);
  auto lost = over.session->Commit(over.receipts, {}).ValueOrDie();
  EXPECT_EQ(lost.state, CommitOutcome::State::kConflict);
  EXPECT_THAT(lost.message, HasSubstr("import again"));
  EXPECT_EQ(Ids().size(), 150u);
  EXPECT_TRUE(NothingHidden());
}

TEST_F(DirectorySink, PlaceThatCannotBeMade) {
  std::ofstream(root_ + "/file") << "x";
  directory_ = root_ + "/file/out";
  Status status = Load(Table(10), WriteMode::kAppend, "aaaaaaaa").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(directory_));

  auto memory = MakeDirectorySink("memory://test/out", {});
  FakeSource source({Table(1)});
  EXPECT_EQ(KindOf(memory
                       ->Begin(source.Describe(Orders()).ValueOrDie(), WriteMode::kAppend,
                               "aaaaaaaa")
                       .status()),
            ErrorKind::kUserInput);
}

TEST_F(DirectorySink, PreviewSaysWhatWouldHappen) {
  auto sink = MakeDirectorySink(directory_, {});
  FakeSource source({Table(1)});
  auto schema = source.Describe(Orders()).ValueOrDie();
  auto fresh = sink->Preview(schema, WriteMode::kErrorIfExists).ValueOrDie();
  ASSERT_EQ(fresh.size(), 1u);
  EXPECT_EQ(fresh[0].kind, connect::SchemaChange::Kind::kCreateTable);
  EXPECT_FALSE(fs::exists(directory_));
  ASSERT_TRUE(Load(Table(10), WriteMode::kAppend, "aaaaaaaa").ok());
  EXPECT_TRUE(sink->Preview(schema, WriteMode::kAppend).ValueOrDie().empty());
  EXPECT_FALSE(sink->Preview(schema, WriteMode::kErrorIfExists).ValueOrDie()[0].allowed);
  EXPECT_EQ(sink->Preview(schema, WriteMode::kOverwrite).ValueOrDie()[0].kind,
            connect::SchemaChange::Kind::kReplaceTable);
}

}  // namespace
}  // namespace sluice::connectors::files
