// For 1,000 random tables: the union of the splits is the table, each row once, whatever
// the key.
#include <set>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"
#include "connectors/mysql/real_server_test.h"

namespace sluice::connectors::mysql {
namespace {

using testing::Table;

constexpr int kDistributions = 1000;

/// One random table: its definition, how a row's key values are made, what to split by.
struct Shape {
  std::string name;
  std::string columns;   // after rid
  std::string keys;      // after the columns
  std::string split_by;  // may be empty
  std::vector<std::function<std::string(Random*)>> values;
};

std::function<std::string(Random*)> Ints(int64_t low, int64_t high) {
  return [=](Random* random) { return std::to_string(random->Between(low, high)); };
}

std::function<std::string(Random*)> OneOf(std::vector<std::string> words) {
  return [words](Random* random) {
    return words[static_cast<size_t>(
        random->Between(0, static_cast<int64_t>(words.size()) - 1))];
  };
}

std::function<std::string(Random*)> Sometimes(int percent, std::string word,
                                              std::function<std::string(Random*)> other) {
  return [=](Random* random) {
    return random->Between(1, 100) <= percent ? word : other(random);
  };
}

std::string Texts(Random* random) {
  static const std::vector<std::string> kLetters{"a", "A", "b", "B", "z", "Z", "ä",
                                                 "Ä", "ß", "s", "é", "E", " ", "0",
                                                 "9", "_", "-", "é", "n", "Ñ"};
  std::string text;
  for (int64_t i = random->Between(0, 3); i > 0; --i) text += OneOf(kLetters)(random);
  return "'" + text + "'";
}

std::string Bytes(Random* random) {
  std::string bytes;
  for (int64_t i = random->Between(0, 4); i > 0; --i) {
    bytes +=
        static_cast<char>(random->Between(0, 3) == 0 ? 0x20 : random->Between(0, 255));
  }
  return "x'" + HexText(bytes) + "'";
}

std::string Doubles(Random* random) {
  switch (random->Between(0, 4)) {
    case 0:
      return fmt::format("{:.17g}", static_cast<double>(random->Next()) * 1e280);
    case 1:
      return fmt::format("{:.17g}",
                         static_cast<double>(random->Between(-1000, 1000)) * 1e-310);
    case 2:
      return std::to_string(random->Between(-5, 5));
    default:
      return fmt::format("{:.17g}",
                         static_cast<double>(random->Between(-1000000, 1000000)) / 7);
  }
}

std::string Decimals(Random* random) {
  return fmt::format("{}.{:03}", random->Between(-30, 30), random->Between(0, 999));
}

std::string Moments(Random* random) {
  static const std::vector<std::string> kOdd{"'0000-00-00'", "'2020-00-15'",
                                             "'2021-02-31'", "'0000-00-00 00:00:00'"};
  if (random->Between(1, 10) == 1) return OneOf(kOdd)(random);
  return fmt::format("'{:04}-{:02}-{:02} {:02}:00:00.{:03}'", random->Between(1995, 2005),
                     random->Between(1, 12), random->Between(1, 28),
                     random->Between(0, 23), random->Between(0, 999));
}

std::string Stamps(Random* random) {
  if (random->Between(1, 20) == 1) return "'0000-00-00 00:00:00'";
  return fmt::format("'{:04}-{:02}-{:02} {:02}:30:00'", random->Between(1971, 2037),
                     random->Between(1, 12), random->Between(1, 28),
                     random->Between(0, 23));
}

std::string Times(Random* random) {
  return fmt::format("'{}{}:{:02}:{:02}.{:03}'", random->Between(0, 1) == 1 ? "-" : "",
                     random->Between(0, 838), random->Between(0, 59),
                     random->Between(0, 59), random->Between(0, 999));
}

std::string Uuids(Random* random) { return "'" + random->Uuid() + "'"; }

std::string Addresses(Random* random) {
  return fmt::format("'2001:db8::{:x}:{:x}'", random->Between(0, 65535),
                     random->Between(0, 20));
}

std::vector<Shape> IntegerShapes() {
  const auto huge = [](Random* random) {
    const auto low = static_cast<uint64_t>(random->Between(0, 300));
    const uint64_t value = random->Between(0, 2) == 0 ? low : ~uint64_t{0} - low;
    return std::to_string(value);
  };
  const auto any = Ints(INT64_MIN, INT64_MAX);
  return {
      {"no key", "k int", "", "", {Ints(0, 9)}},
      {"dense", "k int NOT NULL", "PRIMARY KEY (k)", "", {Ints(0, 250)}},
      {"negative", "k int NOT NULL", "PRIMARY KEY (k)", "", {Ints(-500, 500)}},
      {"gaps", "k bigint NOT NULL", "PRIMARY KEY (k)", "", {any}},
      {"outlier",
       "k bigint NOT NULL",
       "PRIMARY KEY (k)",
       "",
       {Sometimes(2, "4611686018427387904", Ints(1, 400))}},
      {"unsigned near 2^64", "k bigint unsigned NOT NULL", "PRIMARY KEY (k)", "", {huge}},
      {"tiny", "k tinyint NOT NULL", "KEY (k)", "", {Ints(-128, 127)}},
      {"unique with NULL",
       "k int NULL",
       "UNIQUE (k)",
       "",
       {Sometimes(20, "NULL", Ints(-300, 300))}},
      {"split by NULLable",
       "k int NULL",
       "KEY (k)",
       "k",
       {Sometimes(30, "NULL", Ints(-3, 9))}},
      {"only NULL", "k int NULL", "KEY (k)", "k", {OneOf({"NULL"})}},
      {"descending", "k int NOT NULL", "PRIMARY KEY (k DESC)", "", {Ints(0, 300)}},
      {"without index", "k int NULL", "", "k", {Sometimes(10, "NULL", Ints(-40, 40))}},
      {"unsigned without index", "k bigint unsigned NULL", "", "k", {huge}},
      {"zerofill", "k int(8) zerofill NOT NULL", "PRIMARY KEY (k)", "", {Ints(0, 400)}},
      {"bit", "k bit(12) NOT NULL", "KEY (k)", "k", {Ints(0, 4095)}},
      {"enum",
       "k enum('z','a','','m') NULL",
       "KEY (k)",
       "k",
       {OneOf({"'z'", "'a'", "''", "'m'", "NULL", "0"})}},
      {"set",
       "k set('z','a','m') NULL",
       "",
       "k",
       {OneOf({"'z'", "'a,m'", "''", "NULL"})}},
      {"year",
       "k year NOT NULL",
       "KEY (k)",
       "k",
       {Sometimes(20, "'0000'", Ints(1901, 2155))}},
  };
}

std::vector<Shape> OtherShapes() {
  std::vector<Shape> shapes{
      {"double", "k double NOT NULL", "PRIMARY KEY (k)", "", {Doubles}},
      {"double without index",
       "k double NULL",
       "",
       "k",
       {Sometimes(10, "NULL", Doubles)}},
      {"float", "k float NULL", "KEY (k)", "k", {Sometimes(10, "NULL", Decimals)}},
      {"decimal", "k decimal(10,3) NOT NULL", "PRIMARY KEY (k)", "", {Decimals}},
      {"wide decimal",
       "k decimal(65,30) NULL",
       "UNIQUE (k)",
       "",
       {Sometimes(10, "NULL", Decimals)}},
      {"decimal without index", "k decimal(10,3) NULL", "", "k", {Decimals}},
      {"date", "k date NOT NULL", "KEY (k)", "", {Moments}},
      {"datetime",
       "k datetime(3) NULL",
       "KEY (k)",
       "k",
       {Sometimes(10, "NULL", Moments)}},
      {"date without index", "k date NULL", "", "k", {Sometimes(10, "NULL", Moments)}},
      {"timestamp", "k timestamp NULL", "KEY (k)", "k", {Sometimes(10, "NULL", Stamps)}},
      {"time", "k time(3) NOT NULL", "KEY (k)", "", {Times}},
      {"binary", "k binary(4) NOT NULL", "KEY (k)", "", {Bytes}},
      {"varbinary", "k varbinary(8) NOT NULL", "KEY (k)", "", {Bytes}},
      {"uuid", "k uuid NOT NULL", "PRIMARY KEY (k)", "", {Uuids}},
      {"inet6", "k inet6 NULL", "UNIQUE (k)", "", {Sometimes(10, "NULL", Addresses)}},
  };
  for (const std::string collation :
       {"utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_bin", "utf8mb4_nopad_bin",
        "utf8mb4_unicode_520_nopad_ci", "utf8mb4_german2_ci", "utf8mb3_general_ci",
        "latin1_swedish_ci", "latin1_german2_ci", "utf16_unicode_ci", "ucs2_general_ci",
        "utf8mb4_uca1400_ai_ci"}) {
    const std::string type = " COLLATE " + collation + " NOT NULL";
    shapes.push_back({collation, "k varchar(10)" + type, "PRIMARY KEY (k)", "", {Texts}});
    shapes.push_back(
        {collation + " not unique", "k char(10)" + type, "KEY (k)", "", {Texts}});
  }
  return shapes;
}

std::vector<Shape> CompositeShapes() {
  const auto fat = Sometimes(60, "7", Ints(0, 20));
  const std::string both = "PRIMARY KEY (a, b)";
  return {
      {"int, int", "a int NOT NULL, b int NOT NULL", both, "", {fat, Ints(-200, 200)}},
      {"one value, int",
       "a int NOT NULL, b int NOT NULL",
       both,
       "",
       {OneOf({"3"}), Ints(0, 400)}},
      {"text, int",
       "a varchar(5) COLLATE utf8mb4_general_ci NOT NULL, b int NOT NULL",
       both,
       "",
       {OneOf({"'a'", "'A'", "'b '", "'B'", "''"}), Ints(0, 100)}},
      {"int, text", "a int NOT NULL, b varchar(10) NOT NULL", both, "", {fat, Texts}},
      {"decimal, date, int",
       "a decimal(5,2) NOT NULL, b date NOT NULL, c int NOT NULL",
       "PRIMARY KEY (a, b, c)",
       "",
       {OneOf({"1.5", "-1.5", "1.50"}),
        OneOf({"'2020-01-01'", "'2020-01-02'", "'0000-00-00'"}), Ints(0, 50)}},
      {"NULLable parts",
       "a int NULL, b int NULL",
       "UNIQUE (a, b)",
       "",
       {Sometimes(30, "NULL", fat), Sometimes(30, "NULL", Ints(0, 200))}},
      {"double, int",
       "a double NOT NULL, b bigint unsigned NOT NULL",
       both,
       "",
       {OneOf({"0.1", "-0.0", "1e300"}), Ints(0, 300)}},
      {"split by second",
       "a int NOT NULL, b int NULL",
       "PRIMARY KEY (rid), KEY (b, a)",
       "b",
       {fat, Sometimes(40, "NULL", Ints(0, 5))}},
  };
}

/// What reads with one set of options.
struct Planner {
  connect::ReadOptions options;
  std::unique_ptr<connect::Source> source;
};

std::vector<Planner> Planners() {
  std::vector<Planner> planners;
  for (const auto& [parallel, chunks, rows_min] : std::vector<std::tuple<int, int, int>>{
           {1, 1, 1}, {2, 3, 5}, {4, 8, 1}, {3, 4, 20}}) {
    connect::ReadOptions options;
    options.parallel = parallel;
    options.chunks_per_connection = chunks;
    options.chunk_rows_min = rows_min;
    options.zero_dates = connect::OddValuePolicy::kText;
    planners.push_back({options, testing::MakeSource(options)});
  }
  return planners;
}

/// Makes the table `keyed` with `rows` tries (duplicate keys fall out); gives how many
/// stayed.
int64_t Fill(testing::Writer* writer, const Shape& shape, int64_t rows, Random* random) {
  writer->Run("DROP TABLE IF EXISTS keyed");
  writer->Run("CREATE TABLE keyed (rid int NOT NULL, " + shape.columns +
              (shape.keys.empty() ? "" : ", " + shape.keys) + ")");
  std::vector<std::string> tuples;
  for (int64_t rid = 0; rid < rows; ++rid) {
    std::vector<std::string> cells{std::to_string(rid)};
    for (const auto& value : shape.values) cells.push_back(value(random));
    tuples.push_back("(" + Join(cells, ",") + ")");
  }
  if (!tuples.empty())
    writer->Run("INSERT IGNORE INTO keyed VALUES " + Join(tuples, ","));
  return std::stoll(writer->One("SELECT COUNT(*) FROM keyed"));
}

/// Row ids of every split, in the order in which they come.
Result<std::vector<int32_t>> RowIds(connect::Source* source,
                                    const connect::ReadPlan& plan) {
  std::vector<int32_t> ids;
  for (const connect::Split& split : plan.splits) {
    SLUICE_ASSIGN(auto batches, testing::ReadSplit(source, split));
    for (const auto& batch : batches) {
      const auto& column = static_cast<const arrow::Int32Array&>(*batch->column(0));
      ids.insert(ids.end(), column.raw_values(), column.raw_values() + column.length());
    }
  }
  return ids;
}

TEST(PlannerProperty, TheUnionOfTheSplitsIsTheTable) {
  testing::Writer writer;
  std::vector<Planner> planners = Planners();
  std::vector<Shape> shapes = IntegerShapes();
  for (const auto& more : {OtherShapes(), CompositeShapes()}) {
    shapes.insert(shapes.end(), more.begin(), more.end());
  }
  Random random(20261120);
  int cut = 0, most = 0;
  for (int i = 0; i < kDistributions && !HasFailure(); ++i) {
    const Shape& shape = shapes[static_cast<size_t>(i) % shapes.size()];
    const int64_t rows =
        Fill(&writer, shape, random.Between(0, i % 10 == 0 ? 3 : 250), &random);
    Planner& planner = planners[static_cast<size_t>(random.Between(0, 3))];
    connect::Selection selection = Table("keyed");
    selection.split_by = shape.split_by;
    auto plan = planner.source->Plan(selection);
    ASSERT_TRUE(plan.ok()) << shape.name << ": " << plan.status();
    std::vector<std::string> conditions;
    for (const connect::Split& split : plan->splits) conditions.push_back(split.text);
    SCOPED_TRACE(fmt::format("distribution {}, {}: {}\n{}", i, shape.name, plan->method,
                             Join(conditions, "\n")));
    auto ids = RowIds(planner.source.get(), *plan);
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(static_cast<int64_t>(ids->size()), rows);
    EXPECT_EQ(static_cast<int64_t>(std::set<int32_t>(ids->begin(), ids->end()).size()),
              rows);
    cut += plan->splits.size() > 1 ? 1 : 0;
    most = std::max(most, static_cast<int>(plan->splits.size()));
  }
  // The property would hold for plans of one split, too.
  EXPECT_GT(cut, kDistributions / 3);
  EXPECT_GE(most, 16);
}

}  // namespace
}  // namespace sluice::connectors::mysql
