#pragma once

#include <string_view>

namespace sluice::types {

/// How faithfully a column's values arrive. Shown per column by `sluice plan`; kLossy is
/// refused unless the user asked for it.
enum class Fidelity {
  kExact,       ///< same type, every value comes back as it was
  kCompatible,  ///< another type that holds every value exactly (uint64 -> decimal(20,0))
  kTextForm,    ///< the server's own text of the value, nothing lost
  kLossy,       ///< some values change or become null; needs an explicit switch
};

/// "exact", "compatible", "text form", "lossy".
std::string_view FidelityName(Fidelity fidelity);

}  // namespace sluice::types
