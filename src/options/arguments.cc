#include "options/arguments.h"

#include <CLI/CLI.hpp>

#include "base/near_names.h"

namespace sluice::options {
namespace {

std::string FlagNames(const Option& option) {
  std::string names = "--" + option.key;
  if (option.letter) names += std::string(",-") + option.letter;
  return names;
}

Status Unknown(const Command& command, const std::string& word) {
  std::vector<std::string> known;
  for (const Option& option : command.options) known.push_back("--" + option.key);
  std::vector<std::string> near = NearNames(word.substr(0, word.find('=')), known);
  return Error(ErrorKind::kUserInput,
               "sluice " + command.name + " does not know " + word +
                   (near.empty() ? "" : "; did you mean " + near[0] + "?") + " (sluice " +
                   command.name + " --help lists the options)");
}

Status CheckPositional(const Command& command, const std::vector<std::string>& words) {
  int count = static_cast<int>(words.size());
  if (count >= command.positional_min && count <= command.positional_max) {
    return Status::OK();
  }
  if (count > command.positional_max) {
    return Error(ErrorKind::kUserInput, "one word too many for sluice " + command.name +
                                            ": " + words[command.positional_max]);
  }
  return Error(ErrorKind::kUserInput, "sluice " + command.name + " needs " +
                                          command.positional + " (see sluice " +
                                          command.name + " --help)");
}

}  // namespace

Result<ParsedArguments> ParseArguments(const Command& command,
                                       const std::vector<std::string>& words) {
  ParsedArguments parsed;
  try {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    app.add_flag("--help,-h", parsed.help);
    app.add_flag("--all", parsed.all);
    std::vector<std::pair<const Option*, CLI::Option*>> bound;
    for (const Option& option : command.options) {
      if (option.is_switch) {
        bound.emplace_back(&option, app.add_flag(FlagNames(option)));
      } else {
        CLI::Option* one = app.add_option(FlagNames(option));
        one->expected(1)->take_all();
        bound.emplace_back(&option, one);
      }
    }
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    app.parse(reversed);
    if (parsed.help) return parsed;
    for (const std::string& word : app.remaining()) {
      if (word.size() > 1 && word[0] == '-' && word != "--")
        return Unknown(command, word);
      if (word != "--") parsed.positional.push_back(word);
    }
    for (const auto& [option, one] : bound) {
      if (one->count() == 0) continue;
      if (option->is_switch) {
        SLUICE_TRY(option->set("true"));
      } else if (one->count() > 1 && !option->repeatable) {
        return Error(ErrorKind::kUserInput, "--" + option->key + " is given twice");
      } else {
        for (const std::string& value : one->results()) SLUICE_TRY(option->set(value));
      }
    }
  } catch (const CLI::Error& e) {
    return Error(ErrorKind::kUserInput,
                 std::string("sluice ") + command.name + ": " + e.what());
  }
  SLUICE_TRY(CheckPositional(command, parsed.positional));
  return parsed;
}

}  // namespace sluice::options
