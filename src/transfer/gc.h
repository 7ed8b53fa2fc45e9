#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"

namespace sluice::transfer {

struct Orphan {
  std::string path;  ///< URI
  int64_t bytes = 0;
  int64_t modified_ms = 0;
};

struct GcOptions {
  std::string warehouse;  ///< the lake's directory
  std::chrono::milliseconds older_than{
      86400000};        ///< younger files may belong to a running load
  bool remove = false;  ///< else only list
  /// Metadata files of tables and views that other catalogs keep in the same database:
  /// what is below their tables' directories is spared.
  std::vector<std::string> foreign_metadata;
};

/// Lists, and on request removes, files under the lake's table directories that no
/// snapshot of any table refers to. Never touches catalog.db or state.db. Fails without
/// removing anything when any table's metadata cannot be read.
Result<std::vector<Orphan>> CollectOrphans(catalog::Catalog& catalog,
                                           const GcOptions& options, Clock& clock);

}  // namespace sluice::transfer
