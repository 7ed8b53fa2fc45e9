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

Result<Lake> OpenLake(const std::string& directory, bool create) {
  Lake lake{.directory = directory};
  SLUICE_ASSIGN(lake.warehouse, io::CanonicalUri(directory));
  std::string catalog_path = directory + "/catalog.db";
  std::error_code ignored;
  if (!create && !std::filesystem::exists(catalog_path, ignored)) {
    return Error(ErrorKind::kNotFound,
                 "there is no lake here yet; import a table first, or name another with "
                 "--lake DIR or SLUICE_LAKE: " +
                     directory);
  }
  SLUICE_ASSIGN(auto catalog,
                catalog::OpenSqliteCatalog({.path = std::move(catalog_path),
                                            .warehouse = lake.warehouse,
                                            .create = create},
                                           SystemClock(), Random::System()));
  lake.catalog = std::move(catalog);
  return lake;
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
    made->Add(connectors::fake::MakeConnector());
    return made;
  }();
  return *registry;
}

}  // namespace sluice::cli
