#include "cli/lake.h"

#include <filesystem>

#include "base/clock.h"
#include "base/random.h"
#include "catalog/sqlite_catalog.h"
#include "connectors/fake/connector.h"
#include "connectors/lake/lake_sink.h"
#include "connectors/mysql/mysql.h"
#include "connectors/postgresql/postgresql.h"
#include "connectors/sqlite/sqlite.h"
#include "io/file_system.h"

namespace sluice::cli {

namespace {

std::string CatalogPath(const std::string& directory) {
  return directory + "/catalog.db";
}

Result<Lake> OpenCatalog(const std::string& directory, std::string path, bool create) {
  Lake lake{.directory = directory};
  SLUICE_ASSIGN(lake.warehouse, io::CanonicalUri(directory));
  SLUICE_ASSIGN(
      lake.catalog,
      catalog::OpenSqliteCatalog(
          {.path = std::move(path), .warehouse = lake.warehouse, .create = create},
          SystemClock(), Random::System()));
  return lake;
}

}  // namespace

bool HasLake(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(CatalogPath(directory), ignored);
}

Result<Lake> EmptyLake(const std::string& directory) {
  return OpenCatalog(directory, ":memory:", true);
}

Result<Lake> OpenLake(const std::string& directory, bool create) {
  if (!create && !HasLake(directory)) {
    return Error(ErrorKind::kNotFound,
                 "there is no lake here yet; import a table first, or name another with "
                 "--lake DIR or SLUICE_LAKE: " +
                     directory);
  }
  return OpenCatalog(directory, CatalogPath(directory), create);
}

Result<std::vector<std::string>> ForeignMetadata(const Lake& lake) {
  return catalog::ForeignMetadata(lake.directory + "/catalog.db");
}

Result<std::unique_ptr<state::State>> OpenState(const Lake& lake) {
  return state::State::Open(lake.directory + "/state.db", SystemClock());
}

Result<std::unique_ptr<connect::Sink>> MakeTableSink(const Lake& lake,
                                                     const catalog::TableIdent& ident,
                                                     const LakeWriteOptions& options) {
  connectors::lake::LakeSinkOptions sink{.warehouse = lake.warehouse};
  sink.parquet.compression = options.compression;
  sink.partition_by = options.partition_by;
  return connectors::lake::MakeLakeSink(lake.catalog, ident, sink);
}

const connect::Registry& Connectors() {
  static const connect::Registry* registry = [] {
    auto* made = new connect::Registry;
    made->Add(connectors::sqlite::MakeSqliteConnector());
    made->Add(connectors::mysql::MakeMysqlConnector());
    made->Add(connectors::postgresql::MakePostgresqlConnector());
#ifdef SLUICE_FAILPOINTS  // test builds: a source without a server
    made->Add(connectors::fake::MakeConnector());
#endif
    return made;
  }();
  return *registry;
}

}  // namespace sluice::cli
