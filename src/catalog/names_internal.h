#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::catalog::internal {

/// Fails with kUserInput when a level is empty or has a bad character.
Status CheckNamespace(std::string_view name_space);

/// Up to three of `names` that somebody who wrote `wanted` may have meant, nearest first:
/// a slip of few letters, another case, or the same last part elsewhere.
std::vector<std::string> NearNames(const std::string& wanted,
                                   const std::vector<std::string>& names);

/// "; did you mean a.b, a.c?", or nothing for no names.
std::string Suggestion(const std::vector<std::string>& near_names);

}  // namespace sluice::catalog::internal
