#pragma once

#include <cstdint>
#include <vector>

#include <arrow/type_fwd.h>

#include "formats/parquet/writer.h"

namespace parquet {
class FileMetaData;
}

namespace sluice::formats::parquet::internal {

/// Adds the NaNs of a batch's floating point leaves to `counts`, which has one entry per
/// leaf column in the file's order (depth first). Values under a null parent do not
/// count.
void CountNans(const arrow::RecordBatch& batch, std::vector<int64_t>* counts);

/// Leaf columns of a type: 1 for a primitive.
int NumLeaves(const arrow::DataType& type);

/// Sums the row groups of a finished file up. `nans` as CountNans left it. Bounds are
/// exact or absent: a chunk without statistics, or with cut ones, leaves its column
/// without bounds. May throw what Parquet throws.
Result<FileStats> CollectStats(const ::parquet::FileMetaData& footer,
                               const arrow::Schema& schema,
                               const std::vector<int64_t>& nans);

}  // namespace sluice::formats::parquet::internal
