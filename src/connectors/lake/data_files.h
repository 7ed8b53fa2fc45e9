#pragma once

#include <span>
#include <string>
#include <vector>

#include "connect/values.h"
#include "formats/parquet/writer.h"
#include "table/data_file.h"
#include "table/schema.h"

namespace sluice::connectors::lake {

/// What the manifests say of a finished Parquet file; the caller sets path and partition.
Result<table::DataFile> DescribeFile(const formats::parquet::FileStats& stats,
                                     const table::Schema& schema, int spec_id);

/// Data files inside a receipt's detail: {"data_files": [...]}.
Json FilesToDetail(const std::vector<table::DataFile>& files);
/// All data files of all receipts. Fails with kCorrupt naming the split, also when the
/// files' rows are not the receipt's.
Result<std::vector<table::DataFile>> FilesOfReceipts(
    std::span<const connect::Receipt> receipts);

/// Deletes files that nothing refers to; what cannot be deleted is left to gc and logged.
void RemoveFiles(const std::vector<std::string>& uris);

}  // namespace sluice::connectors::lake
