#pragma once

#include <string>

#include "table/metadata.h"

namespace sluice::catalog::internal {

/// Reads a *.metadata.json, also a compressed *.gz.metadata.json. Fails with kCorrupt
/// naming the URI, also when the file is missing.
Result<table::TableMetadata> ReadMetadata(const std::string& uri);

/// Creates the file, whole and flushed to the device.
Status WriteMetadata(const table::TableMetadata& metadata, const std::string& uri);

/// Deletes a file that no catalog entry refers to, for certain. A failure is logged only:
/// the file is an orphan, which gc removes.
void RemoveMetadata(const std::string& uri);

}  // namespace sluice::catalog::internal
