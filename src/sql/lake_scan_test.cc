#include <fstream>

#include <fmt/format.h>

#include "formats/parquet/writer.h"
#include "io/file_system.h"
#include "sql/sql_rig_test.h"

namespace sluice::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Four files of 1000 orders each: ids 0..999, 1000..1999, ...
class LakeScanTest : public testing::Test {
 protected:
  void SetUp() override {
    rig_.Rows("create schema landing");
    rig_.Rows(
        "create table landing.orders (id bigint not null, amount decimal(10, 2), region "
        "varchar, "
        "placed timestamp)");
    for (int file = 0; file < 4; ++file) {
      rig_.Rows(
          fmt::format("insert into landing.orders select i, i / 100, case when i % 2 = 0 "
                      "then 'r' || i // 1000 "
                      "end, timestamp '2026-01-01' + to_days((i // 1000)::int) from "
                      "range({}, {}) t(i)",
                      file * 1000, file * 1000 + 1000));
    }
    files_ = rig_.DataFiles("landing.orders");
    ASSERT_EQ(files_.size(), 4);
  }

  // Only the data files `kept` stay on the disk: a query that opens another one fails.
  void KeepOnly(std::vector<size_t> kept) {
    for (size_t i = 0; i < files_.size(); ++i) {
      if (std::find(kept.begin(), kept.end(), i) == kept.end()) {
        std::filesystem::remove(files_[i]);
      }
    }
  }

  // Changes the table's columns as another writer of the table would.
  void Alter(const std::function<void(types::StructType*)>& change) {
    const auto ident = catalog::TableIdent::Parse("landing.orders").ValueOrDie();
    const table::TableMetadata metadata = rig_.Metadata("landing.orders");
    table::Schema schema = metadata.CurrentSchema();
    change(&schema.columns);
    const int last = std::max(metadata.last_column_id, schema.HighestFieldId());
    ASSERT_TRUE(
        rig_.lake_catalog
            ->CommitTable(ident, {},
                          {table::AddSchema{schema, last}, table::SetCurrentSchema{}})
            .ok());
  }

  SqlRig rig_;
  std::vector<std::string> files_;
};

std::shared_ptr<const types::Type> Type(types::Primitive primitive) {
  return std::make_shared<const types::Type>(types::Type{primitive});
}

TEST_F(LakeScanTest, ReadsEveryRowOnce) {
  EXPECT_THAT(
      rig_.Rows("select count(*), count(distinct id), min(id), max(id), count(region), "
                "sum(amount) from landing.orders"),
      ElementsAre("4000|4000|0|3999|2000|79980.00"));
}

TEST_F(LakeScanTest, PredicatesPruneFiles) {
  struct Case {
    const char* condition;
    std::vector<size_t> files;
    const char* answer;
  };
  const std::vector<Case> cases = {
      {"id = 2500", {2}, "1"},
      {"id between 1500 and 2100", {1, 2}, "601"},
      {"id < 1000", {0}, "1000"},
      {"id >= 3000", {3}, "1000"},
      {"id in (5, 6, 3001)", {0, 3}, "3"},
      {"amount > 39.50", {3}, "49"},
      {"region = 'r1'", {1}, "500"},
      {"region like 'r3%'", {3}, "500"},
      {"placed >= timestamp '2026-01-04'", {3}, "1000"},
      {"placed = timestamp '2026-01-02 00:00:00' and id < 1010", {1}, "10"},
      {"id = 99999", {}, "0"},
      {"id::integer = 1", {0, 1, 2, 3}, "1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.condition);
    std::vector<std::pair<std::string, std::string>> hidden;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (std::find(c.files.begin(), c.files.end(), i) != c.files.end()) continue;
      hidden.emplace_back(files_[i], files_[i] + ".hidden");
      std::filesystem::rename(hidden.back().first, hidden.back().second);
    }
    rig_.Start(rig_.Options());  // nothing of the hidden files is in a cache
    EXPECT_THAT(rig_.Rows(fmt::format("select count(*) from landing.orders where {}",
                                      c.condition)),
                ElementsAre(c.answer));
    for (const auto& [path, aside] : hidden) std::filesystem::rename(aside, path);
  }
}

// The scan's columns come in the order of the statement, the table's in another.
TEST_F(LakeScanTest, PredicatesBelongToTheirColumnsInAnyOrder) {
  rig_.Rows("create table landing.pairs (a bigint, b bigint)");
  rig_.Rows("insert into landing.pairs values (1, 100), (2, 200)");
  rig_.Rows("insert into landing.pairs values (3, 100), (4, 200)");
  for (const char* condition : {"b = 100 and a > 0", "a > 0 and b = 100", "b = 100"}) {
    SCOPED_TRACE(condition);
    EXPECT_THAT(rig_.Rows(fmt::format("select a from landing.pairs where {} order by a",
                                      condition)),
                ElementsAre("1", "3"));
  }
}

TEST_F(LakeScanTest, WithoutAPredicateEveryFileIsOpened) {
  KeepOnly({0, 1, 2});
  rig_.Start(rig_.Options());
  EXPECT_THAT(rig_.Failure("select sum(id) from landing.orders", ErrorKind::kCorrupt),
              HasSubstr(files_[3]));
}

TEST_F(LakeScanTest, AJoinPrunesFilesAtRunTime) {
  KeepOnly({2});
  rig_.Start(rig_.Options());
  EXPECT_THAT(
      rig_.Rows("select o.id, o.amount from landing.orders o join (select 2500 + i as k "
                "from range(3) t(i)) d on o.id = d.k order by 1"),
      ElementsAre("2500|25.00", "2501|25.01", "2502|25.02"));
}

TEST_F(LakeScanTest, ColumnsAreFoundByFieldId) {
  Alter([](types::StructType* columns) {
    columns->fields[0].name = "order_id";                                     // renamed
    std::swap(columns->fields[1], columns->fields[2]);                        // reordered
    columns->fields[2].type = Type({types::PrimitiveKind::kDecimal, 18, 2});  // promoted
    columns->fields.pop_back();          // `placed` dropped
    columns->fields.push_back({.id = 5,  // and a new column of that name
                               .name = "placed",
                               .type = Type({types::PrimitiveKind::kInt})});
  });
  const Answer answer =
      rig_.Ask("select * from landing.orders where order_id = 1002 and placed is null");
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.schema->ToString(),
            "order_id: int64\nregion: string\namount: decimal128(18, 2)\nplaced: int32");
  EXPECT_THAT(answer.rows, ElementsAre("1002|r1|10.02|null"));
  EXPECT_THAT(
      rig_.Rows("select count(*), count(placed) from landing.orders where amount < 10"),
      ElementsAre("1000|0"));
}

TEST_F(LakeScanTest, NewRowsAndOldRowsAreReadTogether) {
  Alter([](types::StructType* columns) {
    columns->fields.push_back(
        {.id = 5, .name = "note", .type = Type({types::PrimitiveKind::kString})});
  });
  rig_.Rows("insert into landing.orders (id, note) values (5000, 'new')");
  EXPECT_THAT(
      rig_.Rows("select id, note from landing.orders where id >= 3999 order by id"),
      ElementsAre("3999|null", "5000|new"));
  EXPECT_THAT(rig_.Rows("select count(*) from landing.orders where note = 'new'"),
              ElementsAre("1"));
}

TEST_F(LakeScanTest, IntegersReadAsLongAfterPromotion) {
  rig_.Rows("create table landing.small (a integer, b real)");
  rig_.Rows("insert into landing.small values (7, 0.5), (null, null)");
  const auto ident = catalog::TableIdent::Parse("landing.small").ValueOrDie();
  table::Schema schema = rig_.Metadata("landing.small").CurrentSchema();
  schema.columns.fields[0].type = Type({types::PrimitiveKind::kLong});
  schema.columns.fields[1].type = Type({types::PrimitiveKind::kDouble});
  ASSERT_TRUE(rig_.lake_catalog
                  ->CommitTable(ident, {},
                                {table::AddSchema{schema, 2}, table::SetCurrentSchema{}})
                  .ok());
  rig_.Rows("insert into landing.small values (9223372036854775807, 1e300)");
  EXPECT_THAT(rig_.Rows("select * from landing.small order by a nulls first"),
              ElementsAre("null|null", "7|0.5", "9223372036854775807|1e+300"));
  EXPECT_THAT(rig_.Rows("select a from landing.small where a = 7"), ElementsAre("7"));
}

TEST_F(LakeScanTest, TimeTravelReadsOldRowsUnderTheirSchema) {
  const table::TableMetadata before = rig_.Metadata("landing.orders");
  ASSERT_EQ(before.snapshots.size(), 4);
  const table::Snapshot second = before.snapshots[1];
  Alter([](types::StructType* columns) { columns->fields[0].name = "order_id"; });
  rig_.Rows("insert into landing.orders (order_id) values (4000)");

  EXPECT_THAT(rig_.Rows("select count(*) from landing.orders"), ElementsAre("4001"));
  EXPECT_THAT(rig_.Rows(fmt::format(
                  "select count(*), max(id) from landing.orders at (version => {})",
                  second.snapshot_id)),
              ElementsAre("2000|1999"));
  EXPECT_THAT(
      rig_.Rows(fmt::format("select count(*) from lake.landing.orders at (timestamp => "
                            "make_timestamptz({}))",
                            second.timestamp_ms * 1000)),
      ElementsAre("2000"));
  // Two states of one table in one statement.
  EXPECT_THAT(rig_.Rows(fmt::format(
                  "select (select count(*) from landing.orders) - (select count(*) "
                  "from landing.orders at (version => {}))",
                  second.snapshot_id)),
              ElementsAre("2001"));
}

TEST_F(LakeScanTest, TimestampsWithoutZoneAreOfTheSession) {
  // Tokyo is nine hours ahead of UTC all year.
  const int64_t first_ms = rig_.Metadata("landing.orders").snapshots[0].timestamp_ms;
  const auto count_at = [](int64_t wall_clock_ms) {
    return fmt::format(
        "select count(*) from landing.orders at (timestamp => make_timestamp({}))",
        wall_clock_ms * 1000);
  };
  EXPECT_THAT(rig_.Rows(count_at(first_ms)), ElementsAre("1000"));
  rig_.Rows("set TimeZone = 'Asia/Tokyo'");
  EXPECT_THAT(rig_.Rows(count_at(first_ms + 9 * 3600 * 1000)), ElementsAre("1000"));
  rig_.Failure(count_at(first_ms),
               ErrorKind::kNotFound);  // there that is before the first
}

TEST_F(LakeScanTest, AnUnknownSnapshotListsTheKnownOnes) {
  const std::string message = rig_.Failure(
      "select * from landing.orders at (version => 42)", ErrorKind::kNotFound);
  EXPECT_THAT(message, HasSubstr("42"));
  for (const table::Snapshot& snapshot : rig_.Metadata("landing.orders").snapshots) {
    EXPECT_THAT(message, HasSubstr(std::to_string(snapshot.snapshot_id)));
  }
  EXPECT_THAT(rig_.Failure("select * from landing.orders at (version => 'x')",
                           ErrorKind::kUserInput),
              HasSubstr("a version is a snapshot id"));
  EXPECT_THAT(rig_.Failure("select * from landing.orders at (timestamp => 'x')",
                           ErrorKind::kUserInput),
              HasSubstr("not a point in time"));
}

TEST_F(LakeScanTest, ADamagedFileIsNamed) {
  std::ofstream(files_[1], std::ios::trunc)
      << "this is not Parquet, but long enough for it";
  rig_.Start(rig_.Options());
  EXPECT_THAT(rig_.Failure("select sum(id) from landing.orders", ErrorKind::kCorrupt),
              HasSubstr(files_[1]));
  EXPECT_THAT(rig_.Rows("select count(*) from landing.orders where id < 1000"),
              ElementsAre("1000"));
}

TEST_F(LakeScanTest, AFileWithoutFieldIdsIsRefusedInsteadOfReadAsNulls) {
  std::filesystem::remove(files_[1]);
  auto writer = formats::parquet::FileWriter::Make(
                    io::Locate(files_[1]).ValueOrDie(),
                    arrow::schema({arrow::field("id", arrow::int64())}), {})
                    .ValueOrDie();
  ASSERT_TRUE(writer->Finish().ok());
  rig_.Start(rig_.Options());
  EXPECT_THAT(rig_.Failure("select count(id) from landing.orders", ErrorKind::kCorrupt),
              testing::AllOf(HasSubstr("no field ids"), HasSubstr(files_[1])));
}

TEST_F(LakeScanTest, AFileWithDamagedPagesIsNamed) {
  const auto size = std::filesystem::file_size(files_[2]);
  std::string bytes(size, '\0');
  std::ifstream(files_[2], std::ios::binary).read(bytes.data(), static_cast<long>(size));
  // The footer is whole, the pages are not what it says.
  std::fill_n(bytes.begin() + 4, size / 2, '\xff');
  std::ofstream(files_[2], std::ios::binary | std::ios::trunc) << bytes;
  rig_.Start(rig_.Options());
  EXPECT_THAT(rig_.Failure("select sum(id), max(region) from landing.orders",
                           ErrorKind::kCorrupt),
              HasSubstr(files_[2]));
}

TEST_F(LakeScanTest, AnEmptyTableHasColumnsAndNoRows) {
  rig_.Rows("create table landing.empty (a integer, b varchar)");
  const Answer answer = rig_.Ask("select * from landing.empty");
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.schema->ToString(), "a: int32\nb: string");
  EXPECT_THAT(answer.rows, IsEmpty());
  EXPECT_THAT(rig_.Rows("select count(*) from landing.empty"), ElementsAre("0"));
  EXPECT_THAT(
      rig_.Rows("select e.a from landing.empty e join landing.orders o on o.id = e.a"),
      IsEmpty());
}

TEST_F(LakeScanTest, NanAndZeroesAreFound) {
  rig_.Rows("create table landing.floats (x double)");
  rig_.Rows("insert into landing.floats values (1), ('nan')");
  rig_.Rows("insert into landing.floats values (-0.0::double)");
  EXPECT_THAT(rig_.Rows("select x from landing.floats where x > 100"),
              ElementsAre("nan"));
  EXPECT_THAT(rig_.Rows("select x from landing.floats where x = 'nan'::double"),
              ElementsAre("nan"));
  EXPECT_THAT(rig_.Rows("select count(*) from landing.floats where x = 0.0::double"),
              ElementsAre("1"));
  EXPECT_THAT(rig_.Rows("select count(*) from landing.floats where x >= 0.0::double"),
              ElementsAre("3"));
}

TEST_F(LakeScanTest, OneStatementSeesOneState) {
  // The second mention is planned after an insert by somebody else.
  int seen = 0;
  rig_.Ask("begin");
  const auto count = [&] { return rig_.Rows("select count(*) from landing.orders")[0]; };
  EXPECT_EQ(count(), "4000");
  SqlRig& rig = rig_;
  auto other = Engine::Make(rig.Options()).ValueOrDie();
  ASSERT_TRUE(other
                  ->Execute("insert into landing.orders (id) values (9999)", {},
                            [&](StatementResult&) {
                              ++seen;
                              return Status::OK();
                            })
                  .ok());
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(count(), "4000");
  rig_.Ask("commit");
  EXPECT_EQ(count(), "4001");
}

}  // namespace
}  // namespace sluice::sql
