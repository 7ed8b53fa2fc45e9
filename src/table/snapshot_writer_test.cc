#include "table/snapshot_writer.h"

#include <set>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "io/file_system.h"
#include "table/manifest_io_internal.h"
#include "table/scan.h"

namespace sluice::table {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SnapshotWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    io::ResetMemory("snapshots");
    Schema schema =
        Schema::FromArrow(*arrow::schema({arrow::field("id", arrow::int64(), false),
                                          arrow::field("region", arrow::utf8())}))
            .ValueOrDie();
    table_ = NewTable(schema, PartitionSpec::Parse("region", schema).ValueOrDie(),
                      "memory://snapshots/t", {}, "uuid-1", 1000);
  }

  static DataFile File(const std::string& name, const std::string& region, int64_t rows) {
    DataFile file;
    file.path = "memory://snapshots/t/data/" + name;
    file.partition = {region};
    file.record_count = rows;
    file.file_bytes = rows * 100;
    return file;
  }

  SnapshotWriter Writer(SnapshotChange change, const std::string& commit_id) {
    return SnapshotWriter(std::move(change), commit_id, clock_, random_);
  }

  void Land(const StagedSnapshot& staged) {
    ASSERT_TRUE(CheckRequirements(&table_, staged.requirements).ok());
    table_ =
        ApplyUpdates(table_, staged.updates, "old.json", clock_.NowMs()).ValueOrDie();
  }

  void Commit(SnapshotChange change, const std::string& commit_id) {
    SnapshotWriter writer = Writer(std::move(change), commit_id);
    Land(writer.Stage(table_).ValueOrDie());
    clock_.Advance(std::chrono::milliseconds(1000));
  }

  std::vector<std::string> LiveFiles() {
    std::vector<std::string> names;
    auto plan = PlanScan(table_, table_.CurrentSnapshot(), {}).ValueOrDie();
    for (const ScanTask& task : plan.tasks) {
      names.push_back(task.file.path.substr(task.file.path.rfind('/') + 1));
    }
    return names;
  }

  std::string Total(const char* key) { return table_.CurrentSnapshot()->summary.at(key); }

  FakeClock clock_{5000};
  Random random_{1};
  TableMetadata table_;
};

TEST_F(SnapshotWriterTest, AppendKeepsWhatWasThere) {
  Commit({.added = {File("a", "eu", 10), File("b", "us", 5)},
          .summary = {{"sluice.run-id", "r1"}, {"engine-name", "sluice"}}},
         "c1");
  const Snapshot& first = *table_.CurrentSnapshot();
  EXPECT_EQ(first.sequence_number, 1);
  EXPECT_FALSE(first.parent_snapshot_id.has_value());
  EXPECT_GT(first.snapshot_id, 0);
  EXPECT_EQ(first.schema_id, 0);
  EXPECT_EQ(first.summary,
            (std::map<std::string, std::string>{{"operation", "append"},
                                                {"sluice.run-id", "r1"},
                                                {"engine-name", "sluice"},
                                                {"added-data-files", "2"},
                                                {"added-records", "15"},
                                                {"added-files-size", "1500"},
                                                {"total-data-files", "2"},
                                                {"total-records", "15"},
                                                {"total-files-size", "1500"},
                                                {"total-delete-files", "0"},
                                                {"total-position-deletes", "0"},
                                                {"total-equality-deletes", "0"},
                                                {"changed-partition-count", "2"}}));
  int64_t first_id = first.snapshot_id;
  Commit({.added = {File("c", "eu", 1)}}, "c2");
  EXPECT_EQ(table_.CurrentSnapshot()->parent_snapshot_id, first_id);
  EXPECT_THAT(LiveFiles(), UnorderedElementsAre("a", "b", "c"));
  EXPECT_EQ(Total("total-records"), "16");
  EXPECT_EQ(Total("total-files-size"), "1600");
  auto lists = ReadManifestList(*table_.CurrentSnapshot()).ValueOrDie();
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0].sequence_number, 2);
  EXPECT_EQ(lists[0].min_sequence_number, 2);
  EXPECT_EQ(lists[1].sequence_number, 1);
  EXPECT_EQ(lists[1].added_snapshot_id, first_id);
}

TEST_F(SnapshotWriterTest, FilesHaveTheirUsualNamesAndLengths) {
  SnapshotWriter writer = Writer({.added = {File("a", "eu", 10)}}, "c1");
  StagedSnapshot staged = writer.Stage(table_).ValueOrDie();
  std::string id = std::to_string(staged.snapshot.snapshot_id);
  EXPECT_THAT(writer.StagedFiles(),
              ElementsAre("memory://snapshots/t/metadata/c1-m0.avro",
                          "memory://snapshots/t/metadata/snap-" + id + "-1-c1.avro"));
  auto list = ReadManifestList(staged.snapshot).ValueOrDie();
  auto location = io::Locate(list[0].path).ValueOrDie();
  EXPECT_EQ(list[0].length,
            static_cast<int64_t>(io::ReadFile(location).ValueOrDie().size()));
}

TEST_F(SnapshotWriterTest, OverwriteMakesDeletedEntriesWithTheirNumbers) {
  Commit({.added = {File("a", "eu", 10)}}, "c1");
  int64_t first_id = *table_.current_snapshot_id;
  Commit({.added = {File("b", "us", 5)}}, "c2");
  Commit({.added = {File("c", "eu", 7)}, .replace_all = true}, "c3");
  EXPECT_THAT(LiveFiles(), ElementsAre("c"));
  EXPECT_EQ(Total("operation"), "overwrite");
  EXPECT_EQ(Total("deleted-data-files"), "2");
  EXPECT_EQ(Total("deleted-records"), "15");
  EXPECT_EQ(Total("removed-files-size"), "1500");
  EXPECT_EQ(Total("total-data-files"), "1");
  EXPECT_EQ(Total("total-files-size"), "700");
  EXPECT_EQ(Total("changed-partition-count"), "2");
  auto lists = ReadManifestList(*table_.CurrentSnapshot()).ValueOrDie();
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[1].deleted_files, 2);
  EXPECT_EQ(lists[1].added_files + lists[1].existing_files, 0);
  EXPECT_EQ(lists[1].sequence_number, 3);
  auto entries = ReadManifest(lists[1], table_).ValueOrDie();
  ASSERT_EQ(entries.size(), 2u);
  std::set<int64_t> sequences;
  for (const ManifestEntry& entry : entries) {
    EXPECT_EQ(entry.status, EntryStatus::kDeleted);
    EXPECT_EQ(entry.snapshot_id, table_.current_snapshot_id);
    EXPECT_EQ(entry.sequence_number, entry.file_sequence_number);
    sequences.insert(*entry.sequence_number);
  }
  EXPECT_EQ(sequences, (std::set<int64_t>{1, 2}));
  // The next snapshot does not carry the manifest of deletions; the old one is still
  // there.
  Commit({.added = {File("d", "eu", 1)}}, "c4");
  EXPECT_EQ(ReadManifestList(*table_.CurrentSnapshot()).ValueOrDie().size(), 2u);
  auto old = PlanScan(table_, table_.FindSnapshot(first_id), {}).ValueOrDie();
  ASSERT_EQ(old.tasks.size(), 1u);
  EXPECT_THAT(old.tasks[0].file.path, HasSubstr("/a"));
}

TEST_F(SnapshotWriterTest, DeletedPathsRewriteOnlyTheirManifest) {
  Commit({.added = {File("a", "eu", 10), File("b", "us", 5)}}, "c1");
  int64_t first_id = *table_.current_snapshot_id;
  Commit({.added = {File("c", "eu", 3)}}, "c2");
  Commit(
      {.added = {File("b2", "us", 6)}, .deleted_paths = {"memory://snapshots/t/data/b"}},
      "c3");
  EXPECT_THAT(LiveFiles(), UnorderedElementsAre("a", "c", "b2"));
  EXPECT_EQ(Total("operation"), "overwrite");
  EXPECT_EQ(Total("total-records"), "19");
  EXPECT_EQ(Total("changed-partition-count"), "1");
  auto lists = ReadManifestList(*table_.CurrentSnapshot()).ValueOrDie();
  ASSERT_EQ(lists.size(), 3u);
  int rewritten = 0;
  for (const ManifestFile& line : lists) {
    if (line.existing_files == 0) continue;
    ++rewritten;
    EXPECT_EQ(line.sequence_number, 3);
    EXPECT_EQ(line.min_sequence_number, 1);
    for (const ManifestEntry& entry : ReadManifest(line, table_).ValueOrDie()) {
      EXPECT_EQ(entry.sequence_number, 1);
      bool kept = entry.status == EntryStatus::kExisting;
      EXPECT_EQ(entry.snapshot_id, kept ? first_id : *table_.current_snapshot_id);
    }
  }
  EXPECT_EQ(rewritten, 1);
}

TEST_F(SnapshotWriterTest, DeletingAFileThatIsGoneIsAConflict) {
  Commit({.added = {File("a", "eu", 10)}}, "c1");
  SnapshotWriter writer =
      Writer({.deleted_paths = {"memory://snapshots/t/data/gone"}}, "c2");
  Status status = writer.Stage(table_).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kConflict);
  EXPECT_THAT(status.message(), HasSubstr("gone"));
}

TEST_F(SnapshotWriterTest, RetryOfAnAppendWritesOnlyTheList) {
  SnapshotWriter writer = Writer({.added = {File("mine", "eu", 1)}}, "mine");
  StagedSnapshot first = writer.Stage(table_).ValueOrDie();
  Commit({.added = {File("theirs", "us", 1)}}, "theirs");
  EXPECT_EQ(KindOf(CheckRequirements(&table_, first.requirements)), ErrorKind::kConflict);
  StagedSnapshot second = writer.Stage(table_).ValueOrDie();
  EXPECT_EQ(second.snapshot.snapshot_id, first.snapshot.snapshot_id);
  EXPECT_EQ(second.snapshot.sequence_number, 2);
  std::vector<std::string> files = writer.StagedFiles();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_THAT(files[2], HasSubstr("-2-mine.avro"));
  Land(second);
  EXPECT_THAT(LiveFiles(), UnorderedElementsAre("mine", "theirs"));
  for (const ManifestFile& line : ReadManifestList(second.snapshot).ValueOrDie()) {
    EXPECT_EQ(ReadManifest(line, table_).ValueOrDie()[0].sequence_number,
              line.sequence_number);
  }
  // A caller that did not see its commit land cannot add the rows twice.
  EXPECT_EQ(KindOf(writer.Stage(table_).status()), ErrorKind::kAlreadyExists);
}

TEST_F(SnapshotWriterTest, RetryOfAnOverwriteDeletesWhatCameBetween) {
  Commit({.added = {File("a", "eu", 10)}}, "c1");
  SnapshotWriter writer =
      Writer({.added = {File("mine", "eu", 1)}, .replace_all = true}, "mine");
  ASSERT_TRUE(writer.Stage(table_).ok());
  Commit({.added = {File("theirs", "us", 1)}}, "theirs");
  Land(writer.Stage(table_).ValueOrDie());
  EXPECT_THAT(LiveFiles(), ElementsAre("mine"));
  EXPECT_EQ(Total("deleted-data-files"), "2");
}

TEST_F(SnapshotWriterTest, EmptyChanges) {
  Commit({}, "c1");
  EXPECT_EQ(Total("operation"), "append");
  EXPECT_TRUE(LiveFiles().empty());
  Commit({.added = {File("a", "eu", 1)}}, "c2");
  Commit({.replace_all = true}, "c3");
  EXPECT_EQ(Total("operation"), "overwrite");
  EXPECT_EQ(Total("total-records"), "0");
  EXPECT_TRUE(LiveFiles().empty());
}

TEST_F(SnapshotWriterTest, FilesOfOldSpecsKeepTheirSpec) {
  Commit({.added = {File("a", "eu", 10)}}, "c1");
  table_ =
      ApplyUpdates(table_,
                   {AddSpec{PartitionSpec::Parse("bucket(4, id)", table_.CurrentSchema())
                                .ValueOrDie()},
                    SetDefaultSpec{-1}},
                   "", 6000)
          .ValueOrDie();
  DataFile fresh = File("b", "", 1);
  fresh.spec_id = 1;
  fresh.partition = {int32_t{3}};
  Commit({.added = {fresh}}, "c2");
  EXPECT_THAT(LiveFiles(), UnorderedElementsAre("a", "b"));
  Commit({.replace_all = true}, "c3");
  EXPECT_TRUE(LiveFiles().empty());
  EXPECT_EQ(ReadManifestList(*table_.CurrentSnapshot()).ValueOrDie().size(), 2u);
  DataFile unknown = File("c", "eu", 1);
  unknown.spec_id = 9;
  SnapshotWriter writer = Writer({.added = {unknown}}, "c4");
  EXPECT_EQ(KindOf(writer.Stage(table_).status()), ErrorKind::kInternal);
}

TEST_F(SnapshotWriterTest, FailpointsStandBetweenTheFiles) {
  struct Case {
    const char* name;
    size_t files;
  };
  for (const Case& c :
       {Case{"commit.before_manifest", 0}, Case{"commit.after_manifest", 1},
        Case{"commit.after_manifest_list", 2}}) {
    SCOPED_TRACE(c.name);
    SnapshotWriter writer = Writer({.added = {File("a", "eu", 1)}}, c.name);
    ASSERT_TRUE(ArmFailpoints(std::string(c.name) + "=error").ok());
    EXPECT_EQ(KindOf(writer.Stage(table_).status()), ErrorKind::kUnavailable);
    ASSERT_TRUE(ArmFailpoints("").ok());
    EXPECT_EQ(writer.StagedFiles().size(), c.files);
    EXPECT_TRUE(writer.Stage(table_).ok());
  }
}

TEST_F(SnapshotWriterTest, TimeNeverGoesBack) {
  Commit({.added = {File("a", "eu", 1)}}, "c1");
  table_.last_updated_ms = 9'000'000;
  SnapshotWriter writer = Writer({.added = {File("b", "eu", 1)}}, "c2");
  EXPECT_EQ(writer.Stage(table_).ValueOrDie().snapshot.timestamp_ms, 9'000'000);
}

}  // namespace
}  // namespace sluice::table
