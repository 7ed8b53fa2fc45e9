#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::table {

/// The 32-bit x86 variant of MurmurHash3 with seed 0 (spec, Appendix B), as a signed
/// number.
int32_t Murmur3(std::string_view bytes);

}  // namespace sluice::table
