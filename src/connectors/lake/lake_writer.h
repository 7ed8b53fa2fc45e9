#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connect/sink.h"
#include "connectors/lake/batch_cast.h"
#include "connectors/lake/partition_rows.h"
#include "formats/parquet/writer.h"
#include "table/data_file.h"

namespace sluice::connectors::lake {

/// What the writers of one load share; constant while they run.
struct Load {
  std::string run_id;
  std::string location;  ///< of the table, a URI
  SchemaFit fit;
  table::PartitionSpec spec;
  std::shared_ptr<arrow::Schema> arrow_schema;  ///< of the batches that come
  formats::parquet::WriterOptions parquet;
  int64_t target_file_bytes = 0;
  int partition_files_max = 0;
};

/// URIs of the finished data files of a load. Thread-safe.
class FinishedFiles final {
 public:
  void Add(std::string uri);
  std::vector<std::string> Take();

 private:
  std::mutex mutex_;
  std::vector<std::string> uris_;
};

/// Writes one split into as many data files as its size and its partitions ask for.
/// `load` and `finished` outlive it.
class LakeWriter final : public connect::Writer {
 public:
  LakeWriter(const Load& load, FinishedFiles& finished, std::string split_id,
             int attempt);
  ~LakeWriter() override;

  Status Write(const arrow::RecordBatch& batch) override;
  Result<connect::Receipt> Finish() override;
  void Abort() override;

 private:
  struct OpenFile {
    std::string key;
    std::vector<table::Value> values;
    std::string uri;
    std::unique_ptr<formats::parquet::FileWriter> writer;
  };
  using Place = std::list<OpenFile>::iterator;

  /// The open file of the rows' partition, as the most recently used.
  Result<Place> FileFor(const PartitionRows& part);
  Status EndFile(Place place);

  const Load& load_;
  FinishedFiles& finished_;
  const std::string split_id_;
  const int attempt_;
  BatchCast cast_;
  std::list<OpenFile> open_;  // least recently used first
  std::vector<table::DataFile> files_;
  int files_made_ = 0;
  bool done_ = false;
};

}  // namespace sluice::connectors::lake
