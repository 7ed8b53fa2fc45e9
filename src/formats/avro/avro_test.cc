#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "formats/avro/deflate_internal.h"
#include "formats/avro/file.h"

namespace sluice::formats::avro {
namespace {

using testing::HasSubstr;

Json Parsed(const char* text) { return ParseJson(text).ValueOrDie(); }

std::shared_ptr<const Schema> SchemaOf(const char* text) {
  return ParseSchema(Parsed(text)).ValueOrDie();
}

constexpr const char* kRow = R"({"type":"record","name":"row","fields":[
  {"name":"id","type":"long","field-id":1},
  {"name":"name","type":["null","string"],"default":null,"field-id":2},
  {"name":"tags","type":{"type":"array","items":"int","element-id":5},"field-id":3},
  {"name":"ratio","type":"double","field-id":4},
  {"name":"key","type":{"type":"fixed","name":"k","size":3,"logicalType":"decimal",
   "precision":5,"scale":2},"field-id":6},
  {"name":"props","type":{"type":"map","values":"boolean"},"field-id":7}]})";

Datum Row(int64_t id) {
  Datums tags;
  for (int64_t i = 0; i < id % 5; ++i) tags.push_back(i - 2);
  Datum name = id % 3 == 0 ? Datum() : Datum("name " + std::to_string(id));
  return Datums{id,
                name,
                tags,
                static_cast<double>(id) / 8,
                std::string("abc"),
                Datums{Datum(Datums{std::string("on"), id % 2 == 0})}};
}

std::string FileOf(int64_t rows, Codec codec) {
  FileWriter writer =
      FileWriter::Make(Parsed(kRow), {{"owner", "sluice"}}, codec).ValueOrDie();
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(writer.Append(Row(i)).ok());
  return writer.Finish().ValueOrDie();
}

Result<Datums> ReadAll(std::string_view bytes) {
  SLUICE_ASSIGN(FileReader reader, FileReader::Open(bytes));
  Datums rows;
  Datum row;
  while (true) {
    SLUICE_ASSIGN(bool more, reader.Next(&row));
    if (!more) return rows;
    rows.push_back(row);
  }
}

TEST(Avro, LongsHaveTheFormOfTheSpecification) {
  struct Case {
    int64_t value;
    std::string bytes;
  };
  const Case kCases[] = {
      {0, std::string(1, '\0')},
      {-1, "\x01"},
      {1, "\x02"},
      {-64, "\x7f"},
      {64, std::string("\x80\x01")},
      {std::numeric_limits<int64_t>::max(), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {std::numeric_limits<int64_t>::min(), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}};
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.value);
    std::string bytes;
    EncodeLong(c.value, &bytes);
    EXPECT_EQ(bytes, c.bytes);
    EXPECT_EQ(Decoder(bytes).ReadLong().ValueOrDie(), c.value);
  }
}

TEST(Avro, SchemaKeepsIcebergsAttributes) {
  auto schema = SchemaOf(R"({"type":"record","name":"ns.row","fields":[
    {"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros",
     "adjust-to-utc":true}],"default":null,"field-id":9},
    {"name":"list","type":{"type":"array","items":"bytes","element-id":12,
     "logicalType":"map"},"field-id":11},
    {"name":"dec","type":{"type":"fixed","name":"d","size":4,"logicalType":"decimal",
     "precision":9,"scale":2}},
    {"name":"again","type":"ns.d"}]})");
  EXPECT_EQ(schema->name, "row");
  EXPECT_EQ(schema->FindField(9), 0);
  EXPECT_EQ(schema->FindField("again"), 3);
  EXPECT_EQ(schema->FindField(77), -1);
  EXPECT_TRUE(schema->fields[0].type->NonNull().adjust_to_utc);
  EXPECT_EQ(schema->fields[0].type->NonNull().logical_type, "timestamp-micros");
  EXPECT_EQ(schema->fields[1].type->element_id, 12);
  EXPECT_EQ(schema->fields[1].type->logical_type, "map");
  EXPECT_FALSE(schema->fields[2].field_id.has_value());
  EXPECT_EQ(schema->fields[3].type->size, 4);
  EXPECT_EQ(schema->fields[3].type->precision, 9);
}

TEST(Avro, BadSchemasAreCorrupt) {
  for (const char* text :
       {"3", "\"unknown\"", "[]", "{}", R"({"type":"array"})", R"({"type":"fixed"})",
        R"({"type":"fixed","name":"f","size":-1})",
        R"({"type":"record","name":"r","fields":[{"name":"x"}]})",
        R"({"type":"record","name":"r","fields":[{"name":"x","type":["null","r"]}]})"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(KindOf(ParseSchema(Parsed(text)).status()), ErrorKind::kCorrupt);
  }
  std::string deep = "\"int\"";
  for (int i = 0; i < 2000; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_EQ(KindOf(ParseSchema(Parsed(deep.c_str())).status()), ErrorKind::kCorrupt);
}

TEST(Avro, EveryTypeComesBack) {
  auto schema = SchemaOf(R"([{"type":"enum","name":"e","symbols":["a","b"]},"null"])");
  for (const Datum& datum : {Datum(std::string("b")), Datum()}) {
    std::string bytes;
    ASSERT_TRUE(Encode(*schema, datum, &bytes).ok());
    Datum back = false;
    ASSERT_TRUE(Decoder(bytes).Read(*schema, &back).ok());
    EXPECT_EQ(back, datum);
  }
  auto floats = SchemaOf(R"({"type":"array","items":"float"})");
  Datum datum = Datums{1.5f, -0.0f};
  std::string bytes;
  ASSERT_TRUE(Encode(*floats, datum, &bytes).ok());
  Datum back;
  ASSERT_TRUE(Decoder(bytes).Read(*floats, &back).ok());
  EXPECT_EQ(back, datum);
}

TEST(Avro, EncodeRefusesAValueOfAnotherType) {
  std::string out;
  for (const char* type : {"\"null\"", "\"boolean\"", "\"long\"", "\"float\"",
                           "\"double\"", R"({"type":"fixed","name":"f","size":2})",
                           R"({"type":"enum","name":"e","symbols":["a"]})",
                           R"({"type":"array","items":"int"})", R"(["null","int"])"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(KindOf(Encode(*SchemaOf(type), Datum(std::string("x")), &out)),
              ErrorKind::kInternal);
  }
}

TEST(Avro, ArraysInBlocksWithSizesAreRead) {
  auto schema = SchemaOf(R"({"type":"array","items":"long"})");
  std::string bytes;
  EncodeLong(-2, &bytes);  // two items, then their size in bytes
  EncodeLong(2, &bytes);
  EncodeLong(7, &bytes);
  EncodeLong(8, &bytes);
  EncodeLong(1, &bytes);
  EncodeLong(9, &bytes);
  EncodeLong(0, &bytes);
  Datum back;
  ASSERT_TRUE(Decoder(bytes).Read(*schema, &back).ok());
  EXPECT_EQ(back, Datum(Datums{int64_t{7}, int64_t{8}, int64_t{9}}));
}

TEST(Avro, FilesComeBackWithBothCodecs) {
  for (Codec codec : {Codec::kNull, Codec::kDeflate}) {
    for (int64_t rows : {0, 1, 20000}) {
      SCOPED_TRACE(rows);
      std::string bytes = FileOf(rows, codec);
      EXPECT_EQ(bytes, FileOf(rows, codec));
      Datums back = ReadAll(bytes).ValueOrDie();
      ASSERT_EQ(back.size(), static_cast<size_t>(rows));
      for (int64_t i = 0; i < rows; ++i) ASSERT_EQ(back[i], Row(i));
      FileReader reader = FileReader::Open(bytes).ValueOrDie();
      EXPECT_EQ(reader.metadata().at("owner"), "sluice");
      EXPECT_EQ(Parsed(reader.metadata().at("avro.schema").c_str()), Parsed(kRow));
      EXPECT_EQ(reader.schema().FindField(4), 3);
    }
  }
  EXPECT_LT(FileOf(20000, Codec::kDeflate).size(),
            FileOf(20000, Codec::kNull).size() / 2);
}

TEST(Avro, UnknownCodecIsNamed) {
  std::string bytes = FileOf(1, Codec::kDeflate);
  size_t at = bytes.find("deflate");
  bytes.replace(at, 7, "unknown");
  Status status = FileReader::Open(bytes).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_THAT(status.message(), HasSubstr("unknown"));
}

TEST(Avro, EveryTruncationIsCorruptAndNamesTheOffset) {
  for (Codec codec : {Codec::kNull, Codec::kDeflate}) {
    const std::string bytes = FileOf(3, codec);
    size_t header = FileOf(0, codec).size();
    for (size_t length = 0; length < bytes.size(); ++length) {
      if (length == header) continue;  // a file without blocks is whole
      Status status = ReadAll(std::string_view(bytes).substr(0, length)).status();
      ASSERT_EQ(KindOf(status), ErrorKind::kCorrupt) << length;
      ASSERT_THAT(status.message(), HasSubstr("byte")) << length;
    }
  }
}

TEST(Avro, EveryDamagedByteIsCorruptOrReadsAsSomethingElse) {
  for (Codec codec : {Codec::kNull, Codec::kDeflate}) {
    const std::string bytes = FileOf(4, codec);
    int corrupt = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (uint8_t flip : {0x01, 0x80, 0xff, 0x7f}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        Result<Datums> rows = ReadAll(damaged);
        if (rows.ok()) continue;
        ErrorKind kind = KindOf(rows.status());
        ASSERT_TRUE(kind == ErrorKind::kCorrupt || kind == ErrorKind::kUserInput)
            << rows.status().ToString();
        ++corrupt;
      }
    }
    EXPECT_GT(corrupt, 100);
  }
}

TEST(Avro, RandomBytesNeverCrashTheDecoder) {
  Random random(7);
  auto schema = SchemaOf(kRow);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(static_cast<size_t>(random.Between(0, 60)), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    Datum out;
    Status status = Decoder(bytes).Read(*schema, &out);
    if (status.ok()) continue;
    ASSERT_EQ(KindOf(status), ErrorKind::kCorrupt);
  }
}

TEST(Avro, HugeCountsAndLengthsAllocateNothing) {
  std::string bytes;
  EncodeLong(std::numeric_limits<int64_t>::max(), &bytes);
  Datum out;
  for (const char* type :
       {"\"string\"", R"({"type":"array","items":"null"})",
        R"({"type":"array","items":{"type":"record","name":"r","fields":[]}})",
        R"({"type":"map","values":"long"})"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(KindOf(Decoder(bytes).Read(*SchemaOf(type), &out)), ErrorKind::kCorrupt);
  }
}

TEST(Avro, InflateStopsAtItsLimit) {
  std::string zeros(10 << 20, '\0');
  std::string small = Deflate(zeros).ValueOrDie();
  EXPECT_LT(small.size(), 20000u);
  EXPECT_EQ(Inflate(small, zeros.size()).ValueOrDie(), zeros);
  EXPECT_EQ(KindOf(Inflate(small, 1 << 20).status()), ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(Inflate(small + "12345", zeros.size()).status()), ErrorKind::kCorrupt);
}

// PyIceberg cuts one byte of zlib's four-byte checksum off, and so leaves three.
TEST(Avro, RemnantsOfAChecksumArePassedOver) {
  std::string raw = Deflate("manifest").ValueOrDie();
  EXPECT_EQ(Inflate(raw + "\x12\x34\x56", 100).ValueOrDie(), "manifest");
}

}  // namespace
}  // namespace sluice::formats::avro
