#include "table/partition.h"

#include <limits>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/manifest_schema_internal.h"
#include "table/murmur3_internal.h"

namespace sluice::table {
namespace {

using types::Primitive;
using types::PrimitiveKind;

constexpr int32_t kIntMin = std::numeric_limits<int32_t>::min();
constexpr int64_t kLongMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kDayMicros = 86'400'000'000;

Primitive Of(const char* name) {
  return std::get<Primitive>(types::TypeFromJson(Json(name)).ValueOrDie().value);
}

Value Applied(const char* transform, const char* type, const Value& value) {
  return Transform::Parse(transform).ValueOrDie().Apply(Of(type), value);
}

arrow::Decimal128 Decimal(int64_t unscaled) { return arrow::Decimal128(unscaled); }

// The hash before the modulo: a bucket count above every hash leaves it as it is.
int32_t HashOf(const char* type, const Value& value) {
  return std::get<int32_t>(Applied("bucket[2147483647]", type, value));
}

TEST(Murmur3, VectorsOfAppendixB) {
  struct Case {
    const char* type;
    Value value;
    int32_t hash;
  };
  const Case kCases[] = {
      {"int", int32_t{34}, 2017239379},
      {"long", int64_t{34}, 2017239379},
      {"decimal(9, 2)", Decimal(1420), -500754589},
      {"date", int32_t{17486}, -653330422},
      {"time", int64_t{81'068'000'000}, -662762989},
      {"timestamp", int64_t{1'510'871'468'000'000}, -2047944441},
      {"timestamptz", int64_t{1'510'871'468'000'000}, -2047944441},
      {"timestamp", int64_t{1'510'871'468'000'001}, -1207196810},
      {"string", std::string("iceberg"), 1210000089},
      {"uuid",
       std::string("\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"),
       1488055340},
      {"fixed[4]", std::string("\0\1\2\3", 4), -188683207},
      {"binary", std::string("\0\1\2\3", 4), -188683207},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.type) + " " + std::to_string(c.hash));
    EXPECT_EQ(HashOf(c.type, c.value), (c.hash & 0x7fffffff) % 2147483647);
  }
  EXPECT_EQ(Murmur3(""), 0);
  EXPECT_EQ(Murmur3("iceberg"), 1210000089);
}

TEST(Transform, Applies) {
  struct Case {
    const char* transform;
    const char* type;
    Value value, result;
  };
  const Case kCases[] = {
      {"identity", "string", std::string("x"), std::string("x")},
      {"void", "string", std::string("x"), Value()},
      {"bucket[16]", "int", Value(), Value()},
      {"bucket[16]", "string", std::string("iceberg"), int32_t{1210000089 % 16}},
      {"bucket[100]", "decimal(9, 2)", Decimal(1420),
       int32_t{(-500754589 & 0x7fffffff) % 100}},
      {"truncate[10]", "int", int32_t{1}, int32_t{0}},
      {"truncate[10]", "int", int32_t{-1}, int32_t{-10}},
      {"truncate[10]", "int", kIntMin, int32_t{2147483646}},
      {"truncate[10]", "long", int64_t{-11}, int64_t{-20}},
      {"truncate[50]", "decimal(9, 2)", Decimal(1065), Decimal(1050)},
      {"truncate[50]", "decimal(9, 2)", Decimal(-5), Decimal(-50)},
      {"truncate[3]", "string", std::string("iceberg"), std::string("ice")},
      {"truncate[2]", "string", std::string("\xc3\xa9\xf0\x9f\x98\x80z"),
       std::string("\xc3\xa9\xf0\x9f\x98\x80")},
      {"truncate[5]", "string", std::string("ab"), std::string("ab")},
      {"truncate[1]", "binary", std::string("\xc3\xa9"), std::string("\xc3")},
      {"year", "date", int32_t{-1}, int32_t{-1}},
      {"year", "date", int32_t{17501}, int32_t{47}},
      {"month", "date", int32_t{-1}, int32_t{-1}},
      {"month", "date", int32_t{17501}, int32_t{575}},
      {"month", "timestamp", int64_t{-1}, int32_t{-1}},
      {"day", "date", int32_t{-5}, int32_t{-5}},
      {"day", "timestamp", int64_t{-1}, int32_t{-1}},
      {"day", "timestamp", -kDayMicros, int32_t{-1}},
      {"day", "timestamp", -kDayMicros - 1, int32_t{-2}},
      {"day", "timestamptz", kDayMicros - 1, int32_t{0}},
      {"year", "timestamptz", int64_t{-1}, int32_t{-1}},
      {"hour", "timestamp", int64_t{-1}, int32_t{-1}},
      {"hour", "timestamp", int64_t{3'600'000'000}, int32_t{1}},
      {"hour", "timestamp", int64_t{-3'600'000'001}, int32_t{-2}},
      {"hour", "timestamp", kLongMax, std::numeric_limits<int32_t>::max()},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.transform) + " " + ValueText(Of(c.type), c.value));
    EXPECT_EQ(Applied(c.transform, c.type, c.value), c.result);
  }
}

TEST(Transform, ResultTypes) {
  auto result = [](const char* transform, const char* source) -> std::string {
    auto type = Transform::Parse(transform).ValueOrDie().ResultType(Of(source));
    return type.ok() ? types::TypeText(types::Type{*type})
                     : std::string(KindName(KindOf(type.status())));
  };
  EXPECT_EQ(result("identity", "decimal(9, 2)"), "decimal(9, 2)");
  EXPECT_EQ(result("bucket[4]", "uuid"), "int");
  EXPECT_EQ(result("day", "timestamptz"), "date");
  EXPECT_EQ(result("hour", "timestamp"), "int");
  EXPECT_EQ(result("truncate[2]", "string"), "string");
  EXPECT_EQ(result("void", "double"), "double");
  EXPECT_EQ(result("bucket[4]", "double"), "user_input");
  EXPECT_EQ(result("bucket[4]", "boolean"), "user_input");
  EXPECT_EQ(result("hour", "date"), "user_input");
  EXPECT_EQ(result("day", "long"), "user_input");
  EXPECT_EQ(result("truncate[2]", "date"), "user_input");
}

TEST(Transform, TextComesBackAndBadTextIsRefused) {
  for (const char* text : {"identity", "bucket[16]", "truncate[4]", "year", "month",
                           "day", "hour", "void"}) {
    EXPECT_EQ(Transform::Parse(text).ValueOrDie().ToString(), text);
  }
  for (const char* text : {"", "bucket", "bucket[]", "bucket[0]", "bucket[-1]",
                           "bucket[2", "year[2]", "zorder", "bucket[99999999999]"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(KindOf(Transform::Parse(text).status()), ErrorKind::kUserInput);
  }
}

Schema Orders() {
  return Schema::FromArrow(
             *arrow::schema({arrow::field("id", arrow::int64(), false),
                             arrow::field("region", arrow::utf8()),
                             arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO)),
                             arrow::field("id_bucket", arrow::int32()),
                             arrow::field("tags", arrow::list(arrow::utf8()))}))
      .ValueOrDie();
}

TEST(PartitionSpec, ParsesText) {
  Schema schema = Orders();
  auto spec =
      PartitionSpec::Parse(" day(at), truncate(4, region), region ", schema).ValueOrDie();
  ASSERT_EQ(spec.fields.size(), 3u);
  EXPECT_EQ(spec.fields[0].name, "at_day");
  EXPECT_EQ(spec.fields[0].source_id, 3);
  EXPECT_EQ(spec.fields[0].field_id, 1000);
  EXPECT_EQ(spec.fields[1].name, "region_trunc");
  EXPECT_EQ(spec.fields[1].transform.parameter, 4);
  EXPECT_EQ(spec.fields[2].name, "region");
  EXPECT_EQ(spec.fields[2].field_id, 1002);
  EXPECT_TRUE(PartitionSpec::Parse("", schema).ValueOrDie().IsUnpartitioned());
  EXPECT_EQ(
      PartitionSpec::Parse("days(at)", schema).ValueOrDie().fields[0].transform.kind,
      Transform::Kind::kDay);
}

TEST(PartitionSpec, RefusesWhatCannotBe) {
  Schema schema = Orders();
  for (const char* text :
       {"unknown", "day(unknown)", "day(id)", "tags", "bucket(id)", "bucket(x, id)",
        "bucket(1, 2, id)", "day(at", "region, region", "bucket(4, id)", "region,,at"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(KindOf(PartitionSpec::Parse(text, schema).status()), ErrorKind::kUserInput);
  }
}

TEST(PartitionSpec, JsonComesBack) {
  PartitionSpec spec =
      PartitionSpec::Parse("bucket(8, region), at", Orders()).ValueOrDie();
  spec.spec_id = 4;
  PartitionSpec back = PartitionSpec::FromJson(spec.ToJson()).ValueOrDie();
  EXPECT_EQ(back.spec_id, 4);
  EXPECT_EQ(back.fields, spec.fields);
  Json v1 = ParseJson(
                R"({"fields":[{"source-id":1,"name":"a","transform":"identity"},
                    {"source-id":2,"name":"b","transform":"void"}]})")
                .ValueOrDie();
  EXPECT_EQ(PartitionSpec::FromJson(v1).ValueOrDie().fields[1].field_id, 1001);
}

TEST(PartitionSpec, NamesThatAvroForbidsAreSanitised) {
  EXPECT_EQ(AvroName("at_day"), "at_day");
  EXPECT_EQ(AvroName("2nd"), "_2nd");
  EXPECT_EQ(AvroName("a b-c"), "a_x20b_x2Dc");
}

}  // namespace
}  // namespace sluice::table
