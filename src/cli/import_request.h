#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/lake.h"
#include "connect/source.h"
#include "options/option.h"
#include "transfer/import.h"

namespace sluice::cli {

/// The flags that `import` and `plan` share.
struct ImportOptions {
  std::string table, query, where, split_by, to;
  std::vector<std::string> tables, exclude, columns;
  std::string mode = "append";
  int parallel = 4;
  std::string password_file, password_env;
  std::string partition_by;
  std::string compression = "zstd";
  std::string zero_dates = "error", out_of_range = "error", wrong_storage_class = "error";
  std::string wide_decimals = "text";
  std::string on_error = "stop";
  int64_t chunk_rows_min = 50000;
  int chunks_per_connection = 8;
  int writers = 2;
  int64_t queue_mb = 16;
  int64_t batch_rows = 65536;
};
std::vector<options::Option> ImportRows(ImportOptions* target);

/// An opened source and what is asked of it.
struct PreparedImport {
  std::unique_ptr<connect::Source> source;
  std::shared_ptr<Lake> lake;  ///< null when every target is a directory
  transfer::ImportRequest request;
};

/// Reads the password, connects, resolves patterns and targets. `create_lake`: an import
/// makes the lake, a plan does not. Fails with kUserInput for flags that contradict each
/// other.
Result<PreparedImport> PrepareImport(const std::string& url, const ImportOptions& options,
                                     const std::string& lake_directory, bool create_lake);

/// The link of a URL with the password from the flags, the URL, or none.
Result<connect::Link> MakeLink(const std::string& url, const std::string& password_file,
                               const std::string& password_env);

}  // namespace sluice::cli
