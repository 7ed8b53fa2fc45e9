#include "table/value.h"

#include <cmath>
#include <limits>

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "table/data_file.h"
#include "table/json_internal.h"
#include "table/utf8_internal.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;

Primitive Of(const char* name) {
  return std::get<Primitive>(types::TypeFromJson(Json(name)).ValueOrDie().value);
}

arrow::Decimal128 Decimal(const char* unscaled) {
  return arrow::Decimal128::FromString(unscaled).ValueOrDie();
}

TEST(Value, SingleValueForms) {
  struct Case {
    const char* type;
    Value value;
    const char* hex;
  };
  const Case kCases[] = {
      {"boolean", true, "01"},
      {"boolean", false, "00"},
      {"int", int32_t{34}, "22000000"},
      {"int", int32_t{-1}, "ffffffff"},
      {"date", int32_t{17501}, "5d440000"},
      {"long", int64_t{34}, "2200000000000000"},
      {"time", int64_t{1}, "0100000000000000"},
      {"timestamp", int64_t{-1}, "ffffffffffffffff"},
      {"timestamptz", std::numeric_limits<int64_t>::min(), "0000000000000080"},
      {"float", 1.0f, "0000803f"},
      {"double", -0.0, "0000000000000080"},
      {"decimal(9, 2)", Decimal("1420"), "058c"},
      {"decimal(9, 2)", Decimal("0"), "00"},
      {"decimal(9, 2)", Decimal("127"), "7f"},
      {"decimal(9, 2)", Decimal("128"), "0080"},
      {"decimal(9, 2)", Decimal("-1"), "ff"},
      {"decimal(9, 2)", Decimal("-128"), "80"},
      {"decimal(9, 2)", Decimal("-129"), "ff7f"},
      {"decimal(38, 0)", Decimal("99999999999999999999999999999999999999"),
       "4b3b4ca85a86c47a098a223fffffffff"},
      {"string", std::string("iceberg"), "69636562657267"},
      {"string", std::string(), ""},
      {"uuid",
       std::string("\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"),
       "f79c3e09677c4bbda4793f349cb785e7"},
      {"fixed[2]", std::string("ab"), "6162"},
      {"binary", std::string("\0\xff", 2), "00ff"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.type) + " " + c.hex);
    std::string bytes = EncodeValue(Of(c.type), c.value);
    EXPECT_EQ(HexText(bytes), c.hex);
    EXPECT_EQ(DecodeValue(Of(c.type), bytes).ValueOrDie(), c.value);
  }
}

TEST(Value, BoundsWrittenBeforeAPromotionAreRead) {
  EXPECT_EQ(DecodeValue(Of("long"), EncodeValue(Of("int"), int32_t{-7})).ValueOrDie(),
            Value(int64_t{-7}));
  EXPECT_EQ(DecodeValue(Of("double"), EncodeValue(Of("float"), 1.5f)).ValueOrDie(),
            Value(1.5));
  EXPECT_EQ(DecodeValue(Of("decimal(20, 2)"), "\x05\x8c").ValueOrDie(),
            Value(Decimal("1420")));
}

TEST(Value, WrongLengthsAreCorrupt) {
  struct Case {
    const char* type;
    size_t length;
  };
  for (const Case& c :
       {Case{"boolean", 0}, Case{"boolean", 2}, Case{"int", 8}, Case{"date", 3},
        Case{"long", 5}, Case{"float", 8}, Case{"double", 7}, Case{"decimal(9, 2)", 0},
        Case{"decimal(9, 2)", 17}, Case{"uuid", 15}, Case{"fixed[2]", 3}}) {
    SCOPED_TRACE(c.type);
    EXPECT_EQ(KindOf(DecodeValue(Of(c.type), std::string(c.length, 'x')).status()),
              ErrorKind::kCorrupt);
  }
}

TEST(Value, Order) {
  const std::vector<std::vector<Value>> kAscending = {
      {false, true},
      {int32_t{-5}, int32_t{0}, int64_t{7}, std::numeric_limits<int64_t>::max()},
      {-INFINITY, -1.0, -0.0, 0.0, 1e-300, INFINITY},
      {-0.0f, 0.0f, 1.0f},
      {Decimal("-100000000000000000000"), Decimal("-1"), Decimal("0"), Decimal("5")},
      {std::string(), std::string("a"), std::string("ab"), std::string("b"),
       std::string("\x7f"), std::string("\x80"), std::string("\xff")},
  };
  for (const auto& values : kAscending) {
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t j = 0; j < values.size(); ++j) {
        EXPECT_EQ(CompareValues(values[i], values[j]), i < j   ? -1
                                                       : i > j ? 1
                                                               : 0)
            << i << " " << j;
      }
    }
  }
}

TEST(Value, TextForPeople) {
  struct Case {
    const char* type;
    Value value;
    const char* text;
  };
  const Case kCases[] = {
      {"string", Value(), "null"},
      {"boolean", true, "true"},
      {"long", int64_t{-3}, "-3"},
      {"date", int32_t{0}, "1970-01-01"},
      {"date", int32_t{-1}, "1969-12-31"},
      {"date", int32_t{19723}, "2024-01-01"},
      {"date", int32_t{-719528}, "0000-01-01"},
      {"date", std::numeric_limits<int32_t>::max(), "5881580-07-11"},
      {"time", int64_t{3'661'000'001}, "01:01:01.000001"},
      {"timestamp", int64_t{-1}, "1969-12-31T23:59:59.999999"},
      {"timestamptz", int64_t{0}, "1970-01-01T00:00:00+00:00"},
      {"decimal(9, 2)", Decimal("1230"), "12.30"},
      {"decimal(9, 2)", Decimal("-5"), "-0.05"},
      {"double", 0.1, "0.1"},
      {"binary", std::string("\x01\xff"), "01ff"},
      {"uuid", std::string(16, '\x11'), "11111111-1111-1111-1111-111111111111"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ValueText(Of(c.type), c.value), c.text);
  }
}

TEST(Value, FromScalars) {
  auto string = arrow::MakeScalar("abc");
  EXPECT_EQ(ValueFromScalar(Of("string"), *string).ValueOrDie(),
            Value(std::string("abc")));
  EXPECT_EQ(ValueFromScalar(Of("date"), arrow::Date32Scalar(5)).ValueOrDie(),
            Value(int32_t{5}));
  arrow::TimestampScalar instant(9, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
  EXPECT_EQ(ValueFromScalar(Of("timestamptz"), instant).ValueOrDie(), Value(int64_t{9}));
  EXPECT_EQ(KindOf(ValueFromScalar(Of("timestamp"), instant).status()),
            ErrorKind::kUserInput);
  EXPECT_EQ(
      ValueFromScalar(Of("int"), *arrow::MakeNullScalar(arrow::int32())).ValueOrDie(),
      Value());
  auto storage = std::make_shared<arrow::FixedSizeBinaryScalar>(
      arrow::Buffer::FromString(std::string(16, 'u')), arrow::fixed_size_binary(16));
  arrow::ExtensionScalar uuid(storage, arrow::extension::uuid());
  EXPECT_EQ(ValueFromScalar(Of("uuid"), uuid).ValueOrDie(), Value(std::string(16, 'u')));
}

DataFile WithBounds(const char* type, Value min, Value max) {
  DataFile file;
  SetBounds(
      {{.field_id = 1, .type = Of(type), .min = std::move(min), .max = std::move(max)}},
      &file);
  return file;
}

TEST(Bounds, TextIsCutToSixteenCodePointsAndTheUpperRaised) {
  struct Case {
    const char* what;
    std::string value, lower;
    std::optional<std::string> upper;
  };
  const std::string kMax = "\xf4\x8f\xbf\xbf";  // U+10FFFF
  auto repeat = [](const std::string& part, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += part;
    return text;
  };
  const Case kCases[] = {
      {"short", "abc", "abc", "abc"},
      {"exactly 16", repeat("x", 16), repeat("x", 16), repeat("x", 16)},
      {"cut", repeat("x", 17), repeat("x", 16), repeat("x", 15) + "y"},
      {"two bytes each", repeat("\xc3\xa9", 17), repeat("\xc3\xa9", 16),
       repeat("\xc3\xa9", 15) + "\xc3\xaa"},
      {"last of one byte", repeat("a", 15) + "\x7f" + "a", repeat("a", 15) + "\x7f",
       repeat("a", 15) + "\xc2\x80"},
      {"below the surrogates", repeat("a", 15) + "\xed\x9f\xbf" + "a",
       repeat("a", 15) + "\xed\x9f\xbf", repeat("a", 15) + "\xee\x80\x80"},
      {"last code point carries", repeat("a", 15) + kMax + "a", repeat("a", 15) + kMax,
       repeat("a", 14) + "b"},
      {"nothing above", repeat(kMax, 17), repeat(kMax, 16), std::nullopt},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    DataFile file = WithBounds("string", c.value, c.value);
    EXPECT_EQ(file.lower_bounds.at(1), c.lower);
    ASSERT_EQ(file.upper_bounds.contains(1), c.upper.has_value());
    if (!c.upper) continue;
    EXPECT_EQ(file.upper_bounds.at(1), *c.upper);
    EXPECT_GE(*c.upper, c.value);
  }
}

TEST(Bounds, TextThatIsNotUtf8HasNone) {
  for (const char* bad :
       {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
    DataFile file = WithBounds("string", std::string(bad), std::string(bad));
    EXPECT_TRUE(file.lower_bounds.empty() && file.upper_bounds.empty());
  }
}

TEST(Bounds, BinaryIsCutByBytes) {
  std::string value = std::string(15, '\x01') + "\xff\x05";
  DataFile file = WithBounds("binary", value, value);
  EXPECT_EQ(file.lower_bounds.at(1), value.substr(0, 16));
  EXPECT_EQ(file.upper_bounds.at(1), std::string(14, '\x01') + "\x02");
  std::string all(20, '\xff');
  EXPECT_FALSE(WithBounds("binary", all, all).upper_bounds.contains(1));
  std::string fixed(20, 'f');
  EXPECT_EQ(WithBounds("fixed[20]", fixed, fixed).upper_bounds.at(1), fixed);
}

TEST(Bounds, NeverNanAndZerosAreWide) {
  DataFile nan = WithBounds("double", std::nan(""), std::nan(""));
  EXPECT_TRUE(nan.lower_bounds.empty() && nan.upper_bounds.empty());
  DataFile zero = WithBounds("double", 0.0, -0.0);
  EXPECT_TRUE(std::signbit(
      std::get<double>(DecodeValue(Of("double"), zero.lower_bounds.at(1)).ValueOrDie())));
  EXPECT_FALSE(std::signbit(
      std::get<double>(DecodeValue(Of("double"), zero.upper_bounds.at(1)).ValueOrDie())));
  DataFile unknown = WithBounds("int", Value(), int32_t{4});
  EXPECT_FALSE(unknown.lower_bounds.contains(1));
  EXPECT_TRUE(unknown.upper_bounds.contains(1));
}

TEST(DataFileJson, ComesBack) {
  DataFile file;
  file.content = FileContent::kEqualityDeletes;
  file.path = "file:///t/\"x\".parquet";
  file.spec_id = 3;
  file.partition = {Value(),
                    true,
                    int32_t{-1},
                    int64_t{1} << 40,
                    1.5f,
                    -0.25,
                    Decimal("-1234567890123456789012"),
                    std::string("\0\xff", 2)};
  file.record_count = 7;
  file.file_bytes = 1234567890123;
  file.column_bytes = {{1, 10}};
  file.value_counts = {{1, 7}, {2, 7}};
  file.null_counts = {{2, 3}};
  file.nan_counts = {{5, 0}};
  file.lower_bounds = {{1, std::string("\0\x01", 2)}};
  file.upper_bounds = {{1, "\xff"}};
  file.split_offsets = {4, 999999};
  file.equality_ids = {1, 2};
  file.sort_order_id = 0;
  Json json = ParseJson(ToText(file.ToJson())).ValueOrDie();
  DataFile back = DataFile::FromJson(json).ValueOrDie();
  EXPECT_EQ(back.ToJson(), file.ToJson());
  EXPECT_EQ(back.partition, file.partition);
  EXPECT_EQ(back.lower_bounds, file.lower_bounds);
  EXPECT_EQ(back.content, file.content);
  json["lower_bounds"]["1"] = "0g";
  EXPECT_EQ(KindOf(DataFile::FromJson(json).status()), ErrorKind::kCorrupt);
  json.erase("path");
  EXPECT_EQ(KindOf(DataFile::FromJson(json).status()), ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace sluice::table
