#include "connectors/lake/schema_fit.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lake/batch_cast.h"

namespace sluice::connectors::lake {
namespace {

using connect::SchemaChange;
using testing::HasSubstr;
using Kind = SchemaChange::Kind;

connect::TableSchema LoadOf(const arrow::FieldVector& fields) {
  connect::TableSchema load{.name = "orders", .columns = {}, .key = {}};
  for (const auto& field : fields) {
    load.columns.push_back({.name = field->name(),
                            .source_type = field->type()->ToString(),
                            .field = field,
                            .fidelity = types::Fidelity::kExact,
                            .note = ""});
  }
  return load;
}

std::shared_ptr<arrow::Field> Required(const char* name,
                                       std::shared_ptr<arrow::DataType> type) {
  return arrow::field(name, std::move(type), /*nullable=*/false);
}

// A table with (id long required, n int, f float, d decimal(9,2), s string).
table::TableMetadata TableOf(const arrow::FieldVector& fields,
                             const std::string& partition_by = "") {
  auto schema = table::Schema::FromArrow(*arrow::schema(fields)).ValueOrDie();
  table::PartitionSpec spec;
  if (!partition_by.empty()) {
    spec = table::PartitionSpec::Parse(partition_by, schema).ValueOrDie();
  }
  return table::NewTable(schema, spec, "file:///t", {}, "uuid", 0);
}

table::TableMetadata Plain() {
  return TableOf({Required("id", arrow::int64()), arrow::field("n", arrow::int32()),
                  arrow::field("f", arrow::float32()),
                  arrow::field("d", arrow::decimal128(9, 2)),
                  arrow::field("s", arrow::utf8())});
}

std::string SchemaText(const table::Schema& schema) {
  std::string text;
  for (const types::Field& field : schema.columns.fields) {
    text += std::to_string(field.id) + ":" + field.name + " " +
            types::TypeText(*field.type) + (field.required ? "! " : " ");
  }
  return text;
}

TEST(SchemaFit, NewTableTakesNotNullAndFreshIds) {
  auto list = arrow::list(arrow::field("item", arrow::uint8()));
  SchemaFit fit = FitNewTable(LoadOf(
      {Required("id", arrow::uint64()), arrow::field("l", list),
       arrow::field("u", arrow::extension::uuid()),
       arrow::field("t", arrow::timestamp(arrow::TimeUnit::SECOND, "Europe/Berlin"))}));
  ASSERT_TRUE(fit.Check().ok());
  EXPECT_EQ(SchemaText(fit.schema),
            "1:id decimal(20, 0)! 2:l list<int> 3:u uuid 4:t timestamptz ");
  EXPECT_EQ(fit.last_column_id, 5);
  EXPECT_EQ(fit.schema.HighestFieldId(), 5);
}

TEST(SchemaFit, Append) {
  struct Case {
    const char* name;
    arrow::FieldVector load;
    const char* schema;
    std::vector<int> source;
    bool changes;
  };
  auto id = Required("id", arrow::int64());
  auto n = arrow::field("n", arrow::int32());
  auto f = arrow::field("f", arrow::float32());
  auto d = arrow::field("d", arrow::decimal128(9, 2));
  auto s = arrow::field("s", arrow::utf8());
  const char* same = "1:id long! 2:n int 3:f float 4:d decimal(9, 2) 5:s string ";
  const Case cases[] = {
      {"same", {id, n, f, d, s}, same, {0, 1, 2, 3, 4}, false},
      {"other order and case",
       {s, d, arrow::field("N", arrow::int32()), f, id},
       same,
       {4, 2, 3, 1, 0},
       false},
      {"narrower",
       {Required("id", arrow::int16()), n->WithType(arrow::uint8()), f,
        d->WithType(arrow::decimal128(5, 2)), s->WithType(arrow::large_utf8())},
       same,
       {0, 1, 2, 3, 4},
       false},
      {"missing optional", {id}, same, {0, -1, -1, -1, -1}, false},
      {"wider",
       {id, n->WithType(arrow::int64()), f->WithType(arrow::float64()),
        d->WithType(arrow::decimal128(12, 2)), s},
       "1:id long! 2:n long 3:f double 4:d decimal(12, 2) 5:s string ",
       {0, 1, 2, 3, 4},
       true},
      {"new column",
       {id, n, f, d, s, Required("note", arrow::list(arrow::utf8()))},
       "1:id long! 2:n int 3:f float 4:d decimal(9, 2) 5:s string 6:note list<string> ",
       {0, 1, 2, 3, 4, 5},
       true},
      {"nullable into required",
       {id->WithNullable(true), n, f, d, s},
       same,
       {0, 1, 2, 3, 4},
       false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    SchemaFit fit = FitAppend(LoadOf(c.load), Plain());
    EXPECT_TRUE(fit.Check().ok()) << fit.Check().ToString();
    EXPECT_EQ(SchemaText(fit.schema), c.schema);
    EXPECT_EQ(fit.source_columns, c.source);
    EXPECT_EQ(fit.changes_schema, c.changes);
    EXPECT_EQ(!fit.changes.empty(), c.changes);
    EXPECT_EQ(fit.last_column_id, fit.schema.HighestFieldId());
  }
}

TEST(SchemaFit, AppendRefusesWithColumnTypesAndRemedy) {
  struct Case {
    const char* name;
    arrow::FieldVector load;
    std::vector<const char*> says;
  };
  auto id = Required("id", arrow::int64());
  const Case cases[] = {
      {"other type",
       {id, arrow::field("n", arrow::utf8())},
       {"column n", "int in the table", "string in the source", "overwrite"}},
      {"scale",
       {id, arrow::field("d", arrow::decimal128(12, 3))},
       {"column d", "decimal(9, 2)", "decimal(12, 3)", "cast"}},
      {"required is missing",
       {arrow::field("n", arrow::int32())},
       {"column id", "required", "overwrite"}},
      {"no Iceberg type",
       {id, arrow::field("w", arrow::decimal256(50, 4))},
       {"column w", "decimal256(50, 4)", "text"}},
      {"ambiguous",
       {id, arrow::field("x", arrow::utf8()), arrow::field("X", arrow::utf8())},
       {"x, X", "case"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Status status = FitAppend(LoadOf(c.load), Plain()).Check();
    EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
    for (const char* word : c.says) EXPECT_THAT(status.message(), HasSubstr(word));
  }
}

TEST(SchemaFit, OverwriteKeepsIdsOfSameColumnsOnly) {
  SchemaFit fit = FitOverwrite(
      LoadOf({arrow::field("S", arrow::utf8()), Required("n", arrow::int64()),
              arrow::field("id", arrow::int64()),
              arrow::field("extra", arrow::boolean())}),
      Plain());
  ASSERT_TRUE(fit.Check().ok());
  EXPECT_EQ(SchemaText(fit.schema), "5:S string 6:n long! 1:id long 7:extra boolean ");
  EXPECT_TRUE(fit.changes_schema);
  EXPECT_EQ(fit.last_column_id, 7);
  std::string texts;
  for (const SchemaChange& change : fit.changes) texts += change.text + "; ";
  EXPECT_THAT(texts, HasSubstr("drop column f; "));
  EXPECT_THAT(texts, HasSubstr("add column extra boolean"));

  SchemaFit same = FitOverwrite(
      LoadOf({Required("id", arrow::int64()), arrow::field("n", arrow::int32()),
              arrow::field("f", arrow::float32()),
              arrow::field("d", arrow::decimal128(9, 2)),
              arrow::field("s", arrow::utf8())}),
      Plain());
  EXPECT_FALSE(same.changes_schema);
}

TEST(SchemaFit, OverwriteKeepsPartitionColumns) {
  auto id = Required("id", arrow::int64());
  auto region = arrow::field("region", arrow::utf8());
  auto current = TableOf({id, region}, "region");
  EXPECT_TRUE(FitOverwrite(LoadOf({id, region}), current).Check().ok());
  for (const arrow::FieldVector& load :
       {arrow::FieldVector{id},
        arrow::FieldVector{id, region->WithType(arrow::int32())}}) {
    Status status = FitOverwrite(LoadOf(load), current).Check();
    EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
    EXPECT_THAT(status.message(), HasSubstr("region"));
  }
}

TEST(SchemaFit, CanReadAs) {
  table::Schema plain = Plain().CurrentSchema();
  EXPECT_TRUE(CanReadAs(plain, plain));
  table::Schema wider =
      FitAppend(LoadOf({Required("id", arrow::int64()), arrow::field("n", arrow::int64()),
                        arrow::field("note", arrow::utf8())}),
                Plain())
          .schema;
  EXPECT_TRUE(CanReadAs(plain, wider));
  EXPECT_FALSE(CanReadAs(wider, plain));
  table::Schema required = plain;
  required.columns.fields[1].required = true;
  EXPECT_FALSE(CanReadAs(plain, required));
}

TEST(BatchCast, CastsWithoutLossOrSaysWhere) {
  auto load_schema =
      arrow::schema({Required("id", arrow::uint64()),
                     arrow::field("t", arrow::timestamp(arrow::TimeUnit::NANO, "UTC")),
                     arrow::field("c", arrow::dictionary(arrow::int8(), arrow::utf8()))});
  SchemaFit fit = FitNewTable(LoadOf(load_schema->fields()));
  ASSERT_TRUE(fit.Check().ok());
  arrow::UInt64Builder ids;
  arrow::TimestampBuilder times(load_schema->field(1)->type(),
                                arrow::default_memory_pool());
  ASSERT_TRUE(ids.AppendValues({18446744073709551615u, 0}).ok());
  ASSERT_TRUE(times.AppendValues({1000, -2000}).ok());
  auto words =
      arrow::DictionaryArray::FromArrays(
          load_schema->field(2)->type(),
          arrow::json::ArrayFromJSONString(arrow::int8(), "[1, null]").ValueOrDie(),
          arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["a", "b"])").ValueOrDie())
          .ValueOrDie();
  auto id_array = ids.Finish().ValueOrDie();
  auto good = arrow::RecordBatch::Make(load_schema, 2,
                                       {id_array, times.Finish().ValueOrDie(), words});
  BatchCast cast(fit, load_schema);
  auto result = cast.Cast(*good).ValueOrDie();
  EXPECT_TRUE(result->ValidateFull().ok());
  EXPECT_EQ(result->column(0)->GetScalar(0).ValueOrDie()->ToString(),
            "18446744073709551615");
  EXPECT_EQ(result->column(2)->GetScalar(0).ValueOrDie()->ToString(), "b");
  EXPECT_TRUE(result->column(2)->IsNull(1));

  ASSERT_TRUE(times.AppendValues({1000, 1}).ok());  // a nanosecond is not a microsecond
  auto lossy = arrow::RecordBatch::Make(load_schema, 2,
                                        {id_array, times.Finish().ValueOrDie(), words});
  Status status = cast.Cast(*lossy).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("column t"));
  EXPECT_THAT(status.message(), HasSubstr("rows 2 to 3"));

  ASSERT_TRUE(ids.AppendValues({1, 2}, {true, false}).ok());
  ASSERT_TRUE(times.AppendValues({1000, 2000}).ok());
  auto holey = arrow::RecordBatch::Make(
      load_schema, 2, {ids.Finish().ValueOrDie(), times.Finish().ValueOrDie(), words});
  Status null = cast.Cast(*holey).status();
  EXPECT_EQ(KindOf(null), ErrorKind::kUserInput);
  EXPECT_THAT(null.message(), HasSubstr("row 3"));

  auto other =
      arrow::RecordBatch::Make(arrow::schema({load_schema->field(0)}), 2, {id_array});
  EXPECT_EQ(KindOf(cast.Cast(*other).status()), ErrorKind::kInternal);
}

}  // namespace
}  // namespace sluice::connectors::lake
