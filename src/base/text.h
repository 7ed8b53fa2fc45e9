#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The parts of `text` between `separator`s; one empty part for an empty text.
std::vector<std::string_view> SplitText(std::string_view text, char separator);
/// Without white space at both ends.
std::string_view Trim(std::string_view text);
/// ASCII letters made small.
std::string Lower(std::string_view text);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
/// True where `text` matches a pattern of literal characters, '*' (any run) and '?' (any
/// one).
bool MatchesPattern(std::string_view pattern, std::string_view text);

/// "1,234,567".
std::string CountText(int64_t count);
/// "9.8 MB": powers of 1000, at most three digits.
std::string BytesText(int64_t bytes);
/// "350 ms", "2.4 s", "3 m 20 s", "1 h 02 m".
std::string DurationText(std::chrono::nanoseconds duration);
/// "2026-11-20T15:04:05.123Z" of milliseconds since 1970.
std::string TimeText(int64_t unix_ms);
/// Lower-case hexadecimal digits.
std::string HexText(std::string_view bytes);

}  // namespace sluice
