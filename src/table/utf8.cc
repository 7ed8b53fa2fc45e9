#include "table/utf8_internal.h"

namespace sluice::table {
namespace {

constexpr uint32_t kLastCodePoint = 0x10FFFF;
constexpr uint32_t kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF;

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

// Reads one code point at the front; gives its length in bytes, 0 when it is not UTF-8.
size_t DecodeOne(std::string_view text, uint32_t* code_point) {
  auto lead = static_cast<uint8_t>(text[0]);
  size_t length = lead < 0x80       ? 1
                  : lead >> 5 == 6  ? 2
                  : lead >> 4 == 14 ? 3
                  : lead >> 3 == 30 ? 4
                                    : 0;
  if (length == 0 || length > text.size()) return 0;
  uint32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
    value = value << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = value >= kFirstSurrogate && value <= kLastSurrogate;
  if (value < kSmallest[length] || value > kLastCodePoint || surrogate) return 0;
  *code_point = value;
  return length;
}

std::string EncodeOne(uint32_t value) {
  auto part = [&](int shift) {
    return static_cast<char>(0x80 | (value >> shift & 0x3F));
  };
  if (value < 0x80) return {static_cast<char>(value)};
  if (value < 0x800) return {static_cast<char>(0xC0 | value >> 6), part(0)};
  if (value < 0x10000) return {static_cast<char>(0xE0 | value >> 12), part(6), part(0)};
  return {static_cast<char>(0xF0 | value >> 18), part(12), part(6), part(0)};
}

}  // namespace

std::optional<size_t> CodePointPrefix(std::string_view text, int count) {
  size_t length = 0;
  for (int i = 0; i < count && length < text.size(); ++i) {
    uint32_t code_point = 0;
    size_t step = DecodeOne(text.substr(length), &code_point);
    if (step == 0) return std::nullopt;
    length += step;
  }
  return length;
}

std::optional<std::string> IncrementText(std::string_view prefix) {
  while (!prefix.empty()) {
    size_t last = prefix.size() - 1;
    while (last > 0 && IsContinuation(prefix[last])) --last;
    uint32_t value = 0;
    if (DecodeOne(prefix.substr(last), &value) == 0) return std::nullopt;
    prefix = prefix.substr(0, last);
    if (value == kLastCodePoint) continue;
    value = value + 1 == kFirstSurrogate ? kLastSurrogate + 1 : value + 1;
    return std::string(prefix) + EncodeOne(value);
  }
  return std::nullopt;
}

}  // namespace sluice::table
