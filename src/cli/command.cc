#include "cli/command.h"

namespace sluice::cli {

std::vector<CliCommand> AllCommands() {
  std::vector<CliCommand> commands;
  for (auto make : {MakeImportCommand, MakePlanCommand, MakeSqlCommand, MakeTablesCommand,
                    MakeTableCommand, MakeDoctorCommand, MakeGcCommand,
                    MakeCompletionCommand, MakeDocsCommand, MakeVersionCommand}) {
    commands.push_back(make());
  }
  return commands;
}

void Append(std::vector<options::Option> more, options::Command* command) {
  for (options::Option& option : more) command->options.push_back(std::move(option));
}

}  // namespace sluice::cli
