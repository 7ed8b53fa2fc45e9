#include <cstdio>
#include <string>
#include <vector>

#include "base/near_names.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/shared_options.h"
#include "cli/signals.h"
#include "options/help.h"

namespace sluice::cli {

namespace {

int Report(const Status& status, bool json) {
  int exit_code = ExitCodeOf(status);
  if (json) {
    PrintJson({{"ok", false}, {"exit_code", exit_code}, {"error", ErrorToJson(status)}});
  } else {
    std::fprintf(stderr, "sluice: %s\n", RedactSecrets(MessageOf(status)).c_str());
  }
  return exit_code;
}

int RunCommand(CliCommand& cli, const std::vector<std::string>& words) {
  auto parsed = options::ParseArguments(cli.command, words);
  // A wrong flag may stand before --json: look for the word itself.
  bool json = cli.json && (*cli.json || std::ranges::count(words, "--json") > 0);
  if (!parsed.ok()) return Report(parsed.status(), json);
  if (parsed->help) {
    std::fputs(options::HelpText(cli.command, parsed->all).c_str(), stdout);
    return kExitOk;
  }
  Result<int> exit_code = cli.run(parsed->positional);
  return exit_code.ok() ? *exit_code : Report(exit_code.status(), json);
}

int Main(const std::vector<std::string>& arguments) {
  std::vector<CliCommand> commands = AllCommands();
  std::vector<options::Command> described;
  std::vector<std::string> names;
  for (const CliCommand& one : commands) {
    described.push_back(one.command);
    names.push_back(one.command.name);
  }
  std::string name = arguments.empty() ? "--help" : arguments[0];
  if (name == "--version") name = "version";
  if (name == "--help" || name == "-h" || name == "help") {
    std::fputs(options::OverviewText(described).c_str(),
               arguments.empty() ? stderr : stdout);
    return arguments.empty() ? kExitUsage : kExitOk;
  }
  for (CliCommand& one : commands) {
    if (one.command.name == name) {
      return RunCommand(one, {arguments.begin() + 1, arguments.end()});
    }
  }
  std::vector<std::string> near = NearNames(name, names);
  return Report(Error(ErrorKind::kUserInput,
                      "no such command: " + name +
                          (near.empty() ? "" : "; did you mean " + near[0] + "?") +
                          " (sluice --help lists them)"),
                std::ranges::count(arguments, "--json") > 0);
}

}  // namespace
}  // namespace sluice::cli

int main(int argc, char** argv) {
  sluice::cli::InstallSignals();
  int exit_code = sluice::cli::Main({argv + 1, argv + argc});
  std::fflush(stdout);
  return exit_code;
}
