#pragma once

#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "base/result.h"

namespace sluice::cli {

/// Writes all rows of a result to stdout in one form: "table", "csv" (RFC 4180, header
/// line, null is an empty field and the empty string ""), "json" (one array of objects),
/// "jsonl" (one object a line), "arrow" (IPC stream), "parquet". Binary forms are refused
/// on a terminal. Streaming, but a table's widths are taken from its first 10,000 rows.
Status WriteResult(arrow::RecordBatchReader& reader, const std::string& form);

/// Column widths and alignment of small tables that commands print themselves.
std::string AlignedTable(const std::vector<std::string>& header,
                         const std::vector<std::vector<std::string>>& rows,
                         const std::vector<bool>& right_aligned);

}  // namespace sluice::cli
