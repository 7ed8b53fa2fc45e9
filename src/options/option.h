#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sluice::options {

/// One row of an option table: where a field of struct S lives and what people are told
/// about it. Flags, --help, completion and docs/reference are made from these rows and
/// from nothing else.
template <typename S>
struct Row {
  std::string_view key;  ///< "chunk-rows-min"; the flag is --chunk-rows-min
  std::variant<bool S::*, int S::*, int64_t S::*, std::string S::*,
               std::vector<std::string> S::*>
      member;
  std::string_view
      value;  ///< what follows the flag: "N", "DIR", "error|null|text"; "" for a bool
  std::string_view help;  ///< one sentence without a final stop
  int64_t low = 0;        ///< inclusive range of a number; low == high: any
  int64_t high = 0;
  bool expert = false;  ///< shown by --help --all only
  char letter = 0;      ///< "-f" beside "--file"
};

/// A row bound to the field it sets.
struct Option {
  std::string key, value, help, default_text;
  char letter = 0;
  bool is_switch = false;   ///< takes no value
  bool repeatable = false;  ///< a list: given several times or separated by ','
  bool expert = false;
  std::function<Status(std::string_view)> set;
};

namespace option_internal {
struct Text {
  std::string_view key, value;
  int64_t low, high;
};
Status Set(const Text& row, std::string_view text, bool* field);
Status Set(const Text& row, std::string_view text, int* field);
Status Set(const Text& row, std::string_view text, int64_t* field);
Status Set(const Text& row, std::string_view text, std::string* field);
Status Set(const Text& row, std::string_view text, std::vector<std::string>* field);
std::string Show(bool field);
std::string Show(int field);
std::string Show(int64_t field);
std::string Show(const std::string& field);
std::string Show(const std::vector<std::string>& field);
}  // namespace option_internal

/// Options that set the fields of `target`, which must outlive them; its present values
/// are the defaults shown. A `value` of words with '|' between them is a closed set.
/// Setting fails with kUserInput naming the flag, the value and what is allowed.
template <typename S>
std::vector<Option> Bind(std::span<const Row<S>> table, S* target) {
  std::vector<Option> options;
  for (const Row<S>& row : table) {
    Option option{.key = std::string(row.key),
                  .value = std::string(row.value),
                  .help = std::string(row.help),
                  .letter = row.letter,
                  .expert = row.expert};
    std::visit(
        [&](auto member) {
          auto* field = &(target->*member);
          option.default_text = option_internal::Show(*field);
          option.is_switch = std::is_same_v<decltype(field), bool*>;
          option.repeatable = std::is_same_v<decltype(field), std::vector<std::string>*>;
          option_internal::Text text{row.key, row.value, row.low, row.high};
          option.set = [text, field](std::string_view value) {
            return option_internal::Set(text, value, field);
          };
        },
        row.member);
    options.push_back(std::move(option));
  }
  return options;
}

/// The words of a closed set such as "error|null|text"; empty for other values.
std::vector<std::string> Choices(std::string_view value);

}  // namespace sluice::options
