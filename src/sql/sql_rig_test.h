#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/sqlite_catalog.h"
#include "connectors/lake/lake_sink.h"
#include "sql/engine.h"
#include "table/scan.h"

namespace sluice::sql {

/// What a statement gave, as text: rows are values joined by '|', nulls are "null".
struct Answer {
  Status status;
  std::string kind;  ///< of the last statement
  int64_t rows_changed = -1;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> rows;
};

/// For tests: a lake in a directory of its own, a catalog in SQLite, and an engine over
/// them.
class SqlRig {
 public:
  SqlRig() {
    std::string pattern = testing::TempDir() + "sql_XXXXXX";
    directory = mkdtemp(pattern.data());
    lake_catalog = catalog::OpenSqliteCatalog(
                       {.path = directory + "/catalog.db", .warehouse = directory}, clock,
                       Random::System())
                       .ValueOrDie();
  }
  ~SqlRig() {
    engine.reset();
    std::filesystem::remove_all(directory);
  }

  EngineOptions Options() {
    return {.catalog = lake_catalog,
            .make_sink = [this](const catalog::TableIdent& ident)
                -> Result<std::unique_ptr<connect::Sink>> {
              clock.Advance(std::chrono::milliseconds(1000));  // one per commit
              return connectors::lake::MakeLakeSink(
                  lake_catalog, ident, {.warehouse = directory, .clock = clock});
            },
            .warehouse = directory,
            .threads = 2};
  }

  void Start(const EngineOptions& options) {
    engine = Engine::Make(options).ValueOrDie();
  }

  Answer Ask(const std::string& sql, std::stop_token stop = {}) {
    if (!engine) Start(Options());
    Answer answer;
    answer.status = engine->Execute(sql, stop, [&](StatementResult& result) {
      answer.kind = result.kind;
      answer.rows_changed = result.rows_changed;
      answer.rows.clear();
      return result.reader ? Read(*result.reader, &answer) : Status::OK();
    });
    return answer;
  }

  /// The rows; a failure is a failed test.
  std::vector<std::string> Rows(const std::string& sql) {
    Answer answer = Ask(sql);
    EXPECT_TRUE(answer.status.ok()) << sql << "\n" << answer.status.ToString();
    return answer.rows;
  }

  /// The message; success, or another kind, is a failed test.
  std::string Failure(const std::string& sql, ErrorKind kind) {
    const Answer answer = Ask(sql);
    EXPECT_FALSE(answer.status.ok()) << sql;
    if (answer.status.ok()) return "";
    EXPECT_EQ(KindName(KindOf(answer.status)), KindName(kind))
        << answer.status.ToString();
    return MessageOf(answer.status);
  }

  table::TableMetadata Metadata(const std::string& name) {
    return lake_catalog->LoadTable(catalog::TableIdent::Parse(name).ValueOrDie())
        .ValueOrDie()
        .metadata;
  }

  bool Exists(const std::string& name) {
    return lake_catalog->LoadTable(catalog::TableIdent::Parse(name).ValueOrDie()).ok();
  }

  /// Local paths of the current data files, in the order in which they were added.
  std::vector<std::string> DataFiles(const std::string& name) {
    const table::TableMetadata metadata = Metadata(name);
    auto plan = table::PlanScan(metadata, metadata.CurrentSnapshot(), {}).ValueOrDie();
    std::sort(plan.tasks.begin(), plan.tasks.end(), [](const auto& a, const auto& b) {
      return a.sequence_number < b.sequence_number;
    });
    std::vector<std::string> paths;
    for (const table::ScanTask& task : plan.tasks) {
      paths.push_back(io::Locate(task.file.path).ValueOrDie().path);
    }
    return paths;
  }

  /// All files below the lake's directory that end so.
  int CountFiles(const std::string& ending) {
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.path().string().ends_with(ending)) ++count;
    }
    return count;
  }

  std::string directory;
  FakeClock clock{SystemClock().NowMs()};
  std::shared_ptr<catalog::Catalog> lake_catalog;
  std::unique_ptr<Engine> engine;

 private:
  static Status Read(arrow::RecordBatchReader& reader, Answer* answer) {
    answer->schema = reader.schema();
    std::shared_ptr<arrow::RecordBatch> batch;
    while (true) {
      SLUICE_TRY(reader.ReadNext(&batch));
      if (!batch) return Status::OK();
      SLUICE_TRY(batch->ValidateFull());
      EXPECT_TRUE(batch->schema()->Equals(*reader.schema()));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        std::string text;
        for (int column = 0; column < batch->num_columns(); ++column) {
          if (column > 0) text += "|";
          SLUICE_ASSIGN(auto value, batch->column(column)->GetScalar(row));
          text += value->ToString();
        }
        answer->rows.push_back(std::move(text));
      }
    }
  }
};

}  // namespace sluice::sql
