#pragma once

#include <string>

#include "sql/engine.h"

namespace sluice::sql {

/// What the attached lake works with; one per engine, outlives the DuckDB instance.
struct LakeAccess {
  EngineOptions options;
  std::string capability;  ///< opens data files, see lake_file_system.h
};

}  // namespace sluice::sql
