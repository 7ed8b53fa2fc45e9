#include "table/delete_index_internal.h"

#include "table/value_internal.h"

namespace sluice::table {

// Numbers are written at their full width, so that a value keeps its key when its column
// is promoted.
std::string PartitionKey(const DataFile& file) {
  std::string key = std::to_string(file.spec_id);
  for (const Value& value : file.partition) {
    std::string part = "null";
    if (auto number = WholeNumber(value)) {
      part = std::to_string(*number);
    } else if (auto real = FloatNumber(value)) {
      part = EncodeValue(types::Primitive{types::PrimitiveKind::kDouble}, Value(*real));
    } else if (const auto* flag = std::get_if<bool>(&value)) {
      part = *flag ? "true" : "false";
    } else if (const auto* decimal = std::get_if<arrow::Decimal128>(&value)) {
      part = decimal->ToIntegerString();
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      part = "=" + *text;  // no text is taken for null
    }
    key += "/" + std::to_string(part.size()) + ":" + part;
  }
  return key;
}

void DeleteIndex::Add(DataFile file, int64_t sequence_number, bool unpartitioned) {
  bool global = unpartitioned && file.content == FileContent::kEqualityDeletes;
  auto& entries = global ? global_ : by_partition_[PartitionKey(file)];
  entries.push_back({std::move(file), sequence_number});
}

std::vector<DataFile> DeleteIndex::Find(const DataFile& data_file,
                                        int64_t sequence_number) const {
  std::vector<DataFile> result;
  auto add = [&](const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      bool positions = entry.file.content == FileContent::kPositionDeletes;
      bool applies = positions ? sequence_number <= entry.sequence_number
                               : sequence_number < entry.sequence_number;
      if (applies) result.push_back(entry.file);
    }
  };
  if (by_partition_.empty() && global_.empty()) return result;
  if (auto it = by_partition_.find(PartitionKey(data_file)); it != by_partition_.end()) {
    add(it->second);
  }
  add(global_);
  return result;
}

}  // namespace sluice::table
