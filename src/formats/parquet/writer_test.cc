#include "formats/parquet/writer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <limits>

#include <arrow/extension/uuid.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "formats/parquet/reader.h"
#include "io/file_system.h"

namespace sluice::formats::parquet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<arrow::Field> Column(const std::string& name,
                                     std::shared_ptr<arrow::DataType> type, int id,
                                     bool required = false) {
  return arrow::field(
      name, std::move(type), !required,
      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                          const std::vector<std::string>& columns) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto type = schema->field(static_cast<int>(i))->type();
    arrays.push_back(arrow::json::ArrayFromJSONString(type, columns[i]).ValueOrDie());
  }
  return arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays);
}

class WriterTest : public testing::Test {
 protected:
  void SetUp() override { io::ResetMemory("parquet"); }
  io::Location At(const std::string& name) {
    return io::Locate("memory://parquet/data/" + name).ValueOrDie();
  }
  FileStats WriteFile(const std::string& name,
                      const std::shared_ptr<arrow::Schema>& schema,
                      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                      const WriterOptions& options = {}) {
    auto writer = FileWriter::Make(At(name), schema, options).ValueOrDie();
    for (const auto& batch : batches) EXPECT_TRUE(writer->Write(*batch).ok());
    return writer->Finish().ValueOrDie();
  }
  std::shared_ptr<arrow::Table> ReadBack(const std::string& name,
                                         const std::vector<int>& ids = {}) {
    return OpenFile(At(name), ids).ValueOrDie()->ToTable().ValueOrDie();
  }
  std::shared_ptr<::parquet::FileMetaData> Footer(const std::string& name) {
    auto location = At(name);
    auto file = location.file_system->OpenInputFile(location.path).ValueOrDie();
    return ::parquet::ParquetFileReader::Open(file)->metadata();
  }
};

struct TypeCase {
  std::shared_ptr<arrow::DataType> type;
  const char* values;  // JSON
  const char* min;     // as Scalar::ToString
  const char* max;
  const char* physical;  // and logical, as Parquet prints them
  const char* logical;
};

const TypeCase kTypes[] = {
    {arrow::boolean(), "[true, null, true]", "true", "true", "BOOLEAN", "None"},
    {arrow::int32(), "[2147483647, null, -2147483648]", "-2147483648", "2147483647",
     "INT32", "None"},
    {arrow::int64(), "[9223372036854775807, null, -9223372036854775808]",
     "-9223372036854775808", "9223372036854775807", "INT64", "None"},
    {arrow::float32(), "[1.5, null, -2.5]", "-2.5", "1.5", "FLOAT", "None"},
    {arrow::float64(), "[1.5, null, -2.5]", "-2.5", "1.5", "DOUBLE", "None"},
    {arrow::date32(), "[20000, null, -719162]", "0001-01-01", "2024-10-04", "INT32",
     "Date"},
    {arrow::time64(arrow::TimeUnit::MICRO), "[86399999999, null, 0]", "00:00:00.000000",
     "23:59:59.999999", "INT64", "Time(isAdjustedToUTC=false, timeUnit=microseconds)"},
    {arrow::timestamp(arrow::TimeUnit::MICRO), "[1, null, -1]",
     "1969-12-31 23:59:59.999999", "1970-01-01 00:00:00.000001", "INT64",
     "Timestamp(isAdjustedToUTC=false, timeUnit=microseconds, "
     "is_from_converted_type=false, "
     "force_set_converted_type=false)"},
    {arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1, null, -1]",
     "1969-12-31 23:59:59.999999Z", "1970-01-01 00:00:00.000001Z", "INT64",
     "Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, "
     "is_from_converted_type=false, "
     "force_set_converted_type=false)"},
    {arrow::utf8(), R"(["z", null, "", "é"])", "", "é", "BYTE_ARRAY", "String"},
    {arrow::large_utf8(), R"(["z", null, "a"])", "a", "z", "BYTE_ARRAY", "String"},
    {arrow::decimal128(9, 2), R"(["9999999.99", null, "-9999999.99"])", "-9999999.99",
     "9999999.99", "INT32", "Decimal(precision=9, scale=2)"},
    {arrow::decimal128(18, 0), R"(["999999999999999999", null, "-1"])", "-1",
     "999999999999999999", "INT64", "Decimal(precision=18, scale=0)"},
    {arrow::decimal128(38, 10),
     R"(["9999999999999999999999999999.9999999999", null, "-0.0000000001"])", "-1E-10",
     "9999999999999999999999999999.9999999999", "FIXED_LEN_BYTE_ARRAY",
     "Decimal(precision=38, scale=10)"},
    {arrow::decimal256(65, 30), R"(["1.000000000000000000000000000000", null,
       "-99999999999999999999999999999999999.000000000000000000000000000001"])",
     "-99999999999999999999999999999999999.000000000000000000000000000001",
     "1.000000000000000000000000000000", "FIXED_LEN_BYTE_ARRAY",
     "Decimal(precision=65, scale=30)"},
};

TEST_F(WriterTest, EveryTypeComesBackWithExactBounds) {
  int number = 0;
  for (const TypeCase& c : kTypes) {
    SCOPED_TRACE(c.type->ToString());
    std::string name = std::to_string(number++);
    auto schema = arrow::schema({Column("v", c.type, 7)});
    auto batch = Batch(schema, {c.values});
    FileStats stats = WriteFile(name, schema, {batch});
    ASSERT_EQ(stats.columns.size(), 1u);
    const ColumnStats& column = stats.columns[0];
    EXPECT_EQ(column.field_id, 7);
    EXPECT_EQ(column.num_values, batch->num_rows());
    EXPECT_EQ(column.num_nulls, 1);
    ASSERT_TRUE(column.min && column.max);
    EXPECT_TRUE(column.min->type->Equals(c.type));
    EXPECT_EQ(column.min->ToString(), c.min);
    EXPECT_EQ(column.max->ToString(), c.max);

    auto footer = Footer(name);
    const auto* leaf = footer->schema()->Column(0);
    EXPECT_EQ(::parquet::TypeToString(leaf->physical_type()), c.physical);
    EXPECT_EQ(leaf->logical_type()->ToString(), c.logical);
    EXPECT_EQ(leaf->schema_node()->field_id(), 7);
    EXPECT_FALSE(footer->key_value_metadata());

    auto back = ReadBack(name)->column(0)->chunk(0);
    auto expected = batch->column(0);
    if (c.type->id() == arrow::Type::LARGE_STRING) {
      expected = arrow::json::ArrayFromJSONString(arrow::utf8(), c.values).ValueOrDie();
    }
    EXPECT_TRUE(back->Equals(expected)) << back->ToString();
  }
}

TEST_F(WriterTest, UuidFixedAndBinary) {
  auto schema = arrow::schema({Column("u", arrow::extension::uuid(), 1),
                               Column("f", arrow::fixed_size_binary(3), 2),
                               Column("b", arrow::binary(), 3)});
  auto storage = Batch(arrow::schema({arrow::field("u", arrow::fixed_size_binary(16)),
                                      schema->field(1), schema->field(2)}),
                       {R"(["0123456789abcdef", null, "0000000000000000"])",
                        R"(["abc", "xyz", null])", R"([null, "", "zz"])"});
  auto uuids =
      arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage->column(0));
  auto batch = arrow::RecordBatch::Make(schema, 3,
                                        {uuids, storage->column(1), storage->column(2)});
  FileStats stats = WriteFile("f", schema, {batch});
  EXPECT_EQ(Footer("f")->schema()->Column(0)->logical_type()->ToString(), "UUID");
  EXPECT_EQ(Footer("f")->schema()->Column(0)->type_length(), 16);
  const auto& min = static_cast<const arrow::ExtensionScalar&>(*stats.columns[0].min);
  EXPECT_EQ(static_cast<const arrow::BaseBinaryScalar&>(*min.value).view(),
            "0000000000000000");
  EXPECT_EQ(static_cast<const arrow::BaseBinaryScalar&>(*stats.columns[1].max).view(),
            "xyz");
  EXPECT_EQ(static_cast<const arrow::BaseBinaryScalar&>(*stats.columns[2].min).view(),
            "");
  EXPECT_TRUE(ReadBack("f")->column(0)->chunk(0)->Equals(uuids));
}

TEST_F(WriterTest, NansAreCountedAndNeverABound) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  auto schema =
      arrow::schema({Column("d", arrow::float64(), 1), Column("f", arrow::float32(), 2)});
  auto make = [&](const std::vector<double>& values) {
    arrow::DoubleBuilder doubles;
    arrow::FloatBuilder floats;
    for (double value : values) {
      EXPECT_TRUE(doubles.Append(value).ok() &&
                  floats.Append(static_cast<float>(value)).ok());
    }
    EXPECT_TRUE(doubles.AppendNull().ok() && floats.AppendNull().ok());
    auto d = doubles.Finish().ValueOrDie();
    auto f = floats.Finish().ValueOrDie();
    return arrow::RecordBatch::Make(schema, d->length(), {d, f});
  };
  WriterOptions each_batch{.row_group_rows_max = 3};
  FileStats mixed = WriteFile(
      "a", schema, {make({kNan, 0.0}), make({kNan, kNan}), make({2, kNan})}, each_batch);
  EXPECT_EQ(mixed.split_offsets.size(), 3u);
  for (const ColumnStats& column : mixed.columns) {
    EXPECT_EQ(column.num_nans, 4);
    EXPECT_EQ(column.num_nulls, 3);
    EXPECT_EQ(column.max->ToString(), "2");
    EXPECT_EQ(column.min->ToString(), "-0") << "zero as a lower bound covers both zeros";
  }
  FileStats only = WriteFile("b", schema, {make({kNan, kNan})});
  EXPECT_EQ(only.columns[0].num_nans, 2);
  EXPECT_FALSE(only.columns[0].min || only.columns[0].max);
}

TEST_F(WriterTest, BoundsSpanRowGroupsAndNullGroups) {
  auto schema =
      arrow::schema({Column("n", arrow::int64(), 1), Column("s", arrow::utf8(), 2),
                     Column("e", arrow::int32(), 3)});
  auto first = Batch(schema, {"[5, 6]", R"(["m", "n"])", "[null, null]"});
  auto nulls = Batch(schema, {"[null, null]", "[null, null]", "[null, null]"});
  auto last = Batch(schema, {"[-7, 100]", R"(["a", "zz"])", "[null, null]"});
  FileStats stats =
      WriteFile("a", schema, {first, nulls, last}, {.row_group_rows_max = 2});
  EXPECT_EQ(stats.num_rows, 6);
  ASSERT_EQ(stats.split_offsets.size(), 3u);
  EXPECT_EQ(stats.split_offsets[0], 4);
  EXPECT_EQ(stats.columns[0].min->ToString(), "-7");
  EXPECT_EQ(stats.columns[0].max->ToString(), "100");
  EXPECT_EQ(stats.columns[1].min->ToString(), "a");
  EXPECT_EQ(stats.columns[1].max->ToString(), "zz");
  EXPECT_FALSE(stats.columns[2].min);
  EXPECT_EQ(stats.columns[2].num_nulls, 6);
  int64_t compressed = 0;
  for (const auto& column : stats.columns) compressed += column.compressed_bytes;
  EXPECT_GT(compressed, 0);
  EXPECT_LT(compressed, stats.file_bytes);
  EXPECT_EQ(stats.file_bytes, At("a").file_system->GetFileInfo(At("a").path)->size());
}

TEST_F(WriterTest, TooLongTextHasNoBound) {
  auto schema = arrow::schema({Column("s", arrow::utf8(), 1)});
  auto batch = Batch(schema, {"[\"" + std::string(5000, 'x') + "\", \"a\"]"});
  FileStats stats = WriteFile("a", schema, {batch, Batch(schema, {R"(["b"])"})},
                              {.row_group_rows_max = 2});
  EXPECT_FALSE(stats.columns[0].max);
  EXPECT_EQ(stats.columns[0].num_nulls, 0);
}

TEST_F(WriterTest, NestedColumnsHaveCountsPerLeaf) {
  auto element = Column("element", arrow::float64(), 3);
  auto map = arrow::map(arrow::utf8(), arrow::int32());
  auto pair =
      arrow::struct_({Column("x", arrow::int32(), 5), Column("y", arrow::float32(), 6)});
  auto schema =
      arrow::schema({Column("before", arrow::float64(), 1),
                     Column("list", arrow::list(element), 2), Column("pair", pair, 4),
                     Column("map", map, 7), Column("after", arrow::float64(), 8)});
  auto batch = Batch(schema, {"[NaN, 1, 2]", "[[NaN, 1, null], null, [NaN, NaN]]",
                              "[{\"x\": 1, \"y\": NaN}, null, {\"x\": null, \"y\": 2}]",
                              R"([[["k", 1], ["l", null]], [], null])", "[1, 2, NaN]"});
  // A slice checks that counting minds offsets: the first row is left out.
  FileStats whole = WriteFile("whole", schema, {batch});
  FileStats tail = WriteFile("tail", schema, {batch->Slice(1)});
  std::vector<int> ids;
  for (const auto& column : whole.columns) ids.push_back(column.field_id);
  EXPECT_THAT(ids, ElementsAre(1, 3, 5, 6, 0, 0, 8));
  EXPECT_EQ(whole.columns[1].num_nans, 3);
  EXPECT_EQ(whole.columns[1].num_values, 6) << "a null list is one entry";
  EXPECT_EQ(whole.columns[3].num_nans, 1);
  EXPECT_FALSE(whole.columns[4].num_nans);
  EXPECT_EQ(whole.columns[6].num_nans, 1);
  for (int i = 1; i < 6; ++i)
    EXPECT_FALSE(whole.columns[i].min || whole.columns[i].max) << i;
  EXPECT_TRUE(whole.columns[6].max);
  EXPECT_EQ(tail.columns[0].num_nans, 0);
  EXPECT_EQ(tail.columns[1].num_nans, 2);
  EXPECT_EQ(tail.columns[3].num_nans, 0);
  EXPECT_TRUE(ReadBack("whole")->column(1)->chunk(0)->Equals(
      batch->column(1), arrow::EqualOptions::Defaults().nans_equal(true)));
}

TEST_F(WriterTest, RowGroupsAreCutByBytesAndRows) {
  auto schema = arrow::schema({Column("n", arrow::int64(), 1)});
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < 10000; ++i) ASSERT_TRUE(builder.Append(i * 7919 % 10007).ok());
  auto array = builder.Finish().ValueOrDie();
  auto batch = arrow::RecordBatch::Make(schema, array->length(), {array});
  FileStats stats =
      WriteFile("bytes", schema, {batch, batch}, {.row_group_bytes = 40000});
  EXPECT_EQ(stats.split_offsets.size(), 4u);
  EXPECT_EQ(Footer("bytes")->RowGroup(0)->num_rows(), 5000);
  FileStats rows =
      WriteFile("rows", schema, {batch, batch}, {.row_group_rows_max = 9000});
  EXPECT_EQ(rows.split_offsets.size(), 3u);
  auto back = ReadBack("bytes");
  ASSERT_EQ(back->num_rows(), 20000);
  EXPECT_TRUE(back->column(0)->Equals(arrow::ChunkedArray({array, array})));
}

TEST_F(WriterTest, MemoryIsBoundedBySizeOfRowGroup) {
  arrow::FieldVector fields;
  for (int i = 0; i < 16; ++i)
    fields.push_back(Column("c" + std::to_string(i), arrow::int64(), i + 1));
  auto schema = arrow::schema(fields);
  uint64_t seed = 1;
  int64_t before = arrow::default_memory_pool()->bytes_allocated(), peak = 0;
  auto location =
      io::Locate(testing::TempDir() + "sluice_parquet_" + std::to_string(::getpid()))
          .ValueOrDie();
  auto writer =
      FileWriter::Make(location, schema, {.row_group_bytes = 8 << 20}).ValueOrDie();
  constexpr int kBatches = 200, kRows = 4096;  // 100 MB of values that do not compress
  int64_t about = 0;
  for (int b = 0; b < kBatches; ++b) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int c = 0; c < 16; ++c) {
      arrow::Int64Builder builder;
      for (int r = 0; r < kRows; ++r) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        ASSERT_TRUE(builder.Append(static_cast<int64_t>(seed ^ (seed >> 29))).ok());
      }
      columns.push_back(builder.Finish().ValueOrDie());
    }
    ASSERT_TRUE(writer->Write(*arrow::RecordBatch::Make(schema, kRows, columns)).ok());
    peak = std::max(peak, arrow::default_memory_pool()->bytes_allocated() - before);
    about = writer->bytes_written();
  }
  FileStats stats = writer->Finish().ValueOrDie();
  RecordProperty("peak_bytes", std::to_string(peak));
  EXPECT_LT(peak, 40 << 20) << "16 columns x (a page and a dictionary) + the row group";
  EXPECT_GT(stats.file_bytes, 100 << 20);
  EXPECT_NEAR(static_cast<double>(about), static_cast<double>(stats.file_bytes),
              0.05 * static_cast<double>(stats.file_bytes));
  ASSERT_TRUE(location.file_system->DeleteFile(location.path).ok());
}

TEST_F(WriterTest, EmptyFileAndKeyValues) {
  auto schema = arrow::schema({Column("n", arrow::int64(), 1)});
  FileStats stats = WriteFile("e", schema, {Batch(schema, {"[]"})},
                              {.key_value_metadata = {{"iceberg.schema", "{}"}}});
  EXPECT_EQ(stats.num_rows, 0);
  EXPECT_THAT(stats.split_offsets, IsEmpty());
  EXPECT_EQ(ReadBack("e")->num_rows(), 0);
  EXPECT_EQ(Footer("e")->key_value_metadata()->Get("iceberg.schema").ValueOrDie(), "{}");
  EXPECT_FALSE(Footer("e")->key_value_metadata()->Contains("ARROW:schema"));
}

TEST_F(WriterTest, SchemaWithoutIdsGetsNone) {
  auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  EXPECT_EQ(WriteFile("e", schema, {Batch(schema, {"[1]"})}).columns[0].field_id, 0);
  EXPECT_EQ(Footer("e")->schema()->Column(0)->schema_node()->field_id(), -1);
}

TEST_F(WriterTest, CompressionIsChosenByName) {
  auto schema = arrow::schema({Column("n", arrow::int64(), 1)});
  for (const char* name : {"zstd", "snappy", "gzip", "none"}) {
    WriteFile(name, schema, {Batch(schema, {"[1]"})}, {.compression = name});
    auto codec = Footer(name)->RowGroup(0)->ColumnChunk(0)->compression();
    EXPECT_EQ(arrow::util::Codec::GetCodecAsString(codec),
              std::string(name) == "none" ? "uncompressed" : name);
    EXPECT_EQ(ReadBack(name)->num_rows(), 1);
  }
  Status unknown = FileWriter::Make(At("x"), schema, {.compression = "lzo"}).status();
  EXPECT_EQ(KindOf(unknown), ErrorKind::kUserInput);
  EXPECT_FALSE(io::ReadFile(At("x")).ok()) << "no file is made";
}

TEST_F(WriterTest, ReaderPicksAndOrdersByFieldId) {
  auto pair =
      arrow::struct_({Column("x", arrow::int32(), 5), Column("y", arrow::int32(), 6)});
  auto schema = arrow::schema({Column("a", arrow::int32(), 1), Column("p", pair, 4),
                               Column("b", arrow::utf8(), 9)});
  WriteFile("f", schema, {Batch(schema, {"[1]", R"([{"x": 2, "y": 3}])", R"(["z"])"})});
  auto table = ReadBack("f", {9, 4});
  EXPECT_THAT(table->schema()->field_names(), ElementsAre("b", "p"));
  EXPECT_EQ(table->column(0)->chunk(0)->ToString(), "[\n  \"z\"\n]");
  Status missing = OpenFile(At("f"), {2}).status();
  EXPECT_EQ(KindOf(missing), ErrorKind::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("field id 2"));
}

TEST_F(WriterTest, BadFilesAreCorruptByName) {
  auto schema = arrow::schema({Column("n", arrow::int64(), 1)});
  WriteFile("good", schema, {Batch(schema, {"[1, 2, 3]"})}, {.compression = "snappy"});
  std::string good = io::ReadFile(At("good")).ValueOrDie();
  std::string page = good;
  page.replace(4, 12, std::string(12, '\xff'));
  for (const std::string& bytes : {std::string("not parquet"), std::string(),
                                   good.substr(0, good.size() - 5), page}) {
    io::ResetMemory("parquet");
    ASSERT_TRUE(io::CreateFile(At("bad"), bytes).ok());
    auto opened = OpenFile(At("bad"), {});
    Status status = opened.ok() ? (*opened)->ToTable().status() : opened.status();
    EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt) << status;
    EXPECT_THAT(status.message(), HasSubstr("bad"));
  }
  EXPECT_EQ(KindOf(OpenFile(At("none"), {}).status()), ErrorKind::kNotFound);
}

TEST_F(WriterTest, WhatDoesNotFitIsRefused) {
  auto schema = arrow::schema({Column("n", arrow::int64(), 1, /*required=*/true)});
  auto writer = FileWriter::Make(At("f"), schema, {}).ValueOrDie();
  EXPECT_EQ(KindOf(FileWriter::Make(At("f"), schema, {}).status()),
            ErrorKind::kAlreadyExists);
  auto other = arrow::schema({Column("n", arrow::int32(), 1)});
  EXPECT_EQ(KindOf(writer->Write(*Batch(other, {"[1]"}))), ErrorKind::kInternal);
  auto nullable = arrow::schema({Column("n", arrow::int64(), 1)});
  EXPECT_TRUE(writer->Write(*Batch(nullable, {"[1]"})).ok()) << "nullable without nulls";
  Status null = writer->Write(*Batch(nullable, {"[null]"}));
  EXPECT_EQ(KindOf(null), ErrorKind::kUserInput);
  EXPECT_THAT(null.message(), HasSubstr("'n'"));
  EXPECT_FALSE(writer->Finish().ok()) << "what failed once can only be aborted";
  writer.reset();
  EXPECT_EQ(KindOf(io::ReadFile(At("f")).status()), ErrorKind::kNotFound);
  EXPECT_EQ(
      KindOf(FileWriter::Make(At("f"), arrow::schema(arrow::FieldVector()), {}).status()),
      ErrorKind::kUserInput);

  auto nanos = arrow::schema({Column("t", arrow::timestamp(arrow::TimeUnit::NANO), 1)});
  auto precise = FileWriter::Make(At("t"), nanos, {}).ValueOrDie();
  EXPECT_EQ(KindOf(precise->Write(*Batch(nanos, {"[1]"}))), ErrorKind::kUserInput)
      << "nanoseconds are not cut silently";
}

TEST_F(WriterTest, FullDeviceIsUnavailableAndLeavesNothing) {
  auto location =
      io::Locate(testing::TempDir() + "sluice_parquet_full_" + std::to_string(::getpid()))
          .ValueOrDie();
  auto schema = arrow::schema({Column("s", arrow::utf8(), 1)});
  arrow::StringBuilder builder;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(builder.Append(std::to_string(i) + std::string(1000, ' ')).ok());
  }
  auto array = builder.Finish().ValueOrDie();
  // A limit of the process stands for the device's end.
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 300 << 10;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto writer = FileWriter::Make(location, schema, {.compression = "none"}).ValueOrDie();
  Status written =
      writer->Write(*arrow::RecordBatch::Make(schema, array->length(), {array}));
  if (written.ok()) written = writer->Finish().status();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(KindOf(written), ErrorKind::kUnavailable) << written;
  EXPECT_THAT(written.message(), HasSubstr(location.path));
  writer->Abort();
  EXPECT_EQ(KindOf(io::ReadFile(location).status()), ErrorKind::kNotFound);
}

TEST_F(WriterTest, AbortLeavesNothing) {
  auto schema = arrow::schema({Column("n", arrow::int64(), 1)});
  auto writer = FileWriter::Make(At("f"), schema, {}).ValueOrDie();
  ASSERT_TRUE(writer->Write(*Batch(schema, {"[1, 2]"})).ok());
  EXPECT_GT(writer->bytes_written(), 0);
  writer->Abort();
  writer->Abort();
  EXPECT_FALSE(writer->Write(*Batch(schema, {"[1]"})).ok());
  EXPECT_FALSE(io::ReadFile(At("f")).ok());

  auto done = FileWriter::Make(At("g"), schema, {}).ValueOrDie();
  ASSERT_TRUE(done->Finish().ok());
  done->Abort();
  EXPECT_FALSE(done->Finish().ok());
  EXPECT_TRUE(io::ReadFile(At("g")).ok()) << "nothing is aborted after Finish";
}

}  // namespace
}  // namespace sluice::formats::parquet
