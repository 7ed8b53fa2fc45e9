#pragma once

#include <stop_token>

#include "transfer/import.h"

namespace sluice::transfer {

/// What the tables of one import share. All borrowed for the time of the import.
struct ImportRun {
  const ImportRequest& request;
  const std::string& run_id;
  connect::Source& source;
  state::State& state;
  Progress& progress;
  std::stop_token stop;
  Clock& clock;
};

/// Describes, plans, reads, writes, reconciles and commits one table. Never fails: what
/// happened is in the report, and after a failure before the commit the target is as it
/// was.
TableReport ImportTable(const ImportRun& run, const ImportItem& item);

/// Fails with kUserInput when `schema` has columns that would lose something and
/// `allow_lossy` is not set: names them, why, and the switch.
Status CheckFidelity(const connect::TableSchema& schema, bool allow_lossy);

}  // namespace sluice::transfer
