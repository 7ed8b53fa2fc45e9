#include "connectors/lake/lake_sink.h"

#include <cstring>
#include <fstream>

#include <arrow/extension/uuid.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lake/lake_rig_test.h"

namespace sluice::connectors::lake {
namespace {

using connect::WriteMode;
using testing::ElementsAre;
using testing::HasSubstr;

connect::TableSchema SchemaOf(const std::shared_ptr<arrow::Schema>& schema) {
  connect::TableSchema load{.name = "orders", .columns = {}, .key = {}};
  for (const auto& field : schema->fields()) {
    load.columns.push_back({.name = field->name(),
                            .source_type = field->type()->ToString(),
                            .field = field,
                            .fidelity = types::Fidelity::kExact,
                            .note = ""});
  }
  return load;
}

connect::Split SplitOf(const std::string& id) {
  connect::Split split;
  split.id = id;
  return split;
}

class LakeSink : public testing::Test, public LakeRig {
 protected:
  // Loads rows [first, end) of a fake schema as one split.
  Status Load(const std::shared_ptr<arrow::Schema>& schema, int64_t first, int64_t end,
              WriteMode mode, const LakeSinkOptions& options, int64_t batch_rows = 100) {
    std::string run_id = random.Uuid();
    auto sink = MakeLakeSink(lake_catalog, {"landing", "orders"}, options);
    SLUICE_ASSIGN(auto session, sink->Begin(SchemaOf(schema), mode, run_id));
    SLUICE_ASSIGN(auto writer, session->OpenWriter(SplitOf("s0000"), 1));
    for (int64_t row = first; row < end; row += batch_rows) {
      auto batch = fake::RowMaker{schema, 1}.Make(row, std::min(batch_rows, end - row));
      SLUICE_TRY(batch);
      SLUICE_TRY(writer->Write(**batch));
    }
    SLUICE_ASSIGN(connect::Receipt receipt, writer->Finish());
    EXPECT_EQ(KindOf(writer->Finish().status()), ErrorKind::kInternal);
    // Receipts are kept as JSON between writing and committing.
    SLUICE_ASSIGN(receipt, connect::Receipt::FromJson(receipt.ToJson()));
    connect::CommitRequest request{.run_id = run_id, .summary = {}, .progress = {}};
    SLUICE_ASSIGN(auto outcome, session->Commit({&receipt, 1}, request));
    if (outcome.state == connect::CommitOutcome::State::kCommitted) return Status::OK();
    return Error(ErrorKind::kConflict, outcome.message);
  }

  Status Load(const char* schema, int64_t first, int64_t end, WriteMode mode) {
    return Load(fake::NamedSchema(schema).ValueOrDie(), first, end, mode, SinkOptions());
  }
};

TEST_F(LakeSink, EveryTypeLands) {
  ASSERT_TRUE(Load("types", 0, 500, WriteMode::kErrorIfExists).ok());
  EXPECT_EQ(Ids(), IdRange(0, 500));
  table::TableMetadata metadata = Metadata();
  ASSERT_EQ(metadata.snapshots.size(), 1u);
  EXPECT_TRUE(metadata.CurrentSchema().FindByName("id")->required);
  EXPECT_FALSE(metadata.CurrentSchema().FindByName("c9")->required);
  EXPECT_EQ(types::TypeText(*metadata.CurrentSchema().FindByName("c9")->type),
            "decimal(20, 0)");
  std::vector<table::DataFile> files = Files();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_THAT(files[0].path, HasSubstr("/landing/orders/data/"));
  EXPECT_TRUE(files[0].path.ends_with("-s0000-1.parquet"));
  EXPECT_EQ(files[0].value_counts.at(1), 500);
  EXPECT_EQ(files[0].null_counts.at(1), 0);
  EXPECT_GT(files[0].null_counts.at(2), 0);
  EXPECT_EQ(files[0].lower_bounds.at(1), std::string(8, '\0'));
  EXPECT_EQ(CountFiles(".probe"), 0);
}

TEST_F(LakeSink, Modes) {
  ASSERT_TRUE(Load("orders", 0, 100, WriteMode::kAppend).ok());
  ASSERT_TRUE(Load("orders", 100, 200, WriteMode::kAppend).ok());
  EXPECT_EQ(Ids(), IdRange(0, 200));
  Status exists = Load("orders", 0, 10, WriteMode::kErrorIfExists);
  EXPECT_EQ(KindOf(exists), ErrorKind::kAlreadyExists);
  EXPECT_THAT(exists.message(), HasSubstr("append"));
  ASSERT_TRUE(Load("orders", 500, 510, WriteMode::kOverwrite).ok());
  EXPECT_EQ(Ids(), IdRange(500, 510));
  EXPECT_EQ(Metadata().snapshots.size(), 3u);
  EXPECT_EQ(Metadata().CurrentSnapshot()->summary.at("operation"), "overwrite");
  for (WriteMode mode : {WriteMode::kUpsert, WriteMode::kOverwritePartitions}) {
    Status status = Load("orders", 0, 1, mode);
    EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
    EXPECT_THAT(status.message(), HasSubstr(std::string(connect::WriteModeName(mode))));
  }
}

TEST_F(LakeSink, NoRowsMakeTheTable) {
  ASSERT_TRUE(Load("orders", 0, 0, WriteMode::kAppend).ok());
  EXPECT_TRUE(Ids().empty());
  EXPECT_EQ(Metadata().snapshots.size(), 1u);
  EXPECT_EQ(Metadata().CurrentSchema().columns.fields.size(), 5u);
  ASSERT_TRUE(Load("orders", 0, 10, WriteMode::kAppend).ok());
  ASSERT_TRUE(Load("orders", 0, 0, WriteMode::kOverwrite).ok());
  EXPECT_TRUE(Ids().empty());
}

TEST_F(LakeSink, SchemaEvolvesInTheSameCommit) {
  auto id = arrow::field("id", arrow::int64(), false);
  auto n = arrow::field("n", arrow::int32());
  auto note = arrow::field("note", arrow::utf8());
  auto options = SinkOptions();
  ASSERT_TRUE(Load(arrow::schema({id, n}), 0, 100, WriteMode::kAppend, options).ok());
  ASSERT_TRUE(Load(arrow::schema({id, n->WithType(arrow::int64()), note}), 100, 200,
                   WriteMode::kAppend, options)
                  .ok());
  ASSERT_TRUE(Load(arrow::schema({note, id}), 0, 0, WriteMode::kAppend, options).ok());
  table::TableMetadata metadata = Metadata();
  ASSERT_EQ(metadata.schemas.size(), 2u);
  EXPECT_EQ(metadata.last_column_id, 3);
  EXPECT_EQ(metadata.snapshots.size(), 3u);
  EXPECT_EQ(metadata.snapshots[1].schema_id, metadata.current_schema_id);
  EXPECT_EQ(types::TypeText(*metadata.CurrentSchema().FindByName("n")->type), "long");
  EXPECT_EQ(Ids(), IdRange(0, 200));

  Status status = Load(arrow::schema({id, n->WithType(arrow::utf8())}), 0, 1,
                       WriteMode::kAppend, options);
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_THAT(status.message(), HasSubstr("landing.orders"));
  EXPECT_EQ(Metadata().snapshots.size(), 3u);

  // Replacing the table may replace its schema; old snapshots keep theirs.
  ASSERT_TRUE(Load(arrow::schema({id, n->WithType(arrow::utf8())}), 0, 50,
                   WriteMode::kOverwrite, options)
                  .ok());
  metadata = Metadata();
  EXPECT_EQ(metadata.CurrentSchema().FindByName("id")->id, 1);
  EXPECT_EQ(metadata.CurrentSchema().FindByName("n")->id, 4);
  EXPECT_EQ(Ids(), IdRange(0, 50));
}

TEST_F(LakeSink, RollsFiles) {
  LakeSinkOptions options = SinkOptions();
  options.target_file_bytes = 2000;
  options.parquet.row_group_rows_max = 100;
  ASSERT_TRUE(
      Load(fake::NamedSchema("orders").ValueOrDie(), 0, 2000, WriteMode::kAppend, options)
          .ok());
  EXPECT_GT(Files().size(), 3u);
  EXPECT_EQ(Ids(), IdRange(0, 2000));
  EXPECT_EQ(CountFiles(".parquet"), static_cast<int>(Files().size()));
  EXPECT_GT(CountFiles("-s0000-1-2.parquet"), 0);
}

TEST_F(LakeSink, PartitionsWithBoundedOpenFiles) {
  LakeSinkOptions options = SinkOptions();
  options.partition_by = "truncate(10, customer), bucket(4, id)";
  options.partition_files_max = 3;
  auto schema = fake::NamedSchema("orders").ValueOrDie();
  ASSERT_TRUE(Load(schema, 0, 1000, WriteMode::kAppend, options).ok());
  EXPECT_EQ(Ids(), IdRange(0, 1000));
  std::set<std::string> partitions;
  for (const table::DataFile& file : Files()) {
    ASSERT_EQ(file.partition.size(), 2u);
    int32_t customer = std::get<int32_t>(file.partition[0]);
    EXPECT_EQ(customer % 10, 0);
    int32_t bucket = std::get<int32_t>(file.partition[1]);
    partitions.insert(std::to_string(customer) + "/" + std::to_string(bucket));
    EXPECT_THAT(file.path, HasSubstr("/customer_trunc=" + std::to_string(customer) +
                                     "/id_bucket=" + std::to_string(bucket) + "/"));
    // Customers of the file lie within its partition.
    int32_t low = 0, high = 0;
    memcpy(&low, file.lower_bounds.at(2).data(), 4);
    memcpy(&high, file.upper_bounds.at(2).data(), 4);
    EXPECT_GE(low, customer);
    EXPECT_LT(high, customer + 10);
  }
  EXPECT_EQ(partitions.size(), 5u * 4u);

  ASSERT_TRUE(Load(schema, 1000, 1100, WriteMode::kAppend, SinkOptions()).ok());
  EXPECT_EQ(Files().back().partition.size(), 2u);
  options.partition_by = "id";
  EXPECT_EQ(KindOf(Load(schema, 0, 1, WriteMode::kAppend, options)),
            ErrorKind::kUserInput);
}

TEST_F(LakeSink, PartitionsOfNullsAndOddTexts) {
  LakeSinkOptions options = SinkOptions();
  options.partition_by = "status";
  auto schema = fake::NamedSchema("orders").ValueOrDie();
  ASSERT_TRUE(Load(schema, 0, 300, WriteMode::kAppend, options).ok());
  EXPECT_EQ(Ids(), IdRange(0, 300));
  bool null_seen = false;
  for (const table::DataFile& file : Files()) {
    null_seen |= table::IsNull(file.partition[0]);
    if (!table::IsNull(file.partition[0])) {
      EXPECT_THAT(std::get<std::string>(file.partition[0]), HasSubstr("text "));
      EXPECT_THAT(file.path, HasSubstr("status=text_"));
    }
  }
  EXPECT_TRUE(null_seen);
}

TEST_F(LakeSink, AbortRemovesOwnFilesOnly) {
  ASSERT_TRUE(Load("orders", 0, 100, WriteMode::kAppend).ok());
  auto schema = fake::NamedSchema("orders").ValueOrDie();
  auto session =
      Sink()->Begin(SchemaOf(schema), WriteMode::kAppend, "run-a").ValueOrDie();
  auto finished = session->OpenWriter(SplitOf("s0000"), 1).ValueOrDie();
  auto unfinished = session->OpenWriter(SplitOf("s0001"), 1).ValueOrDie();
  auto batch = fake::RowMaker{schema, 1}.Make(0, 100).ValueOrDie();
  ASSERT_TRUE(finished->Write(*batch).ok());
  ASSERT_TRUE(unfinished->Write(*batch).ok());
  ASSERT_TRUE(finished->Finish().ok());
  EXPECT_EQ(CountFiles(".parquet"), 3);
  unfinished->Abort();
  unfinished->Abort();
  session->Abort();
  session->Abort();
  EXPECT_EQ(CountFiles(".parquet"), 1);
  EXPECT_EQ(Ids(), IdRange(0, 100));
}

TEST_F(LakeSink, PlaceThatCannotBeWrittenFailsAtBegin) {
  std::filesystem::create_directories(directory + "/landing");
  std::ofstream(directory + "/landing/orders")
      << "a file where the table's directory would be";
  Status status = Load("orders", 0, 1, WriteMode::kAppend);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("landing/orders"));
  EXPECT_FALSE(Exists());
}

TEST_F(LakeSink, PreviewChangesNothing) {
  auto schema = SchemaOf(fake::NamedSchema("orders").ValueOrDie());
  auto fresh = Sink()->Preview(schema, WriteMode::kErrorIfExists).ValueOrDie();
  ASSERT_EQ(fresh.size(), 1u);
  EXPECT_EQ(fresh[0].kind, connect::SchemaChange::Kind::kCreateTable);
  EXPECT_FALSE(std::filesystem::exists(directory + "/landing"));
  ASSERT_TRUE(Load("orders", 0, 1, WriteMode::kAppend).ok());
  EXPECT_TRUE(Sink()->Preview(schema, WriteMode::kAppend).ValueOrDie().empty());
  EXPECT_FALSE(
      Sink()->Preview(schema, WriteMode::kErrorIfExists).ValueOrDie()[0].allowed);
}

}  // namespace
}  // namespace sluice::connectors::lake
