#pragma once

#include <string>
#include <vector>

namespace sluice::connectors::postgresql {

/// "; near names: a, b" of at most three `known` names within a few edits of `name`
/// (letter case does not count), nearest first; "" when there is none.
std::string NearNames(const std::string& name, const std::vector<std::string>& known);

}  // namespace sluice::connectors::postgresql
