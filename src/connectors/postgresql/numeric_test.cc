#include "connectors/postgresql/numeric_internal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "connectors/postgresql/errors_internal.h"

namespace sluice::connectors::postgresql {
namespace {

std::string Words(const std::vector<int>& words) {
  std::string bytes;
  for (int word : words) {
    bytes += static_cast<char>((word >> 8) & 0xff);
    bytes += static_cast<char>(word & 0xff);
  }
  return bytes;
}

TEST(NumericTest, DecodesDigitsOfBase10000) {
  struct Case {
    std::vector<int> words;  // count, weight, sign, display scale, digits
    int32_t scale;
    int64_t value;
  };
  const std::vector<Case> cases = {
      {{0, 0, 0, 2}, 2, 0},
      {{1, 0, 0, 0, 7}, 2, 700},
      {{1, 1, 0, 0, 3}, 0, 30000},
      {{2, 0, 0x4000, 2, 12, 3400}, 2, -1234},
      {{1, -1, 0, 4, 5}, 4, 5},
      {{1, -2, 0, 8, 1}, 8, 1},
      {{3, 1, 0, 3, 1, 2, 3450}, 3, 10002345},
  };
  for (const Case& test : cases) {
    __int128 value = -1;
    EXPECT_EQ(DecodeNumeric(Words(test.words), test.scale, &value), NumericKind::kNumber);
    EXPECT_EQ(static_cast<int64_t>(value), test.value);
  }
}

TEST(NumericTest, RefusesWhatDoesNotFit) {
  __int128 value = 0;
  EXPECT_EQ(DecodeNumeric(Words({0, 0, 0xC000, 0}), 0, &value), NumericKind::kNotANumber);
  EXPECT_EQ(DecodeNumeric(Words({0, 0, 0xD000, 0}), 0, &value), NumericKind::kInfinity);
  EXPECT_EQ(DecodeNumeric(Words({0, 0, 0xF000, 0}), 0, &value),
            NumericKind::kNegativeInfinity);
  EXPECT_EQ(DecodeNumeric(Words({1, -1, 0, 3, 1230}), 2, &value), NumericKind::kTooWide);
  EXPECT_EQ(DecodeNumeric(Words({1, 9, 0, 0, 100}), 0, &value), NumericKind::kTooWide);
  EXPECT_EQ(DecodeNumeric(Words({1, 9, 0, 0, 99}), 0, &value), NumericKind::kNumber);
  EXPECT_EQ(DecodeNumeric(Words({2, 0, 0, 0, 1}), 0, &value), NumericKind::kBroken);
  EXPECT_EQ(DecodeNumeric(Words({1, 0, 0, 0, 10000}), 0, &value), NumericKind::kBroken);
  EXPECT_EQ(DecodeNumeric("123", 0, &value), NumericKind::kBroken);
}

TEST(ErrorsTest, SqlstateDecidesTheKind) {
  EXPECT_EQ(KindOfSqlstate("28P01"), ErrorKind::kAuth);
  EXPECT_EQ(KindOfSqlstate("42501"), ErrorKind::kAuth);
  EXPECT_EQ(KindOfSqlstate("42P01"), ErrorKind::kNotFound);
  EXPECT_EQ(KindOfSqlstate("42601"), ErrorKind::kUserInput);
  EXPECT_EQ(KindOfSqlstate("57P01"), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfSqlstate("53300"), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfSqlstate("XX001"), ErrorKind::kCorrupt);
  EXPECT_EQ(KindOfSqlstate(""), ErrorKind::kUnavailable);
}

TEST(ErrorsTest, FindsTheSqlstateInAnyLanguage) {
  EXPECT_EQ(SqlstateIn("connection to server failed: FATAL:  28P01: password wrong"),
            "28P01");
  EXPECT_EQ(SqlstateIn("FATALE:  3D000: la base manque\nLOCATION:  InitPostgres"),
            "3D000");
  EXPECT_EQ(SqlstateIn("could not connect: Connection refused"), "");
  EXPECT_EQ(OneLine("ERROR:  no\nHINT:  try\nLOCATION:  x, y.c:1\n"), "no; HINT:  try");
}

}  // namespace
}  // namespace sluice::connectors::postgresql
