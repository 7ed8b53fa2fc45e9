#include <charconv>

#include "table/delete_index_internal.h"
#include "table/snapshot_writer_internal.h"

namespace sluice::table {
namespace {

// A counter of the parent's summary: 0 without a parent, nothing where it has no such
// counter.
std::optional<int64_t> ParentTotal(const TableMetadata& base, const char* key) {
  const Snapshot* parent = base.CurrentSnapshot();
  if (!parent) return 0;
  auto it = parent->summary.find(key);
  if (it == parent->summary.end()) return std::nullopt;
  int64_t total = 0;
  const std::string& text = it->second;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), total);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return total;
}

}  // namespace

void FileTally::Add(const DataFile& file) {
  partitions.insert(PartitionKey(file));
  bytes += file.file_bytes;
  if (file.content != FileContent::kData) {
    ++delete_files;
    return;
  }
  ++data_files;
  data_rows += file.record_count;
}

std::map<std::string, std::string> SummaryOf(const TableMetadata& base,
                                             const SnapshotChange& change,
                                             const FileTally& deleted,
                                             const std::vector<ManifestFile>& manifests) {
  std::map<std::string, std::string> summary = change.summary;
  auto put = [&](const char* key, int64_t value) {
    summary[key] = std::to_string(value);
  };
  FileTally added;
  for (const DataFile& file : change.added) added.Add(file);
  bool deletes = deleted.data_files > 0 || deleted.delete_files > 0;
  summary["operation"] = deletes ? "overwrite" : "append";
  put("added-data-files", added.data_files);
  put("added-records", added.data_rows);
  put("added-files-size", added.bytes);
  if (deletes) {
    put("deleted-data-files", deleted.data_files);
    put("deleted-records", deleted.data_rows);
    put("removed-files-size", deleted.bytes);
  }
  if (deleted.delete_files > 0) put("removed-delete-files", deleted.delete_files);
  int64_t files = 0, rows = 0, delete_files = 0;
  for (const ManifestFile& manifest : manifests) {
    int64_t live = manifest.added_files + manifest.existing_files;
    if (manifest.content != FileContent::kData) {
      delete_files += live;
      continue;
    }
    files += live;
    rows += manifest.added_rows + manifest.existing_rows;
  }
  put("total-data-files", files);
  put("total-records", rows);
  put("total-delete-files", delete_files);
  auto bytes = change.replace_all ? deleted.bytes : ParentTotal(base, "total-files-size");
  if (bytes) put("total-files-size", *bytes + added.bytes - deleted.bytes);
  for (const char* key : {"total-position-deletes", "total-equality-deletes"}) {
    auto total = delete_files == 0 ? 0 : ParentTotal(base, key);
    if (total) put(key, *total);
  }
  if (!base.DefaultSpec().IsUnpartitioned()) {
    added.partitions.merge(std::set<std::string>(deleted.partitions));
    put("changed-partition-count", static_cast<int64_t>(added.partitions.size()));
  }
  return summary;
}

}  // namespace sluice::table
