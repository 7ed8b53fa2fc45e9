#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "catalog/sqlite_catalog.h"
#include "connectors/fake/fake_source.h"
#include "connectors/lake/lake_sink.h"
#include "formats/parquet/reader.h"
#include "io/file_system.h"
#include "table/scan.h"

namespace sluice::connectors::lake {

/// For tests: a lake in a directory of its own, with a catalog in SQLite.
class LakeRig {
 public:
  LakeRig() {
    std::string pattern = testing::TempDir() + "lake_XXXXXX";
    directory = mkdtemp(pattern.data());
    lake_catalog = OpenCatalog();
  }
  ~LakeRig() {
    EXPECT_TRUE(ArmFailpoints("").ok());
    std::filesystem::remove_all(directory);
  }

  /// One more catalog object on the same database, as another process would have.
  std::shared_ptr<catalog::Catalog> OpenCatalog() {
    return catalog::OpenSqliteCatalog({.path = directory + "/catalog.db",
                                       .warehouse = directory,
                                       .name = "sluice",
                                       .create = true},
                                      clock, random)
        .ValueOrDie();
  }

  LakeSinkOptions SinkOptions() {
    return LakeSinkOptions{.warehouse = directory, .clock = clock};
  }

  std::unique_ptr<connect::Sink> Sink(const std::string& name = "landing.orders") {
    return MakeLakeSink(lake_catalog, catalog::TableIdent::Parse(name).ValueOrDie(),
                        SinkOptions());
  }

  bool Exists(const std::string& name = "landing.orders") {
    return lake_catalog->LoadTable(catalog::TableIdent::Parse(name).ValueOrDie()).ok();
  }

  table::TableMetadata Metadata(const std::string& name = "landing.orders") {
    return lake_catalog->LoadTable(catalog::TableIdent::Parse(name).ValueOrDie())
        .ValueOrDie()
        .metadata;
  }

  std::vector<table::DataFile> Files(const std::string& name = "landing.orders") {
    table::TableMetadata metadata = Metadata(name);
    auto plan = table::PlanScan(metadata, metadata.CurrentSnapshot(), {}).ValueOrDie();
    std::vector<table::DataFile> files;
    for (table::ScanTask& task : plan.tasks) files.push_back(std::move(task.file));
    return files;
  }

  /// The column "id" of all rows, read from the files; checks the files' row counts and
  /// sizes.
  std::multiset<int64_t> Ids(const std::string& name = "landing.orders") {
    std::multiset<int64_t> ids;
    if (!Exists(name)) return ids;
    const types::Field* id = nullptr;
    table::TableMetadata metadata = Metadata(name);
    id = metadata.CurrentSchema().FindByName("id");
    for (const table::DataFile& file : Files(name)) {
      auto location = io::Locate(file.path).ValueOrDie();
      EXPECT_EQ(static_cast<int64_t>(std::filesystem::file_size(location.path)),
                file.file_bytes);
      auto reader = formats::parquet::OpenFile(location, {id->id}).ValueOrDie();
      auto rows = reader->ToTable().ValueOrDie();
      EXPECT_EQ(rows->num_rows(), file.record_count);
      for (const auto& chunk : rows->column(0)->chunks()) {
        const auto& column = static_cast<const arrow::Int64Array&>(*chunk);
        for (int64_t i = 0; i < column.length(); ++i) ids.insert(column.Value(i));
      }
    }
    return ids;
  }

  /// Files below the lake with this end, referenced or not.
  int CountFiles(const std::string& end) {
    int count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      count += entry.is_regular_file() && entry.path().string().ends_with(end);
    }
    return count;
  }

  std::string directory;
  FakeClock clock{1700000000000};
  Random random{7};
  std::shared_ptr<catalog::Catalog> lake_catalog;
};

/// Ids [first, end), each `times` times.
inline std::multiset<int64_t> IdRange(int64_t first, int64_t end, int times = 1) {
  std::multiset<int64_t> ids;
  for (int i = 0; i < times; ++i) {
    for (int64_t id = first; id < end; ++id) ids.insert(id);
  }
  return ids;
}

}  // namespace sluice::connectors::lake
