#pragma once

#include <string>
#include <vector>

#include "options/option.h"

namespace sluice::options {

/// What a command is called with: its options and its positional words.
struct Command {
  std::string name;        ///< "import"
  std::string positional;  ///< "URL", "[TABLE]"; may be empty
  std::string summary;     ///< one sentence without a final stop
  std::string details;     ///< paragraphs for --help; may be empty
  std::vector<std::string> examples;
  int positional_min = 0, positional_max = 0;
  std::vector<Option> options;
};

struct ParsedArguments {
  std::vector<std::string> positional;
  bool help = false;
  bool all = false;  ///< --help --all
};

/// Sets the command's options from the words after its name: --key value, --key=value,
/// --switch, -f value, "--" ends options. Fails with kUserInput naming the word and, for
/// an unknown flag, the nearest known one.
Result<ParsedArguments> ParseArguments(const Command& command,
                                       const std::vector<std::string>& words);

}  // namespace sluice::options
