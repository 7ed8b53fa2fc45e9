#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "base/text.h"
#include "connectors/postgresql/real_server_test.h"

namespace sluice::connectors::postgresql {
namespace {

/// A statement that sends rows for ever, one batch after the other.
const char* const kEndless =
    "SELECT generate_series(1, 100000000) AS i, repeat('x', 200) AS t";

class SourceTest : public ::testing::Test {
 protected:
  std::string MessageOfDescribe(const connect::Selection& selection, ErrorKind kind) {
    Status status = server_.Source()->Describe(selection).status();
    EXPECT_EQ(KindOf(status), kind) << status.ToString();
    return MessageOf(status);
  }
  TestServer& server_ = TestServer::Get();
};

TEST_F(SourceTest, WrongPasswordIsAuth) {
  for (const char* word : {"wrong-word", ""}) {
    connect::Link link = server_.LinkOf();
    link.password = Secret(word);
    Status status = MakePostgresqlConnector().make_source(link, {}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kAuth) << status.ToString();
    EXPECT_NE(MessageOf(status).find("password"), std::string::npos);
  }
}

TEST_F(SourceTest, UnreachableServerAndUnknownDatabaseAreNamed) {
  connect::Link link = server_.LinkOf();
  link.uri.path = "no_such_database";
  EXPECT_EQ(KindOf(MakePostgresqlConnector().make_source(link, {}).status()),
            ErrorKind::kNotFound);
  link.uri.port = 1;
  EXPECT_EQ(KindOf(MakePostgresqlConnector().make_source(link, {}).status()),
            ErrorKind::kUnavailable);
  link.uri.query["no_such_parameter"] = "1";
  Status status = MakePostgresqlConnector().make_source(link, {}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_NE(MessageOf(status).find("no_such_parameter"), std::string::npos);
}

TEST_F(SourceTest, UnknownNamesAreNotFoundWithNearOnes) {
  server_.Run(
      {"DROP TABLE IF EXISTS orders", "CREATE TABLE orders(id int, total numeric(9,2))"});
  EXPECT_NE(MessageOfDescribe(TableSelection("order"), ErrorKind::kNotFound)
                .find("did you mean orders"),
            std::string::npos);
  connect::Selection selection = TableSelection("ORDERS");
  selection.columns = {"totl"};
  EXPECT_NE(MessageOfDescribe(selection, ErrorKind::kNotFound).find("did you mean total"),
            std::string::npos);
  selection.columns = {"Total"};
  EXPECT_EQ(server_.Source()->Describe(selection).ValueOrDie().columns[0].name, "total");
  selection.where = "total >";
  MessageOfDescribe(selection, ErrorKind::kUserInput);
  selection.where = "nosuch = 1";
  MessageOfDescribe(selection, ErrorKind::kNotFound);
}

TEST_F(SourceTest, BadQueriesAreUserInputAndChangeNothing) {
  server_.Run({"DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 1 AS id"});
  for (const char* query :
       {"SELEC 1", "DELETE FROM kept", "SELECT 1; DROP TABLE kept",
        "SELECT 1) q; DROP TABLE kept--", "SELECT 1 AS a, 2 AS a", "SELECT 1;"}) {
    SCOPED_TRACE(query);
    MessageOfDescribe(QuerySelection(query), ErrorKind::kUserInput);
  }
  auto source = server_.Source();
  Status status =
      ReadAll(*source, QuerySelection("SELECT nextval('kept_numbers')")).status();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(server_.Column("SELECT count(*) FROM kept"), (std::vector<std::string>{"1"}));
}

TEST_F(SourceTest, DescribesKeysAndListsTables) {
  server_.Run(
      {"DROP SCHEMA IF EXISTS listing CASCADE", "CREATE SCHEMA listing",
       "CREATE TABLE listing.a(x text, y int, z int NOT NULL, PRIMARY KEY (y, x))",
       "CREATE TABLE listing.p(x int) PARTITION BY LIST (x)",
       "CREATE TABLE listing.p1 PARTITION OF listing.p FOR VALUES IN (1)",
       "CREATE VIEW listing.v AS SELECT 1 AS one"});
  auto source = server_.Source();
  auto schema = source->Describe({connect::TableName{"listing", "a"}}).ValueOrDie();
  EXPECT_EQ(schema.key, (std::vector<std::string>{"y", "x"}));
  EXPECT_EQ(schema.ArrowSchema()->ToString(),
            "x: string not null\ny: int32 not null\nz: int32 not null");
  EXPECT_EQ(schema.columns[1].source_type, "integer");
  using connect::TableName;
  EXPECT_EQ(source->List("listing.*").ValueOrDie(),
            (std::vector<TableName>{{"listing", "a"}, {"listing", "p"}}));
  EXPECT_EQ(source->List("listing.p1").ValueOrDie(),
            (std::vector<TableName>{{"listing", "p1"}}));
  EXPECT_EQ(source->List("a").ValueOrDie(), std::vector<TableName>{});
}

TEST_F(SourceTest, MissingPrivilegesNameTheGrant) {
  server_.Run({"DROP SCHEMA IF EXISTS closed CASCADE", "CREATE SCHEMA closed",
               "CREATE TABLE closed.t(a int, b int)"});
  auto administrator = server_.Connect("postgres");
  (void)administrator->Query("DROP ROLE IF EXISTS guest_of_test");
  ASSERT_TRUE(administrator
                  ->Query("CREATE ROLE guest_of_test LOGIN PASSWORD " +
                          QuoteLiteral(server_.link.password.Reveal()))
                  .ok());
  const connect::Selection selection{connect::TableName{"closed", "t"}};
  auto describe = [&](const connect::Selection& wanted) {
    auto source =
        MakePostgresqlConnector().make_source(server_.LinkOf("guest_of_test"), {});
    return source.ValueOrDie()->Describe(wanted).status();
  };
  Status schema = describe(selection);
  EXPECT_EQ(KindOf(schema), ErrorKind::kAuth);
  EXPECT_NE(
      MessageOf(schema).find("GRANT USAGE ON SCHEMA \"closed\" TO \"guest_of_test\""),
      std::string::npos)
      << MessageOf(schema);
  server_.Run({"GRANT USAGE ON SCHEMA closed TO guest_of_test"});
  Status table = describe(selection);
  EXPECT_EQ(KindOf(table), ErrorKind::kAuth);
  EXPECT_NE(
      MessageOf(table).find("GRANT SELECT ON \"closed\".\"t\" TO \"guest_of_test\""),
      std::string::npos)
      << MessageOf(table);

  auto source =
      MakePostgresqlConnector().make_source(server_.LinkOf("guest_of_test"), {});
  auto diagnosis = source.ValueOrDie()->Diagnose().ValueOrDie();
  EXPECT_TRUE(diagnosis.server.starts_with("PostgreSQL 1")) << diagnosis.server;
  bool found = std::any_of(
      diagnosis.findings.begin(), diagnosis.findings.end(), [](auto& finding) {
        return finding.level == connect::Finding::Level::kProblem &&
               finding.remedy == "GRANT SELECT ON \"closed\".\"t\" TO \"guest_of_test\"";
      });
  EXPECT_TRUE(found);
  EXPECT_EQ(diagnosis.findings.back().what,
            "all connections of an import can share one snapshot");

  // A grant on one column is enough to read it, as one stream.
  server_.Run({"INSERT INTO closed.t VALUES (1, 2)",
               "GRANT SELECT (a) ON closed.t TO guest_of_test"});
  connect::Selection narrow = selection;
  narrow.columns = {"a"};
  auto read = ReadAll(**source, narrow);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ((*read)->num_rows(), 1);
  source = Status::Cancelled("done");
  server_.Run({"DROP SCHEMA closed CASCADE"});
  ASSERT_TRUE(administrator->Query("DROP ROLE guest_of_test").ok());
}

TEST_F(SourceTest, AllConnectionsSeeOneState) {
  server_.Run({"DROP TABLE IF EXISTS left_side, right_side",
               "CREATE TABLE left_side AS SELECT 0::bigint AS v",
               "CREATE TABLE right_side AS SELECT 0::bigint AS v"});
  std::atomic<int64_t> commits = 0;
  std::jthread writer([&](std::stop_token stop) {
    auto session = server_.Connect();
    while (!stop.stop_requested()) {
      (void)session->Query(
          "WITH l AS (UPDATE left_side SET v = v + 1) "
          "UPDATE right_side SET v = v + 1");
      ++commits;
    }
  });
  while (commits < 10) std::this_thread::yield();
  for (int round = 0; round < 10; ++round) {
    connect::ReadOptions options;
    options.parallel = 4;
    auto source = server_.Source(options);
    auto info = source->BeginSnapshot().ValueOrDie();
    ASSERT_EQ(info.consistency, connect::Consistency::kSnapshot);
    EXPECT_NE(info.position.find('/'), std::string::npos);
    std::vector<std::unique_ptr<connect::Reader>> readers;  // one on each connection
    std::vector<std::string> values;
    for (const char* name : {"left_side", "right_side", "left_side", "right_side"}) {
      const int64_t seen = commits;
      while (commits < seen + 3) std::this_thread::yield();  // others commit in between
      auto plan = source->Plan(TableSelection(name)).ValueOrDie();
      readers.push_back(source->Open(plan.splits[0], {}).ValueOrDie());
      auto batch = readers.back()->Next({}).ValueOrDie().batch;
      values.push_back(batch->column(0)->GetScalar(0).ValueOrDie()->ToString());
    }
    for (const std::string& value : values) EXPECT_EQ(value, values[0]);
  }
}

// What a snapshot cannot see must not look like an empty table.
TEST_F(SourceTest, TableRewrittenAfterTheSnapshotIsAConflict) {
  for (const std::vector<std::string>& change : std::vector<std::vector<std::string>>{
           {"TRUNCATE swapped", "INSERT INTO swapped VALUES (4), (5)"},
           {"ALTER TABLE swapped ALTER i TYPE bigint"},
           {"CREATE TABLE swapped_new AS SELECT 9 AS i", "DROP TABLE swapped",
            "ALTER TABLE swapped_new RENAME TO swapped"}}) {
    SCOPED_TRACE(change[0]);
    server_.Run({"DROP TABLE IF EXISTS swapped",
                 "CREATE TABLE swapped AS SELECT i FROM generate_series(1, 3) i"});
    connect::ReadOptions options;
    options.parallel = 1;
    auto source = server_.Source(options);
    ASSERT_TRUE(source->BeginSnapshot().ok());
    server_.Run(change);
    auto plan = source->Plan(TableSelection("swapped")).ValueOrDie();
    Status status = source->Open(plan.splits[0], {}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kConflict) << status.ToString();
  }
}

TEST_F(SourceTest, TerminatedBackendIsUnavailableAndTheChunkCanBeReadAgain) {
  server_.Run({"DROP TABLE IF EXISTS big",
               "CREATE TABLE big AS SELECT i, repeat('x', 200) AS t "
               "FROM generate_series(1, 200000) i"});
  connect::ReadOptions options;
  options.parallel = 1;
  options.batch_rows = 100;
  auto source = server_.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  connect::Split split;
  split.id = "s0000";
  split.selection = TableSelection("big");
  split.range = Json{{"condition", ""}};
  auto reader = source->Open(split, {}).ValueOrDie();
  ASSERT_EQ(reader->Next({}).ValueOrDie().batch->num_rows(), 100);
  EXPECT_EQ(
      server_
          .Column("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query "
                  "LIKE 'COPY%big%' AND datname = current_database()")
          .size(),
      1u);
  Status status;
  for (int i = 0; i < 10000 && status.ok(); ++i) status = reader->Next({}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status.ToString();
  EXPECT_NE(MessageOf(status).find("reading big, chunk s0000"), std::string::npos)
      << MessageOf(status);
  EXPECT_TRUE(reader->Close().ok());
  // The snapshot lives on: the same chunk again gives all its rows.
  int64_t rows = 0;
  for (const auto& batch : ReadSplit(*source, split).ValueOrDie())
    rows += batch->num_rows();
  EXPECT_EQ(rows, 200000);
}

TEST_F(SourceTest, StopBreaksOffAStatementThatSendsNothing) {
  auto source = server_.Source();
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan =
      source->Plan(QuerySelection("SELECT 1 AS one FROM pg_sleep(600)")).ValueOrDie();
  auto reader = source->Open(plan.splits[0], {}).ValueOrDie();
  std::stop_source stop;
  auto next =
      std::async(std::launch::async, [&] { return reader->Next({stop.get_token()}); });
  while (
      server_
          .Column("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep(600)%' "
                  "AND wait_event = 'PgSleep'")
          .empty()) {
  }
  const auto begin = std::chrono::steady_clock::now();
  stop.request_stop();
  Status status = next.get().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kCancelled) << status.ToString();
  EXPECT_TRUE(reader->Close().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_TRUE(server_
                  .Column("SELECT 1 FROM pg_stat_activity WHERE query LIKE "
                          "'COPY%pg_sleep(600)%' AND state = 'active'")
                  .empty());
}

TEST_F(SourceTest, ReadersThatEndEarlyGiveTheirConnectionBack) {
  connect::ReadOptions options;
  options.parallel = 1;
  auto source = server_.Source(options);
  auto plan = source->Plan(QuerySelection(kEndless)).ValueOrDie();
  EXPECT_EQ(KindOf(source->Open(plan.splits[0], {}).status()), ErrorKind::kInternal);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  for (int i = 0; i < 3; ++i) {
    auto reader = source->Open(plan.splits[0], {}).ValueOrDie();
    auto chunk = reader->Next({}).ValueOrDie();
    EXPECT_EQ(chunk.batch->column(0)->GetScalar(0).ValueOrDie()->ToString(), "1");
    EXPECT_LE(chunk.batch->num_rows(), options.batch_rows);
  }
}

TEST_F(SourceTest, OpenWaitsForAFreeConnection) {
  connect::ReadOptions options;
  options.parallel = 1;
  auto source = server_.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(QuerySelection("SELECT 7 AS n")).ValueOrDie();
  auto first = source->Open(plan.splits[0], {}).ValueOrDie();
  std::atomic<bool> closed = false;
  auto second = std::async(std::launch::async, [&] {
    auto reader = source->Open(plan.splits[0], {}).ValueOrDie();
    EXPECT_TRUE(closed);
    return reader->Next({}).ValueOrDie().batch->num_rows();
  });
  EXPECT_EQ(first->Next({}).ValueOrDie().batch->num_rows(), 1);
  EXPECT_EQ(first->Next({}).ValueOrDie().state, connect::Chunk::State::kEnd);
  closed = true;
  ASSERT_TRUE(first->Close().ok());
  EXPECT_EQ(second.get(), 1);
}

TEST_F(SourceTest, ManyThreadsReadOneSource) {
  server_.Run(
      {"DROP TABLE IF EXISTS shared_table",
       "CREATE TABLE shared_table AS SELECT i FROM generate_series(1, 100000) i"});
  connect::ReadOptions options;
  options.parallel = 4;
  options.chunk_rows_min = 1000;
  auto source = server_.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(TableSelection("shared_table")).ValueOrDie();
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
  EXPECT_EQ(rows, 100000);
}

TEST_F(SourceTest, ErrorsInTheMiddleOfAQueryAreReported) {
  auto source = server_.Source();
  Status status = ReadAll(*source, QuerySelection("SELECT 1 / (1000 - i) AS q "
                                                  "FROM generate_series(1, 2000) i"))
                      .status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput) << status.ToString();
  EXPECT_NE(MessageOf(status).find("division by zero"), std::string::npos);
}

TEST_F(SourceTest, EmptyTablesAndRowsWithoutBytes) {
  server_.Run({"DROP TABLE IF EXISTS hollow", "CREATE TABLE hollow(a int, b text)"});
  auto empty = ReadAll(*server_.Source(), TableSelection("hollow")).ValueOrDie();
  EXPECT_EQ(empty->num_rows(), 0);
  server_.Run({"INSERT INTO hollow SELECT NULL, NULL FROM generate_series(1, 3)"});
  auto nulls = ReadAll(*server_.Source(), TableSelection("hollow")).ValueOrDie();
  EXPECT_EQ(nulls->num_rows(), 3);
  EXPECT_EQ(nulls->column(1)->null_count(), 3);
}

}  // namespace
}  // namespace sluice::connectors::postgresql
