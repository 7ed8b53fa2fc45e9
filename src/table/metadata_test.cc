#include "table/metadata.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/update.h"

namespace sluice::table {
namespace {

using testing::HasSubstr;

Schema TwoColumns() {
  return Schema::FromArrow(*arrow::schema({arrow::field("id", arrow::int64(), false),
                                           arrow::field("day", arrow::date32())}))
      .ValueOrDie();
}

TableMetadata Fresh() {
  Schema schema = TwoColumns();
  return NewTable(schema, PartitionSpec::Parse("bucket(4, id)", schema).ValueOrDie(),
                  "memory://lake/t/", {{"owner", "me"}}, "uuid-1", 1000);
}

Snapshot SnapshotOf(int64_t id, int64_t sequence, int64_t at_ms) {
  return {.snapshot_id = id,
          .sequence_number = sequence,
          .timestamp_ms = at_ms,
          .manifest_list = "memory://lake/t/metadata/snap.avro",
          .summary = {{"operation", "append"}},
          .schema_id = 0};
}

TableMetadata Applied(const TableMetadata& base, std::vector<Update> updates,
                      int64_t now_ms = 5000) {
  return ApplyUpdates(base, updates, "memory://lake/t/metadata/old.json", now_ms)
      .ValueOrDie();
}

TableMetadata Committed(const TableMetadata& base, int64_t id, int64_t at_ms) {
  Snapshot snapshot = SnapshotOf(id, base.last_sequence_number + 1, at_ms);
  snapshot.parent_snapshot_id = base.current_snapshot_id;
  return Applied(
      base, {AddSnapshot{snapshot}, SetSnapshotRef{"main", {.snapshot_id = id}}}, at_ms);
}

TEST(Schema, FreshIdsTopLevelFirst) {
  auto schema =
      Schema::FromArrow(*arrow::schema({arrow::field("a", arrow::list(arrow::int32())),
                                        arrow::field("b", arrow::utf8())}))
          .ValueOrDie();
  EXPECT_EQ(schema.FindByName("b")->id, 2);
  EXPECT_EQ(schema.HighestFieldId(), 3);
  EXPECT_EQ(schema.FindById(3), nullptr);
  EXPECT_EQ(schema.FindByName("c"), nullptr);
  Schema back = Schema::FromJson(schema.ToJson()).ValueOrDie();
  EXPECT_TRUE(back.SameColumns(schema));
  EXPECT_TRUE(schema.ToArrow()->field(1)->type()->Equals(arrow::utf8()));
}

TEST(Schema, RefusesNamesTwiceOrMissing) {
  auto twice = arrow::field("x", arrow::int32());
  for (auto schema :
       {arrow::schema({twice, twice}), arrow::schema({arrow::field("", arrow::int32())}),
        arrow::schema({arrow::field("s", arrow::struct_({twice, twice}))}),
        arrow::schema({arrow::field("d", arrow::decimal256(50, 1))})}) {
    EXPECT_EQ(KindOf(Schema::FromArrow(*schema).status()), ErrorKind::kUserInput);
  }
}

TEST(Metadata, NewTableJson) {
  Json json = MetadataToJson(Fresh());
  EXPECT_EQ(json["format-version"], 2);
  EXPECT_EQ(json["location"], "memory://lake/t");
  EXPECT_EQ(json["last-sequence-number"], 0);
  EXPECT_EQ(json["last-column-id"], 2);
  EXPECT_EQ(json["last-partition-id"], 1000);
  EXPECT_EQ(json["current-snapshot-id"], -1);
  EXPECT_EQ(json["sort-orders"],
            ParseJson(R"([{"order-id":0,"fields":[]}])").ValueOrDie());
  EXPECT_EQ(json["schemas"][0]["schema-id"], 0);
  EXPECT_EQ(json["properties"]["owner"], "me");
  Schema schema = TwoColumns();
  EXPECT_EQ(NewTable(schema, {}, "x", {}, "u", 1).last_partition_id, 999);
}

TEST(Metadata, JsonComesBackWithUnknownMembers) {
  TableMetadata metadata = Committed(Committed(Fresh(), 11, 2000), 12, 3000);
  Json json = MetadataToJson(metadata);
  json["statistics"] = ParseJson(R"([{"snapshot-id":11}])").ValueOrDie();
  json["x-vendor"] = "kept";
  TableMetadata back = MetadataFromJson(json).ValueOrDie();
  EXPECT_EQ(MetadataToJson(back), json);
  EXPECT_EQ(back.CurrentSnapshot()->snapshot_id, 12);
  EXPECT_EQ(back.CurrentSnapshot()->parent_snapshot_id, 11);
  EXPECT_EQ(MetadataToJson(Applied(back, {}))["x-vendor"], "kept");
}

TEST(Metadata, MinusOneIsNoSnapshot) {
  TableMetadata back = MetadataFromJson(MetadataToJson(Fresh())).ValueOrDie();
  EXPECT_FALSE(back.current_snapshot_id.has_value());
  EXPECT_EQ(back.CurrentSnapshot(), nullptr);
  EXPECT_TRUE(back.refs.empty());
}

TEST(Metadata, MissingMembersAreNamed) {
  Json whole = MetadataToJson(Committed(Fresh(), 11, 2000));
  for (const char* member :
       {"format-version", "table-uuid", "location", "last-sequence-number",
        "last-updated-ms", "last-column-id", "current-schema-id", "default-spec-id"}) {
    SCOPED_TRACE(member);
    Json json = whole;
    json.erase(member);
    Status status = MetadataFromJson(json).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr(member));
  }
  for (const char* member :
       {"current-schema-id", "default-spec-id", "current-snapshot-id"}) {
    SCOPED_TRACE(member);
    Json json = whole;
    json[member] = 77;
    EXPECT_THAT(MetadataFromJson(json).status().message(), HasSubstr(member));
  }
  whole["format-version"] = 3;
  EXPECT_EQ(KindOf(MetadataFromJson(whole).status()), ErrorKind::kUserInput);
  EXPECT_EQ(KindOf(MetadataFromJson(Json("text")).status()), ErrorKind::kCorrupt);
}

TEST(Metadata, ReadsVersionOne) {
  Json json = ParseJson(R"({"format-version":1,"table-uuid":"u","location":"s3://b/t",
    "last-updated-ms":1602638573590,"last-column-id":3,
    "schema":{"type":"struct","fields":[{"id":1,"name":"x","required":true,"type":"long"},
      {"id":2,"name":"y","required":true,"type":"long","doc":"comment"}]},
    "partition-spec":[{"name":"x","transform":"identity","source-id":1,"field-id":1000}],
    "properties":{},"current-snapshot-id":5,
    "snapshots":[{"snapshot-id":5,"timestamp-ms":1602638573000,
      "manifest-list":"s3://b/t/metadata/snap-5.avro"}]})")
                  .ValueOrDie();
  TableMetadata metadata = MetadataFromJson(json).ValueOrDie();
  EXPECT_EQ(metadata.format_version, 2);
  EXPECT_EQ(metadata.CurrentSchema().columns.fields.size(), 2u);
  EXPECT_EQ(metadata.DefaultSpec().fields[0].field_id, 1000);
  EXPECT_EQ(metadata.last_partition_id, 1000);
  EXPECT_EQ(metadata.CurrentSnapshot()->sequence_number, 0);
  EXPECT_EQ(metadata.refs.at("main").snapshot_id, 5);
  Json upgraded = MetadataToJson(metadata);
  EXPECT_EQ(upgraded["format-version"], 2);
  EXPECT_FALSE(upgraded.contains("schema"));
  EXPECT_FALSE(upgraded.contains("partition-spec"));
  json["snapshots"][0]["manifests"] = Json::array({"s3://b/m.avro"});
  EXPECT_EQ(KindOf(MetadataFromJson(json).status()), ErrorKind::kUserInput);
}

TEST(Metadata, SnapshotAsOf) {
  TableMetadata metadata = Committed(Committed(Fresh(), 11, 2000), 12, 3000);
  EXPECT_EQ(metadata.SnapshotAsOf(1999), nullptr);
  EXPECT_EQ(metadata.SnapshotAsOf(2000)->snapshot_id, 11);
  EXPECT_EQ(metadata.SnapshotAsOf(2999)->snapshot_id, 11);
  EXPECT_EQ(metadata.SnapshotAsOf(9999)->snapshot_id, 12);
}

TEST(Metadata, Paths) {
  EXPECT_EQ(MetadataPath("s3://b/t", 3, "abc"),
            "s3://b/t/metadata/00003-abc.metadata.json");
  struct Case {
    const char* path;
    int version;
  };
  for (const Case& c :
       {Case{"s3://b/t/metadata/00003-abc.metadata.json", 3},
        Case{"x/00012-a.gz.metadata.json", 12}, Case{"/t/metadata/v7.metadata.json", 7},
        Case{"/t/metadata/abc.metadata.json", -1},
        Case{"/t/metadata/12.metadata.json", -1}, Case{"", -1},
        Case{"00003-abc.metadata.json", 3}}) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(MetadataVersion(c.path), c.version);
  }
}

TEST(Requirements, HoldOrNameWhatChanged) {
  TableMetadata base = Committed(Fresh(), 11, 2000);
  struct Case {
    Requirement requirement;
    bool holds;
  };
  const Case kCases[] = {
      {AssertCreate{}, false},
      {AssertTableUuid{"uuid-1"}, true},
      {AssertTableUuid{"uuid-2"}, false},
      {AssertRefSnapshotId{"main", 11}, true},
      {AssertRefSnapshotId{"main", 10}, false},
      {AssertRefSnapshotId{"main", std::nullopt}, false},
      {AssertRefSnapshotId{"audit", std::nullopt}, true},
      {AssertLastAssignedFieldId{2}, true},
      {AssertLastAssignedFieldId{1}, false},
      {AssertCurrentSchemaId{0}, true},
      {AssertCurrentSchemaId{1}, false},
      {AssertDefaultSpecId{0}, true},
      {AssertDefaultSpecId{2}, false},
      {AssertProperty{"owner", "me"}, true},
      {AssertProperty{"owner", "you"}, false},
      {AssertProperty{"owner", std::nullopt}, false},
      {AssertProperty{"offset", std::nullopt}, true},
  };
  for (const Case& c : kCases) {
    Json json = RequirementToJson(c.requirement);
    SCOPED_TRACE(ToText(json));
    Status status = CheckRequirements(&base, {c.requirement});
    EXPECT_EQ(status.ok(), c.holds);
    if (!c.holds) {
      EXPECT_EQ(KindOf(status), ErrorKind::kConflict);
    }
    EXPECT_EQ(RequirementToJson(RequirementFromJson(json).ValueOrDie()), json);
    bool create = std::holds_alternative<AssertCreate>(c.requirement);
    EXPECT_EQ(CheckRequirements(nullptr, {c.requirement}).ok(), create);
  }
  EXPECT_EQ(KindOf(RequirementFromJson(Json{{"type", "assert-luck"}}).status()),
            ErrorKind::kCorrupt);
}

TEST(Updates, SchemaIsAssignedAnIdOrReused) {
  TableMetadata base = Fresh();
  Schema wider = TwoColumns();
  wider.columns.fields.push_back(wider.columns.fields[1]);
  wider.columns.fields[2].id = 3;
  wider.columns.fields[2].name = "more";
  TableMetadata after = Applied(base, {AddSchema{wider, 3}, SetCurrentSchema{-1}});
  EXPECT_EQ(after.current_schema_id, 1);
  EXPECT_EQ(after.last_column_id, 3);
  TableMetadata again =
      Applied(after, {AddSchema{TwoColumns(), 2}, SetCurrentSchema{-1}});
  EXPECT_EQ(again.schemas.size(), 2u);
  EXPECT_EQ(again.current_schema_id, 0);
  EXPECT_EQ(again.last_column_id, 3);
  EXPECT_EQ(KindOf(ApplyUpdates(base, {SetCurrentSchema{-1}}, "", 1).status()),
            ErrorKind::kUserInput);
}

TEST(Updates, SpecFieldsKeepOrGetIds) {
  TableMetadata base = Fresh();
  Schema schema = TwoColumns();
  auto spec = PartitionSpec::Parse("day, bucket(4, id)", schema).ValueOrDie();
  TableMetadata after = Applied(base, {AddSpec{spec}, SetDefaultSpec{-1}});
  EXPECT_EQ(after.default_spec_id, 1);
  EXPECT_EQ(after.DefaultSpec().fields[0].field_id, 1001);
  EXPECT_EQ(after.DefaultSpec().fields[1].field_id, 1000);
  EXPECT_EQ(after.last_partition_id, 1001);
  TableMetadata again = Applied(after, {AddSpec{spec}, SetDefaultSpec{-1}});
  EXPECT_EQ(again.partition_specs.size(), 2u);
  EXPECT_EQ(again.default_spec_id, 1);
  EXPECT_EQ(again.last_partition_id, 1001);
}

TEST(Updates, SnapshotsMoveOnlyForward) {
  TableMetadata base = Committed(Fresh(), 11, 2000);
  EXPECT_EQ(base.last_sequence_number, 1);
  EXPECT_EQ(base.last_updated_ms, 2000);
  EXPECT_EQ(base.snapshot_log.size(), 1u);
  auto kind = [&](const Update& update) {
    return KindOf(ApplyUpdates(base, {update}, "", 1).status());
  };
  EXPECT_EQ(kind(AddSnapshot{SnapshotOf(11, 2, 3000)}), ErrorKind::kAlreadyExists);
  EXPECT_EQ(kind(AddSnapshot{SnapshotOf(12, 1, 3000)}), ErrorKind::kConflict);
  EXPECT_EQ(kind(SetSnapshotRef{"main", {.snapshot_id = 99}}), ErrorKind::kNotFound);
  EXPECT_EQ(kind(SetSnapshotRef{"main", {.snapshot_id = 11, .type = "tag"}}),
            ErrorKind::kUserInput);
  EXPECT_EQ(kind(RemoveSnapshots{{11}}), ErrorKind::kUserInput);
}

TEST(Updates, RollbackIsLoggedWhenItHappens) {
  TableMetadata base = Committed(Committed(Fresh(), 11, 2000), 12, 3000);
  TableMetadata after =
      Applied(base, {SetSnapshotRef{"main", {.snapshot_id = 11}}}, 4000);
  EXPECT_EQ(after.current_snapshot_id, 11);
  EXPECT_EQ(after.snapshot_log.back().timestamp_ms, 4000);
  EXPECT_EQ(after.SnapshotAsOf(3500)->snapshot_id, 12);
  EXPECT_EQ(after.SnapshotAsOf(4000)->snapshot_id, 11);
}

TEST(Updates, RemovedSnapshotsLeaveNoGapInTheLog) {
  TableMetadata base =
      Committed(Committed(Committed(Fresh(), 11, 2000), 12, 3000), 13, 4000);
  TableMetadata after = Applied(base, {RemoveSnapshots{{12}}});
  EXPECT_EQ(after.snapshots.size(), 2u);
  ASSERT_EQ(after.snapshot_log.size(), 1u);
  EXPECT_EQ(after.snapshot_log[0].snapshot_id, 13);
}

TEST(Updates, PropertiesAndLocation) {
  TableMetadata after = Applied(
      Fresh(), {SetProperties{{{"a", "1"}, {"b", "2"}}}, RemoveProperties{{"owner", "a"}},
                SetLocation{"memory://lake/other"}});
  EXPECT_EQ(after.properties, (std::map<std::string, std::string>{{"b", "2"}}));
  EXPECT_EQ(after.location, "memory://lake/other");
}

TEST(Updates, MetadataLogIsBounded) {
  TableMetadata metadata = Fresh();
  metadata.properties["write.metadata.previous-versions-max"] = "3";
  for (int i = 0; i < 5; ++i) {
    metadata = ApplyUpdates(metadata, {}, "m" + std::to_string(i), 2000 + i).ValueOrDie();
  }
  ASSERT_EQ(metadata.metadata_log.size(), 3u);
  EXPECT_EQ(metadata.metadata_log[0].metadata_file, "m2");
  EXPECT_EQ(metadata.metadata_log[2].metadata_file, "m4");
  EXPECT_EQ(metadata.metadata_log[2].timestamp_ms, 2003);
  EXPECT_EQ(metadata.last_updated_ms, 2004);
  EXPECT_EQ(ApplyUpdates(metadata, {}, "", 1).ValueOrDie().last_updated_ms, 2004);
}

TEST(Updates, JsonComesBack) {
  Schema schema = TwoColumns();
  const Update kUpdates[] = {
      AddSchema{schema, 2},
      SetCurrentSchema{-1},
      AddSpec{PartitionSpec::Parse("day", schema).ValueOrDie()},
      SetDefaultSpec{3},
      AddSnapshot{SnapshotOf(1, 2, 3)},
      SetSnapshotRef{"main", {.snapshot_id = 1, .max_ref_age_ms = 5}},
      RemoveSnapshots{{1, 2}},
      SetProperties{{{"a", "b"}}},
      RemoveProperties{{"a"}},
      SetLocation{"x"}};
  for (const Update& update : kUpdates) {
    Json json = UpdateToJson(update);
    SCOPED_TRACE(ToText(json));
    Update back = UpdateFromJson(ParseJson(ToText(json)).ValueOrDie()).ValueOrDie();
    EXPECT_EQ(back.index(), update.index());
    EXPECT_EQ(UpdateToJson(back), json);
  }
  Json ref = UpdateToJson(kUpdates[5]);
  EXPECT_EQ(ref["ref-name"], "main");
  EXPECT_EQ(ref["type"], "branch");
  EXPECT_EQ(KindOf(UpdateFromJson(Json{{"action", "dance"}}).status()),
            ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace sluice::table
