#include "sql/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <arrow/extension/uuid.h>
#include <fmt/format.h>

#include "sql/sql_rig_test.h"

namespace sluice::sql {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class EngineTest : public testing::Test {
 protected:
  void MakeShop() {
    rig_.Rows("create schema landing; create schema dw");
    rig_.Rows("create table landing.orders (id bigint not null, status varchar)");
    rig_.Rows(
        "insert into landing.orders select i, case when i % 3 = 0 then 'paid' else "
        "'open' "
        "end from range(1000) r(i)");
    rig_.Rows("create table dw.Status as select 'paid' as status, 1 as rank");
  }

  SqlRig rig_;
};

// A query that runs for minutes unless it is stopped.
constexpr char kLongQuery[] =
    "select count(*) from range(1000000000000) r(i) where hash(i) % 7 = 3";

TEST_F(EngineTest, NamesResolve) {
  MakeShop();
  for (const char* table : {"landing.orders", "lake.landing.orders", "LANDING.Orders",
                            "\"landing\".\"orders\"", "Lake.Landing.Orders"}) {
    SCOPED_TRACE(table);
    EXPECT_THAT(rig_.Rows(fmt::format("select count(*) from {}", table)),
                ElementsAre("1000"));
  }
  EXPECT_THAT(rig_.Rows("select rank from dw.status"), ElementsAre("1"));
  EXPECT_THAT(
      rig_.Rows("select s.rank, count(*) from landing.orders o join dw.status s using "
                "(status) group by all"),
      ElementsAre("1|334"));
  EXPECT_THAT(rig_.Rows("use lake.landing; select count(*) from orders"),
              ElementsAre("1000"));
  EXPECT_THAT(rig_.Rows("select count(*) from dw.status"), ElementsAre("1"));
  EXPECT_THAT(rig_.Rows("create temp table t as select 5 as v; select v, abs(-v) from t"),
              ElementsAre("5|5"));
}

TEST_F(EngineTest, MissingNamesAreNotFound) {
  MakeShop();
  EXPECT_THAT(
      rig_.Failure("select * from landing.order", ErrorKind::kNotFound),
      AllOf(HasSubstr("orders"), HasSubstr("LINE 1: select * from landing.order\n")));
  EXPECT_THAT(rig_.Failure("select * from orders", ErrorKind::kNotFound),
              HasSubstr("landing.orders"));
  EXPECT_THAT(rig_.Failure("select * from nowhere.orders", ErrorKind::kNotFound),
              HasSubstr("nowhere"));
  EXPECT_THAT(
      rig_.Failure("create table nowhere.x as select 1 as a", ErrorKind::kNotFound),
      HasSubstr("nowhere"));
}

TEST_F(EngineTest, TheLakeDescribesItself) {
  MakeShop();
  EXPECT_THAT(rig_.Rows("show tables"), ElementsAre("dw.Status", "landing.orders"));
  EXPECT_THAT(rig_.Rows("use lake.dw; show tables"), ElementsAre("Status"));
  rig_.Rows("use lake");
  EXPECT_THAT(rig_.Rows("show tables from lake.landing"), ElementsAre("orders"));
  EXPECT_THAT(
      rig_.Rows("select database, schema, name from (show all tables) order by name"),
      ElementsAre("lake|dw|Status", "lake|landing|orders"));
  EXPECT_THAT(
      rig_.Rows(
          "select column_name, column_type, \"null\" from (describe landing.orders)"),
      ElementsAre("id|BIGINT|NO", "status|VARCHAR|YES"));
  EXPECT_THAT(
      rig_.Rows("select column_name, min, max, count, null_percentage from (summarize "
                "landing.orders)"),
      ElementsAre("id|0|999|1000|0.00", "status|open|paid|1000|0.00"));
  EXPECT_THAT(
      rig_.Rows("select table_schema, table_name, table_type from "
                "information_schema.tables where table_catalog = 'lake' order by 1"),
      ElementsAre("dw|Status|BASE TABLE", "landing|orders|BASE TABLE"));
  EXPECT_THAT(rig_.Rows("select column_name, data_type, is_nullable from "
                        "information_schema.columns where table_name = 'orders'"),
              ElementsAre("id|BIGINT|NO", "status|VARCHAR|YES"));
  const Answer plan =
      rig_.Ask("explain select count(*) from landing.orders where id < 10");
  EXPECT_EQ(plan.kind, "EXPLAIN");
  ASSERT_EQ(plan.rows.size(), 1);
}

TEST_F(EngineTest, OneTableThatCannotBeReadDoesNotHideTheOthers) {
  MakeShop();
  const auto& broken = rig_.lake_catalog->LoadTable({"dw", "Status"}).ValueOrDie();
  std::filesystem::remove(io::Locate(broken.metadata_location).ValueOrDie().path);
  EXPECT_THAT(rig_.Rows("show tables"), ElementsAre("landing.orders"));
  EXPECT_FALSE(rig_.Ask("select * from dw.status").status.ok());
}

TEST_F(EngineTest, ResultsHaveArrowTypesWithoutLoss) {
  const Answer answer = rig_.Ask(
      "select true as b, 1::tinyint as i8, 2::ubigint as u64, sum(i) as h, "
      "1.50::decimal(9, 2) as "
      "d, date '2026-01-02' as day, time '01:02:03.000004' as t, timestamp '2026-01-02 "
      "03:04:05' "
      "as ts, timestamptz '2026-01-02 03:04:05+00' as tz, "
      "'00000000-0000-0000-0000-00000000000a'::uuid as u, '\\xFF'::blob as bin, [1, "
      "null] as l, "
      "{'x': 1::hugeint} as s, map {'k': 2} as m, interval '1 day' as iv, 'x'::enum('x', "
      "'y') as e, "
      "'101'::bit as bits, '12:00:00+01'::timetz as ttz, '2026-01-01'::timestamp_ns as "
      "ns "
      "from range(10) r(i)");
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.kind, "SELECT");
  EXPECT_EQ(answer.rows_changed, -1);
  EXPECT_EQ(
      answer.schema->ToString(),
      "b: bool\ni8: int8\nu64: uint64\nh: decimal128(38, 0)\nd: decimal128(9, 2)\n"
      "day: date32[day]\nt: time64[us]\nts: timestamp[us]\ntz: timestamp[us, tz=UTC]\n"
      "u: extension<arrow.uuid>\nbin: binary\nl: list<element: int32>\n"
      "s: struct<x: decimal128(38, 0)>\nm: map<string, int32>\niv: string\ne: string\n"
      "bits: string\nttz: string\nns: timestamp[ns]");
  ASSERT_EQ(answer.rows.size(), 1);
  EXPECT_THAT(answer.rows[0], HasSubstr("true|1|2|45|1.50|2026-01-02|01:02:03.000004|"));
  EXPECT_THAT(answer.rows[0], HasSubstr("|1 day|x|101|12:00:00+01|"));
}

TEST_F(EngineTest, AnIntegerBeyond38DigitsIsAnError) {
  EXPECT_THAT(rig_.Failure("select 170141183460469231731687303715884105727 as h",
                           ErrorKind::kUserInput),
              HasSubstr("170141183460469231731687303715884105727"));
}

TEST_F(EngineTest, AnEmptyResultKeepsItsSchema) {
  const Answer answer = rig_.Ask("select 1 as a, 'x' as b where false");
  EXPECT_THAT(answer.rows, IsEmpty());
  EXPECT_EQ(answer.schema->ToString(), "a: int32\nb: string");
}

TEST_F(EngineTest, InstantsCarryTheSessionsZone) {
  EngineOptions options = rig_.Options();
  options.time_zone = "Asia/Tokyo";
  rig_.Start(options);
  const Answer answer = rig_.Ask(
      "select timestamptz '2026-01-01 00:00:00+00' as tz, "
      "(timestamptz '2026-01-01 00:00:00+00')::varchar as text");
  EXPECT_EQ(answer.schema->field(0)->type()->ToString(), "timestamp[us, tz=Asia/Tokyo]");
  EXPECT_THAT(answer.rows[0], HasSubstr("2026-01-01 09:00:00+09"));
  options.time_zone = "Mars/Olympus";
  EXPECT_EQ(KindOf(Engine::Make(options).status()), ErrorKind::kUserInput);
}

TEST_F(EngineTest, ErrorsShowLineAndPlace) {
  struct Case {
    const char* sql;
    const char* said;
  };
  const std::vector<Case> cases = {
      {"selec 1", "LINE 1: selec 1\n        ^"},
      {"select 1;\nselect 2 frm x y z", "LINE 2: select 2 frm x y z\n"},
      {"select 1;\n\nselect nope from range(3)",
       "LINE 3: select nope from range(3)\n               ^"},
      {"select no_such_function(1)",
       "LINE 1: select no_such_function(1)\n               ^"},
      {"select 1 +\n 'abc'::integer", "LINE 2:  'abc'::integer\n              ^"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    const Answer answer = rig_.Ask(c.sql);
    ASSERT_FALSE(answer.status.ok());
    EXPECT_THAT(MessageOf(answer.status), HasSubstr(c.said));
  }
}

TEST_F(EngineTest, StatementsRunInOrderUntilOneFails) {
  std::vector<std::string> kinds;
  const auto note = [&](StatementResult& result) {
    kinds.push_back(result.kind);
    return Status::OK();
  };
  rig_.Start(rig_.Options());
  const Status status = rig_.engine->Execute(
      "create schema a; select 1; -- the end\n select nope; create schema b", {}, note);
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_THAT(kinds, ElementsAre("CREATE SCHEMA", "SELECT"));
  EXPECT_THAT(rig_.lake_catalog->ListNamespaces().ValueOrDie(), ElementsAre("a"));
  EXPECT_EQ(KindOf(rig_.engine->Execute("create schema c; selec", {}, note)),
            ErrorKind::kUserInput);
  EXPECT_THAT(rig_.lake_catalog->ListNamespaces().ValueOrDie(), ElementsAre("a"));
  EXPECT_EQ(rig_.engine->Execute(" -- nothing\n", {}, note), Status::OK());
}

TEST_F(EngineTest, TheCallersErrorEndsTheRun) {
  rig_.Start(rig_.Options());
  const Status status = rig_.engine->Execute(
      "select * from range(10000000); create schema a", {}, [](StatementResult& result) {
        std::shared_ptr<arrow::RecordBatch> batch;
        SLUICE_TRY(result.reader->ReadNext(&batch));
        return Error(ErrorKind::kUnavailable, "the pipe is closed");
      });
  EXPECT_EQ(MessageOf(status), "the pipe is closed");
  EXPECT_THAT(rig_.lake_catalog->ListNamespaces().ValueOrDie(), IsEmpty());
  EXPECT_THAT(rig_.Rows("select 1"), ElementsAre("1"));
}

TEST_F(EngineTest, AReaderThatIsKeptTooLongIsAtItsEnd) {
  rig_.Start(rig_.Options());
  std::shared_ptr<arrow::RecordBatchReader> kept;
  ASSERT_TRUE(rig_.engine
                  ->Execute("select * from range(10000000)", {},
                            [&](StatementResult& result) {
                              kept = result.reader;
                              return Status::OK();
                            })
                  .ok());
  std::shared_ptr<arrow::RecordBatch> batch;
  EXPECT_TRUE(kept->ReadNext(&batch).ok());
  EXPECT_EQ(batch, nullptr);
}

TEST_F(EngineTest, StopsSoonAfterARequest) {
  rig_.Start(rig_.Options());
  // Asks to stop once the query is known to run.
  for (const std::string& sql :
       {std::string(kLongQuery),
        "create temp table t as " + std::string(kLongQuery).replace(7, 8, "i")}) {
    SCOPED_TRACE(sql);
    std::stop_source stop;
    std::atomic<int64_t> asked_ns = 0;
    std::jthread asker([&](std::stop_token done) {
      while (!done.stop_requested() && rig_.engine->ProgressPercent() < 0) {
        std::this_thread::yield();
      }
      asked_ns = SystemClock().Monotonic().count();
      stop.request_stop();
    });
    const Answer answer = rig_.Ask(sql, stop.get_token());
    const int64_t ended_ns = SystemClock().Monotonic().count();
    EXPECT_EQ(KindOf(answer.status), ErrorKind::kCancelled) << answer.status.ToString();
    EXPECT_LT(ended_ns - asked_ns, 1'000'000'000);
  }
  EXPECT_THAT(rig_.Rows("select 1"), ElementsAre("1"));
}

TEST_F(EngineTest, AStopBeforeTheStartRunsNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(KindOf(rig_.Ask("create schema a", stop.get_token()).status),
            ErrorKind::kCancelled);
  EXPECT_THAT(rig_.lake_catalog->ListNamespaces().ValueOrDie(), IsEmpty());
}

TEST_F(EngineTest, AStopWhileRowsAreReadEndsTheReading) {
  rig_.Start(rig_.Options());
  std::stop_source stop;
  int batches = 0;
  const Status status =
      rig_.engine->Execute("select i from range(1000000000000) r(i)", stop.get_token(),
                           [&](StatementResult& result) {
                             std::shared_ptr<arrow::RecordBatch> batch;
                             while (true) {
                               SLUICE_TRY(result.reader->ReadNext(&batch));
                               if (++batches == 3) stop.request_stop();
                             }
                           });
  EXPECT_EQ(KindOf(status), ErrorKind::kCancelled) << status.ToString();
  EXPECT_GE(batches, 3);
}

TEST_F(EngineTest, ProgressIsKnownWhileAStatementRuns) {
  rig_.Rows("create schema t; create table t.x as select i from range(1000) r(i)");
  for (int file = 0; file < 4; ++file)
    rig_.Rows("insert into t.x select * from range(200000)");
  EXPECT_LT(rig_.engine->ProgressPercent(), 0);
  std::atomic<double> seen = -1;
  std::jthread watcher([&](std::stop_token done) {
    while (!done.stop_requested()) {
      seen = std::max(seen.load(), rig_.engine->ProgressPercent());
      std::this_thread::yield();
    }
  });
  rig_.Rows("select sum(length(sha256(repeat(i::varchar, 100)))) from t.x");
  watcher.request_stop();
  watcher.join();
  EXPECT_GT(seen, 0);
  EXPECT_LE(seen, 100);
  EXPECT_LT(rig_.engine->ProgressPercent(), 0);
}

TEST_F(EngineTest, SpillsWithinItsMemory) {
  EngineOptions options = rig_.Options();
  options.memory_bytes_max = 64 << 20;
  options.temp_directory = rig_.directory + "/spill";
  rig_.Start(options);
  // 3 M rows of 40 bytes are sorted in 64 MB.
  EXPECT_THAT(
      rig_.Rows(
          "select count(*), max(r) from (select row_number() over (order by hash(i)) "
          "as r, i, i + 1 as j, i + 2 as k from range(3000000) t(i))"),
      ElementsAre("3000000|3000000"));
  EXPECT_TRUE(std::filesystem::exists(options.temp_directory));
}

TEST_F(EngineTest, TooMuchMemoryIsAnErrorAndNotTheEnd) {
  EngineOptions options = rig_.Options();
  options.memory_bytes_max = 64 << 20;
  rig_.Start(options);
  const std::string message = rig_.Failure(
      "select length(string_agg(i::varchar, ',')) from range(100000000) t(i)",
      ErrorKind::kUnavailable);
  EXPECT_THAT(message, HasSubstr("raise the memory limit"));
  EXPECT_THAT(message, Not(HasSubstr("SET ")));
  EXPECT_THAT(rig_.Rows("select 1"), ElementsAre("1"));
}

TEST_F(EngineTest, ItsTemporaryDirectoryIsRemoved) {
  const auto count = [] {
    int found = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
      if (entry.path().filename().string().starts_with("sluice-sql-")) ++found;
    }
    return found;
  };
  const int before = count();
  EngineOptions options = rig_.Options();
  options.memory_bytes_max = 64 << 20;
  rig_.Start(options);
  rig_.Rows(
      "select max(r) from (select row_number() over (order by hash(i)) as r, i, i + 1 as "
      "j "
      "from range(3000000) t(i))");
  EXPECT_GT(count(), before);
  rig_.engine.reset();
  EXPECT_EQ(count(), before);
}

TEST_F(EngineTest, AFailedLookUpLeavesTheEngineUsable) {
  rig_.Rows("create schema a; create table a.x as select 1 as v");
  const auto loaded = rig_.lake_catalog->LoadTable({"a", "x"}).ValueOrDie();
  std::filesystem::remove(io::Locate(loaded.metadata_location).ValueOrDie().path);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(rig_.Ask("select * from a.x").status.ok());
  EXPECT_THAT(rig_.Rows("select 1"), ElementsAre("1"));
}

}  // namespace
}  // namespace sluice::sql
