#include "options/option.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace sluice::options {

std::vector<std::string> Choices(std::string_view value) {
  if (value.find('|') == std::string_view::npos) return {};
  std::vector<std::string> words;
  for (std::string_view word : SplitText(value, '|')) words.emplace_back(word);
  return words;
}

namespace option_internal {
namespace {

Status Wrong(const Text& row, std::string_view text, const std::string& wanted) {
  return Error(ErrorKind::kUserInput, "--" + std::string(row.key) + " takes " + wanted +
                                          ", not: " + std::string(text));
}

}  // namespace

Status Set(const Text& row, std::string_view text, bool* field) {
  if (text != "true" && text != "false") return Wrong(row, text, "true or false");
  *field = text == "true";
  return Status::OK();
}

Status Set(const Text& row, std::string_view text, int64_t* field) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool any = row.low == row.high;
  if (error != std::errc() || end != text.data() + text.size() ||
      (!any && (number < row.low || number > row.high))) {
    return Wrong(row, text,
                 any ? "a whole number"
                     : "a whole number from " + std::to_string(row.low) + " to " +
                           std::to_string(row.high));
  }
  *field = number;
  return Status::OK();
}

Status Set(const Text& row, std::string_view text, int* field) {
  int64_t number = 0;
  Text bounded = row;
  if (row.low == row.high) {
    bounded.low = std::numeric_limits<int>::min();
    bounded.high = std::numeric_limits<int>::max();
  }
  SLUICE_TRY(Set(bounded, text, &number));
  *field = static_cast<int>(number);
  return Status::OK();
}

Status Set(const Text& row, std::string_view text, std::string* field) {
  std::vector<std::string> choices = Choices(row.value);
  if (!choices.empty() && std::ranges::count(choices, text) == 0) {
    return Wrong(row, text, Join(choices, ", "));
  }
  if (text.empty()) return Wrong(row, text, "a value that is not empty");
  *field = std::string(text);
  return Status::OK();
}

Status Set(const Text& row, std::string_view text, std::vector<std::string>* field) {
  for (std::string_view part : SplitText(text, ',')) {
    if (Trim(part).empty()) return Wrong(row, text, "names separated by ','");
    field->emplace_back(Trim(part));
  }
  return Status::OK();
}

std::string Show(bool field) { return field ? "true" : ""; }
std::string Show(int field) { return std::to_string(field); }
std::string Show(int64_t field) { return std::to_string(field); }
std::string Show(const std::string& field) { return field; }
std::string Show(const std::vector<std::string>& field) { return Join(field, ","); }

}  // namespace option_internal
}  // namespace sluice::options
