#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "base/text.h"
#include "connectors/postgresql/real_server_test.h"

namespace sluice::connectors::postgresql {
namespace {

int64_t Pick(std::mt19937_64& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

template <size_t N>
std::string OneOf(std::mt19937_64& random, const char* const (&words)[N]) {
  return words[Pick(random, 0, N - 1)];
}

std::string AnyBigint(std::mt19937_64& random) {
  switch (Pick(random, 0, 5)) {
    case 0:
      return std::to_string(Pick(random, -50, 50));
    case 1:
      return std::to_string(INT64_MAX - Pick(random, 0, 5000));
    case 2:
      return "'" + std::to_string(INT64_MIN + Pick(random, 0, 5000)) + "'";
    case 3:
      return "NULL";
    default:
      return std::to_string(Pick(random, 1, 100000));
  }
}

std::string AnyFloat(std::mt19937_64& random) {
  static const char* const kSpecial[] = {"'NaN'", "'Infinity'", "'-Infinity'", "'-0'",
                                         "0",     "'1e-40'",    "NULL"};
  if (Pick(random, 0, 2) == 0) return OneOf(random, kSpecial);
  return fmt::format("{:.17g}", std::uniform_real_distribution<>(-2, 2)(random));
}

std::string AnyNumeric(std::mt19937_64& random) {
  static const char* const kSpecial[] = {"'NaN'", "'Infinity'", "1.0",
                                         "1.00",  "1e100",      "NULL"};
  if (Pick(random, 0, 2) == 0) return OneOf(random, kSpecial);
  return fmt::format("{}.{:03}", Pick(random, -99, 99), Pick(random, 0, 999));
}

std::string AnyText(std::mt19937_64& random) {
  static const char* const kParts[] = {"a", "A", "b", "''", "Z", "z", "\\",
                                       "%", "1", "é", "É",  " ", "\n"};
  if (Pick(random, 0, 9) == 0) return "NULL";
  std::string text;
  for (int64_t i = Pick(random, 0, 4); i > 0; --i) text += OneOf(random, kParts);
  return "'" + text + "'";
}

std::string AnyTimestamp(std::mt19937_64& random) {
  static const char* const kSpecial[] = {"'infinity'", "'-infinity'", "'4713-11-24 BC'",
                                         "'294276-12-31'", "NULL"};
  if (Pick(random, 0, 3) == 0) return OneOf(random, kSpecial);
  return fmt::format("'2020-01-{:02} 00:00:0{}.{}'", Pick(random, 1, 28),
                     Pick(random, 0, 9), Pick(random, 0, 9));
}

std::string AnyUuid(std::mt19937_64& random) {
  return fmt::format("'{:08x}-0000-4000-8000-000000000000'",
                     static_cast<uint32_t>(Pick(random, 0, UINT32_MAX)));
}

std::string AnyBytea(std::mt19937_64& random) {
  return fmt::format("'\\x{:04x}'", Pick(random, 0, 65535));
}

std::string AnyEnum(std::mt19937_64& random) {
  static const char* const kLabels[] = {"'late'", "'early'", "'Middle'", "NULL"};
  return OneOf(random, kLabels);
}

std::string Fat(std::mt19937_64& random) {
  return Pick(random, 0, 9) < 6 ? "7" : AnyBigint(random);
}

std::string Bucket(std::mt19937_64& random) {
  return std::to_string(Pick(random, 0, 9) < 6 ? 0 : Pick(random, 1, 3));
}

/// A kind of key: the type of column k and how a random key is written. Rows have a
/// number of their own in column n, by which lost and doubled rows are found.
struct KeyKind {
  std::string name;
  std::string columns;  // besides n and pad
  bool split_by_k;
  std::string (*literal)(std::mt19937_64&);
  std::string after = "";  // of CREATE TABLE (...)
  int splits_min = 3;
};

const std::vector<KeyKind> kKinds = {
    {"no key", "k bigint", false, AnyBigint},
    {"no key, generated column", "k bigint, g int GENERATED ALWAYS AS (7) STORED", false,
     AnyBigint},
    {"partitioned", "k bigint", false, Bucket, "PARTITION BY LIST (k)"},
    {"bigint", "k bigint", true, AnyBigint},
    {"bigint composite key", "k bigint DEFAULT 0", true, Fat},
    {"float", "k double precision", true, AnyFloat},
    {"real", "k real", true, AnyFloat},
    {"numeric", "k numeric", true, AnyNumeric},
    {"case-insensitive text", "k text COLLATE ci", true, AnyText},
    {"unicode text", "k text COLLATE \"und-x-icu\"", true, AnyText},
    {"plain text", "k text COLLATE \"C\"", true, AnyText},
    {"char", "k char(6)", true, AnyText},
    {"domain over varchar", "k short", true, AnyText},
    {"timestamp", "k timestamp", true, AnyTimestamp},
    {"timestamptz", "k timestamptz NOT NULL DEFAULT now()", true, AnyTimestamp},
    {"uuid", "k uuid", true, AnyUuid},
    {"bytea", "k bytea", true, AnyBytea},
    {"enum", "k stage", true, AnyEnum, "", 2},
};

class PlanTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    TestServer::Get().Run(
        {"CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic "
         "= false)",
         "CREATE DOMAIN short AS varchar(8)",
         "CREATE TYPE stage AS ENUM ('early', 'Middle', 'late')"});
  }

  /// Makes table t with about `rows` rows; few fit on a page.
  void Fill(const KeyKind& kind, int64_t rows, std::mt19937_64& random) {
    server_.Run({"DROP TABLE IF EXISTS t CASCADE",
                 "CREATE TABLE t(n int, pad text, " + kind.columns + ") " + kind.after});
    if (!kind.after.empty()) {
      for (int part = 0; part < 4; ++part) {
        server_.Run(
            {fmt::format("CREATE TABLE t{0} PARTITION OF t FOR VALUES IN ({0})", part)});
      }
    }
    std::vector<std::string> tuples;
    for (int64_t i = 0; i < rows; ++i) {
      std::string literal = kind.literal(random);
      if (literal == "NULL" && kind.columns.find("NOT NULL") != std::string::npos)
        continue;
      tuples.push_back(fmt::format("({}, repeat('x', 1500), {})", i, literal));
    }
    if (!tuples.empty())
      server_.Run({"INSERT INTO t(n, pad, k) VALUES " + Join(tuples, ", ")});
    // Holes, moved rows, and statistics that are there or not.
    if (Pick(random, 0, 2) == 0) server_.Run({"DELETE FROM t WHERE n % 3 = 0"});
    if (Pick(random, 0, 2) == 0)
      server_.Run({"UPDATE t SET pad = 'short' WHERE n % 5 = 0"});
    if (Pick(random, 0, 1) == 0) server_.Run({"ANALYZE t"});
  }

  std::vector<int64_t> NumbersOnServer() {
    std::vector<int64_t> numbers;
    for (const std::string& n : server_.Column("SELECT n FROM t ORDER BY n")) {
      numbers.push_back(std::stoll(n));
    }
    return numbers;
  }

  TestServer& server_ = TestServer::Get();
};

TEST_F(PlanTest, EveryRowOnceForRandomKeys) {
  std::mt19937_64 random(20261120);
  std::map<std::string, size_t> splits_max;
  constexpr int kCases = 306;
  for (int i = 0; i < kCases; ++i) {
    const KeyKind& kind = kKinds[static_cast<size_t>(i) % kKinds.size()];
    SCOPED_TRACE(fmt::format("case {} {}", i, kind.name));
    Fill(kind, Pick(random, 0, 120), random);
    const auto expected = NumbersOnServer();
    connect::ReadOptions options;
    options.parallel = static_cast<int>(Pick(random, 1, 3));
    options.chunk_rows_min = Pick(random, 1, 20);
    options.chunks_per_connection = 4;
    auto source = server_.Source(options);
    connect::Selection selection = TableSelection("t");
    if (kind.split_by_k && Pick(random, 0, 3) == 0) {
      selection = QuerySelection("SELECT * FROM t -- as a query");
    }
    selection.columns = {"n"};
    if (kind.split_by_k) selection.split_by = "k";
    auto table = ReadAll(*source, selection);
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    ASSERT_EQ(SortedNumbers(**table, "n"), expected);
    size_t splits = source->Plan(selection).ValueOrDie().splits.size();
    splits_max[kind.name] = std::max(splits_max[kind.name], splits);
  }
  for (const KeyKind& kind : kKinds) {
    EXPECT_GE(splits_max[kind.name], static_cast<size_t>(kind.splits_min)) << kind.name;
  }
}

std::vector<int64_t> RowsPerSplit(connect::Source& source,
                                  const connect::ReadPlan& plan) {
  std::vector<int64_t> rows;
  for (const connect::Split& split : plan.splits) {
    int64_t count = 0;
    for (const auto& batch : ReadSplit(source, split).ValueOrDie())
      count += batch->num_rows();
    rows.push_back(count);
  }
  return rows;
}

TEST_F(PlanTest, PagesAreCutEvenlyWithoutAnyKeyOrStatistics) {
  server_.Run({"DROP TABLE IF EXISTS heap", "CREATE TABLE heap(i bigint)",
               "INSERT INTO heap SELECT 1 FROM generate_series(1, 100000)"});
  connect::ReadOptions options;
  options.chunk_rows_min = 1000;
  auto source = server_.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(TableSelection("heap")).ValueOrDie();
  EXPECT_EQ(plan.method, "pages (ctid), 32 ranges");
  EXPECT_NEAR(static_cast<double>(plan.estimated_rows), 100000, 30000);
  auto rows = RowsPerSplit(*source, plan);
  EXPECT_EQ(std::accumulate(rows.begin(), rows.end(), int64_t{0}), 100000);
  EXPECT_LE(*std::max_element(rows.begin(), rows.end()), 2 * 100000 / 32);
  // The ranges are read through the pages that they name, not by 32 whole scans.
  connect::Selection selection = TableSelection("heap");
  auto explained =
      server_.Column("EXPLAIN SELECT i FROM heap WHERE " + plan.splits[3].text);
  EXPECT_NE(explained.at(0).find("Tid Range Scan"), std::string::npos) << explained.at(0);
}

TEST_F(PlanTest, PartitionsOfUnequalSizeGiveEqualSplits) {
  server_.Run({"DROP TABLE IF EXISTS parts",
               "CREATE TABLE parts(i int, k int) PARTITION BY LIST (k)",
               "CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN (1)",
               "CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN (2)",
               "CREATE TABLE parts_c PARTITION OF parts DEFAULT",
               "INSERT INTO parts SELECT i, CASE WHEN i % 10 < 8 THEN 1 ELSE i % 10 END "
               "FROM generate_series(1, 100000) i"});
  connect::ReadOptions options;
  options.chunk_rows_min = 1000;
  auto source = server_.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(TableSelection("parts")).ValueOrDie();
  auto rows = RowsPerSplit(*source, plan);
  EXPECT_EQ(std::accumulate(rows.begin(), rows.end(), int64_t{0}), 100000);
  EXPECT_GE(rows.size(), 20u);
  EXPECT_LE(*std::max_element(rows.begin(), rows.end()), 3 * 100000 / 32);
}

TEST_F(PlanTest, InheritedRowsAreReadOnce) {
  server_.Run({"DROP TABLE IF EXISTS parent CASCADE", "CREATE TABLE parent(n int)",
               "CREATE TABLE child(more text) INHERITS (parent)",
               "INSERT INTO parent SELECT generate_series(1, 3000)",
               "INSERT INTO child SELECT generate_series(3001, 9000), 'x'"});
  connect::ReadOptions options;
  options.chunk_rows_min = 500;
  auto source = server_.Source(options);
  auto numbers =
      SortedNumbers(*ReadAll(*source, TableSelection("parent")).ValueOrDie(), "n");
  std::vector<int64_t> expected(9000);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(numbers, expected);
}

TEST_F(PlanTest, LargeTablesAreSampledForSplitBy) {
  server_.Run({"DROP TABLE IF EXISTS large",
               "CREATE TABLE large AS SELECT i, i % 1000 AS k FROM "
               "generate_series(1, 700000) i",
               "ANALYZE large"});
  auto source = server_.Source();
  connect::Selection selection = TableSelection("large");
  selection.split_by = "k";
  selection.columns = {"i"};
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(selection).ValueOrDie();
  EXPECT_EQ(plan.splits.size(), 15u);  // 14 of 50,000 rows, and IS NULL
  auto rows = RowsPerSplit(*source, plan);
  EXPECT_EQ(std::accumulate(rows.begin(), rows.end(), int64_t{0}), 700000);
  EXPECT_LE(*std::max_element(rows.begin(), rows.end()), 2 * 50000);
}

TEST_F(PlanTest, SmallTablesViewsAndQueriesAreOneStream) {
  server_.Run({"DROP VIEW IF EXISTS a_view", "DROP TABLE IF EXISTS small",
               "CREATE TABLE small AS SELECT 1 AS id",
               "CREATE VIEW a_view AS SELECT 1 AS id"});
  auto source = server_.Source();
  EXPECT_TRUE(source->Plan(TableSelection("small"))
                  .ValueOrDie()
                  .method.starts_with("one stream: about"));
  EXPECT_EQ(source->Plan(TableSelection("a_view")).ValueOrDie().method,
            "one stream: a view without --split-by");
  EXPECT_EQ(source->Plan(QuerySelection("SELECT 1 AS one")).ValueOrDie().method,
            "one stream: a query without --split-by");
}

TEST_F(PlanTest, WhereHoldsInEverySplit) {
  server_.Run(
      {"DROP TABLE IF EXISTS filtered",
       "CREATE TABLE filtered AS SELECT i AS n FROM generate_series(1, 20000) i"});
  connect::ReadOptions options;
  options.chunk_rows_min = 500;
  connect::Selection selection = TableSelection("filtered");
  selection.where = "n > 15000 OR n = 1 -- two parts";
  auto source = server_.Source(options);
  auto table = ReadAll(*source, selection);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ((*table)->num_rows(), 5001);
  EXPECT_GT(source->Plan(selection).ValueOrDie().splits.size(), 5u);
}

TEST_F(PlanTest, SplitColumnsMustExistAndHaveAnOrder) {
  server_.Run({"DROP TABLE IF EXISTS documents",
               "CREATE TABLE documents(id int, body json)",
               "INSERT INTO documents SELECT i, '{}' FROM generate_series(1, 2000) i"});
  connect::ReadOptions options;
  options.chunk_rows_min = 10;
  auto source = server_.Source(options);
  connect::Selection selection = TableSelection("documents");
  selection.split_by = "nosuch";
  EXPECT_EQ(KindOf(source->Plan(selection).status()), ErrorKind::kNotFound);
  selection.split_by = "body";
  Status status = source->Plan(selection).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput) << status.ToString();
}

}  // namespace
}  // namespace sluice::connectors::postgresql
