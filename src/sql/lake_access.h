#pragma once

#include <memory>
#include <string>

#include "sql/engine.h"

namespace duckdb {
class TableFunction;
}

namespace sluice::sql {

/// What the attached lake works with; one per engine, outlives the DuckDB instance.
struct LakeAccess {
  EngineOptions options;
  std::string capability;  ///< opens data files, see lake_file_system.h
  std::shared_ptr<const duckdb::TableFunction>
      parquet_scan;  ///< set when the instance starts
};

}  // namespace sluice::sql
