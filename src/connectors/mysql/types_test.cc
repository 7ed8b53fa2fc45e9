// Every type of the server, its smallest, largest, special value and NULL: what arrives
// is what the server prints.
#include <cstdlib>

#include <arrow/array.h>
#include <arrow/extension/uuid.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "connectors/mysql/real_server_test.h"
#include "connectors/mysql/wire.h"

namespace sluice::connectors::mysql {
namespace {

using connect::OddValuePolicy;
using testing::Table;
using types::Fidelity;

std::string DayText(int64_t days) {
  // Counts by hand, so that the code under test is not its own judge.
  int year = 1970;
  auto length = [](int y) {
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0 ? 366 : 365;
  };
  while (days < 0) days += length(--year);
  while (days >= length(year)) days -= length(year++);
  int months[] = {31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int month = 0;
  while (days >= months[month]) days -= months[month++];
  return fmt::format("{:04}-{:02}-{:02}", year, month + 1, days + 1);
}

std::string InstantText(int64_t micros, int digits) {
  int64_t seconds = micros / 1000000, rest = micros % 1000000;
  if (rest < 0) rest += 1000000, --seconds;
  int64_t days = seconds / 86400, second = seconds % 86400;
  if (second < 0) second += 86400, --days;
  std::string text = fmt::format("{} {:02}:{:02}:{:02}.{:06}", DayText(days),
                                 second / 3600, second / 60 % 60, second % 60, rest);
  return text.substr(0, digits == 0 ? 19 : 20 + digits);
}

/// "-12345" with scale 3 is "-12.345".
std::string PointText(std::string digits, int scale) {
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  while (static_cast<int>(digits.size()) <= scale) digits.insert(0, "0");
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  return (negative ? "-" : "") + digits;
}

/// A value in the words of the server's text protocol; binary as upper-case hexadecimal.
std::string Shown(const arrow::Array& array, int64_t i, int digits) {
  if (array.IsNull(i)) return "NULL";
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(i) ? "1" : "0";
    case arrow::Type::INT32:
      return std::to_string(static_cast<const arrow::Int32Array&>(array).Value(i));
    case arrow::Type::INT64:
      return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(i));
    case arrow::Type::FLOAT:
      return fmt::format("{:.17g}",
                         double{static_cast<const arrow::FloatArray&>(array).Value(i)});
    case arrow::Type::DOUBLE:
      return fmt::format("{:.17g}",
                         static_cast<const arrow::DoubleArray&>(array).Value(i));
    case arrow::Type::DECIMAL128: {
      const auto& type = static_cast<const arrow::DecimalType&>(*array.type());
      const auto* bytes = static_cast<const arrow::Decimal128Array&>(array).Value(i);
      return PointText(arrow::Decimal128(bytes).ToIntegerString(), type.scale());
    }
    case arrow::Type::DECIMAL256: {
      const auto& type = static_cast<const arrow::DecimalType&>(*array.type());
      const auto* bytes = static_cast<const arrow::Decimal256Array&>(array).Value(i);
      return PointText(arrow::Decimal256(bytes).ToIntegerString(), type.scale());
    }
    case arrow::Type::DATE32:
      return DayText(static_cast<const arrow::Date32Array&>(array).Value(i));
    case arrow::Type::TIMESTAMP:
      return InstantText(static_cast<const arrow::TimestampArray&>(array).Value(i),
                         digits);
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(i);
    case arrow::Type::BINARY: {
      std::string hex = HexText(static_cast<const arrow::BinaryArray&>(array).GetView(i));
      for (char& c : hex) c = static_cast<char>(std::toupper(c));
      return hex;
    }
    case arrow::Type::EXTENSION: {
      const auto& storage = *static_cast<const arrow::ExtensionArray&>(array).storage();
      const std::string hex =
          HexText(static_cast<const arrow::FixedSizeBinaryArray&>(storage).GetView(i));
      return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
             hex.substr(16, 4) + "-" + hex.substr(20);
    }
    default:
      return "? " + array.type()->ToString();
  }
}

struct Case {
  std::string type;
  std::vector<std::string> values;  // SQL literals; NULL is added
  std::shared_ptr<arrow::DataType> arrow;
  Fidelity fidelity = Fidelity::kExact;
  std::string server_text = "c";  // SQL for the server's own text of column c
  int digits = 0;                 // of a second's fraction
};

constexpr auto kWide = Fidelity::kCompatible;
constexpr auto kForm = Fidelity::kTextForm;

std::vector<Case> IntegerCases() {
  const auto i32 = arrow::int32(), i64 = arrow::int64();
  const auto u64 = arrow::decimal128(20, 0);
  return {
      {"tinyint", {"-128", "127", "0"}, i32, kWide},
      {"tinyint(1)", {"-128", "2", "1"}, i32, kWide},
      {"tinyint unsigned", {"0", "255"}, i32, kWide},
      {"smallint", {"-32768", "32767"}, i32, kWide},
      {"smallint unsigned", {"0", "65535"}, i32, kWide},
      {"mediumint", {"-8388608", "8388607"}, i32, kWide},
      {"mediumint unsigned", {"0", "16777215"}, i32, kWide},
      {"int", {"-2147483648", "2147483647"}, i32},
      {"int unsigned", {"0", "4294967295"}, i64, kWide},
      {"int(5) unsigned zerofill", {"42"}, i64, kWide, "c + 0"},
      {"bigint", {"-9223372036854775808", "9223372036854775807"}, i64},
      {"bigint unsigned",
       {"0", "9223372036854775808", "18446744073709551615"},
       u64,
       kWide},
      {"year", {"1901", "2155", "0000"}, i32, kWide, "c + 0"},
      {"bit(1)", {"b'0'", "b'1'"}, arrow::boolean(), Fidelity::kExact, "c + 0"},
      {"bit(8)", {"0", "255"}, i64, kWide, "c + 0"},
      {"bit(63)", {"0", "9223372036854775807"}, i64, kWide, "c + 0"},
      {"bit(64)", {"0", "18446744073709551615"}, u64, kWide, "c + 0"},
  };
}

std::vector<Case> NumberCases() {
  const std::string nines(38, '9');
  return {
      {"decimal(1,0)", {"-9", "9", "0"}, arrow::decimal128(1, 0)},
      {"decimal(15,2)", {"-9999999999999.99", "0.01", "-0.01"}, arrow::decimal128(15, 2)},
      {"decimal(5,5)", {"0.00001", "-0.99999"}, arrow::decimal128(5, 5)},
      {"decimal(18,6) unsigned", {"0", "999999999999.999999"}, arrow::decimal128(18, 6)},
      {"decimal(8,3) zerofill",
       {"12.5"},
       arrow::decimal128(8, 3),
       Fidelity::kExact,
       "c + 0"},
      {"decimal(38,0)", {"-" + nines, nines}, arrow::decimal128(38, 0)},
      {"decimal(38,30)",
       {"99999999." + std::string(30, '9'), "-0." + std::string(29, '0') + "1"},
       arrow::decimal128(38, 30)},
      {"decimal(65,30)",
       {std::string(35, '9') + "." + std::string(30, '9'), "-1.5"},
       arrow::utf8(),
       kForm},
      {"decimal(39,0)", {std::string(39, '9'), "-1"}, arrow::utf8(), kForm},
      {"float",
       {"1.2345678", "16777217", "-3.40282e38", "1.17549e-38", "0"},
       arrow::float32(),
       Fidelity::kExact,
       "CAST(c AS DOUBLE)"},
      {"double",
       {"1.7976931348623157e308", "-2.2250738585072014e-308", "0.1", "9007199254740993"},
       arrow::float64()},
  };
}

std::vector<Case> TimeCases() {
  const auto naive = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto text = arrow::utf8();
  return {
      {"date",
       {"'1000-01-01'", "'9999-12-31'", "'1969-12-31'", "'2000-02-29'"},
       arrow::date32()},
      {"datetime", {"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"}, naive},
      {"datetime(6)",
       {"'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"},
       naive,
       Fidelity::kExact,
       "c",
       6},
      {"datetime(3)", {"'1969-12-31 23:59:59.999'"}, naive, Fidelity::kExact, "c", 3},
      {"timestamp NULL", {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"}, utc},
      {"timestamp(6) NULL",
       {"'2020-10-25 01:30:00.123456'"},
       utc,
       Fidelity::kExact,
       "c",
       6},
      {"time", {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}, text, kForm},
      {"time(6)", {"'-838:59:59.999999'", "'24:00:00.000001'"}, text, kForm},
      {"time(2)", {"'09:05:07.12'"}, text, kForm},
  };
}

std::vector<Case> TextCases() {
  const auto text = arrow::utf8(), bytes = arrow::binary();
  const std::string emoji = "_utf8mb4 x'f09f8c8a'";
  const std::string point = "ST_GeomFromText('POINT(1 2)', 4326)";
  return {
      {"char(10)", {"''", "'a '", "'null'", "'\\\\N'", emoji}, text},
      {"varchar(300)", {"''", "REPEAT('x', 300)", "'a  '", emoji}, text},
      {"varchar(20) CHARACTER SET latin1", {"_utf8mb4 x'c3a4c3b6'", "''"}, text},
      {"char(5) CHARACTER SET utf16", {"'ab'", emoji}, text},
      {"tinytext", {"''", "REPEAT('y', 255)"}, text},
      {"longtext", {"REPEAT(" + emoji + ", 70000)", "'z'"}, text},
      {"binary(4)", {"x'00'", "x'ff00ff00'"}, bytes, Fidelity::kExact, "HEX(c)"},
      {"varbinary(10)", {"x''", "x'0a0d00ff'"}, bytes, Fidelity::kExact, "HEX(c)"},
      {"blob", {"x''", "REPEAT(x'00ff', 5000)"}, bytes, Fidelity::kExact, "HEX(c)"},
      {"longblob", {"REPEAT(x'01', 70000)"}, bytes, Fidelity::kExact, "HEX(c)"},
      {"enum('a','', 'ä')", {"'a'", "''", "'ä'", "0"}, text},
      {"set('x','y','z')", {"''", "'x,z'", "'x,y,z'"}, text},
      {"json", {"'{\"a\": [1, null]}'", "'\"\"'", "'null'"}, text},
      {"uuid",
       {"'00000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-4fff-bfff-fffffffffffe'",
        "'123e4567-e89b-12d3-a456-426655440000'"},
       arrow::extension::uuid()},
      {"inet6", {"'::'", "'2001:db8::ff00:42:8329'", "'::ffff:192.0.2.1'"}, text, kForm},
      {"inet4", {"'0.0.0.0'", "'255.255.255.255'"}, text, kForm},
      {"point", {point}, bytes, Fidelity::kExact, "HEX(c)"},
      {"geometry",
       {point, "ST_GeomFromText('LINESTRING(0 0, 1 1)')"},
       bytes,
       Fidelity::kExact,
       "HEX(c)"},
  };
}

void MakeTable(testing::Writer* writer, const std::string& type,
               const std::vector<std::string>& values) {
  writer->Run("DROP TABLE IF EXISTS typed");
  writer->Run("CREATE TABLE typed (id int PRIMARY KEY AUTO_INCREMENT, c " + type + ")");
  for (const std::string& value : values) {
    writer->Run("INSERT INTO typed (c) VALUES (" + value + ")");
  }
}

void Check(testing::Writer* writer, const Case& c) {
  SCOPED_TRACE(c.type);
  std::vector<std::string> values = c.values;
  values.push_back("NULL");
  MakeTable(writer, c.type, values);
  auto source = testing::MakeSource(connect::ReadOptions{});
  auto schema = source->Describe(Table("typed"));
  ASSERT_TRUE(schema.ok()) << schema.status();
  const connect::Column& column = schema->columns.at(1);
  EXPECT_TRUE(column.field->type()->Equals(c.arrow)) << column.field->ToString();
  EXPECT_EQ(column.fidelity, c.fidelity);
  EXPECT_EQ(column.source_type,
            writer->One("SELECT column_type FROM information_schema.columns "
                        "WHERE table_schema = 'shop' AND table_name = 'typed' "
                        "AND column_name = 'c'"));
  auto table = testing::ReadAll(source.get(), Table("typed"));
  ASSERT_TRUE(table.ok()) << table.status();
  const auto rows = writer->Query("SELECT " + c.server_text + " FROM typed ORDER BY id");
  ASSERT_EQ((*table)->num_rows(), static_cast<int64_t>(rows.size()));
  ASSERT_EQ(rows.size(), values.size());
  const bool is_float =
      c.arrow->id() == arrow::Type::FLOAT || c.arrow->id() == arrow::Type::DOUBLE;
  for (size_t i = 0; i < rows.size(); ++i) {
    auto chunk = (*table)->column(1)->chunk(0);
    const std::string shown = Shown(*chunk, static_cast<int64_t>(i), c.digits);
    std::string expected = rows[i].at(0).value_or("NULL");
    if (is_float && expected != "NULL") {
      expected = fmt::format("{:.17g}", std::strtod(expected.c_str(), nullptr));
    }
    EXPECT_EQ(shown, expected) << "value " << values[i];
  }
}

TEST(Types, EveryValueIsWhatTheServerPrints) {
  testing::Writer writer;
  for (const auto& cases : {IntegerCases(), NumberCases(), TimeCases(), TextCases()}) {
    for (const Case& c : cases) Check(&writer, c);
  }
}

TEST(Types, WideDecimalsOnRequestAsDecimal256) {
  testing::Writer writer;
  const std::string wide = std::string(35, '9') + "." + std::string(30, '9');
  MakeTable(&writer, "decimal(65,30)",
            {wide, "-0." + std::string(29, '0') + "1", "NULL"});
  connect::ReadOptions options;
  options.wide_decimals_as_decimal256 = true;
  auto source = testing::MakeSource(options);
  auto table = testing::ReadAll(source.get(), Table("typed"));
  ASSERT_TRUE(table.ok()) << table.status();
  const auto column = (*table)->column(1)->chunk(0);
  EXPECT_EQ(column->type()->ToString(), "decimal256(65, 30)");
  EXPECT_EQ(Shown(*column, 0, 0), wide);
  EXPECT_EQ(Shown(*column, 1, 0), writer.One("SELECT c FROM typed WHERE id = 2"));
  EXPECT_TRUE(column->IsNull(2));
}

TEST(Types, ZeroDatesFollowThePolicy) {
  testing::Writer writer;
  for (const std::string type :
       {"date", "datetime(3)", "timestamp NULL", "date NOT NULL"}) {
    SCOPED_TRACE(type);
    const bool stamp = type == "timestamp NULL";  // holds no partial dates
    MakeTable(&writer, type,
              {"'2020-01-31'", "'0000-00-00'", stamp ? "'2020-02-01'" : "'2020-00-15'",
               stamp ? "'2020-02-02'" : "'2021-02-31'"});
    connect::ReadOptions options;
    auto refused = testing::ReadAll(testing::MakeSource(options).get(), Table("typed"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(KindOf(refused.status()), ErrorKind::kUserInput);
    EXPECT_THAT(MessageOf(refused.status()),
                ::testing::AllOf(::testing::HasSubstr("0000-00-00"),
                                 ::testing::HasSubstr("--zero-dates"),
                                 ::testing::HasSubstr("typed, column c, row 2")));

    options.zero_dates = OddValuePolicy::kText;
    auto text = testing::ReadAll(testing::MakeSource(options).get(), Table("typed"));
    ASSERT_TRUE(text.ok()) << text.status();
    const auto rows = writer.Query("SELECT CAST(c AS CHAR) FROM typed ORDER BY id");
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(Shown(*(*text)->column(1)->chunk(0), static_cast<int64_t>(i), 0),
                rows[i].at(0));
    }

    options.zero_dates = OddValuePolicy::kNull;
    auto source = testing::MakeSource(options);
    auto plan = source->Plan(Table("typed"));
    ASSERT_TRUE(plan.ok()) << plan.status();
    auto reader = source->Open(plan->splits.at(0), {});
    ASSERT_TRUE(reader.ok()) << reader.status();
    auto chunk = (*reader)->Next({});
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    EXPECT_EQ(chunk->batch->column(1)->null_count(), stamp ? 1 : 3);
    EXPECT_FALSE(chunk->batch->column(1)->IsNull(0));
    EXPECT_THAT((*reader)->OddValues(),
                ::testing::ElementsAre(
                    ::testing::Pair("c: zero or partial date made NULL", stamp ? 1 : 3)));
    auto schema = source->Describe(Table("typed"));
    EXPECT_TRUE(schema->columns.at(1).field->nullable());
  }
}

TEST(Types, GeneratedAndInvisibleColumnsAreRead) {
  testing::Writer writer;
  writer.Run("DROP TABLE IF EXISTS typed");
  writer.Run(
      "CREATE TABLE typed (id int PRIMARY KEY, twice int AS (id * 2) VIRTUAL, "
      "kept int AS (id * 3) STORED, hidden int INVISIBLE DEFAULT 7)");
  writer.Run("INSERT INTO typed (id) VALUES (1), (2)");
  auto source = testing::MakeSource(connect::ReadOptions{});
  auto table = testing::ReadAll(source.get(), Table("typed"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT((*table)->ColumnNames(),
              ::testing::ElementsAre("id", "twice", "kept", "hidden"));
  std::vector<std::string> second;
  for (const auto& column : (*table)->columns())
    second.push_back(Shown(*column->chunk(0), 1, 0));
  EXPECT_THAT(second, ::testing::ElementsAre("2", "4", "6", "7"));
  auto schema = source->Describe(Table("typed"));
  EXPECT_THAT(schema->columns.at(3).note, ::testing::HasSubstr("INVISIBLE"));
  EXPECT_THAT(schema->key, ::testing::ElementsAre("id"));
  EXPECT_FALSE(schema->columns.at(0).field->nullable());
}

}  // namespace
}  // namespace sluice::connectors::mysql
