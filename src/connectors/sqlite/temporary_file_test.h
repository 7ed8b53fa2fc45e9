#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/source.h"
#include "connectors/sqlite/sqlite.h"
#include "sqlite/database.h"

namespace sluice::connectors::sqlite {

/// A database file of one test, gone with it.
class TestFile final {
 public:
  TestFile() {
    char name[] = "/tmp/sluice-sqlite-XXXXXX";
    directory_ = mkdtemp(name);
    Open();
  }
  ~TestFile() {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }
  std::string path() const { return directory_ + "/test.db"; }
  std::string directory() const { return directory_; }
  ::sluice::sqlite::Database& database() { return *database_; }

  void Run(const std::string& sql) {
    Status status = database_->Execute(sql);
    ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << sql;
  }
  /// An empty file again.
  void Recreate() {
    database_.reset();
    std::filesystem::remove(path());
    Open();
  }
  /// Another connection that may write.
  std::unique_ptr<::sluice::sqlite::Database> Connect() {
    ::sluice::sqlite::OpenOptions options;
    options.create = true;
    return ::sluice::sqlite::Database::Open(path(), options).ValueOrDie();
  }
  std::unique_ptr<connect::Source> Source(const connect::ReadOptions& options = {}) {
    connect::Link link;
    link.uri.scheme = "sqlite";
    link.uri.path = path();
    return MakeSqliteConnector().make_source(link, options).ValueOrDie();
  }

 private:
  void Open() {
    database_ = Connect();
    Run("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
  }

  std::string directory_;
  std::unique_ptr<::sluice::sqlite::Database> database_;
};

inline connect::Selection TableSelection(const std::string& name) {
  connect::Selection selection;
  selection.table = connect::TableName{"", name};
  return selection;
}

inline connect::Selection QuerySelection(const std::string& query) {
  connect::Selection selection;
  selection.query = query;
  return selection;
}

/// All rows of one split, checked to have the schema that Describe promised.
inline Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> ReadSplit(
    connect::Source& source, const connect::Split& split) {
  SLUICE_ASSIGN(auto schema, source.Describe(split.selection));
  SLUICE_ASSIGN(auto reader, source.Open(split, {}));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    SLUICE_ASSIGN(auto chunk, reader->Next({}));
    if (chunk.state == connect::Chunk::State::kEnd) return batches;
    EXPECT_TRUE(chunk.batch->schema()->Equals(schema.ArrowSchema()));
    EXPECT_TRUE(chunk.batch->ValidateFull().ok());
    batches.push_back(chunk.batch);
  }
}

/// Plans and reads everything. The source's snapshot is begun here.
inline Result<std::shared_ptr<arrow::Table>> ReadAll(
    connect::Source& source, const connect::Selection& selection) {
  SLUICE_ASSIGN(auto schema, source.Describe(selection));
  SLUICE_TRY(source.BeginSnapshot());
  SLUICE_ASSIGN(auto plan, source.Plan(selection));
  std::vector<std::shared_ptr<arrow::RecordBatch>> all;
  for (const connect::Split& split : plan.splits) {
    SLUICE_ASSIGN(auto batches, ReadSplit(source, split));
    all.insert(all.end(), batches.begin(), batches.end());
  }
  return arrow::Table::FromRecordBatches(schema.ArrowSchema(), all);
}

/// The value of the only row, as Arrow prints it; "null" for null.
inline std::string OnlyValue(const arrow::Table& table, int column = 0) {
  EXPECT_EQ(table.num_rows(), 1);
  return table.column(column)->GetScalar(0).ValueOrDie()->ToString();
}

}  // namespace sluice::connectors::sqlite
