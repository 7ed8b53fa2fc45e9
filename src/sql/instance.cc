#include "sql/instance.h"

#include <filesystem>
#include <system_error>

#include "base/random.h"
#include "sql/errors.h"
#include "sql/lake_catalog.h"
#include "sql/lake_file_system.h"
#include "sql/table_functions.h"

namespace sluice::sql {
namespace {

std::string Quoted(const std::string& text) {
  return duckdb::KeywordHelper::WriteQuoted(text, '\'');
}

std::string QuotedName(const std::string& name) {
  return duckdb::KeywordHelper::WriteQuoted(name, '"');
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::Open(LakeAccess& access) {
  std::unique_ptr<Instance> instance(new Instance);
  SLUICE_TRY(instance->PrepareSpill(access.options.temp_directory));
  SLUICE_TRY(CatchErrors([&] {
    instance->Start(access);
    instance->Lock();
    return Status::OK();
  }));
  return instance;
}

Instance::~Instance() {
  connection_.reset();
  database_.reset();
  std::error_code ignored;
  if (owns_spill_directory_) std::filesystem::remove_all(spill_directory_, ignored);
}

// DuckDB makes the directory when it spills first.
Status Instance::PrepareSpill(const std::string& directory) {
  spill_directory_ = directory;
  if (!directory.empty()) return Status::OK();
  std::error_code failed;
  const auto parent = std::filesystem::temp_directory_path(failed);
  if (failed) {
    return Error(
        ErrorKind::kUserInput,
        "there is no directory for temporary files: set TMPDIR: " + failed.message());
  }
  spill_directory_ = (parent / ("sluice-sql-" + Random::System().Uuid())).string();
  owns_spill_directory_ = true;
  return Status::OK();
}

void Instance::Start(LakeAccess& access) {
  const EngineOptions& options = access.options;
  duckdb::DBConfig config;
  RegisterLake(config, access);
  // A defect in one statement must not take the others down with it.
  config.SetOptionByName("disable_database_invalidation", duckdb::Value::BOOLEAN(true));
  config.SetOptionByName("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
  config.SetOptionByName("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
  config.SetOptionByName("allow_community_extensions", duckdb::Value::BOOLEAN(false));
  config.SetOptionByName("temp_directory", duckdb::Value(spill_directory_));
  if (options.memory_bytes_max > 0) {
    config.SetOptionByName("memory_limit",
                           duckdb::Value(std::to_string(options.memory_bytes_max) + "B"));
  }
  if (options.threads > 0) {
    config.SetOptionByName("threads", duckdb::Value::BIGINT(options.threads));
  }
  database_ = duckdb::make_uniq<duckdb::DuckDB>(nullptr, &config);
  AddLakeFileSystem(*database_->instance, access.capability);
  connection_ = duckdb::make_uniq<duckdb::Connection>(*database_);
  duckdb::ClientContext& context = *connection_->context;
  context.RunFunctionInTransaction([&] {
    access.parquet_scan = FindParquetScan(context);
    LockTableFunctions(context);
  });
  Run("ATTACH '' AS " + QuotedName(options.lake_name) + " (TYPE sluice)");
  Run("USE " + QuotedName(options.lake_name));
  Run("SET TimeZone = " + Quoted(options.time_zone));
  Run("SET enable_progress_bar = true");
  Run("SET enable_progress_bar_print = false");
}

void Instance::Lock() {
  Run("SET allowed_directories = [" + Quoted(kLakeScheme) + "]");
  Run("SET enable_external_access = false");
  Run("SET allowed_configs = ['TimeZone', 'schema', 'search_path', 'default_null_order', "
      "'default_order', 'integer_division', 'preserve_insertion_order']");
  Run("SET lock_configuration = true");
}

void Instance::Run(const std::string& statement) {
  auto result = connection_->Query(statement);
  if (result->HasError()) result->ThrowError();
}

}  // namespace sluice::sql
