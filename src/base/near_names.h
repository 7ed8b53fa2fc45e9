#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Up to three of `known` that somebody who wrote `name` may have meant: a small edit
/// distance whatever the case, or a name that contains it. Nearest first.
std::vector<std::string> NearNames(std::string_view name,
                                   const std::vector<std::string>& known);

/// "; near names: orders, order_items" for the end of a not-found message; "" without
/// any.
std::string NearNamesText(std::string_view name, const std::vector<std::string>& known);

}  // namespace sluice
