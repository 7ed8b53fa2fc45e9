#include "connectors/postgresql/type_internal.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "base/text.h"
#include "connectors/postgresql/real_server_test.h"

namespace sluice::connectors::postgresql {
namespace {

using connect::OddValuePolicy;
using types::Fidelity;

/// One value in a form that the server's text can be compared with: numbers of time as
/// the integers that they are stored as.
std::string Text(const arrow::Array& array, int64_t i) {
  if (array.IsNull(i)) return "NULL";
  switch (array.type_id()) {
    case arrow::Type::DATE32:
      return std::to_string(static_cast<const arrow::Date32Array&>(array).Value(i));
    case arrow::Type::TIME64:
      return std::to_string(static_cast<const arrow::Time64Array&>(array).Value(i));
    case arrow::Type::TIMESTAMP:
      return std::to_string(static_cast<const arrow::TimestampArray&>(array).Value(i));
    case arrow::Type::DECIMAL128:
      return static_cast<const arrow::Decimal128Array&>(array).FormatValue(i);
    case arrow::Type::DECIMAL256:
      return static_cast<const arrow::Decimal256Array&>(array).FormatValue(i);
    case arrow::Type::FLOAT:
      return fmt::format("{}", static_cast<const arrow::FloatArray&>(array).Value(i));
    case arrow::Type::DOUBLE:
      return fmt::format("{}", static_cast<const arrow::DoubleArray&>(array).Value(i));
    case arrow::Type::BINARY:
      return HexText(static_cast<const arrow::BinaryArray&>(array).GetView(i));
    case arrow::Type::FIXED_SIZE_BINARY: {
      std::array<uint8_t, 16> bytes;
      auto view = static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(i);
      std::copy(view.begin(), view.end(), bytes.begin());
      return UuidText(bytes);
    }
    case arrow::Type::EXTENSION:
      return Text(*static_cast<const arrow::ExtensionArray&>(array).storage(), i);
    case arrow::Type::LIST: {
      auto items = static_cast<const arrow::ListArray&>(array).value_slice(i);
      std::vector<std::string> texts;
      for (int64_t j = 0; j < items->length(); ++j) texts.push_back(Text(*items, j));
      return Join(texts, "|");
    }
    default:
      return array.GetScalar(i).ValueOrDie()->ToString();
  }
}

/// The value of a float text, so that "1e+20" and "100000000000000000000" are equal.
std::string Canonical(const std::string& text, const arrow::DataType& type) {
  if (text == "NULL") return text;
  if (type.id() == arrow::Type::FLOAT)
    return fmt::format("{}", std::strtof(text.c_str(), nullptr));
  if (type.id() == arrow::Type::DOUBLE)
    return fmt::format("{}", std::strtod(text.c_str(), nullptr));
  return text;
}

struct Case {
  std::string type;
  std::vector<std::string> literals;  // NULL is added to each
  std::shared_ptr<arrow::DataType> arrow_type;
  Fidelity fidelity = Fidelity::kExact;
  std::string server_text = "v::text";
};

const char* const kMicros = "(extract(epoch from v) * 1000000)::bigint::text";
const char* const kItems = "array_to_string(v, '|', 'NULL')";

std::vector<Case> NumberAndTimeCases() {
  const auto text_form = Fidelity::kTextForm;
  const auto micros = arrow::TimeUnit::MICRO;
  return {
      {"boolean", {"true", "false"}, arrow::boolean()},
      {"smallint", {"-32768", "32767", "0"}, arrow::int32(), Fidelity::kCompatible},
      {"integer", {"-2147483648", "2147483647"}, arrow::int32()},
      {"bigint", {"-9223372036854775808", "9223372036854775807"}, arrow::int64()},
      {"oid", {"0", "4294967295"}, arrow::int64(), Fidelity::kCompatible},
      {"real",
       {"'-3.4028235e38'", "'1e-45'", "'NaN'", "'Infinity'", "'-Infinity'", "'-0'",
        "1.2345678", "16777217"},
       arrow::float32()},
      {"double precision",
       {"'1.7976931348623157e308'", "'5e-324'", "'NaN'", "'Infinity'", "'-Infinity'",
        "'-0'", "0.1"},
       arrow::float64()},
      {"numeric(10,2)",
       {"-99999999.99", "99999999.99", "0", "0.01", "-0.05", "100", "10000"},
       arrow::decimal128(10, 2)},
      {"numeric(38,0)",
       {"99999999999999999999999999999999999999",
        "-99999999999999999999999999999999999999", "1"},
       arrow::decimal128(38, 0)},
      {"numeric(38,38)",
       {"0.99999999999999999999999999999999999999",
        "-0.10000000000000000000000000000000000001"},
       arrow::decimal128(38, 38)},
      {"numeric(38,2)",
       {"999999999999999999999999999999999999.99", "0.1"},
       arrow::decimal128(38, 2)},
      {"numeric(5,-2)", {"1234567", "-9999900"}, arrow::decimal128(7, 0)},
      {"numeric(2,4)", {"0.0099", "-0.0001"}, arrow::decimal128(4, 4)},
      {"numeric",
       {"1.50", "'NaN'", "'Infinity'", "1e200", "1e-200"},
       arrow::utf8(),
       text_form},
      {"numeric(65,30)",
       {"12345678901234567890123456789012345.123456789012345678901234567890", "'NaN'"},
       arrow::utf8(),
       text_form},
      {"date",
       {"'4713-01-01 BC'", "'5874897-12-31'", "'1970-01-01'", "'0001-01-01'"},
       arrow::date32(),
       Fidelity::kExact,
       "(v - date '1970-01-01')::text"},
      {"time",
       {"'00:00:00'", "'23:59:59.999999'"},
       arrow::time64(micros),
       Fidelity::kExact,
       kMicros},
      {"timestamp",
       {"'4713-11-24 00:00:00 BC'", "'294246-12-31 23:59:59.999999'",
        "'1969-12-31 23:59:59.999999'"},
       arrow::timestamp(micros),
       Fidelity::kExact,
       kMicros},
      {"timestamptz",
       {"'4713-11-24 00:00:00+00 BC'", "'294246-12-31 23:59:59.999999+00'",
        "'2020-06-01 12:00:00+02'"},
       arrow::timestamp(micros, "UTC"),
       Fidelity::kExact,
       kMicros},
      {"timetz", {"'24:00:00-15:59'", "'12:00:00.5+02'"}, arrow::utf8(), text_form},
      {"interval",
       {"'-178000000 years'", "'1 mon -2 days 03:04:05.000006'"},
       arrow::utf8(),
       text_form}};
}

std::vector<Case> OtherCases() {
  const auto text_form = Fidelity::kTextForm;
  auto list = [](std::shared_ptr<arrow::DataType> type) {
    return arrow::list(arrow::field("element", std::move(type)));
  };
  return {
      {"uuid",
       {"'00000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'"},
       arrow::extension::uuid()},
      {"bytea",
       {"'\\x'", "'\\x00ff10'"},
       arrow::binary(),
       Fidelity::kExact,
       "encode(v, 'hex')"},
      {"text",
       {"''", "'null'", "'\\N'", "E'\\U0001F600\\n\\t'", "repeat('long', 5000)"},
       arrow::utf8()},
      {"varchar(5)", {"''", "'a b  '"}, arrow::utf8()},
      {"char(10)", {"'ab'", "''", "' a b '"}, arrow::utf8()},
      {"name", {"'x'"}, arrow::utf8()},
      {"\"char\"", {"'x'"}, arrow::utf8(), text_form},
      {"json", {"'{\"b\": 1,  \"a\":[1.0,null]}'", "'null'"}, arrow::utf8()},
      {"jsonb", {"'{\"b\": 1, \"a\": [1.0, null]}'", "'null'"}, arrow::utf8()},
      {"mood", {"'sad'", "'very happy'"}, arrow::utf8()},
      {"price", {"1.25"}, arrow::decimal128(6, 2)},
      {"place", {"ROW(1, 'x y', NULL)"}, arrow::utf8(), text_form},
      {"inet", {"'::1'", "'192.168.0.1/24'"}, arrow::utf8(), text_form},
      {"cidr", {"'10.0.0.0/8'"}, arrow::utf8(), text_form},
      {"macaddr", {"'08:00:2b:01:02:03'"}, arrow::utf8(), text_form},
      {"bit(8)", {"B'10100101'"}, arrow::utf8(), text_form},
      {"bit varying", {"B''", "B'1'"}, arrow::utf8(), text_form},
      {"money", {"'-92233720368547758.08'", "12.5"}, arrow::utf8(), text_form},
      {"point", {"'(1.5,-2)'"}, arrow::utf8(), text_form},
      {"xml", {"'<a>b</a>'"}, arrow::utf8(), text_form},
      {"tsvector", {"'a fat cat'"}, arrow::utf8(), text_form},
      {"int4range", {"'[1,5)'", "'empty'", "'(,)'"}, arrow::utf8(), text_form},
      {"tstzrange", {"'[2020-01-01,)'"}, arrow::utf8(), text_form},
      {"int[]",
       {"'{}'", "'{1,NULL,-3}'"},
       list(arrow::int32()),
       Fidelity::kExact,
       kItems},
      {"bigint[]",
       {"'{9223372036854775807}'"},
       list(arrow::int64()),
       Fidelity::kExact,
       kItems},
      {"text[]",
       {"'{a,NULL,\"b c\",\"\"}'"},
       list(arrow::utf8()),
       Fidelity::kExact,
       kItems},
      {"numeric(6,2)[]",
       {"'{1.5,NULL}'"},
       list(arrow::decimal128(6, 2)),
       Fidelity::kExact,
       kItems},
      {"uuid[]",
       {"'{ffffffff-ffff-ffff-ffff-ffffffffffff,NULL}'"},
       list(arrow::extension::uuid()),
       Fidelity::kExact,
       kItems},
      {"mood[]", {"'{sad,NULL}'"}, arrow::utf8(), text_form},
      {"interval[]", {"'{1 day}'"}, arrow::utf8(), text_form},
  };
}

class TypeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.Run({"DROP TABLE IF EXISTS typed", "DROP TYPE IF EXISTS mood, place",
                 "DROP DOMAIN IF EXISTS price",
                 "CREATE TYPE mood AS ENUM ('sad', 'very happy')",
                 "CREATE TYPE place AS (a int, b text, c date)",
                 "CREATE DOMAIN price AS numeric(6,2)"});
  }
  void Fill(const std::string& type, const std::vector<std::string>& literals) {
    source_.reset();  // its transactions hold the table
    server_.Run({"DROP TABLE IF EXISTS typed",
                 "CREATE TABLE typed(id int PRIMARY KEY, v " + type + ")"});
    for (size_t i = 0; i < literals.size(); ++i) {
      server_.Run({fmt::format("INSERT INTO typed VALUES ({}, {})", i, literals[i])});
    }
  }
  Result<std::shared_ptr<arrow::Table>> Read(
      OddValuePolicy policy = OddValuePolicy::kError) {
    options_.out_of_range = policy;
    source_ = server_.Source(options_);
    return ReadAll(*source_, TableSelection("typed"));
  }

  TestServer& server_ = TestServer::Get();
  connect::ReadOptions options_;
  std::unique_ptr<connect::Source> source_;
};

TEST_F(TypeTest, EveryTypeArrivesAsTheServerPrintsIt) {
  std::vector<Case> cases = NumberAndTimeCases();
  for (const Case& other : OtherCases()) cases.push_back(other);
  for (Case& test : cases) {
    SCOPED_TRACE(test.type);
    test.literals.push_back("NULL");
    Fill(test.type, test.literals);
    auto table = Read();
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    auto schema = source_->Describe(TableSelection("typed")).ValueOrDie();
    EXPECT_TRUE(schema.columns[1].field->type()->Equals(test.arrow_type))
        << schema.columns[1].field->ToString();
    EXPECT_EQ(schema.columns[1].fidelity, test.fidelity);
    auto expected =
        server_.Column("SELECT " + test.server_text + " FROM typed ORDER BY id");
    auto values = (*table)->column(1)->chunk(0);
    ASSERT_EQ(values->length(), static_cast<int64_t>(expected.size()));
    for (int64_t i = 0; i < values->length(); ++i) {
      EXPECT_EQ(Text(*values, i),
                Canonical(expected[static_cast<size_t>(i)], *test.arrow_type))
          << test.literals[static_cast<size_t>(i)];
    }
  }
}

TEST_F(TypeTest, QueriesGiveTheSameValuesAsTables) {
  server_.Run({"DROP TABLE IF EXISTS typed"});
  auto source = server_.Source();
  auto table =
      ReadAll(*source, QuerySelection("SELECT 1 AS i, 'x' AS t, 1.5::numeric(3,1) AS d, "
                                      "'1 day'::interval AS v, ARRAY[1, NULL] AS a"));
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(
      (*table)->schema()->ToString(),
      "i: int32\nt: string\nd: decimal128(3, 1)\nv: string\na: list<element: int32>");
  EXPECT_EQ(Text(*(*table)->column(2)->chunk(0), 0), "1.5");
  EXPECT_EQ(Text(*(*table)->column(3)->chunk(0), 0), "1 day");
  EXPECT_EQ(Text(*(*table)->column(4)->chunk(0), 0), "1|NULL");
}

TEST_F(TypeTest, ValuesOutOfRangeFollowThePolicy) {
  struct OddCase {
    std::string type, literal, named, null_form = "NULL";
  };
  const std::vector<OddCase> cases = {
      {"numeric(5,2)", "'NaN'", "NaN"},
      {"date", "'infinity'", "infinity"},
      {"date", "'-infinity'", "-infinity"},
      {"timestamp", "'infinity'", "infinity"},
      {"timestamp", "'-infinity'", "-infinity"},
      {"timestamp", "'294276-12-31 23:59:59.999999'", "294246"},
      {"timestamptz", "'infinity'", "infinity"},
      {"timestamptz", "'294276-12-31 23:59:59.999999+00'", "294246"},
      {"time", "'24:00:00'", "24:00:00"},
      {"int[]", "'{{1,2},{3,4}}'", "more than one dimension"},
      {"int[]", "'[0:1]={1,2}'", "begin at 1"},
      {"date[]", "'{2020-01-01,infinity}'", "infinity", "18262|NULL"},
  };
  for (const OddCase& test : cases) {
    SCOPED_TRACE(test.type + " " + test.literal);
    Fill(test.type, {"NULL", test.literal});
    auto failed = Read();
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(KindOf(failed.status()), ErrorKind::kUserInput);
    const std::string message = MessageOf(failed.status());
    EXPECT_NE(message.find("table typed, column v, row 2: "), std::string::npos)
        << message;
    EXPECT_NE(message.find("--out-of-range"), std::string::npos) << message;
    EXPECT_NE(message.find(test.named), std::string::npos) << message;

    auto nulled = Read(OddValuePolicy::kNull);
    ASSERT_TRUE(nulled.ok()) << nulled.status().ToString();
    EXPECT_EQ(Text(*(*nulled)->column(1)->chunk(0), 1), test.null_form);
    auto plan = source_->Plan(TableSelection("typed")).ValueOrDie();
    auto reader = source_->Open(plan.splits[0], {}).ValueOrDie();
    (void)reader->Next({}).ValueOrDie();
    EXPECT_EQ(reader->OddValues(),
              (std::map<std::string, int64_t>{{"v: out of range", 1}}));
    reader.reset();

    auto as_text = Read(OddValuePolicy::kText);
    ASSERT_TRUE(as_text.ok()) << as_text.status().ToString();
    EXPECT_EQ(Text(*(*as_text)->column(1)->chunk(0), 1),
              server_.Column("SELECT v::text FROM typed WHERE v IS NOT NULL").at(0));
  }
}

TEST_F(TypeTest, WideDecimalsAsDecimal256) {
  options_.wide_decimals_as_decimal256 = true;
  const std::string widest(76, '9');
  Fill("numeric(76,0)", {widest, "-" + widest, "NULL"});
  auto table = Read();
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  auto values = (*table)->column(1)->chunk(0);
  EXPECT_TRUE(values->type()->Equals(arrow::decimal256(76, 0)));
  EXPECT_EQ(Text(*values, 0), widest);
  EXPECT_EQ(Text(*values, 1), "-" + widest);
  Fill("numeric(77,0)", {"1"});
  EXPECT_TRUE(Read().ValueOrDie()->column(1)->type()->Equals(arrow::utf8()));
}

TEST_F(TypeTest, TimesDoNotDependOnTheServersZone) {
  Fill("timestamptz", {"'2020-06-01 12:00:00+00'"});
  for (const char* zone : {"Asia/Kolkata", "America/New_York"}) {
    server_.Run({"ALTER ROLE sluice SET timezone = '" + std::string(zone) + "'"});
    EXPECT_EQ(Text(*Read().ValueOrDie()->column(1)->chunk(0), 0), "1591012800000000");
    EXPECT_EQ(Text(*Read(OddValuePolicy::kText).ValueOrDie()->column(1)->chunk(0), 0),
              "2020-06-01 12:00:00+00");
  }
  server_.Run({"ALTER ROLE sluice RESET timezone"});
}

}  // namespace
}  // namespace sluice::connectors::postgresql
