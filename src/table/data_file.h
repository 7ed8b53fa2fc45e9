#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "table/partition.h"
#include "table/value.h"

namespace sluice::table {

enum class FileContent { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

/// One file of a table as manifests describe it (spec, "Manifests", data_file). Maps are
/// by column id; bounds in the single-value form.
struct DataFile {
  FileContent content = FileContent::kData;
  std::string path;  ///< full URI
  std::string format = "PARQUET";
  int spec_id = 0;
  std::vector<Value> partition;  ///< one per field of the spec
  int64_t record_count = 0;
  int64_t file_bytes = 0;
  std::map<int, int64_t> column_bytes, value_counts, null_counts, nan_counts;
  std::map<int, std::string> lower_bounds, upper_bounds;
  std::vector<int64_t> split_offsets;
  std::vector<int> equality_ids;
  std::optional<int> sort_order_id;

  Json ToJson() const;  ///< for receipts; bounds and partition values as hexadecimal
  static Result<DataFile> FromJson(const Json& json);
};

/// Input of MakeBounds: what a column of a file holds.
struct ColumnExtent {
  int field_id = 0;
  types::Primitive type;
  Value min, max;  ///< null: unknown
};

/// Sets `file`'s bounds: strings and binaries cut to 16 code points or bytes
/// (write.metadata truncate(16)), a cut upper bound incremented, or left out where it
/// cannot be.
void SetBounds(const std::vector<ColumnExtent>& extents, DataFile* file);

}  // namespace sluice::table
