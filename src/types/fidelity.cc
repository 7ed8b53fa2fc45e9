#include "types/fidelity.h"

namespace sluice::types {

std::string_view FidelityName(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::kExact:
      return "exact";
    case Fidelity::kCompatible:
      return "compatible";
    case Fidelity::kTextForm:
      return "text form";
    case Fidelity::kLossy:
      return "lossy";
  }
  return "lossy";
}

}  // namespace sluice::types
