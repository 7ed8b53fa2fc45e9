#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/lake.h"
#include "options/option.h"

namespace sluice::cli {

/// Options that every command has.
struct LogOptions {
  std::string log_level = "info";
  std::string log_format = "text";
  /// Makes them so.
  Status Apply() const;
};
std::vector<options::Option> LogRows(LogOptions* target);

/// Options of commands that use the lake.
struct LakeOptions {
  std::string lake;  ///< empty: $SLUICE_LAKE, then ./lake
  std::string Directory() const;
};
std::vector<options::Option> LakeRows(LakeOptions* target);

/// Options of commands that answer with a report.
struct ReportOptions {
  std::shared_ptr<bool> json = std::make_shared<bool>(false);
};
std::vector<options::Option> ReportRows(ReportOptions* target);

/// Prints the report's one line of JSON to stdout.
void PrintJson(const Json& json);

}  // namespace sluice::cli
