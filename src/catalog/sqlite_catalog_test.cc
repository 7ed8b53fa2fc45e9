#include "catalog/sqlite_catalog.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include "base/failpoint.h"
#include "catalog/catalog_conformance.h"
#include "sqlite/database.h"

namespace sluice::catalog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FakeClock& TestClock() {
  static FakeClock clock(1'700'000'000'000);
  return clock;
}

std::filesystem::path AllRoots() {
  return std::filesystem::temp_directory_path() /
         ("sluice_catalog_test_" + std::to_string(::getpid()));
}

std::string Root(const std::string& test) {
  auto root = AllRoots() / test;
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
  return root.string();
}

class RemoveRoots final : public testing::Environment {
  void TearDown() override { std::filesystem::remove_all(AllRoots()); }
};
const auto* const kRemoveRoots = testing::AddGlobalTestEnvironment(new RemoveRoots);

std::unique_ptr<Catalog> OpenAt(const std::string& root,
                                Random& random = Random::System()) {
  return OpenSqliteCatalog(
             {.path = root + "/lake/catalog.db", .warehouse = root + "/lake"},
             TestClock(), random)
      .ValueOrDie();
}

constexpr const char* kCreateV0 =
    "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace "
    "VARCHAR(255) "
    "NOT NULL, table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), "
    "previous_metadata_location VARCHAR(1000), PRIMARY KEY (catalog_name, "
    "table_namespace, "
    "table_name))";

CatalogUnderTest V1(const std::string& test) {
  std::string root = Root("v1_" + test);
  return {.warehouse = "file://" + root + "/lake",
          .open = [root] { return OpenAt(root); }};
}

CatalogUnderTest V0(const std::string& test) {
  std::string root = Root("v0_" + test);
  std::filesystem::create_directories(root + "/lake");
  auto database =
      sqlite::Database::Open(root + "/lake/catalog.db", {.create = true}).ValueOrDie();
  EXPECT_TRUE(database->Execute(kCreateV0).ok());
  return {.warehouse = "file://" + root + "/lake",
          .open = [root] { return OpenAt(root); }};
}

INSTANTIATE_TEST_SUITE_P(SqliteV1, CatalogConformance, testing::Values(V1));
INSTANTIATE_TEST_SUITE_P(SqliteV0, CatalogConformance, testing::Values(V0));

class SqliteCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = Root(testing::UnitTest::GetInstance()->current_test_info()->name());
    catalog_ = OpenAt(root_);
    auto schema = arrow::schema({arrow::field("id", arrow::int64())});
    metadata_ = table::NewTable(table::Schema::FromArrow(*schema).ValueOrDie(), {},
                                "file://" + root_ + "/lake/ns/t", {}, "uuid", 1000);
  }
  void TearDown() override { EXPECT_TRUE(ArmFailpoints("").ok()); }
  Result<LoadedTable> SetProperty(const std::string& key) {
    return catalog_->CommitTable({"ns", "t"}, {}, {table::SetProperties{{{key, "1"}}}});
  }
  bool HasProperty(const std::string& key) {
    return OpenAt(root_)->LoadTable({"ns", "t"})->metadata.properties.contains(key);
  }
  size_t NumMetadataFiles() {
    size_t count = 0;
    for (const auto& file :
         std::filesystem::directory_iterator(root_ + "/lake/ns/t/metadata")) {
      count += file.is_regular_file();
    }
    return count;
  }
  std::unique_ptr<sqlite::Database> Raw() {
    return sqlite::Database::Open(root_ + "/lake/catalog.db", {}).ValueOrDie();
  }

  std::string root_;
  std::unique_ptr<Catalog> catalog_;
  table::TableMetadata metadata_;
};

TEST_F(SqliteCatalogTest, RowsAreAsForeignCatalogsExpect) {
  ASSERT_TRUE(catalog_->CreateTable({"ns", "t"}, metadata_).ok());
  std::string first = catalog_->LoadTable({"ns", "t"})->metadata_location;
  ASSERT_TRUE(SetProperty("a").ok());
  auto raw = Raw();
  auto row =
      raw->Prepare(
             "SELECT catalog_name, table_namespace, table_name, metadata_location, "
             "previous_metadata_location, iceberg_type FROM iceberg_tables")
          .ValueOrDie();
  ASSERT_TRUE(row.Step().ValueOrDie());
  EXPECT_EQ(row.text_at(0), "sluice");
  EXPECT_EQ(row.text_at(1), "ns");
  EXPECT_EQ(row.text_at(2), "t");
  EXPECT_THAT(std::string(row.text_at(3)), HasSubstr("/lake/ns/t/metadata/00001-"));
  EXPECT_EQ(row.text_at(4), first);
  EXPECT_EQ(row.text_at(5), "TABLE");
  EXPECT_FALSE(row.Step().ValueOrDie());
  auto name = raw->Prepare(
                     "SELECT catalog_name || namespace || property_key || property_value "
                     "FROM iceberg_namespace_properties")
                  .ValueOrDie();
  ASSERT_TRUE(name.Step().ValueOrDie());
  EXPECT_EQ(name.text_at(0), "sluicensexiststrue");
  EXPECT_FALSE(std::filesystem::exists(root_ + "/lake/catalog.db-wal"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/lake/catalog.db-journal"));
}

TEST_F(SqliteCatalogTest, CatalogsOfOtherNamesAreApart) {
  ASSERT_TRUE(catalog_->CreateTable({"ns", "t"}, metadata_).ok());
  auto other = OpenSqliteCatalog({.path = root_ + "/lake/catalog.db", .name = "other"},
                                 TestClock(), Random::System())
                   .ValueOrDie();
  EXPECT_THAT(other->ListNamespaces().ValueOrDie(), IsEmpty());
  EXPECT_EQ(KindOf(other->DropTable({"ns", "t"})), ErrorKind::kNotFound);
}

TEST_F(SqliteCatalogTest, ViewsAreNotTables) {
  ASSERT_TRUE(Raw()
                  ->Execute("INSERT INTO iceberg_tables VALUES "
                            "('sluice', 'ns', 't', 'file:///view', NULL, 'VIEW')")
                  .ok());
  EXPECT_THAT(catalog_->ListTables("ns").ValueOrDie(), IsEmpty());
  EXPECT_EQ(KindOf(catalog_->LoadTable({"ns", "t"}).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog_->DropTable({"ns", "t"})), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog_->CreateTable({"ns", "t"}, metadata_).status()),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(NumMetadataFiles(), 0u);
}

TEST_F(SqliteCatalogTest, ErrorsBeforeTheSwapLeaveNothing) {
  ASSERT_TRUE(catalog_->CreateTable({"ns", "t"}, metadata_).ok());
  for (const char* name : {"commit.before_metadata_written",
                           "commit.after_metadata_written", "commit.before_swap"}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(ArmFailpoints(std::string(name) + "=error").ok());
    EXPECT_EQ(KindOf(SetProperty("a").status()), ErrorKind::kUnavailable);
    EXPECT_FALSE(HasProperty("a"));
    EXPECT_EQ(NumMetadataFiles(), 1u);
  }
  ASSERT_TRUE(ArmFailpoints("").ok());
  EXPECT_TRUE(SetProperty("a").ok());
}

TEST_F(SqliteCatalogTest, ALostAnswerIsUnknownAndNothingIsDeleted) {
  ASSERT_TRUE(catalog_->CreateTable({"ns", "t"}, metadata_).ok());
  ASSERT_TRUE(ArmFailpoints("commit.after_swap=error").ok());
  EXPECT_EQ(KindOf(SetProperty("a").status()), ErrorKind::kCommitUnknown);
  EXPECT_TRUE(HasProperty("a"));
  EXPECT_EQ(NumMetadataFiles(), 2u);
}

TEST_F(SqliteCatalogTest, KilledAnywhereItIsBeforeOrAfter) {
  ASSERT_TRUE(catalog_->CreateTable({"ns", "t"}, metadata_).ok());
  catalog_.reset();
  struct Case {
    const char* name;
    bool landed;
    size_t new_files;
  };
  size_t num_files = 1;
  for (const Case& c :
       {Case{"commit.before_metadata_written", false, 0},
        Case{"commit.after_metadata_written", false, 1},
        Case{"commit.before_swap", false, 1}, Case{"commit.after_swap", true, 1}}) {
    SCOPED_TRACE(c.name);
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Random own(num_files);  // a copy of the parent's would give the parent's next names
      bool armed = ArmFailpoints(std::string(c.name) + "=crash").ok();
      catalog_ = OpenAt(root_, own);
      ::_exit(armed && SetProperty(c.name).ok() ? 0 : 1);
    }
    int end = 0;
    ASSERT_EQ(::waitpid(child, &end, 0), child);
    ASSERT_TRUE(WIFSIGNALED(end));
    EXPECT_EQ(WTERMSIG(end), SIGKILL);
    num_files += c.new_files;
    EXPECT_EQ(HasProperty(c.name), c.landed);
    EXPECT_EQ(NumMetadataFiles(), num_files);
    catalog_ = OpenAt(root_);
    Status next = SetProperty("after").status();
    EXPECT_TRUE(next.ok()) << next;
    num_files += 1;
    catalog_.reset();
  }
}

TEST_F(SqliteCatalogTest, ACommitWaitsForAnotherWriter) {
  ASSERT_TRUE(catalog_->CreateTable({"ns", "t"}, metadata_).ok());
  auto writer = Raw();
  ASSERT_TRUE(writer->Execute("BEGIN IMMEDIATE").ok());
  std::jthread ender([&] {
    while (NumMetadataFiles() < 2) std::this_thread::yield();
    EXPECT_TRUE(writer->Execute("COMMIT").ok());
  });
  EXPECT_TRUE(SetProperty("a").ok());
}

TEST_F(SqliteCatalogTest, SomebodyElsesSwapIsAConflict) {
  LoadedTable created = catalog_->CreateTable({"ns", "t"}, metadata_).ValueOrDie();
  std::string theirs = "file://" + root_ + "/theirs.metadata.json";
  ASSERT_TRUE(
      io::CreateFile(
          io::Locate(theirs).ValueOrDie(),
          io::ReadFile(io::Locate(created.metadata_location).ValueOrDie()).ValueOrDie())
          .ok());
  // The lock makes our swap wait, by when it has loaded; their swap comes first.
  auto writer = Raw();
  ASSERT_TRUE(writer->Execute("BEGIN IMMEDIATE").ok());
  Status slow;
  {
    std::jthread thread([&] { slow = SetProperty("slow").status(); });
    while (NumMetadataFiles() < 2) std::this_thread::yield();
    ASSERT_TRUE(writer
                    ->Execute("UPDATE iceberg_tables SET metadata_location = " +
                              sqlite::QuoteLiteral(theirs) + "; COMMIT")
                    .ok());
  }
  EXPECT_EQ(KindOf(slow), ErrorKind::kConflict);
  EXPECT_EQ(catalog_->LoadTable({"ns", "t"})->metadata_location, theirs);
  EXPECT_EQ(NumMetadataFiles(), 1u) << "the loser's file is removed";
}

TEST_F(SqliteCatalogTest, MissingOrBrokenMetadataIsCorruptNotAbsent) {
  LoadedTable created = catalog_->CreateTable({"ns", "t"}, metadata_).ValueOrDie();
  std::string path = created.metadata_location.substr(std::string("file://").size());
  std::ofstream(path) << "{";
  Status broken = catalog_->LoadTable({"ns", "t"}).status();
  EXPECT_EQ(KindOf(broken), ErrorKind::kCorrupt);
  EXPECT_THAT(broken.message(), HasSubstr(path));
  std::filesystem::remove(path);
  Status missing = catalog_->LoadTable({"ns", "t"}).status();
  EXPECT_EQ(KindOf(missing), ErrorKind::kCorrupt);
  EXPECT_THAT(missing.message(), HasSubstr("ns.t"));
}

TEST_F(SqliteCatalogTest, ReadsCompressedMetadata) {
  LoadedTable created = catalog_->CreateTable({"ns", "t"}, metadata_).ValueOrDie();
  std::string text = ToText(table::MetadataToJson(created.metadata));
  auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto gzip = arrow::io::CompressedOutputStream::Make(codec.get(), sink).ValueOrDie();
  ASSERT_TRUE(gzip->Write(text.data(), static_cast<int64_t>(text.size())).ok());
  ASSERT_TRUE(gzip->Close().ok());
  std::string packed = sink->Finish().ValueOrDie()->ToString();
  std::string uri = "file:" + root_ + "/lake/ns/t/metadata/00007-x.gz.metadata.json";
  ASSERT_TRUE(io::CreateFile(io::Locate(uri).ValueOrDie(), packed).ok());
  ASSERT_TRUE(Raw()
                  ->Execute("UPDATE iceberg_tables SET metadata_location = " +
                            sqlite::QuoteLiteral(uri))
                  .ok());
  EXPECT_EQ(catalog_->LoadTable({"ns", "t"})->metadata.table_uuid, "uuid");
  EXPECT_EQ(table::MetadataVersion(SetProperty("a")->metadata_location), 8);
}

TEST_F(SqliteCatalogTest, OpenSaysWhatIsMissing) {
  auto open = [&](const std::string& path) {
    return OpenSqliteCatalog({.path = path, .create = false}, TestClock(),
                             Random::System())
        .status();
  };
  EXPECT_EQ(KindOf(open(root_ + "/none/catalog.db")), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/none"));
  auto plain = sqlite::Database::Open(root_ + "/plain.db", {.create = true}).ValueOrDie();
  ASSERT_TRUE(plain->Execute("CREATE TABLE x (y)").ok());
  EXPECT_EQ(KindOf(open(root_ + "/plain.db")), ErrorKind::kNotFound);
  std::ofstream(root_ + "/text.db") << std::string(2000, 'x');
  EXPECT_EQ(KindOf(open(root_ + "/text.db")), ErrorKind::kCorrupt);
  EXPECT_TRUE(open(root_ + "/lake/catalog.db").ok());
}

TEST_F(SqliteCatalogTest, ManyOpenAFreshCatalogAtOnce) {
  std::string root = Root("fresh");
  std::atomic<int> opened = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        opened += OpenSqliteCatalog({.path = root + "/lake/catalog.db"}, TestClock(),
                                    Random::System())
                      .ok();
      });
    }
  }
  EXPECT_EQ(opened, 8);
}

}  // namespace
}  // namespace sluice::catalog
