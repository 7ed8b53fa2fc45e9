#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "table/partition.h"

namespace sluice::connectors::lake {

/// The rows of a batch that belong to one partition.
struct PartitionRows {
  std::string key;                   ///< equal for equal values, and only for those
  std::vector<table::Value> values;  ///< one per field of the spec
  std::string path;  ///< "region=eu/created_day=2026-11-20", for people only
  std::shared_ptr<arrow::RecordBatch> rows;
};

/// Parts a batch of the table's Arrow schema by `spec`; order within a part is kept. An
/// unpartitioned spec gives the batch as it is, under an empty key and path.
Result<std::vector<PartitionRows>> PartRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const table::Schema& schema,
    const table::PartitionSpec& spec);

}  // namespace sluice::connectors::lake
