#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "options/arguments.h"

namespace sluice::cli {

/// One command: what it understands and what it does. `run` prints its result to stdout
/// and gives the exit code; an error it returns is printed by the caller.
struct CliCommand {
  options::Command command;
  std::function<Result<int>(const std::vector<std::string>& positional)> run;
  /// The --json switch of this command, if it has one; set after parsing.
  std::shared_ptr<bool> json;
};

CliCommand MakeImportCommand();
CliCommand MakePlanCommand();
CliCommand MakeSqlCommand();
CliCommand MakeTablesCommand();
CliCommand MakeTableCommand();
CliCommand MakeDoctorCommand();
CliCommand MakeGcCommand();
CliCommand MakeCompletionCommand();
CliCommand MakeDocsCommand();
CliCommand MakeVersionCommand();

/// Every command, in the order of --help.
std::vector<CliCommand> AllCommands();

/// Adds more options to a command.
void Append(std::vector<options::Option> more, options::Command* command);

}  // namespace sluice::cli
