#include <arrow/api.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "connectors/sqlite/temporary_file_test.h"
#include "io/uri.h"

namespace sluice::connectors::sqlite {
namespace {

Result<std::unique_ptr<connect::Source>> OpenPath(const std::string& path) {
  connect::Link link;
  SLUICE_ASSIGN(link.uri, io::Uri::Parse("sqlite:///" + path));
  return MakeSqliteConnector().make_source(link, {});
}

TEST(SourceTest, MissingFileIsNotFoundAndNotCreated) {
  TestFile file;
  const std::string path = file.directory() + "/missing.db";
  EXPECT_EQ(KindOf(OpenPath(path).status()), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SourceTest, OtherFileIsCorrupt) {
  TestFile file;
  const std::string path = file.directory() + "/other.db";
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_EQ(KindOf(OpenPath(path).status()), ErrorKind::kCorrupt);
}

TEST(SourceTest, EmptyPathIsUserInput) {
  EXPECT_EQ(KindOf(OpenPath("").status()), ErrorKind::kUserInput);
}

TEST(SourceTest, LockedFileIsUnavailable) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(id INTEGER); PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;"
      "INSERT INTO t VALUES (1)");
  Status status = OpenPath(file.path()).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status.ToString();
}

TEST(SourceTest, UnknownNamesAreNotFoundWithNearOnes) {
  TestFile file;
  file.Run("CREATE TABLE orders(id INTEGER, total REAL); CREATE TABLE items(id INTEGER)");
  auto source = file.Source();
  Status table = source->Describe(TableSelection("order")).status();
  EXPECT_EQ(KindOf(table), ErrorKind::kNotFound);
  EXPECT_NE(MessageOf(table).find("did you mean orders"), std::string::npos)
      << MessageOf(table);
  connect::Selection selection = TableSelection("ORDERS");
  selection.columns = {"totl"};
  Status column = source->Describe(selection).status();
  EXPECT_EQ(KindOf(column), ErrorKind::kNotFound);
  EXPECT_NE(MessageOf(column).find("did you mean total"), std::string::npos);
  selection.columns.clear();
  selection.where = "nosuch = 1";
  EXPECT_EQ(KindOf(source->Describe(selection).status()), ErrorKind::kUserInput);
  for (const char* query :
       {"DELETE FROM orders", "SELECT 1; DROP TABLE orders", "SELECT nosuch"}) {
    EXPECT_EQ(KindOf(source->Describe(QuerySelection(query)).status()),
              ErrorKind::kUserInput)
        << query;
  }
}

TEST(SourceTest, ListsTablesByPattern) {
  TestFile file;
  file.Run(
      "CREATE TABLE orders(id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE items(i);"
      "CREATE VIEW order_view AS SELECT 1");
  auto source = file.Source();
  using connect::TableName;
  EXPECT_EQ(source->List("*").ValueOrDie(),
            (std::vector<TableName>{{"", "items"}, {"", "orders"}}));
  EXPECT_EQ(source->List("main.Ord*").ValueOrDie(),
            (std::vector<TableName>{{"", "orders"}}));
  EXPECT_EQ(source->List("order_view").ValueOrDie(),
            (std::vector<TableName>{{"", "order_view"}}));
}

TEST(SourceTest, DescribesKeysGeneratedColumnsAndQueries) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(b TEXT NOT NULL, a INT, g INT AS (a + 1), \"we\"\"ird\" "
      "DECIMAL(5,1),"
      "PRIMARY KEY (a, b))");
  file.Run("INSERT INTO t(b, a, \"we\"\"ird\") VALUES ('x', 1, 2.5)");
  auto source = file.Source();
  auto schema = source->Describe(TableSelection("t")).ValueOrDie();
  EXPECT_EQ(schema.key, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(schema.ArrowSchema()->ToString(),
            "b: string not null\na: int64\ng: int64\nwe\"ird: decimal128(5, 1)");
  auto table = ReadAll(*source, TableSelection("t")).ValueOrDie();
  EXPECT_EQ(table->GetColumnByName("g")->GetScalar(0).ValueOrDie()->ToString(), "2");

  auto query =
      source->Describe(QuerySelection("SELECT a, count(*) AS c FROM t")).ValueOrDie();
  EXPECT_EQ(query.ArrowSchema()->ToString(), "a: int64\nc: string");
  EXPECT_EQ(query.columns[1].fidelity, types::Fidelity::kTextForm);
}

TEST(SourceTest, BatchesRespectRowsAndBytes) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);"
      "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 3000) "
      "INSERT INTO t SELECT i, printf('%.1000c', 'x') FROM s");
  connect::ReadOptions options;
  options.batch_rows = 1000;
  auto source = file.Source(options);
  EXPECT_EQ(ReadAll(*source, TableSelection("t")).ValueOrDie()->column(0)->num_chunks(),
            3);
  options.batch_rows = 100000;
  options.batch_bytes = 100000;
  source = file.Source(options);
  auto table = ReadAll(*source, TableSelection("t")).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 3000);
  EXPECT_GE(table->column(0)->num_chunks(), 10);
}

/// Two tables whose sums are equal in every committed state.
void RunSnapshotTest(const std::string& journal_mode) {
  TestFile file;
  file.Run(
      "PRAGMA journal_mode = " + journal_mode +
      "; CREATE TABLE a(id INTEGER PRIMARY KEY, v INTEGER); CREATE TABLE b(v INTEGER);"
      "INSERT INTO a VALUES (1, 0); INSERT INTO b VALUES (0)");
  std::atomic<int64_t> commits = 0;
  std::jthread writer([&](std::stop_token stop) {
    auto database = file.Connect();
    (void)database->Execute("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 100");
    while (!stop.stop_requested()) {
      bool done = database
                      ->Execute(
                          "BEGIN IMMEDIATE; UPDATE a SET v = v + 1;"
                          "UPDATE b SET v = v + 1; COMMIT")
                      .ok();
      if (!done) (void)database->Execute("ROLLBACK");
      commits += done ? 1 : 0;
      // Some time between two transactions where readers and writers exclude each other.
      if (journal_mode != "wal") {
        (void)database->Execute(
            "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
            "s WHERE i < 5000) SELECT sum(i) FROM s");
      }
    }
  });
  while (commits < 10) std::this_thread::yield();
  for (int round = 0; round < 100; ++round) {
    connect::ReadOptions options;
    options.parallel = 6;
    auto source = file.Source(options);
    auto info = source->BeginSnapshot();
    ASSERT_TRUE(info.ok()) << info.status().ToString();
    ASSERT_EQ(info->consistency, connect::Consistency::kSnapshot) << info->how;
    std::vector<std::unique_ptr<connect::Reader>> readers;  // one on each connection
    std::vector<std::string> values;
    for (const char* name : {"a", "b", "a", "b", "a", "b"}) {
      auto selection = TableSelection(name);
      selection.columns = {"v"};
      auto plan = source->Plan(selection).ValueOrDie();
      readers.push_back(source->Open(plan.splits[0], {}).ValueOrDie());
      auto batch = readers.back()->Next({}).ValueOrDie().batch;
      values.push_back(batch->column(0)->GetScalar(0).ValueOrDie()->ToString());
    }
    for (const std::string& value : values) EXPECT_EQ(value, values[0]);
  }
  EXPECT_GT(commits, 10);
}

TEST(SourceTest, AllConnectionsSeeOneStateOfAWalFile) { RunSnapshotTest("wal"); }
TEST(SourceTest, AllConnectionsSeeOneStateOfAJournalFile) { RunSnapshotTest("delete"); }

TEST(SourceTest, StopBreaksOffALongStatement) {
  TestFile file;
  file.Run("CREATE TABLE t(id INTEGER)");
  auto source = file.Source();
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source
                  ->Plan(QuerySelection(
                      "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s) "
                      "SELECT count(*) AS n FROM s"))
                  .ValueOrDie();
  auto reader = source->Open(plan.splits[0], {}).ValueOrDie();
  std::stop_source stop;
  std::jthread stopper([&] {
    // The statement never ends by itself; it is stopped once it must be running.
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    stop.request_stop();
  });
  auto chunk = reader->Next({stop.get_token()});
  EXPECT_EQ(KindOf(chunk.status()), ErrorKind::kCancelled) << chunk.status().ToString();
  EXPECT_TRUE(reader->Close().ok());
  EXPECT_TRUE(reader->Close().ok());
}

TEST(SourceTest, ReadersGiveTheirConnectionBack) {
  TestFile file;
  file.Run("CREATE TABLE t(id INTEGER); INSERT INTO t VALUES (1), (2)");
  connect::ReadOptions options;
  options.parallel = 1;
  auto source = file.Source(options);
  auto plan = source->Plan(TableSelection("t")).ValueOrDie();
  EXPECT_EQ(KindOf(source->Open(plan.splits[0], {}).status()), ErrorKind::kInternal);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  for (int i = 0; i < 3; ++i) {
    auto reader = source->Open(plan.splits[0], {}).ValueOrDie();
    EXPECT_EQ(reader->Next({}).ValueOrDie().batch->num_rows(), 2);
  }
}

TEST(SourceTest, ManyThreadsReadOneSource) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER);"
      "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 40000) "
      "INSERT INTO t SELECT i, i FROM s");
  connect::ReadOptions options;
  options.chunk_rows_min = 1000;
  auto source = file.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(TableSelection("t")).ValueOrDie();
  ASSERT_GT(plan.splits.size(), 10u);
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> rows = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {  // more than there are connections
      threads.emplace_back([&] {
        for (size_t split = next++; split < plan.splits.size(); split = next++) {
          auto batches = ReadSplit(*source, plan.splits[split]).ValueOrDie();
          for (const auto& batch : batches) rows += batch->num_rows();
        }
      });
    }
  }
  EXPECT_EQ(rows, 40000);
}

TEST(SourceTest, ReadOnlyFileCanBeRead) {
  TestFile file;
  file.Run(
      "PRAGMA journal_mode = delete; CREATE TABLE t(id INTEGER); INSERT INTO t VALUES "
      "(5)");
  chmod(file.path().c_str(), 0444);
  auto source = file.Source();
  auto table = ReadAll(*source, TableSelection("t"));
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(OnlyValue(**table), "5");
}

TEST(SourceTest, DiagnosisNamesVersionAndJournalMode) {
  TestFile file;
  file.Run("PRAGMA journal_mode = delete; CREATE TABLE t(id INTEGER)");
  auto diagnosis = file.Source()->Diagnose().ValueOrDie();
  EXPECT_TRUE(diagnosis.server.starts_with("SQLite 3."));
  ASSERT_EQ(diagnosis.findings.size(), 2u);
  EXPECT_EQ(diagnosis.findings[1].remedy, "PRAGMA journal_mode = WAL");
}

}  // namespace
}  // namespace sluice::connectors::sqlite
