#pragma once

#include <string>
#include <vector>

#include "table/manifest.h"

namespace sluice::table {

// Manifests and lists by their URI.
Result<std::vector<ManifestFile>> ReadManifestList(const Snapshot& snapshot);
Result<std::vector<ManifestEntry>> ReadManifest(const ManifestFile& manifest,
                                                const TableMetadata& metadata);

}  // namespace sluice::table
