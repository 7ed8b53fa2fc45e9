#include "table/manifest.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/avro/file.h"
#include "table/manifest_schema_internal.h"

namespace sluice::table {
namespace {

namespace avro = formats::avro;
using testing::HasSubstr;

// Partitioned in all ways that a manifest stores differently.
TableMetadata Table() {
  Schema schema =
      Schema::FromArrow(
          *arrow::schema(
              {arrow::field("id", arrow::int64(), false),
               arrow::field("price", arrow::decimal128(9, 2)),
               arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
               arrow::field("region", arrow::utf8()),
               arrow::field("ratio", arrow::float64())}))
          .ValueOrDie();
  auto spec =
      PartitionSpec::Parse("bucket(4, id), price, day(at), at, region, ratio", schema)
          .ValueOrDie();
  spec.fields[4].name = "region name";
  return NewTable(schema, spec, "memory://manifest/t", {}, "uuid", 1);
}

DataFile File(int i) {
  DataFile file;
  file.path = "memory://manifest/t/data/" + std::to_string(i) + ".parquet";
  file.partition = {int32_t{i % 4},
                    arrow::Decimal128(-1000 * i),
                    int32_t{19000 + i},
                    int64_t{1'000'000} * i,
                    i % 2 == 0 ? Value() : Value("r" + std::to_string(i)),
                    i == 3 ? Value(std::nan("")) : Value(0.5 * i)};
  file.record_count = 10 + i;
  file.file_bytes = 1000 + i;
  file.column_bytes = {{1, 100}, {2, 200}};
  file.value_counts = {{1, 10}, {2, 10}};
  file.null_counts = {{1, 0}, {2, 4}};
  file.nan_counts = {{5, 1}};
  file.lower_bounds = {{1, std::string("\1\0\0\0\0\0\0\0", 8)}};
  file.upper_bounds = {{1, std::string("\2\0\0\0\0\0\0\0", 8)}};
  file.split_offsets = {4};
  return file;
}

std::vector<ManifestEntry> Entries() {
  return {{.status = EntryStatus::kAdded, .file = File(1)},
          {.status = EntryStatus::kExisting,
           .snapshot_id = 70,
           .sequence_number = 3,
           .file_sequence_number = 2,
           .file = File(2)},
          {.status = EntryStatus::kDeleted,
           .snapshot_id = 80,
           .sequence_number = 1,
           .file_sequence_number = 1,
           .file = File(3)}};
}

struct Encoded {
  std::string bytes;
  ManifestFile line;
};

Encoded Encode(const TableMetadata& table, const std::vector<ManifestEntry>& entries) {
  Encoded result;
  result.line.path = "memory://manifest/t/metadata/m0.avro";
  result.line.added_snapshot_id = 80;
  ManifestHeader header{table.CurrentSchema(), table.DefaultSpec(), FileContent::kData};
  result.bytes = EncodeManifest(header, entries, &result.line).ValueOrDie();
  return result;
}

TEST(Manifest, ComesBackWithInheritedNumbers) {
  TableMetadata table = Table();
  Encoded manifest = Encode(table, Entries());
  manifest.line.sequence_number = 9;
  auto back = DecodeManifest(manifest.bytes, manifest.line, table).ValueOrDie();
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[0].snapshot_id, 80);
  EXPECT_EQ(back[0].sequence_number, 9);
  EXPECT_EQ(back[0].file_sequence_number, 9);
  EXPECT_EQ(back[1].status, EntryStatus::kExisting);
  EXPECT_EQ(back[1].snapshot_id, 70);
  EXPECT_EQ(back[1].sequence_number, 3);
  EXPECT_EQ(back[1].file_sequence_number, 2);
  EXPECT_EQ(back[2].status, EntryStatus::kDeleted);
  EXPECT_EQ(back[2].sequence_number, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(back[i].file.ToJson(), File(i + 1).ToJson()) << i;
  }
}

TEST(Manifest, SummaryIsFilledIn) {
  TableMetadata table = Table();
  ManifestFile line = Encode(table, Entries()).line;
  EXPECT_EQ(line.added_files, 1);
  EXPECT_EQ(line.existing_files, 1);
  EXPECT_EQ(line.deleted_files, 1);
  EXPECT_EQ(line.added_rows, 11);
  EXPECT_EQ(line.existing_rows, 12);
  EXPECT_EQ(line.deleted_rows, 13);
  EXPECT_EQ(line.sequence_number, kUnassignedSequence);
  EXPECT_EQ(line.min_sequence_number, kUnassignedSequence);
  EXPECT_EQ(line.path, "memory://manifest/t/metadata/m0.avro");
  ASSERT_EQ(line.partitions.size(), 6u);
  EXPECT_EQ(line.partitions[0].lower_bound, std::string("\1\0\0\0", 4));
  EXPECT_EQ(line.partitions[0].upper_bound, std::string("\3\0\0\0", 4));
  EXPECT_FALSE(line.partitions[0].contains_null);
  EXPECT_TRUE(line.partitions[4].contains_null);
  EXPECT_EQ(line.partitions[4].lower_bound, "r1");
  EXPECT_EQ(line.partitions[5].contains_nan, true);
  EXPECT_EQ(line.partitions[0].contains_nan, false);
  auto without_added = Entries();
  without_added.erase(without_added.begin());
  EXPECT_EQ(Encode(table, without_added).line.min_sequence_number, 3);
}

TEST(Manifest, LaterEntriesNeedTheirNumbers) {
  TableMetadata table = Table();
  for (EntryStatus status : {EntryStatus::kExisting, EntryStatus::kDeleted}) {
    ManifestFile line;
    ManifestHeader header{table.CurrentSchema(), table.DefaultSpec(), FileContent::kData};
    auto result = EncodeManifest(header, {{.status = status, .file = File(1)}}, &line);
    EXPECT_EQ(KindOf(result.status()), ErrorKind::kInternal);
  }
}

// Finds a record's field by id; fails the test when it is not there.
const avro::SchemaField& FieldOf(const avro::Schema& record, int id) {
  int index = record.FindField(id);
  EXPECT_GE(index, 0) << id;
  return record.fields[std::max(index, 0)];
}

TEST(Manifest, SchemaHasTheNamesAndIdsThatReadersDependOn) {
  TableMetadata table = Table();
  Encoded manifest = Encode(table, Entries());
  auto reader = avro::FileReader::Open(manifest.bytes).ValueOrDie();
  const avro::Schema& entry = reader.schema();
  EXPECT_EQ(entry.name, "manifest_entry");
  EXPECT_EQ(FieldOf(entry, 0).name, "status");
  const avro::Schema& file = *FieldOf(entry, 2).type;
  EXPECT_EQ(file.name, "r2");
  EXPECT_EQ(FieldOf(file, 102).type->name, "r102");
  const avro::Schema& bounds = FieldOf(file, 125).type->NonNull();
  EXPECT_EQ(bounds.logical_type, "map");
  EXPECT_EQ(bounds.parts[0]->name, "k126_v127");
  EXPECT_EQ(FieldOf(file, 108).type->NonNull().parts[0]->name, "k117_v118");
  EXPECT_EQ(FieldOf(file, 132).type->NonNull().element_id, 133);
  // Required fields are not nullable, optional ones are unions that begin with null.
  for (int id : {134, 100, 101, 102, 103, 104}) {
    EXPECT_NE(FieldOf(file, id).type->kind, avro::Kind::kUnion) << id;
  }
  for (int id : {108, 109, 110, 137, 125, 128, 131, 132, 135, 140}) {
    ASSERT_EQ(FieldOf(file, id).type->kind, avro::Kind::kUnion) << id;
    EXPECT_EQ(FieldOf(file, id).type->parts[0]->kind, avro::Kind::kNull) << id;
  }
  for (int id : {105, 106, 107, 111}) EXPECT_EQ(file.FindField(id), -1) << id;
  const avro::Schema& partition = *FieldOf(file, 102).type;
  const avro::Schema& decimal = FieldOf(partition, 1001).type->NonNull();
  EXPECT_EQ(decimal.size, 4);
  EXPECT_EQ(decimal.logical_type, "decimal");
  EXPECT_EQ(decimal.precision, 9);
  EXPECT_EQ(FieldOf(partition, 1002).type->NonNull().logical_type, "date");
  EXPECT_TRUE(FieldOf(partition, 1003).type->NonNull().adjust_to_utc);
  EXPECT_EQ(FieldOf(partition, 1004).name, "region_x20name");
  EXPECT_THAT(reader.metadata().at("avro.schema"),
              HasSubstr(R"("iceberg-field-name":"region name")"));
}

TEST(Manifest, HeaderKeys) {
  TableMetadata table = Table();
  Encoded manifest = Encode(table, Entries());
  auto reader = avro::FileReader::Open(manifest.bytes).ValueOrDie();
  const auto& metadata = reader.metadata();
  EXPECT_EQ(ParseJson(metadata.at("schema")).ValueOrDie(),
            table.CurrentSchema().ToJson());
  EXPECT_EQ(metadata.at("schema-id"), "0");
  EXPECT_EQ(ParseJson(metadata.at("partition-spec")).ValueOrDie(),
            table.DefaultSpec().ToJson()["fields"]);
  EXPECT_EQ(metadata.at("partition-spec-id"), "0");
  EXPECT_EQ(metadata.at("format-version"), "2");
  EXPECT_EQ(metadata.at("content"), "data");
}

TEST(Manifest, DecimalBytesAreMinimal) {
  struct Case {
    int precision, size;
  };
  for (const Case& c : {Case{1, 1}, Case{2, 1}, Case{3, 2}, Case{4, 2}, Case{9, 4},
                        Case{18, 8}, Case{20, 9}, Case{38, 16}}) {
    Schema schema =
        Schema::FromArrow(
            *arrow::schema({arrow::field("d", arrow::decimal128(c.precision, 0))}))
            .ValueOrDie();
    auto spec = PartitionSpec::Parse("d", schema).ValueOrDie();
    auto parsed = avro::ParseSchema(ManifestAvroSchema(spec, schema)).ValueOrDie();
    const avro::Schema& partition = *FieldOf(*FieldOf(*parsed, 2).type, 102).type;
    EXPECT_EQ(partition.fields[0].type->NonNull().size, c.size) << c.precision;
  }
}

TEST(Manifest, EveryByteMayBeDamaged) {
  TableMetadata table = Table();
  Encoded manifest = Encode(table, Entries());
  for (size_t length = 0; length < manifest.bytes.size(); ++length) {
    auto view = std::string_view(manifest.bytes).substr(0, length);
    auto result = DecodeManifest(view, manifest.line, table);
    if (result.ok()) {
      ASSERT_TRUE(result->empty());  // exactly the header: a manifest without entries
      continue;
    }
    ASSERT_EQ(KindOf(result.status()), ErrorKind::kCorrupt) << length;
    ASSERT_THAT(result.status().message(), HasSubstr("m0.avro")) << length;
    ASSERT_THAT(result.status().message(), HasSubstr("byte")) << length;
  }
  int refused = 0;
  for (size_t i = 0; i < manifest.bytes.size(); ++i) {
    for (uint8_t flip : {0x01, 0x02, 0x80}) {
      std::string damaged = manifest.bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      auto result = DecodeManifest(damaged, manifest.line, table);
      if (result.ok()) continue;
      ErrorKind kind = KindOf(result.status());
      ASSERT_TRUE(kind == ErrorKind::kCorrupt || kind == ErrorKind::kUserInput);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(Manifest, WrongContentOrSpecIsCorrupt) {
  TableMetadata table = Table();
  Encoded manifest = Encode(table, Entries());
  ManifestFile line = manifest.line;
  line.content = FileContent::kPositionDeletes;
  EXPECT_EQ(KindOf(DecodeManifest(manifest.bytes, line, table).status()),
            ErrorKind::kCorrupt);
  line = manifest.line;
  line.spec_id = 5;
  EXPECT_EQ(KindOf(DecodeManifest(manifest.bytes, line, table).status()),
            ErrorKind::kCorrupt);
}

// A manifest as the first Iceberg releases wrote it: no content, no sequence numbers,
// fields in another order, names of its own where only the ids count.
std::string LegacyManifest() {
  Json schema = ParseJson(R"({"type":"record","name":"manifest_entry","fields":[
    {"name":"status","type":"int","field-id":0},
    {"name":"snapshot_id","type":"long","field-id":1},
    {"name":"data_file","field-id":2,"type":{"type":"record","name":"r2","fields":[
      {"name":"record_count","type":"long","field-id":103},
      {"name":"block_size_in_bytes","type":"long","field-id":105},
      {"name":"path","type":"string","field-id":100},
      {"name":"format","type":"string","field-id":101},
      {"name":"partition","field-id":102,"type":{"type":"record","name":"r102","fields":[
        {"name":"x","type":["null","int"],"field-id":1000}]}},
      {"name":"size","type":"long","field-id":104},
      {"name":"value_counts","field-id":109,"type":["null",{"type":"array","logicalType":"map",
        "items":{"type":"record","name":"k119_v120","fields":[
          {"name":"value","type":"long","field-id":120},
          {"name":"key","type":"int","field-id":119}]}}]}]}}]})")
                    .ValueOrDie();
  auto writer = avro::FileWriter::Make(schema, {}, avro::Codec::kNull).ValueOrDie();
  avro::Datum counts = avro::Datums{avro::Datum(avro::Datums{int64_t{55}, int64_t{1}})};
  avro::Datum file = avro::Datums{int64_t{55},
                                  int64_t{64},
                                  std::string("s3://b/f.parquet"),
                                  std::string("parquet"),
                                  avro::Datums{avro::Datum(int64_t{7})},
                                  int64_t{999},
                                  counts};
  EXPECT_TRUE(writer.Append(avro::Datums{int64_t{0}, int64_t{42}, file}).ok());
  return writer.Finish().ValueOrDie();
}

TEST(Manifest, LegacyManifestsAreReadByFieldId) {
  Schema schema = Schema::FromArrow(*arrow::schema({arrow::field("x", arrow::int64())}))
                      .ValueOrDie();  // was int when the manifest was written
  TableMetadata table = NewTable(schema, PartitionSpec::Parse("x", schema).ValueOrDie(),
                                 "s3://b", {}, "u", 1);
  ManifestFile line{.path = "s3://b/m.avro", .added_snapshot_id = 42};
  auto entries = DecodeManifest(LegacyManifest(), line, table).ValueOrDie();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].status, EntryStatus::kExisting);
  EXPECT_EQ(entries[0].sequence_number, 0);
  EXPECT_EQ(entries[0].file.content, FileContent::kData);
  EXPECT_EQ(entries[0].file.path, "s3://b/f.parquet");
  EXPECT_EQ(entries[0].file.format, "PARQUET");
  EXPECT_EQ(entries[0].file.partition[0], Value(int64_t{7}));
  EXPECT_EQ(entries[0].file.value_counts, (std::map<int, int64_t>{{1, 55}}));
  // Version 2 numbers cannot be guessed for a file that an older snapshot added.
  line.sequence_number = 4;
  EXPECT_EQ(KindOf(DecodeManifest(LegacyManifest(), line, table).status()),
            ErrorKind::kCorrupt);
}

TEST(Manifest, ManifestsWithoutFieldIdsAreReadByName) {
  TableMetadata table = Table();
  Json schema = ManifestAvroSchema(table.DefaultSpec(), table.CurrentSchema());
  std::string text = ToText(schema);
  for (size_t at; (at = text.find("\"field-id\"")) != std::string::npos;) {
    text.replace(at, 10, "\"field_xx\"");
  }
  Encoded manifest = Encode(table, Entries());
  auto reader = avro::FileReader::Open(manifest.bytes).ValueOrDie();
  auto writer =
      avro::FileWriter::Make(ParseJson(text).ValueOrDie(), {}, avro::Codec::kNull)
          .ValueOrDie();
  avro::Datum datum;
  while (reader.Next(&datum).ValueOrDie()) ASSERT_TRUE(writer.Append(datum).ok());
  auto bytes = writer.Finish().ValueOrDie();
  auto back = DecodeManifest(bytes, manifest.line, table).ValueOrDie();
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[1].file.ToJson(), File(2).ToJson());
}

Snapshot TheSnapshot() {
  return {.snapshot_id = 80, .parent_snapshot_id = 70, .sequence_number = 6};
}

ManifestFile Line() {
  return {.path = "memory://m/a.avro",
          .length = 77,
          .spec_id = 2,
          .sequence_number = 4,
          .min_sequence_number = 3,
          .added_snapshot_id = 60,
          .added_files = 1,
          .existing_files = 2,
          .deleted_files = 3,
          .added_rows = 4,
          .existing_rows = 5,
          .deleted_rows = 6,
          .partitions = {{.contains_null = true, .lower_bound = "a", .upper_bound = "b"},
                         {.contains_null = false, .contains_nan = false}}};
}

TEST(ManifestList, ComesBackAndNumbersAreAssigned) {
  ManifestFile fresh = Line();
  fresh.sequence_number = fresh.min_sequence_number = kUnassignedSequence;
  fresh.content = FileContent::kPositionDeletes;
  fresh.partitions.clear();
  auto bytes = EncodeManifestList(TheSnapshot(), {fresh, Line()}).ValueOrDie();
  auto back = DecodeManifestList(bytes, "x").ValueOrDie();
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].sequence_number, 6);
  EXPECT_EQ(back[0].min_sequence_number, 6);
  EXPECT_EQ(back[0].content, FileContent::kPositionDeletes);
  EXPECT_EQ(back[1].path, "memory://m/a.avro");
  EXPECT_EQ(back[1].length, 77);
  EXPECT_EQ(back[1].spec_id, 2);
  EXPECT_EQ(back[1].sequence_number, 4);
  EXPECT_EQ(back[1].min_sequence_number, 3);
  EXPECT_EQ(back[1].added_snapshot_id, 60);
  EXPECT_EQ(back[1].added_files, 1);
  EXPECT_EQ(back[1].existing_files, 2);
  EXPECT_EQ(back[1].deleted_files, 3);
  EXPECT_EQ(back[1].deleted_rows, 6);
  ASSERT_EQ(back[1].partitions.size(), 2u);
  EXPECT_TRUE(back[1].partitions[0].contains_null);
  EXPECT_EQ(back[1].partitions[0].lower_bound, "a");
  EXPECT_FALSE(back[1].partitions[0].contains_nan.has_value());
  EXPECT_EQ(back[1].partitions[1].contains_nan, false);
  EXPECT_FALSE(back[1].partitions[1].upper_bound.has_value());
}

TEST(ManifestList, SchemaAndHeader) {
  auto bytes = EncodeManifestList(TheSnapshot(), {Line()}).ValueOrDie();
  auto reader = avro::FileReader::Open(bytes).ValueOrDie();
  EXPECT_EQ(reader.metadata().at("snapshot-id"), "80");
  EXPECT_EQ(reader.metadata().at("parent-snapshot-id"), "70");
  EXPECT_EQ(reader.metadata().at("sequence-number"), "6");
  EXPECT_EQ(reader.metadata().at("format-version"), "2");
  const avro::Schema& schema = reader.schema();
  EXPECT_EQ(schema.name, "manifest_file");
  EXPECT_EQ(FieldOf(schema, 507).type->NonNull().parts[0]->name, "r508");
  EXPECT_EQ(FieldOf(schema, 507).type->NonNull().element_id, 508);
  for (const avro::SchemaField& field : schema.fields) {
    bool optional = field.field_id == 507 || field.field_id == 519;
    EXPECT_EQ(field.type->kind == avro::Kind::kUnion, optional) << field.name;
  }
}

TEST(ManifestList, LegacyNamesAndMissingCounts) {
  Json schema = ParseJson(R"({"type":"record","name":"manifest_file","fields":[
    {"name":"manifest_path","type":"string","field-id":500},
    {"name":"manifest_length","type":"long","field-id":501},
    {"name":"partition_spec_id","type":"int","field-id":502},
    {"name":"added_snapshot_id","type":["null","long"],"field-id":503},
    {"name":"added_data_files_count","type":["null","int"],"field-id":504}]})")
                    .ValueOrDie();
  auto writer = avro::FileWriter::Make(schema, {}, avro::Codec::kNull).ValueOrDie();
  ASSERT_TRUE(writer
                  .Append(avro::Datums{std::string("m"), int64_t{9}, int64_t{0},
                                       int64_t{5}, int64_t{3}})
                  .ok());
  auto back = DecodeManifestList(writer.Finish().ValueOrDie(), "x").ValueOrDie();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].added_files, 3);
  EXPECT_EQ(back[0].existing_files, kUnknownCount);
  EXPECT_EQ(back[0].sequence_number, 0);
  EXPECT_EQ(back[0].content, FileContent::kData);
}

TEST(ManifestList, DamageIsCorruptAndNamesThePath) {
  auto bytes = EncodeManifestList(TheSnapshot(), {Line(), Line()}).ValueOrDie();
  for (size_t length = 0; length + 1 < bytes.size(); ++length) {
    auto result =
        DecodeManifestList(std::string_view(bytes).substr(0, length), "snap.avro");
    if (result.ok()) {
      ASSERT_TRUE(result->empty());
      continue;
    }
    ASSERT_EQ(KindOf(result.status()), ErrorKind::kCorrupt);
    ASSERT_THAT(result.status().message(), HasSubstr("snap.avro"));
  }
}

}  // namespace
}  // namespace sluice::table
