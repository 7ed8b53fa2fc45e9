#include "table/scan.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/file_system.h"
#include "table/snapshot_writer.h"

namespace sluice::table {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;
using Op = Predicate::Op;

class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    io::ResetMemory("scan");
    Schema schema =
        Schema::FromArrow(*arrow::schema({arrow::field("id", arrow::int64(), false),
                                          arrow::field("region", arrow::utf8())}))
            .ValueOrDie();
    table_ = NewTable(schema, PartitionSpec::Parse("region", schema).ValueOrDie(),
                      "memory://scan/t", {}, "uuid-1", 1000);
  }

  // A file of one partition whose ids are in [first, last].
  static DataFile File(const std::string& name, const std::string& region, int64_t first,
                       int64_t last) {
    DataFile file;
    file.path = "memory://scan/t/data/" + name;
    file.partition = {region};
    file.record_count = last - first + 1;
    file.file_bytes = 100;
    file.null_counts = {{1, 0}};
    SetBounds({{1, {types::PrimitiveKind::kLong}, first, last}}, &file);
    return file;
  }

  static DataFile Deletes(const std::string& name, FileContent content, Value region) {
    DataFile file = File(name, "", 0, 0);
    file.content = content;
    file.partition = {std::move(region)};
    if (content == FileContent::kEqualityDeletes) file.equality_ids = {1};
    return file;
  }

  int64_t Commit(SnapshotChange change) {
    SnapshotWriter writer(std::move(change), "c" + std::to_string(++commits_), clock_,
                          random_);
    auto staged = writer.Stage(table_).ValueOrDie();
    table_ = ApplyUpdates(table_, staged.updates, "memory://scan/t/metadata/old.json",
                          clock_.NowMs())
                 .ValueOrDie();
    clock_.Advance(std::chrono::milliseconds(1000));
    return staged.snapshot.snapshot_id;
  }

  ScanPlan Plan(const Filter& filter) {
    return PlanScan(table_, table_.CurrentSnapshot(), filter).ValueOrDie();
  }

  static std::vector<std::string> Names(const std::vector<DataFile>& files) {
    std::vector<std::string> names;
    for (const DataFile& file : files) {
      names.push_back(file.path.substr(file.path.rfind('/') + 1));
    }
    return names;
  }

  static std::vector<std::string> Names(const ScanPlan& plan) {
    std::vector<DataFile> files;
    for (const ScanTask& task : plan.tasks) files.push_back(task.file);
    return Names(files);
  }

  FakeClock clock_{5000};
  Random random_{2};
  TableMetadata table_;
  int commits_ = 0;
};

TEST_F(ScanTest, PrunesManifestsAndFiles) {
  Commit({.added = {File("a", "eu", 0, 9), File("b", "eu", 10, 19)}});
  Commit({.added = {File("c", "us", 0, 9)}});
  ScanPlan all = Plan({});
  EXPECT_THAT(Names(all), UnorderedElementsAre("a", "b", "c"));
  EXPECT_EQ(all.manifests_total, 2);
  EXPECT_EQ(all.files_total, 3);
  ScanPlan some = Plan({{2, Op::kEq, {std::string("eu")}}, {1, Op::kGt, {int64_t{12}}}});
  EXPECT_THAT(Names(some), ElementsAre("b"));
  EXPECT_EQ(some.manifests_total, 2);
  EXPECT_EQ(some.manifests_read, 1);
  EXPECT_EQ(some.files_total, 2);
}

TEST_F(ScanTest, TableWithoutSnapshotsHasNoFiles) {
  EXPECT_EQ(SelectSnapshot(table_, {}).ValueOrDie(), nullptr);
  EXPECT_TRUE(Plan({}).tasks.empty());
  Status status = SelectSnapshot(table_, {.snapshot_id = 5}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("none"));
}

TEST_F(ScanTest, SelectsByIdAndTime) {
  int64_t first = Commit({.added = {File("a", "eu", 0, 9)}});
  int64_t second = Commit({.added = {File("b", "eu", 0, 9)}});
  auto id = [&](const SnapshotSelector& selector) {
    return SelectSnapshot(table_, selector).ValueOrDie()->snapshot_id;
  };
  EXPECT_EQ(id({}), second);
  EXPECT_EQ(id({.snapshot_id = first}), first);
  EXPECT_EQ(id({.as_of_ms = 5000}), first);
  EXPECT_EQ(id({.as_of_ms = 6000}), second);
  Status early = SelectSnapshot(table_, {.as_of_ms = 4999}).status();
  EXPECT_EQ(KindOf(early), ErrorKind::kNotFound);
  EXPECT_THAT(early.message(), HasSubstr(std::to_string(first)));
  EXPECT_EQ(KindOf(SelectSnapshot(table_, {first, 5000}).status()),
            ErrorKind::kUserInput);
}

TEST_F(ScanTest, DeleteFilesApplyBySequenceAndPartition) {
  Commit({.added = {File("old", "eu", 0, 9), File("other", "us", 0, 9)}});
  Commit({.added = {File("same", "eu", 0, 9),
                    Deletes("pos", FileContent::kPositionDeletes, "eu"),
                    Deletes("eq", FileContent::kEqualityDeletes, "eu")}});
  Commit({.added = {File("new", "eu", 0, 9)}});
  std::map<std::string, std::vector<std::string>> deletes;
  for (const ScanTask& task : Plan({}).tasks) {
    deletes[Names(std::vector<DataFile>{task.file})[0]] = Names(task.deletes);
  }
  EXPECT_THAT(deletes["old"], UnorderedElementsAre("pos", "eq"));
  EXPECT_THAT(deletes["same"], ElementsAre("pos"));
  EXPECT_THAT(deletes["new"], ElementsAre());
  EXPECT_THAT(deletes["other"], ElementsAre());
  EXPECT_EQ(table_.CurrentSnapshot()->summary.at("total-delete-files"), "2");
}

TEST_F(ScanTest, UnpartitionedEqualityDeletesAreGlobal) {
  Commit({.added = {File("a", "eu", 0, 9), File("b", "us", 0, 9)}});
  table_ = ApplyUpdates(table_, {AddSpec{}, SetDefaultSpec{-1}}, "", 1).ValueOrDie();
  DataFile everywhere = Deletes("eq", FileContent::kEqualityDeletes, Value());
  everywhere.spec_id = 1;
  everywhere.partition.clear();
  Commit({.added = {everywhere}});
  for (const ScanTask& task : Plan({}).tasks) EXPECT_EQ(task.deletes.size(), 1u);
}

TEST_F(ScanTest, ReferencedFilesAreThoseOfAllSnapshots) {
  Commit({.added = {File("a", "eu", 0, 9)}});
  int64_t second = Commit({.added = {File("b", "eu", 0, 9)}, .replace_all = true});
  table_.unknown["statistics"] = Json::array({Json{{"statistics-path", "stats.puffin"}}});
  auto files = ReferencedFiles(table_, "now.json").ValueOrDie();
  for (const char* path : {"now.json", "memory://scan/t/metadata/old.json",
                           "memory://scan/t/data/a", "memory://scan/t/data/b",
                           "memory://scan/t/metadata/c1-m0.avro", "stats.puffin"}) {
    EXPECT_THAT(files, Contains(path));
  }
  EXPECT_THAT(files, Contains(table_.snapshots[0].manifest_list));
  // Once the first snapshot is gone nothing needs the file that the second one deleted.
  std::vector<int64_t> old = {table_.snapshots[0].snapshot_id};
  ASSERT_NE(old[0], second);
  table_ = ApplyUpdates(table_, {RemoveSnapshots{old}}, "", 1).ValueOrDie();
  files = ReferencedFiles(table_, "now.json").ValueOrDie();
  EXPECT_THAT(files, Not(Contains("memory://scan/t/data/a")));
  EXPECT_THAT(files, Contains("memory://scan/t/data/b"));
}

TEST_F(ScanTest, MissingManifestsAreAnError) {
  Commit({.added = {File("a", "eu", 0, 9)}});
  io::ResetMemory("scan");
  EXPECT_EQ(KindOf(PlanScan(table_, table_.CurrentSnapshot(), {}).status()),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(ReferencedFiles(table_, "x").status()), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace sluice::table
