#include "sql/lake_files.h"

#include <charconv>
#include <utility>

#include "sql/errors.h"
#include "sql/lake_file_system.h"
#include "sql/table_filter.h"

namespace sluice::sql {
namespace {

int64_t ColumnPosition(const duckdb::vector<duckdb::column_t>& column_ids, uint64_t key) {
  if (key >= column_ids.size() || duckdb::IsVirtualColumn(column_ids[key])) return -1;
  return static_cast<int64_t>(column_ids[key]);
}

Status CheckReadable(const TableVersion& version, const table::ScanPlan& plan) {
  for (const table::ScanTask& task : plan.tasks) {
    if (!task.deletes.empty()) {
      return Error(
          ErrorKind::kUserInput,
          "the table has delete files, which cannot be read yet: rewrite its data files "
          "with the engine that wrote them, then try again: " +
              version.ident.ToString(),
          {{"table", version.ident.ToString()}, {"file", task.deletes[0].path}});
    }
    if (task.file.format != "PARQUET") {
      return Error(ErrorKind::kUserInput,
                   "only Parquet data files can be read: " + task.file.format + " file " +
                       task.file.path,
                   {{"table", version.ident.ToString()}, {"file", task.file.path}});
    }
  }
  return Status::OK();
}

}  // namespace

LakeFiles::LakeFiles(const LakeAccess& access,
                     std::shared_ptr<const TableVersion> version, table::Filter filter)
    : access_(access), version_(std::move(version)), filter_(std::move(filter)) {}

duckdb::unique_ptr<LakeFiles> LakeFiles::WithMore(table::Filter more) const {
  if (more.empty()) return nullptr;
  table::Filter all = filter_;
  all.insert(all.end(), more.begin(), more.end());
  auto pruned = duckdb::make_uniq<LakeFiles>(access_, version_, std::move(all));
  std::lock_guard lock(mutex_);
  if (!plan_) return pruned;
  auto plan = std::make_shared<table::ScanPlan>();
  plan->files_total = plan_->files_total;
  for (const table::ScanTask& task : plan_->tasks) {
    const table::PartitionSpec* spec = version_->metadata->FindSpec(task.file.spec_id);
    if (!spec || table::MayMatchFile(more, version_->schema, *spec, task.file)) {
      plan->tasks.push_back(task);
    }
  }
  pruned->plan_ = std::move(plan);
  return pruned;
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFiles::ComplexFilterPushdown(
    duckdb::ClientContext& context, const duckdb::MultiFileOptions&,
    duckdb::MultiFilePushdownInfo& info,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const {
  duckdb::FilterCombiner combiner(context);
  for (const auto& filter : filters) combiner.AddFilter(filter->Copy());
  duckdb::vector<duckdb::FilterPushdownResult> results;
  const auto set = combiner.GenerateTableScanFilters(info.column_indexes, results);
  // The combiner keys its filters by the table's columns, not by their place in the scan.
  return WithMore(ToPruningFilter(
      set,
      [](uint64_t key) {
        return duckdb::IsVirtualColumn(key) ? -1 : static_cast<int64_t>(key);
      },
      version_->schema));
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFiles::DynamicFilterPushdown(
    duckdb::ClientContext&, const duckdb::MultiFileOptions&,
    const duckdb::vector<std::string>&, const duckdb::vector<duckdb::LogicalType>&,
    const duckdb::vector<duckdb::column_t>& column_ids,
    duckdb::TableFilterSet& filters) const {
  return WithMore(ToPruningFilter(
      filters, [&](uint64_t key) { return ColumnPosition(column_ids, key); },
      version_->schema));
}

const table::ScanPlan& LakeFiles::Plan() const {
  std::lock_guard lock(mutex_);
  if (!plan_) {
    auto plan =
        ValueOrThrow(table::PlanScan(*version_->metadata, version_->snapshot, filter_));
    ThrowIfFailed(CheckReadable(*version_, plan));
    plan_ = std::make_shared<table::ScanPlan>(std::move(plan));
  }
  return *plan_;
}

duckdb::vector<duckdb::OpenFileInfo> LakeFiles::GetAllFiles() const {
  duckdb::vector<duckdb::OpenFileInfo> files;
  for (duckdb::idx_t i = 0; i < Plan().tasks.size(); ++i) files.push_back(GetFile(i));
  return files;
}

duckdb::OpenFileInfo LakeFiles::GetFile(duckdb::idx_t index) const {
  const auto& tasks = Plan().tasks;
  if (index >= tasks.size()) return {};  // the end of the list
  const table::DataFile& file = tasks[index].file;
  return LakeFile(file.path, file.file_bytes, access_.capability);
}

duckdb::FileExpandResult LakeFiles::GetExpandResult() const {
  const size_t count = Plan().tasks.size();
  if (count == 0) return duckdb::FileExpandResult::NO_FILES;
  return count == 1 ? duckdb::FileExpandResult::SINGLE_FILE
                    : duckdb::FileExpandResult::MULTIPLE_FILES;
}

duckdb::idx_t LakeFiles::GetTotalFileCount() const { return Plan().tasks.size(); }

duckdb::MultiFileCount LakeFiles::GetFileCount(duckdb::idx_t) const {
  return duckdb::MultiFileCount(Plan().tasks.size());
}

std::optional<int64_t> LakeFiles::SnapshotRows() const {
  if (!version_->snapshot) return 0;
  const auto found = version_->snapshot->summary.find("total-records");
  if (found == version_->snapshot->summary.end()) return std::nullopt;
  int64_t rows = 0;
  const std::string& text = found->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (parsed.ec != std::errc() || rows < 0) return std::nullopt;
  return rows;
}

duckdb::unique_ptr<duckdb::NodeStatistics> LakeFiles::GetCardinality(
    duckdb::ClientContext&) const {
  const auto total = SnapshotRows();
  if (filter_.empty() && total) {
    return duckdb::make_uniq<duckdb::NodeStatistics>(*total, *total);
  }
  int64_t rows = 0;
  for (const table::ScanTask& task : Plan().tasks) rows += task.file.record_count;
  return duckdb::make_uniq<duckdb::NodeStatistics>(rows, rows);
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFiles::Copy() const {
  auto copy = duckdb::make_uniq<LakeFiles>(access_, version_, filter_);
  std::lock_guard lock(mutex_);
  copy->plan_ = plan_;
  return copy;
}

}  // namespace sluice::sql
