#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Up to three of `known` that somebody who wrote `name` may have meant, nearest first: a
/// slip of few letters, another case, a name that contains it, or the same last part
/// after a '.'.
std::vector<std::string> NearNames(std::string_view name,
                                   const std::vector<std::string>& known);

/// "; did you mean orders, order_items?" for the end of a not-found message; "" without
/// any.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

}  // namespace sluice
