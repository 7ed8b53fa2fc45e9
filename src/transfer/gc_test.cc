#include "transfer/gc.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lake/lake_rig_test.h"

namespace sluice::transfer {
namespace {

using connectors::lake::IdRange;
using connectors::lake::LakeRig;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

class Gc : public testing::Test, public LakeRig {
 protected:
  Gc() {
    Append("landing.orders", 0);
    Append("landing.orders", 10);
    Append("deep.er.items", 0);
  }

  void Append(const std::string& name, int64_t first) {
    auto schema = connectors::fake::NamedSchema("orders").ValueOrDie();
    connectors::fake::FakeSource source({connectors::fake::FakeTable{}});
    connect::Selection selection{.table = connect::TableName{"", "orders"},
                                 .query = "",
                                 .columns = {},
                                 .where = "",
                                 .split_by = ""};
    auto described = source.Describe(selection).ValueOrDie();
    std::string run_id = random.Uuid();
    auto session =
        Sink(name)->Begin(described, connect::WriteMode::kAppend, run_id).ValueOrDie();
    connect::Split split;
    split.id = "s0";
    auto writer = session->OpenWriter(split, 1).ValueOrDie();
    auto rows = connectors::fake::RowMaker{schema, 1}.Make(first, 10).ValueOrDie();
    ASSERT_TRUE(writer->Write(*rows).ok());
    std::vector<connect::Receipt> receipts = {writer->Finish().ValueOrDie()};
    auto outcome =
        session->Commit(receipts, {.run_id = run_id, .summary = {}, .progress = {}});
    ASSERT_EQ(outcome->state, connect::CommitOutcome::State::kCommitted);
  }

  std::string Put(const std::string& relative) {
    fs::path path = directory + "/" + relative;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "orphan";
    return relative;
  }

  // Paths relative to the lake. The rig's files are of now; the clock is the system's,
  // moved on.
  Result<std::vector<std::string>> Collect(bool remove, int64_t hours_later = 25) {
    FakeClock later(SystemClock().NowMs() + hours_later * 3600000);
    SLUICE_ASSIGN(
        auto orphans,
        CollectOrphans(*lake_catalog, {.warehouse = directory, .remove = remove}, later));
    std::vector<std::string> names;
    std::string root = io::CanonicalUri(directory).ValueOrDie() + "/";
    for (const Orphan& orphan : orphans) {
      EXPECT_TRUE(orphan.path.starts_with(root)) << orphan.path;
      EXPECT_GT(orphan.modified_ms, 0);
      names.push_back(orphan.path.substr(root.size()));
    }
    return names;
  }

  int AllFiles() { return CountFiles(""); }
};

TEST_F(Gc, FindsNothingInACleanLake) {
  EXPECT_TRUE(Collect(true).ValueOrDie().empty());
  EXPECT_EQ(Ids(), IdRange(0, 20));
  EXPECT_EQ(Ids("deep.er.items"), IdRange(0, 10));
}

TEST_F(Gc, ListsThenRemovesOrphansOnly) {
  std::vector<std::string> orphans = {
      Put("landing/orders/data/5f635af9-9297-41ca-97be-207e0e79e8a4-s0-1.parquet"),
      Put("landing/orders/data/day=1/5f635af9-9297-41ca-97be-207e0e79e8a4-s1-1.parquet"),
      Put("landing/orders/metadata/snap-1-5f635af9-9297-41ca-97be-207e0e79e8a4.avro"),
      Put("landing/orders/metadata/"
          "00009-5f635af9-9297-41ca-97be-207e0e79e8a4.metadata.json"),
      Put("landing/orders/metadata/"
          ".00009-5f635af9-9297-41ca-97be-207e0e79e8a4.metadata.json.x.tmp"),
      Put("landing/never/data/5f635af9-9297-41ca-97be-207e0e79e8a4.parquet"),
      Put("deep/er/items/data/5f635af9-9297-41ca-97be-207e0e79e8a4.parquet")};
  for (const char* foreign :
       {"notes.txt", "landing/orders/readme.md", "landing/orders/data/notes.txt",
        "landing/orders/metadata/version-hint.text", "data/mine.parquet", "state.db",
        "landing/orders/mine.parquet", "landing/orders/data/mine.parquet"}) {
    Put(foreign);
  }
  int files = AllFiles();
  EXPECT_THAT(Collect(false).ValueOrDie(), testing::UnorderedElementsAreArray(orphans));
  EXPECT_EQ(AllFiles(), files);
  EXPECT_THAT(Collect(true).ValueOrDie(), testing::UnorderedElementsAreArray(orphans));
  EXPECT_EQ(AllFiles(), files - static_cast<int>(orphans.size()));
  EXPECT_TRUE(Collect(true).ValueOrDie().empty());
  EXPECT_EQ(Ids(), IdRange(0, 20));
  EXPECT_TRUE(fs::exists(directory + "/catalog.db"));
}

TEST_F(Gc, KnowsTheLakeUnderAnotherNameOfItsPath) {
  std::string link = directory + "-link";
  fs::create_directory_symlink(directory, link);
  FakeClock later(SystemClock().NowMs() + int64_t{25} * 3600000);
  auto orphans =
      CollectOrphans(*lake_catalog, {.warehouse = link, .remove = true}, later);
  fs::remove(link);
  EXPECT_TRUE(orphans.ValueOrDie().empty());
  EXPECT_EQ(Ids(), IdRange(0, 20));
}

TEST_F(Gc, SparesWhatBelongsToOtherCatalogsAndLakes) {
  std::string file = "/data/5f635af9-9297-41ca-97be-207e0e79e8a4-s0-1.parquet";
  Put("theirs/table" + file);
  Put("inner/catalog.db");
  Put("inner/landing/orders" + file);
  FakeClock later(SystemClock().NowMs() + int64_t{25} * 3600000);
  GcOptions options{.warehouse = directory, .remove = true};
  options.foreign_metadata = {"file://" + directory +
                              "/theirs/table/metadata/00000-x.metadata.json"};
  EXPECT_TRUE(CollectOrphans(*lake_catalog, options, later).ValueOrDie().empty());
  options.foreign_metadata.clear();
  EXPECT_EQ(CollectOrphans(*lake_catalog, options, later).ValueOrDie().size(), 1u);
}

TEST_F(Gc, LeavesYoungFiles) {
  Put("landing/orders/data/5f635af9-9297-41ca-97be-207e0e79e8a4-s0-1.parquet");
  EXPECT_TRUE(Collect(true, 23).ValueOrDie().empty());
  EXPECT_EQ(Collect(true, 25).ValueOrDie().size(), 1u);
}

TEST_F(Gc, FilesOfOldSnapshotsAreInUse) {
  auto before = Metadata().snapshots;
  ASSERT_EQ(before.size(), 2u);
  Append("landing.orders", 20);
  EXPECT_TRUE(Collect(true).ValueOrDie().empty());
  for (const table::Snapshot& snapshot : before) {
    EXPECT_TRUE(fs::exists(io::Locate(snapshot.manifest_list).ValueOrDie().path));
  }
}

TEST_F(Gc, FilesOfADroppedTableAreOrphans) {
  ASSERT_TRUE(lake_catalog->DropTable({"deep.er", "items"}).ok());
  std::vector<std::string> orphans = Collect(true).ValueOrDie();
  EXPECT_EQ(orphans.size(), 4u) << "data, manifest, manifest list, metadata";
  for (const std::string& orphan : orphans)
    EXPECT_THAT(orphan, HasSubstr("deep/er/items/"));
  EXPECT_EQ(Ids(), IdRange(0, 20));
}

TEST_F(Gc, RefusesWhenAnyMetadataCannotBeRead) {
  std::string orphan =
      Put("landing/orders/data/5f635af9-9297-41ca-97be-207e0e79e8a4.parquet");
  auto loaded = lake_catalog->LoadTable({"deep.er", "items"}).ValueOrDie();
  std::string list =
      io::Locate(loaded.metadata.CurrentSnapshot()->manifest_list).ValueOrDie().path;
  for (const std::string& victim :
       {list, io::Locate(loaded.metadata_location).ValueOrDie().path}) {
    fs::rename(victim, victim + ".away");
    Status missing = Collect(true).status();
    EXPECT_THAT(missing.message(), HasSubstr("deep.er.items"));
    EXPECT_THAT(missing.message(), HasSubstr("nothing is removed"));
    std::ofstream(victim) << "garbage";
    EXPECT_FALSE(Collect(true).ok());
    EXPECT_TRUE(fs::exists(directory + "/" + orphan));
    fs::rename(victim + ".away", victim);
  }
  EXPECT_THAT(Collect(true).ValueOrDie(), ElementsAre(orphan));
}

TEST_F(Gc, NoLakeIsEmpty) {
  FakeClock later(SystemClock().NowMs());
  EXPECT_TRUE(CollectOrphans(*lake_catalog, {.warehouse = directory + "/absent"}, later)
                  .ValueOrDie()
                  .empty());
}

}  // namespace
}  // namespace sluice::transfer
