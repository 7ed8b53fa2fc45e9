#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::table {

/// The length in bytes of the first `count` code points of UTF-8 text, or of all when
/// there are fewer; nothing where the bytes are not UTF-8.
std::optional<size_t> CodePointPrefix(std::string_view text, int count);

/// The smallest text above all that begin with `prefix` (valid UTF-8): its last code
/// point that can be raised is raised, those after it are dropped. Nothing when there is
/// none.
std::optional<std::string> IncrementText(std::string_view prefix);

}  // namespace sluice::table
