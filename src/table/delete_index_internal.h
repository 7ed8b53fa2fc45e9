#pragma once

#include <map>
#include <string>
#include <vector>

#include "table/data_file.h"

namespace sluice::table {

/// Which delete files apply to a data file (spec, "Scan Planning"): position deletes of
/// the same partition that are not older, equality deletes that are newer and of the same
/// partition or of no partition at all.
class DeleteIndex final {
 public:
  /// `unpartitioned`: the delete file's spec has no fields.
  void Add(DataFile file, int64_t sequence_number, bool unpartitioned);
  std::vector<DataFile> Find(const DataFile& data_file, int64_t sequence_number) const;

 private:
  struct Entry {
    DataFile file;
    int64_t sequence_number = 0;
  };
  std::map<std::string, std::vector<Entry>> by_partition_;
  std::vector<Entry> global_;
};

/// Spec and partition values as one key: equal exactly for files of one partition.
std::string PartitionKey(const DataFile& file);

}  // namespace sluice::table
