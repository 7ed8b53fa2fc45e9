#pragma once

#include <string>
#include <vector>

#include "options/arguments.h"

namespace sluice::options {

/// What `sluice NAME --help` prints; expert options only with `all`.
std::string HelpText(const Command& command, bool all);
/// What `sluice --help` prints.
std::string OverviewText(const std::vector<Command>& commands);
/// docs/reference/cli.md, generated.
std::string ReferenceMarkdown(const std::vector<Command>& commands);
/// Completion scripts.
std::string BashCompletion(const std::vector<Command>& commands);
std::string ZshCompletion(const std::vector<Command>& commands);

}  // namespace sluice::options
