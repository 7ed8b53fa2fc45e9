#pragma once

#include <memory>

#include "transfer/import.h"

namespace sluice::cli {

/// On a terminal one line per table, redrawn in place; elsewhere a log line every five
/// seconds.
std::unique_ptr<transfer::Progress> MakeProgress();

/// One line at the bottom of the terminal that log lines do not tear. Nothing when stderr
/// is not a terminal.
void ShowStatusLine(const std::string& line);
void ClearStatusLine();

}  // namespace sluice::cli
