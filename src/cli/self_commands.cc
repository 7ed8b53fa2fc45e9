// The commands that speak about the program itself.
#include <cstdio>

#include <arrow/config.h>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/lake.h"
#include "options/help.h"

namespace sluice::cli {
namespace {

std::vector<options::Command> Described() {
  std::vector<options::Command> commands;
  for (CliCommand& one : AllCommands()) commands.push_back(std::move(one.command));
  return commands;
}

Result<int> Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

CliCommand MakeCompletionCommand() {
  CliCommand cli;
  cli.command = {.name = "completion",
                 .positional = "bash|zsh",
                 .summary = "Print the completion script of a shell",
                 .positional_min = 1,
                 .positional_max = 1};
  cli.run = [](const std::vector<std::string>& words) -> Result<int> {
    if (words[0] == "bash") return Print(options::BashCompletion(Described()));
    if (words[0] == "zsh") return Print(options::ZshCompletion(Described()));
    return Error(ErrorKind::kUserInput,
                 "there is completion for bash and zsh, not for: " + words[0]);
  };
  return cli;
}

CliCommand MakeDocsCommand() {
  CliCommand cli;
  cli.command = {.name = "docs",
                 .positional = "",
                 .summary = "Print the command line reference in Markdown"};
  cli.run = [](const std::vector<std::string>&) {
    return Print(options::ReferenceMarkdown(Described()));
  };
  return cli;
}

CliCommand MakeVersionCommand() {
  CliCommand cli;
  cli.command = {.name = "version",
                 .positional = "",
                 .summary = "Print the version and what it can connect to"};
  cli.run = [](const std::vector<std::string>&) {
    return Print(fmt::format("sluice {} (Arrow {}; sources: {})\n", SLUICE_VERSION,
                             arrow::GetBuildInfo().version_string,
                             Join(Connectors().Schemes(), ", ")));
  };
  return cli;
}

}  // namespace sluice::cli
