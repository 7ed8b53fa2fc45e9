#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "base/result.h"
#include "io/file_system.h"

namespace sluice::formats::parquet {

/// Opens a file as a stream of batches. `field_ids` picks and orders columns by field id
/// (empty: all, as stored). Fails with kCorrupt naming the file when it is not Parquet.
Result<std::unique_ptr<arrow::RecordBatchReader>> OpenFile(
    const io::Location& location, const std::vector<int>& field_ids);

}  // namespace sluice::formats::parquet
