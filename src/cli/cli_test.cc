#include <limits>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension/uuid.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cell_text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/import_request.h"

namespace sluice::cli {
namespace {

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> One(std::shared_ptr<arrow::DataType> type, Value value) {
  Builder builder(type, arrow::default_memory_pool());
  EXPECT_TRUE(builder.Append(value).ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

TEST(CellText, Forms) {
  auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  auto wall = arrow::timestamp(arrow::TimeUnit::MICRO);
  struct Case {
    std::shared_ptr<arrow::Array> array;
    const char *text, *json;
  };
  for (const Case& c : {
           Case{One<arrow::TimestampBuilder>(instant, -1),
                "1969-12-31 23:59:59.999999+00", "\"1969-12-31 23:59:59.999999+00\""},
           Case{One<arrow::TimestampBuilder>(wall, 0), "1970-01-01 00:00:00",
                "\"1970-01-01 00:00:00\""},
           Case{One<arrow::Date32Builder>(arrow::date32(), 2932896), "9999-12-31",
                "\"9999-12-31\""},
           Case{One<arrow::Date32Builder>(arrow::date32(), -719162), "0001-01-01",
                "\"0001-01-01\""},
           Case{One<arrow::Decimal128Builder>(arrow::decimal128(5, 2),
                                              arrow::Decimal128(-5)),
                "-0.05", "-0.05"},
           Case{One<arrow::DoubleBuilder>(arrow::float64(), 0.1), "0.1", "0.1"},
           Case{One<arrow::DoubleBuilder>(arrow::float64(),
                                          std::numeric_limits<double>::infinity()),
                "inf", "\"inf\""},
           Case{One<arrow::StringBuilder>(arrow::utf8(), "a\"b"), "a\"b", "\"a\\\"b\""},
           Case{One<arrow::BinaryBuilder>(arrow::binary(), "\x01\xff"), "\\x01ff",
                "\"\\\\x01ff\""},
           Case{One<arrow::Time64Builder>(arrow::time64(arrow::TimeUnit::MICRO),
                                          int64_t{86399999999}),
                "23:59:59.999999", "\"23:59:59.999999\""},
       }) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(CellText(*c.array, 0), c.text);
    EXPECT_EQ(CellJson(*c.array, 0), c.json);
    EXPECT_EQ(CellText(*c.array, 1), "");
    EXPECT_EQ(CellJson(*c.array, 1), "null");
  }
}

TEST(CellText, ListsKeepTheirNulls) {
  arrow::ListBuilder builder(arrow::default_memory_pool(),
                             std::make_shared<arrow::Int32Builder>());
  auto& values = static_cast<arrow::Int32Builder&>(*builder.value_builder());
  ASSERT_TRUE(builder.Append().ok());
  ASSERT_TRUE(values.Append(1).ok());
  ASSERT_TRUE(values.AppendNull().ok());
  auto array = builder.Finish().ValueOrDie();
  EXPECT_EQ(CellText(*array, 0), "[1, NULL]");
  EXPECT_EQ(CellJson(*array, 0), "[1,null]");
}

TEST(ExitCode, OneTable) {
  EXPECT_EQ(ExitCodeOf(Status::OK()), 0);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kUserInput, "")), 2);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kNotFound, "")), 2);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kCorrupt, "")), 4);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kAuth, "")), 5);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kConflict, "")), 6);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kUnavailable, "")), 75);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kCancelled, "")), 130);
  EXPECT_EQ(ExitCodeOf(Error(ErrorKind::kInternal, "")), 1);
}

TEST(PrepareImport, ContradictingFlagsAreNamed) {
  struct Case {
    ImportOptions options;
    const char* says;
  };
  std::vector<Case> cases(6);
  cases[0].says = "exactly one of";
  cases[1].options.table = "t";
  cases[1].says = "--to";
  cases[2].options.table = "a*";
  cases[2].options.to = "landing.a";
  cases[2].says = "--tables: a*";
  cases[3].options.query = "select 1";
  cases[3].options.where = "x";
  cases[3].options.to = "landing.a";
  cases[3].says = "--query";
  cases[4].options.table = "t";
  cases[4].options.exclude = {"u"};
  cases[4].options.to = "landing.a";
  cases[4].says = "--exclude";
  cases[5].options.table = "t";
  cases[5].options.to = "landing.a";
  cases[5].options.wide_decimals = "decimal256";
  cases[5].says = "38 digits";
  for (const Case& c : cases) {
    SCOPED_TRACE(c.says);
    auto prepared = PrepareImport("sqlite:///nowhere.db", c.options, "nolake", false);
    EXPECT_EQ(KindOf(prepared.status()), ErrorKind::kUserInput);
    EXPECT_THAT(prepared.status().message(), testing::HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace sluice::cli
