#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "connectors/sqlite/temporary_file_test.h"

namespace sluice::connectors::sqlite {
namespace {

/// A kind of key: how the table is declared and how one random key is written. Rows have
/// a number of their own in column n, by which lost and doubled rows are found.
struct KeyKind {
  std::string name;
  std::string create;  // columns k and n, in this order
  std::string split_by;
  std::string (*literal)(std::mt19937_64&);
};

int64_t Pick(std::mt19937_64& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

std::string AnyInteger(std::mt19937_64& random) {
  switch (Pick(random, 0, 4)) {
    case 0:
      return std::to_string(Pick(random, -50, 50));
    case 1:
      return std::to_string(INT64_MAX - Pick(random, 0, 5000));
    case 2:
      return std::to_string(INT64_MIN + Pick(random, 0, 5000));
    case 3:
      return std::to_string(Pick(random, 1, 100000));
    default:
      return std::to_string(Pick(random, INT64_MIN, INT64_MAX));
  }
}

std::string AnyReal(std::mt19937_64& random) {
  static const char* const kSpecial[] = {"9e999",  "-9e999", "-0.0",
                                         "5e-324", "0.1",    "NULL"};
  if (Pick(random, 0, 5) == 0) return kSpecial[Pick(random, 0, 5)];
  return fmt::format("{:.17g}e{}", std::uniform_real_distribution<>(-2, 2)(random),
                     Pick(random, -5, 5));
}

std::string AnyText(std::mt19937_64& random) {
  static const char* const kParts[] = {"a", "A", "b", "''", "Z", "z",
                                       "%", "1", "é", "É",  " "};
  std::string text;
  for (int64_t i = Pick(random, 0, 4); i > 0; --i) text += kParts[Pick(random, 0, 10)];
  return "'" + text + "'";
}

std::string AnyBlob(std::mt19937_64& random) {
  return fmt::format("x'{:04x}'", Pick(random, 0, 65535));
}

std::string Anything(std::mt19937_64& random) {
  switch (Pick(random, 0, 5)) {
    case 0:
      return "NULL";
    case 1:
      return AnyInteger(random);
    case 2:
      return AnyReal(random);
    case 3:
      return AnyBlob(random);
    case 4:
      return "'x' || char(0) || " + AnyText(random);
    default:
      return AnyText(random);
  }
}

std::string SkewedInteger(std::mt19937_64& random) {
  return Pick(random, 0, 9) < 6 ? "7" : AnyInteger(random);
}

std::string NoKey(std::mt19937_64&) { return "0"; }

const std::vector<KeyKind> kKinds = {
    {"rowid", "CREATE TABLE t(k INTEGER PRIMARY KEY, n INTEGER)", "", AnyInteger},
    {"hidden rowid", "CREATE TABLE t(k INT, n INTEGER)", "", NoKey},
    {"shadowed rowid", "CREATE TABLE t(rowid TEXT, n INTEGER, oid INT, _rowid_ BLOB)", "",
     NoKey},
    {"descending key", "CREATE TABLE t(k INTEGER PRIMARY KEY DESC, n INTEGER)", "",
     AnyInteger},
    {"without rowid text",
     "CREATE TABLE t(k TEXT COLLATE NOCASE, n INTEGER, "
     "PRIMARY KEY (k, n)) WITHOUT ROWID",
     "", AnyText},
    {"without rowid real",
     "CREATE TABLE t(k REAL, n INTEGER, PRIMARY KEY (n, k)) "
     "WITHOUT ROWID",
     "", AnyInteger},
    {"without rowid blob",
     "CREATE TABLE t(k BLOB, n INTEGER, PRIMARY KEY (k, n)) "
     "WITHOUT ROWID",
     "", AnyBlob},
    {"composite, one fat value",
     "CREATE TABLE t(k INTEGER, n INTEGER, PRIMARY KEY (k, n)) "
     "WITHOUT ROWID",
     "", SkewedInteger},
    {"split by text", "CREATE TABLE t(k TEXT COLLATE NOCASE, n INTEGER)", "k", AnyText},
    {"split by indexed text", "CREATE TABLE t(k TEXT, n INTEGER); CREATE INDEX i ON t(k)",
     "k", AnyText},
    {"split by real with NULLs",
     "CREATE TABLE t(k REAL, n INTEGER); CREATE INDEX i ON t(k)", "k", AnyReal},
    {"split by anything", "CREATE TABLE t(k, n INTEGER)", "k", Anything},
    {"split by indexed anything", "CREATE TABLE t(k, n INTEGER); CREATE INDEX i ON t(k)",
     "k", Anything},
    {"split by numeric", "CREATE TABLE t(k NUMERIC, n INTEGER)", "k", Anything},
};

/// Fills t with up to `rows` rows; the numbers that are in it, ascending.
std::vector<int64_t> Fill(TestFile& file, const KeyKind& kind, int64_t rows,
                          std::mt19937_64& random) {
  file.Run(kind.create);
  file.Run("BEGIN");
  const bool rowid_table = kind.name == "shadowed rowid";
  for (int64_t i = 0; i < rows; ++i) {
    file.Run(fmt::format("INSERT OR IGNORE INTO t({}, n) VALUES ({}, {})",
                         rowid_table ? "rowid" : "k", kind.literal(random), i));
  }
  if (Pick(random, 0, 2) == 0) file.Run("DELETE FROM t WHERE n % 3 = 0");
  file.Run("COMMIT");
  auto statement = file.database().Prepare("SELECT n FROM t ORDER BY n").ValueOrDie();
  std::vector<int64_t> numbers;
  while (statement.Step().ValueOrDie()) numbers.push_back(statement.int_at(0));
  return numbers;
}

std::vector<int64_t> Numbers(const arrow::Table& table) {
  std::vector<int64_t> numbers;
  for (const auto& chunk : table.GetColumnByName("n")->chunks()) {
    const auto& column = static_cast<const arrow::Int64Array&>(*chunk);
    for (int64_t i = 0; i < column.length(); ++i) numbers.push_back(column.Value(i));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(PlanTest, EveryRowOnceForRandomKeys) {
  std::mt19937_64 random(20261120);
  TestFile file;
  std::map<std::string, size_t> splits_max;
  constexpr int kCases = 700;
  for (int i = 0; i < kCases; ++i) {
    const KeyKind& kind = kKinds[i % kKinds.size()];
    SCOPED_TRACE(fmt::format("case {} {}", i, kind.name));
    file.Recreate();
    std::vector<int64_t> expected = Fill(file, kind, Pick(random, 0, 120), random);
    connect::ReadOptions options;
    options.parallel = static_cast<int>(Pick(random, 1, 3));
    options.chunk_rows_min = Pick(random, 1, 20);
    options.chunks_per_connection = 4;
    options.wrong_storage_class = connect::OddValuePolicy::kNull;
    auto source = file.Source(options);
    connect::Selection selection = TableSelection("t");
    selection.columns = {"n"};
    selection.split_by = kind.split_by;
    auto table = ReadAll(*source, selection);
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    ASSERT_EQ(Numbers(**table), expected);
    size_t splits = source->Plan(selection).ValueOrDie().splits.size();
    splits_max[kind.name] = std::max(splits_max[kind.name], splits);
  }
  for (const KeyKind& kind : kKinds) {
    bool has_key = kind.name != "shadowed rowid";
    EXPECT_EQ(splits_max[kind.name] > 2, has_key) << kind.name;
  }
}

/// Rows per split of the plan.
std::vector<int64_t> SplitRows(TestFile& file, connect::Source& source,
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

TEST(PlanTest, SkewedRowidsDoNotGiveOneSplitAll) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER);"
      "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 40000) "
      "INSERT INTO t SELECT i, i FROM s;"
      "INSERT INTO t VALUES (4611686018427387904, 0)");
  connect::ReadOptions options;
  options.chunk_rows_min = 1000;
  auto source = file.Source(options);
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(TableSelection("t")).ValueOrDie();
  EXPECT_EQ(plan.splits.size(), 32u);
  EXPECT_EQ(plan.estimated_rows, 40001);
  auto rows = SplitRows(file, *source, plan);
  EXPECT_EQ(std::accumulate(rows.begin(), rows.end(), int64_t{0}), 40001);
  EXPECT_LE(*std::max_element(rows.begin(), rows.end()), 2 * 40001 / 32);
}

TEST(PlanTest, DenseRowidsAreCutEvenlyWithoutReadingThem) {
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
  EXPECT_EQ(plan.method, "primary key id, 32 even ranges");
  EXPECT_EQ(plan.estimated_rows, 40000);
  auto rows = SplitRows(file, *source, plan);
  EXPECT_EQ(std::accumulate(rows.begin(), rows.end(), int64_t{0}), 40000);
  EXPECT_EQ(*std::max_element(rows.begin(), rows.end()), 1250);
}

TEST(PlanTest, SmallTablesViewsAndQueriesAreOneStream) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);"
      "CREATE VIEW v AS SELECT id FROM t");
  auto source = file.Source();
  EXPECT_EQ(source->Plan(TableSelection("t")).ValueOrDie().method, "one stream: 2 rows");
  EXPECT_EQ(source->Plan(TableSelection("v")).ValueOrDie().method,
            "one stream: a view without --split-by");
  EXPECT_EQ(source->Plan(QuerySelection("SELECT 1")).ValueOrDie().method,
            "one stream: a query without --split-by");
}

TEST(PlanTest, QueriesAndViewsSplitByAColumn) {
  TestFile file;
  file.Run(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER);"
      "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 500) "
      "INSERT INTO t SELECT i, i FROM s; CREATE VIEW v AS SELECT n FROM t");
  connect::ReadOptions options;
  options.chunk_rows_min = 10;
  for (connect::Selection selection :
       {QuerySelection("SELECT n FROM t -- all"), TableSelection("v")}) {
    selection.split_by = "N";
    selection.where = "n > 100 -- most";
    auto source = file.Source(options);
    EXPECT_GT(source->Plan(selection).ValueOrDie().splits.size(), 10u);
    auto table = ReadAll(*source, selection);
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_EQ(Numbers(**table).size(), 400u);
  }
}

TEST(PlanTest, UnknownSplitColumnNamesNearOnes) {
  TestFile file;
  file.Run("CREATE TABLE t(customer_id INTEGER)");
  connect::Selection selection = TableSelection("t");
  selection.split_by = "custmer_id";
  Status status = file.Source()->Plan(selection).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_NE(MessageOf(status).find("did you mean customer_id"), std::string::npos);
}

}  // namespace
}  // namespace sluice::connectors::sqlite
