#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/retry.h"
#include "catalog/catalog.h"
#include "connect/sink.h"
#include "formats/parquet/writer.h"

namespace sluice::connectors::lake {

struct LakeSinkOptions {
  std::string warehouse;  ///< directory or URI; a new table goes below it
  formats::parquet::WriterOptions parquet;
  int64_t target_file_bytes = 256 << 20;  ///< about; then the next file is begun
  int partition_files_max = 8;  ///< open at a time per writer; the oldest is ended
  std::string partition_by;     ///< of a new table: "day(created), region"
  RetryPolicy commit_retry{.attempts_max = 10,
                           .first_delay = std::chrono::milliseconds(50),
                           .delay_max = std::chrono::milliseconds(2000)};
  Clock& clock = SystemClock();
  Random& random = Random::System();
};

/// The key of a snapshot's summary that says which run made it; settles an unknown
/// outcome.
inline constexpr const char* kRunIdKey = "sluice.run-id";
/// Before the keys of CommitRequest::progress among the table's properties.
inline constexpr const char* kProgressPrefix = "sluice.progress.";

/// Loads one Iceberg table: modes append, overwrite and error-if-exists. Data files are
/// <location>/data/[<partition>/]<run>-<split>-<attempt>[-n].parquet; a table that does
/// not exist is created by the commit, together with its first snapshot. One run id loads
/// a table once.
std::unique_ptr<connect::Sink> MakeLakeSink(std::shared_ptr<catalog::Catalog> catalog,
                                            catalog::TableIdent ident,
                                            LakeSinkOptions options);

}  // namespace sluice::connectors::lake
