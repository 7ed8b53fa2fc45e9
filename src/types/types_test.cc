#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "types/fidelity.h"
#include "types/iceberg.h"

namespace sluice::types {
namespace {

std::string FromArrowText(const std::shared_ptr<arrow::DataType>& type) {
  int last_id = 0;
  Result<Type> result = TypeFromArrow(*type, &last_id);
  return result.ok() ? TypeText(*result) : std::string(KindName(KindOf(result.status())));
}

TEST(Types, FromArrow) {
  struct Case {
    std::shared_ptr<arrow::DataType> arrow;
    const char* iceberg;
  };
  const Case kCases[] = {
      {arrow::boolean(), "boolean"},
      {arrow::int8(), "int"},
      {arrow::int16(), "int"},
      {arrow::int32(), "int"},
      {arrow::uint8(), "int"},
      {arrow::uint16(), "int"},
      {arrow::uint32(), "long"},
      {arrow::int64(), "long"},
      {arrow::uint64(), "decimal(20, 0)"},
      {arrow::float16(), "float"},
      {arrow::float32(), "float"},
      {arrow::float64(), "double"},
      {arrow::date32(), "date"},
      {arrow::time64(arrow::TimeUnit::MICRO), "time"},
      {arrow::timestamp(arrow::TimeUnit::SECOND), "timestamp"},
      {arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Rome"), "timestamptz"},
      {arrow::utf8(), "string"},
      {arrow::large_utf8(), "string"},
      {arrow::utf8_view(), "string"},
      {arrow::dictionary(arrow::int8(), arrow::utf8()), "string"},
      {arrow::binary(), "binary"},
      {arrow::large_binary(), "binary"},
      {arrow::fixed_size_binary(16), "fixed[16]"},
      {arrow::extension::uuid(), "uuid"},
      {arrow::decimal128(38, 10), "decimal(38, 10)"},
      {arrow::list(arrow::int32()), "list<int>"},
      {arrow::map(arrow::utf8(), arrow::int64()), "map<string, long>"},
      {arrow::struct_({arrow::field("a", arrow::int32())}), "struct<a: int>"},
      {arrow::decimal128(5, -2), "user_input"},
      {arrow::decimal256(50, 2), "user_input"},
      {arrow::duration(arrow::TimeUnit::MICRO), "user_input"},
      {arrow::month_interval(), "user_input"},
      {arrow::null(), "user_input"},
      {arrow::list(arrow::decimal256(50, 2)), "user_input"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.arrow->ToString());
    EXPECT_EQ(FromArrowText(c.arrow), c.iceberg);
  }
}

TEST(Types, NestedPartsGetFreshIdsMembersFirst) {
  auto inner = arrow::struct_({arrow::field("x", arrow::list(arrow::int32())),
                               arrow::field("y", arrow::utf8(), false)});
  int last_id = 10;
  Type type = TypeFromArrow(*inner, &last_id).ValueOrDie();
  const auto& fields = std::get<StructType>(type.value).fields;
  EXPECT_EQ(fields[0].id, 11);
  EXPECT_EQ(fields[1].id, 12);
  EXPECT_TRUE(fields[1].required);
  EXPECT_EQ(std::get<ListType>(fields[0].type->value).element_id, 13);
  EXPECT_EQ(last_id, 13);
}

TEST(Types, ArrowFieldsCarryIdsAndComeBack) {
  auto arrow_type = arrow::struct_(
      {arrow::field("u", arrow::extension::uuid()),
       arrow::field("m", arrow::map(arrow::utf8(), arrow::list(arrow::date32())))});
  int last_id = 0;
  Type type = TypeFromArrow(*arrow_type, &last_id).ValueOrDie();
  auto back = TypeToArrow(type);
  EXPECT_EQ(back->field(0)->metadata()->Get("PARQUET:field_id").ValueOrDie(), "1");
  EXPECT_TRUE(back->field(0)->type()->Equals(arrow::extension::uuid()));
  const auto& map = static_cast<const arrow::MapType&>(*back->field(1)->type());
  EXPECT_EQ(map.key_field()->metadata()->Get("PARQUET:field_id").ValueOrDie(), "3");
  EXPECT_EQ(map.item_field()->metadata()->Get("PARQUET:field_id").ValueOrDie(), "4");
  last_id = 0;
  EXPECT_EQ(TypeFromArrow(*back, &last_id).ValueOrDie(), type);
}

TEST(Types, FieldKeepsDocAndNullability) {
  Field field{
      .id = 7,
      .name = "paid",
      .required = true,
      .type = std::make_shared<const Type>(Type{Primitive{PrimitiveKind::kBoolean}}),
      .doc = "has it been paid"};
  auto arrow_field = FieldToArrow(field);
  EXPECT_FALSE(arrow_field->nullable());
  EXPECT_EQ(arrow_field->metadata()->Get("doc").ValueOrDie(), "has it been paid");
  EXPECT_EQ(FieldFromJson(FieldToJson(field)).ValueOrDie(), field);
}

TEST(Types, JsonOfEveryPrimitiveComesBack) {
  for (const char* name :
       {"boolean", "int", "long", "float", "double", "date", "time", "timestamp",
        "timestamptz", "string", "uuid", "fixed[16]", "binary", "decimal(9, 2)"}) {
    SCOPED_TRACE(name);
    Type type = TypeFromJson(Json(name)).ValueOrDie();
    EXPECT_EQ(TypeToJson(type), Json(name));
    EXPECT_EQ(TypeText(type), name);
    int last_id = 0;
    EXPECT_EQ(TypeFromArrow(*TypeToArrow(type), &last_id).ValueOrDie(), type);
  }
}

TEST(Types, JsonTakesOptionalBlanks) {
  EXPECT_EQ(TypeToJson(TypeFromJson(Json("decimal(9,2)")).ValueOrDie()),
            Json("decimal(9, 2)"));
  EXPECT_EQ(TypeToJson(TypeFromJson(Json("fixed[ 4 ]")).ValueOrDie()), Json("fixed[4]"));
}

TEST(Types, JsonOfNestedTypesComesBack) {
  Json json = ParseJson(R"({"type":"struct","fields":[
      {"id":1,"name":"l","required":false,"type":{"type":"list","element-id":3,
       "element-required":true,"element":"string"}},
      {"id":2,"name":"m","required":true,"type":{"type":"map","key-id":4,"key":"string",
       "value-id":5,"value-required":false,"value":"double"},"doc":"why"}]})")
                  .ValueOrDie();
  Type type = TypeFromJson(json).ValueOrDie();
  EXPECT_EQ(TypeToJson(type), json);
  EXPECT_EQ(TypeText(type), "struct<l: list<string>, m: map<string, double>>");
}

TEST(Types, BadJsonIsCorrupt) {
  for (const char* text :
       {R"("int8")", "\"decimal(39, 2)\"", "\"decimal(9, 10)\"", "\"decimal(9)\"",
        R"("fixed[0]")", R"("fixed[x]")", R"("fixed[")", R"("")", "5",
        R"({"type":"set"})", R"({"type":"list","element-id":1,"element-required":true})",
        R"({"type":"struct","fields":[{"id":1,"name":"a","type":"int"}]})"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(KindOf(TypeFromJson(ParseJson(text).ValueOrDie()).status()),
              ErrorKind::kCorrupt);
  }
}

TEST(Types, DeepJsonIsRefusedNotRecursedInto) {
  std::string text = "\"int\"";
  for (int i = 0; i < 5000; ++i) {
    text = R"({"type":"list","element-id":1,"element-required":true,"element":)" + text +
           "}";
  }
  EXPECT_EQ(KindOf(TypeFromJson(ParseJson(text).ValueOrDie()).status()),
            ErrorKind::kCorrupt);
}

TEST(Types, Promotions) {
  struct Case {
    const char* from;
    const char* to;
    bool allowed;
  };
  const Case kCases[] = {
      {"int", "long", true},
      {"long", "int", false},
      {"float", "double", true},
      {"int", "double", false},
      {"decimal(9, 2)", "decimal(18, 2)", true},
      {"decimal(18, 2)", "decimal(9, 2)", false},
      {"decimal(9, 2)", "decimal(18, 3)", false},
      {"date", "timestamp", false},
      {"string", "string", true},
      {"string", "binary", false},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.from) + " -> " + c.to);
    auto from = std::get<Primitive>(TypeFromJson(Json(c.from)).ValueOrDie().value);
    auto to = std::get<Primitive>(TypeFromJson(Json(c.to)).ValueOrDie().value);
    EXPECT_EQ(CanPromote(from, to), c.allowed);
  }
}

TEST(Types, FidelityNames) {
  EXPECT_EQ(FidelityName(Fidelity::kExact), "exact");
  EXPECT_EQ(FidelityName(Fidelity::kCompatible), "compatible");
  EXPECT_EQ(FidelityName(Fidelity::kTextForm), "text form");
  EXPECT_EQ(FidelityName(Fidelity::kLossy), "lossy");
}

}  // namespace
}  // namespace sluice::types
