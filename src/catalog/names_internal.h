#pragma once

#include <string_view>

#include "base/result.h"

namespace sluice::catalog::internal {

/// Fails with kUserInput when a level is empty or has a bad character.
Status CheckNamespace(std::string_view name_space);

}  // namespace sluice::catalog::internal
