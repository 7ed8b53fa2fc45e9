#include "connectors/lake/lake_writer.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "base/failpoint.h"
#include "connectors/lake/data_files.h"

namespace sluice::connectors::lake {
namespace {

constexpr int64_t kRowGroupBytesMin = 1 << 20;

// Every open file holds up to one row group in memory: together as much as one file
// alone.
formats::parquet::WriterOptions OptionsOf(const Load& load) {
  formats::parquet::WriterOptions options = load.parquet;
  if (!load.spec.IsUnpartitioned()) {
    options.row_group_bytes =
        std::max(kRowGroupBytesMin, options.row_group_bytes / load.partition_files_max);
  }
  return options;
}

}  // namespace

void FinishedFiles::Add(std::string uri) {
  std::lock_guard lock(mutex_);
  uris_.push_back(std::move(uri));
}

std::vector<std::string> FinishedFiles::Take() {
  std::lock_guard lock(mutex_);
  return std::exchange(uris_, {});
}

LakeWriter::LakeWriter(const Load& load, FinishedFiles& finished, std::string split_id,
                       int attempt)
    : load_(load),
      finished_(finished),
      split_id_(std::move(split_id)),
      attempt_(attempt),
      cast_(load.fit, load.arrow_schema) {}

LakeWriter::~LakeWriter() { Abort(); }

Status LakeWriter::Write(const arrow::RecordBatch& batch) {
  SLUICE_ASSIGN(auto rows, cast_.Cast(batch));
  SLUICE_ASSIGN(auto parts, PartRows(rows, load_.fit.schema, load_.spec));
  for (const PartitionRows& part : parts) {
    SLUICE_ASSIGN(Place place, FileFor(part));
    SLUICE_TRY(place->writer->Write(*part.rows));
    if (place->writer->bytes_written() >= load_.target_file_bytes)
      SLUICE_TRY(EndFile(place));
  }
  return Status::OK();
}

Result<LakeWriter::Place> LakeWriter::FileFor(const PartitionRows& part) {
  for (Place place = open_.begin(); place != open_.end(); ++place) {
    if (place->key != part.key) continue;
    open_.splice(open_.end(), open_, place);
    return place;
  }
  int open_max = load_.spec.IsUnpartitioned() ? 1 : load_.partition_files_max;
  if (static_cast<int>(open_.size()) >= open_max) SLUICE_TRY(EndFile(open_.begin()));
  std::string folder = part.path.empty() ? "" : part.path + "/";
  std::string suffix = ++files_made_ > 1 ? fmt::format("-{}", files_made_) : "";
  OpenFile file{.key = part.key,
                .values = part.values,
                .uri = fmt::format("{}/data/{}{}-{}-{}{}.parquet", load_.location, folder,
                                   load_.run_id, split_id_, attempt_, suffix),
                .writer = nullptr};
  SLUICE_ASSIGN(auto location, io::Locate(file.uri));
  SLUICE_ASSIGN(file.writer, formats::parquet::FileWriter::Make(location, cast_.schema(),
                                                                OptionsOf(load_)));
  open_.push_back(std::move(file));
  return std::prev(open_.end());
}

Status LakeWriter::EndFile(Place place) {
  SLUICE_TRY(Failpoint("lake.before_file_finish"));
  SLUICE_ASSIGN(auto stats, place->writer->Finish());
  finished_.Add(place->uri);
  SLUICE_ASSIGN(table::DataFile file,
                DescribeFile(stats, load_.fit.schema, load_.spec.spec_id));
  file.path = std::move(place->uri);
  file.partition = std::move(place->values);
  files_.push_back(std::move(file));
  open_.erase(place);
  return Failpoint("lake.after_file_finish");
}

Result<connect::Receipt> LakeWriter::Finish() {
  if (done_) {
    return Error(ErrorKind::kInternal, "a writer was finished twice",
                 {{"split", split_id_}});
  }
  while (!open_.empty()) SLUICE_TRY(EndFile(open_.begin()));
  done_ = true;
  connect::Receipt receipt;
  receipt.split_id = split_id_;
  receipt.attempt = attempt_;
  for (const table::DataFile& file : files_) {
    receipt.rows += file.record_count;
    receipt.bytes += file.file_bytes;
    receipt.files.push_back(file.path);
  }
  receipt.detail = FilesToDetail(files_);
  return receipt;
}

void LakeWriter::Abort() {
  for (OpenFile& file : open_) file.writer->Abort();
  open_.clear();
  if (!done_) {
    std::vector<std::string> uris;
    for (const table::DataFile& file : files_) uris.push_back(file.path);
    RemoveFiles(uris);
    files_.clear();
  }
  done_ = true;
}

}  // namespace sluice::connectors::lake
