#include "connectors/sqlite/column_internal.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "connectors/sqlite/temporary_file_test.h"

namespace sluice::connectors::sqlite {
namespace {

using connect::OddValuePolicy;

TEST(ColumnTest, DeclaredTypesBecomeArrowTypes) {
  struct Case {
    std::string declared;
    std::shared_ptr<arrow::DataType> type;
    types::Fidelity fidelity;
  };
  const auto exact = types::Fidelity::kExact, text = types::Fidelity::kTextForm;
  const std::vector<Case> cases = {
      {"INTEGER", arrow::int64(), exact},
      {"BIGINT UNSIGNED", arrow::int64(), exact},
      {"BOOLEAN", arrow::boolean(), exact},
      {"bool", arrow::boolean(), exact},
      {"REAL", arrow::float64(), exact},
      {"double precision", arrow::float64(), exact},
      {"FLOAT", arrow::float64(), exact},
      {"DECIMAL(12,2)", arrow::decimal128(12, 2), exact},
      {"numeric( 38 , 0 )", arrow::decimal128(38, 0), exact},
      {"DECIMAL(10)", arrow::decimal128(10, 0), exact},
      {"DECIMAL(39,2)", arrow::utf8(), text},
      {"DECIMAL(4,5)", arrow::utf8(), text},
      {"NUMERIC", arrow::utf8(), text},
      {"VARCHAR(20)", arrow::utf8(), exact},
      {"TEXT", arrow::utf8(), exact},
      {"BLOB", arrow::binary(), exact},
      {"VARBINARY(16)", arrow::binary(), exact},
      {"DATE", arrow::utf8(), text},
      {"DATETIME", arrow::utf8(), text},
      {"timestamp", arrow::utf8(), text},
      {"UUID", arrow::utf8(), text},
      {"", arrow::utf8(), text},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.declared);
    ColumnPlan plan = PlanColumn({"c", test.declared}, false, OddValuePolicy::kError);
    EXPECT_TRUE(plan.column.field->type()->Equals(test.type))
        << plan.column.field->ToString();
    EXPECT_EQ(plan.column.fidelity, test.fidelity);
    EXPECT_EQ(plan.column.source_type, test.declared);
  }
}

TEST(ColumnTest, PolicyDecidesTypeAndNullability) {
  ColumnFacts integer{"c", "INTEGER", /*not_null=*/true};
  EXPECT_FALSE(
      PlanColumn(integer, false, OddValuePolicy::kError).column.field->nullable());
  auto nulled = PlanColumn(integer, false, OddValuePolicy::kNull).column;
  EXPECT_TRUE(nulled.field->nullable());
  EXPECT_EQ(nulled.fidelity, types::Fidelity::kLossy);
  EXPECT_TRUE(PlanColumn(integer, false, OddValuePolicy::kText)
                  .column.field->type()
                  ->Equals(arrow::utf8()));
  ColumnPlan strict = PlanColumn(integer, /*exact=*/true, OddValuePolicy::kText);
  EXPECT_TRUE(strict.column.field->type()->Equals(arrow::int64()));
  EXPECT_EQ(strict.column.note, "");
}

TEST(ColumnTest, DoubleTextReadsBackExactly) {
  EXPECT_EQ(DoubleText(0.1), "0.1");
  EXPECT_EQ(DoubleText(5), "5.0");
  EXPECT_EQ(DoubleText(-0.0), "-0.0");
  EXPECT_EQ(DoubleText(1e20), "1e+20");
  EXPECT_EQ(std::stod(DoubleText(1.0 / 3)), 1.0 / 3);
}

struct ValueCase {
  std::string declared;
  std::string literal;
  std::string expected;  // "" where the policy decides
};

// The file, the reader and the builders together: one value at a time.
TEST(ColumnTest, ValuesArriveUnchanged) {
  const std::vector<ValueCase> cases = {
      {"INTEGER", "9223372036854775807", "9223372036854775807"},
      {"INTEGER", "-9223372036854775808", "-9223372036854775808"},
      {"INTEGER", "NULL", "null"},
      {"BOOLEAN", "1", "true"},
      {"BOOLEAN", "0", "false"},
      {"REAL", "1.7976931348623157e308", "1.7976931348623157e+308"},
      {"REAL", "9e999", "inf"},
      {"REAL", "3", "3"},
      {"DECIMAL(12,2)", "12.5", "12.50"},
      {"DECIMAL(12,2)", "0.1", "0.10"},
      {"DECIMAL(12,2)", "-9999999999.99", "-9999999999.99"},
      {"DECIMAL(12,2)", "7", "7.00"},
      {"DECIMAL(38,0)", "9223372036854775807", "9223372036854775807"},
      {"DECIMAL(12,2)", "NULL", "null"},
      {"NUMERIC", "9223372036854775807", "9223372036854775807"},
      {"NUMERIC", "0.25", "0.25"},
      {"TEXT", "''", ""},
      {"TEXT", "'null'", "null"},
      {"TEXT", "char(128512)", "\xF0\x9F\x98\x80"},
      {"TEXT", "'a' || char(0) || 'b'", std::string("a\0b", 3)},
      {"BLOB", "x'00FF10'", std::string("\0\xFF\x10", 3)},
      {"BLOB", "x''", ""},
      {"DATE", "'2020-02-30'", "2020-02-30"},
      {"DATETIME", "1700000000", "1700000000"},
      {"", "4", "4"},
      {"", "'four'", "four"},
  };
  TestFile file;
  for (const ValueCase& test : cases) {
    SCOPED_TRACE(test.declared + " " + test.literal);
    file.Recreate();
    file.Run("CREATE TABLE t(c " + test.declared + "); INSERT INTO t VALUES (" +
             test.literal + ")");
    auto source = file.Source();
    auto table = ReadAll(*source, TableSelection("t"));
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_EQ((*table)->column(0)->null_count(), test.literal == "NULL" ? 1 : 0);
    EXPECT_EQ(OnlyValue(**table), test.expected);
  }
}

TEST(ColumnTest, ContradictingValuesFollowThePolicy) {
  struct Case {
    std::string declared;
    std::string literal;
    std::string text;
  };
  const std::vector<Case> cases = {
      {"INTEGER", "'many'", "many"},
      {"INTEGER", "1.5", "1.5"},
      {"INTEGER", "x'01'", "x'01'"},
      {"BOOLEAN", "2", "2"},
      {"BOOLEAN", "-1", "-1"},
      {"REAL", "'high'", "high"},
      {"DECIMAL(12,2)", "1.005", "1.005"},
      {"DECIMAL(4,2)", "100", "100"},
      {"DECIMAL(4,2)", "'x'", "x"},
      {"DECIMAL(4,2)", "9e999", "inf"},
      {"TEXT", "x'4142'", "x'4142'"},
      {"TEXT", "CAST(x'ff' AS TEXT)", "x'ff'"},
      {"DATE", "x'00'", "x'00'"},
      {"BLOB", "'text'", "text"},
  };
  TestFile file;
  for (const Case& test : cases) {
    SCOPED_TRACE(test.declared + " " + test.literal);
    file.Recreate();
    file.Run("CREATE TABLE t(c " + test.declared + "); INSERT INTO t VALUES (NULL), (" +
             test.literal + ")");
    auto failed = ReadAll(*file.Source(), TableSelection("t"));
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(KindOf(failed.status()), ErrorKind::kCorrupt);
    const std::string message = MessageOf(failed.status());
    EXPECT_NE(message.find("table t, column c, row 2: "), std::string::npos) << message;
    EXPECT_NE(message.find("--wrong-storage-class"), std::string::npos) << message;

    for (bool as_text : {false, true}) {
      connect::ReadOptions options;
      options.wrong_storage_class =
          as_text ? OddValuePolicy::kText : OddValuePolicy::kNull;
      auto source = file.Source(options);
      ASSERT_TRUE(source->BeginSnapshot().ok());
      auto plan = source->Plan(TableSelection("t")).ValueOrDie();
      auto reader = source->Open(plan.splits.at(0), {}).ValueOrDie();
      auto chunk = reader->Next({});
      ASSERT_TRUE(chunk.ok()) << chunk.status().ToString();
      auto value = chunk->batch->column(0)->GetScalar(1).ValueOrDie();
      EXPECT_EQ(value->is_valid, as_text);
      if (!as_text) {
        EXPECT_EQ(reader->OddValues(),
                  (std::map<std::string, int64_t>{{"c: wrong storage class", 1}}));
      } else {
        EXPECT_EQ(value->ToString(), test.text);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::connectors::sqlite
