#include <fmt/format.h>

#include "sql/sql_rig_test.h"

namespace sluice::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class LakeWriteTest : public testing::Test {
 protected:
  SqlRig rig_;
};

struct TypeCase {
  const char* type;
  std::vector<const char*> values;  // as the query must give them back, besides NULL
  const char* kept = nullptr;       // DuckDB's name of the kept type; null: the same
};

const std::vector<TypeCase>& TypeCases() {
  static const std::vector<TypeCase> cases = {
      {"boolean", {"true", "false"}},
      {"tinyint", {"-128", "127"}, "INTEGER"},
      {"smallint", {"-32768", "32767"}, "INTEGER"},
      {"integer", {"-2147483648", "2147483647"}},
      {"bigint", {"-9223372036854775808", "9223372036854775807"}},
      {"utinyint", {"0", "255"}, "INTEGER"},
      {"usmallint", {"0", "65535"}, "INTEGER"},
      {"uinteger", {"0", "4294967295"}, "BIGINT"},
      {"ubigint", {"0", "18446744073709551615"}, "DECIMAL(20,0)"},
      {"hugeint", {"-99999999999999999999999999999999999999", "0"}, "DECIMAL(38,0)"},
      {"float", {"-1.5", "inf", "nan"}},
      {"double", {"-1.5e+300", "-inf", "nan"}},
      {"decimal(4, 1)", {"-999.9", "0.0"}},
      {"decimal(9, 2)", {"-9999999.99", "0.01"}},
      {"decimal(18, 6)", {"-999999999999.999999", "1.000000"}},
      {"decimal(38, 10)", {"9999999999999999999999999999.9999999999", "0.0000000001"}},
      {"varchar", {"", "Grüße, 世界", "null"}},
      {"blob", {"", "\\x00\\xFF", "abc"}},
      {"uuid",
       {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}},
      {"date", {"0001-01-01", "1969-12-31", "9999-12-31"}},
      {"time", {"00:00:00", "23:59:59.999999"}},
      {"timestamp", {"0001-01-01 00:00:00", "1969-12-31 23:59:59.999999"}},
      {"timestamptz", {"1970-01-01 00:00:00+00", "2026-11-20 15:04:05.123456+00"}},
      {"timestamp_s", {"2026-11-20 15:04:05"}, "TIMESTAMP"},
      {"timestamp_ms", {"2026-11-20 15:04:05.123"}, "TIMESTAMP"},
      {"integer[]", {"[]", "[1, NULL, 3]"}},
      {"varchar[][]", {"[[a, NULL], []]", "[NULL]"}},
      {"struct(a integer, b varchar)", {"{'a': 1, 'b': NULL}"}},
      {"struct(u uuid, ok boolean)",
       {"{'u': 00000000-0000-0000-0000-000000000001, 'ok': true}"}},
      {"map(varchar, integer)", {"{}", "{x=1, y=NULL}"}},
      {"struct(l map(varchar, struct(d date)[]))",
       {"{'l': {k=[{'d': 2026-01-01}, NULL]}}"}},
  };
  return cases;
}

std::string Quoted(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2) {
    text.insert(at, 1, '\'');
  }
  return "'" + text + "'";
}

// Reads the column back as text in the order of the rows.
std::vector<std::string> TextsOf(SqlRig& rig, const std::string& table) {
  return rig.Rows("select coalesce(x::varchar, '<null>') from " + table + " order by i");
}

TEST_F(LakeWriteTest, EveryTypeComesBack) {
  rig_.Rows("create schema t");
  int number = 0;
  for (const TypeCase& c : TypeCases()) {
    SCOPED_TRACE(c.type);
    const std::string as = fmt::format("t.as_{}", number),
                      in = fmt::format("t.in_{}", number++);
    std::string values = "(0, NULL)";
    std::vector<std::string> wanted = {"<null>"};
    for (const char* value : c.values) {
      values += fmt::format(", ({}, {})", wanted.size(), Quoted(value));
      wanted.push_back(value);
    }
    const std::string query =
        fmt::format("select i, x::{} as x from (values {}) v(i, x)", c.type, values);
    rig_.Rows(fmt::format("create table {} as {}", as, query));
    EXPECT_EQ(TextsOf(rig_, as), wanted);
    rig_.Rows(fmt::format("create table {} (i integer, x {})", in, c.type));
    rig_.Rows(fmt::format("insert into {} {}", in, query));
    EXPECT_EQ(TextsOf(rig_, in), wanted);
    for (const std::string& table : {as, in}) {
      const std::string kept =
          c.kept ? fmt::format("'{}'", c.kept) : fmt::format("typeof(NULL::{})", c.type);
      EXPECT_THAT(
          rig_.Rows(fmt::format("select distinct typeof(x) = {} from {}", kept, table)),
          ElementsAre("true"));
    }
  }
}

TEST_F(LakeWriteTest, TypesThatTheLakeHasNotAreRefusedByName) {
  rig_.Rows("create schema t");
  for (const char* value : {"interval '1 day'", "'12:00:00+01'::timetz", "'101'::bit",
                            "1::uhugeint", "'2026-01-01'::timestamp_ns"}) {
    SCOPED_TRACE(value);
    EXPECT_THAT(rig_.Failure(fmt::format("create table t.x as select {} as odd", value),
                             ErrorKind::kUserInput),
                testing::AllOf(HasSubstr("column odd"), HasSubstr("cast")));
  }
  EXPECT_THAT(
      rig_.Failure("create table t.x as select 170141183460469231731687303715884105727 "
                   "as big",
                   ErrorKind::kUserInput),
      HasSubstr("170141183460469231731687303715884105727"));
  EXPECT_FALSE(rig_.Exists("t.x"));
}

TEST_F(LakeWriteTest, CreateTableAsCountsItsRows) {
  rig_.Rows("create schema t");
  const Answer answer =
      rig_.Ask("create table lake.t.n as select * from range(100000) r(i)");
  EXPECT_EQ(answer.status, Status::OK());
  EXPECT_EQ(answer.kind, "CREATE TABLE AS");
  EXPECT_EQ(answer.rows_changed, 100000);
  EXPECT_THAT(rig_.Rows("select count(*), sum(i), count(distinct i) from t.n"),
              ElementsAre("100000|4999950000|100000"));
  EXPECT_EQ(rig_.Metadata("t.n").CurrentSnapshot()->summary.at("added-records"),
            "100000");
}

TEST_F(LakeWriteTest, ManyThreadsWriteEveryRowOnce) {
  EngineOptions options = rig_.Options();
  options.threads = 4;
  rig_.Start(options);
  rig_.Rows("create schema t");
  rig_.Rows("create table t.source as select i from range(500000) r(i)");
  rig_.Rows(
      "create table t.copy as select i * 2 as i, repeat('x', 100) as s from t.source");
  EXPECT_THAT(
      rig_.Rows("select count(*), count(distinct i), sum(i), max(length(s)) from t.copy"),
      ElementsAre("500000|500000|249999500000|100"));
}

TEST_F(LakeWriteTest, InsertWithAndWithoutColumns) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x (a integer not null, b varchar, c decimal(9, 2))");
  Answer answer = rig_.Ask("insert into t.x values (1, 'one', 1.5), (2, null, null)");
  EXPECT_EQ(answer.status, Status::OK());
  EXPECT_EQ(answer.kind, "INSERT");
  EXPECT_EQ(answer.rows_changed, 2);
  rig_.Rows("insert into t.x (c, a) select 9, 3");
  rig_.Rows("insert into t.x by name select 'four' as b, 4 as a");
  EXPECT_THAT(rig_.Rows("select * from t.x order by a"),
              ElementsAre("1|one|1.50", "2|null|null", "3|null|9.00", "4|four|null"));
  answer = rig_.Ask("insert into t.x select * from t.x where false");
  EXPECT_EQ(answer.rows_changed, 0);
  EXPECT_THAT(rig_.Metadata("t.x").snapshots, SizeIs(3));
}

TEST_F(LakeWriteTest, NotNullIsKept) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x (a integer not null, s struct(v integer), b varchar)");
  for (const char* sql : {"insert into t.x values (1, null, null), (null, null, 'b')",
                          "insert into t.x (b) values ('b')"}) {
    EXPECT_THAT(rig_.Failure(sql, ErrorKind::kUserInput),
                testing::AllOf(HasSubstr("t.x.a"), HasSubstr("NOT NULL")));
  }
  EXPECT_THAT(rig_.Rows("select count(*) from t.x"), ElementsAre("0"));
  EXPECT_EQ(rig_.CountFiles(".parquet"), 0);
  EXPECT_THAT(
      rig_.Rows("select column_name, is_nullable from information_schema.columns where "
                "table_name = 'x' order by ordinal_position"),
      ElementsAre("a|NO", "s|YES", "b|YES"));
}

TEST_F(LakeWriteTest, AFailedCreateTableAsLeavesNothing) {
  rig_.Rows("create schema t");
  EXPECT_THAT(rig_.Failure(
                  "create table t.x as select case when i = 300000 then error('no good') "
                  "else i::varchar end as v from range(400000) r(i)",
                  ErrorKind::kUserInput),
              HasSubstr("no good"));
  EXPECT_FALSE(rig_.Exists("t.x"));
  EXPECT_EQ(rig_.CountFiles(".parquet"), 0);
  EXPECT_EQ(rig_.CountFiles(".json"), 0);
  EXPECT_EQ(rig_.CountFiles(".avro"), 0);
}

TEST_F(LakeWriteTest, CreateTwiceAndReplace) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x as select 1 as a");
  rig_.Failure("create table t.x as select 2 as a", ErrorKind::kAlreadyExists);
  rig_.Failure("create table t.x (a integer)", ErrorKind::kAlreadyExists);
  rig_.Rows("create table if not exists t.x as select 3 as a");
  rig_.Rows("create table if not exists t.x (a integer)");
  EXPECT_THAT(rig_.Rows("select * from t.x"), ElementsAre("1"));
  rig_.Rows("create or replace table t.x as select 'new' as b, a + 1 as a from t.x");
  EXPECT_THAT(rig_.Rows("select b, a from t.x"), ElementsAre("new|2"));
  EXPECT_THAT(rig_.Metadata("t.x").snapshots, SizeIs(2));
  EXPECT_THAT(
      rig_.Failure("create or replace table t.x (a integer)", ErrorKind::kUserInput),
      HasSubstr("AS SELECT"));
}

TEST_F(LakeWriteTest, AnEmptyCreateTableAsMakesTheTable) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x as select 1 as a, 'b' as b where false");
  EXPECT_TRUE(rig_.Exists("t.x"));
  EXPECT_THAT(rig_.Rows("select count(*) from t.x"), ElementsAre("0"));
}

TEST_F(LakeWriteTest, DropTable) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x as select 1 as a");
  EXPECT_EQ(rig_.Ask("drop table t.x").kind, "DROP TABLE");
  EXPECT_FALSE(rig_.Exists("t.x"));
  rig_.Failure("drop table t.x", ErrorKind::kNotFound);
  rig_.Failure("select * from t.x", ErrorKind::kNotFound);
  rig_.Rows("drop table if exists t.x");
  EXPECT_THAT(rig_.Failure("drop schema t", ErrorKind::kUserInput),
              HasSubstr("namespace t"));
}

TEST_F(LakeWriteTest, NamespacesOfSeveralLevels) {
  rig_.Rows("create schema \"a.b\"");
  rig_.Rows("create table \"a.b\".x as select 7 as v");
  EXPECT_THAT(rig_.Rows("select v from lake.\"a.b\".x"), ElementsAre("7"));
  EXPECT_THAT(rig_.Rows("show tables"), ElementsAre("a.b.x"));
  rig_.Failure("create schema \"a.b\"", ErrorKind::kAlreadyExists);
  rig_.Rows("create schema if not exists \"a.b\"");
}

TEST_F(LakeWriteTest, PartitionedTables) {
  rig_.Rows("create schema t");
  rig_.Rows(
      "create table t.x (id integer, day timestamp) partitioned by (day(day), bucket(4, "
      "id))");
  rig_.Rows(
      "insert into t.x select i, timestamp '2026-01-01' + to_days((i % 3)::int) from "
      "range(100) r(i)");
  EXPECT_EQ(rig_.Metadata("t.x").DefaultSpec().fields.size(), 2);
  EXPECT_THAT(rig_.Rows("select count(*) from t.x where day >= timestamp '2026-01-03'"),
              ElementsAre("33"));
  EXPECT_THAT(rig_.Rows("select count(*), count(distinct id) from t.x"),
              ElementsAre("100|100"));
  EXPECT_THAT(rig_.Failure("create table t.y partitioned by (a) as select 1 as a",
                           ErrorKind::kUserInput),
              HasSubstr("INSERT INTO"));
}

TEST_F(LakeWriteTest, WhatIsNotHeldIsRefusedByName) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x as select 1 as a, 'b' as b");
  struct Case {
    const char* sql;
    const char* said;
  };
  const std::vector<Case> cases = {
      {"create table t.y (a integer primary key)", "primary keys"},
      {"create table t.y (a integer unique)", "UNIQUE"},
      {"create table t.y (a integer check (a > 1))", "CHECK"},
      {"create table t.y (a integer default 4)", "defaults"},
      {"create table t.y (a integer, b integer generated always as (a + 1))",
       "generated"},
      {"create table t.y (a integer) with (format = 'x')", "WITH options"},
      {"create table y (a integer)", "NAMESPACE.y"},
      {"create table y as select 1 as a", "NAMESPACE.y"},
      {"create view t.v as select 1", "CREATE TEMP VIEW"},
      {"create index i on t.x (a)", "index"},
      {"create sequence t.s", "row_number"},
      {"create macro t.m(a) as a + 1", "CREATE TEMP MACRO"},
      {"create type t.e as enum ('x')", "CREATE TEMP TYPE"},
      {"delete from t.x where a = 1", "DELETE"},
      {"truncate t.x", "DELETE"},
      {"update t.x set a = 2", "UPDATE"},
      {"merge into t.x using (select 1 as a) s on x.a = s.a when matched then delete",
       "MERGE"},
      {"alter table t.x add column c integer", "ALTER"},
      {"alter table t.x rename to y", "ALTER"},
      {"insert into t.x values (1, 'c') returning a", "RETURNING"},
      {"insert into t.x values (1, 'c') on conflict do nothing", "KEY"},
      {"begin; insert into t.x values (1, 'c')", "BEGIN"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    EXPECT_THAT(rig_.Failure(c.sql, ErrorKind::kUserInput), HasSubstr(c.said));
    rig_.Ask("rollback");
  }
  EXPECT_THAT(rig_.Rows("select * from t.x"), ElementsAre("1|b"));
  EXPECT_FALSE(rig_.Exists("t.y"));
}

TEST_F(LakeWriteTest, TemporaryTablesTakeEverything) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x as select i from range(10) r(i)");
  rig_.Rows(
      "create temp table keep as select i from t.x; update keep set i = i + 100; "
      "delete from keep where i > 105; create temp view v as select * from keep; "
      "create temp macro twice(a) as a * 2");
  EXPECT_THAT(rig_.Rows("select count(*), twice(max(i)) from v"), ElementsAre("6|210"));
  rig_.Rows("insert into t.x select i from keep");
  EXPECT_THAT(rig_.Rows("select count(*) from t.x"), ElementsAre("16"));
}

TEST_F(LakeWriteTest, PreparedStatementsSeeTheLakeAsItIs) {
  rig_.Rows("create schema t");
  rig_.Rows("create table t.x (i integer)");
  rig_.Rows(
      "prepare put as insert into t.x values ($1); prepare count as select count(*) from "
      "t.x");
  rig_.Rows("execute put(1)");
  EXPECT_THAT(rig_.Rows("execute count"), ElementsAre("1"));
  EXPECT_EQ(rig_.Ask("execute put(2)").rows_changed, 1);
  EXPECT_THAT(rig_.Rows("execute count"), ElementsAre("2"));
}

TEST_F(LakeWriteTest, ALostRaceIsToldAndChangesNothing) {
  rig_.Rows("create schema t");
  EngineOptions options = rig_.Options();
  // Somebody else makes the table between the look-up and the commit.
  const auto make_sink = options.make_sink;
  auto other = Engine::Make(options).ValueOrDie();
  options.make_sink = [&](const catalog::TableIdent& ident) {
    auto sink = make_sink(ident);
    EXPECT_TRUE(other
                    ->Execute("create table t.x as select 'theirs' as v", {},
                              [](StatementResult&) { return Status::OK(); })
                    .ok());
    return sink;
  };
  rig_.Start(options);
  EXPECT_THAT(
      rig_.Failure("create table t.x as select 'ours' as v", ErrorKind::kAlreadyExists),
      HasSubstr("t.x"));
  EXPECT_THAT(rig_.Rows("select v from t.x"), ElementsAre("theirs"));
}

TEST_F(LakeWriteTest, HugeValuesAreWrittenInSmallBatches) {
  rig_.Rows("create schema t");
  EngineOptions options = rig_.Options();
  options.memory_bytes_max = 512 << 20;
  rig_.Start(options);
  rig_.Rows(
      "create table t.x as select i, repeat(chr(65 + (i % 26)::int), 1000000) as s from "
      "range(200) r(i)");
  EXPECT_THAT(rig_.Rows("select count(*), sum(length(s)) from t.x"),
              ElementsAre("200|200000000"));
}

}  // namespace
}  // namespace sluice::sql
