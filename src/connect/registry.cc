#include "connect/registry.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::connect {

void Registry::Add(Connector connector) { connectors_.push_back(std::move(connector)); }

std::vector<std::string> Registry::Schemes() const {
  std::vector<std::string> schemes;
  for (const Connector& connector : connectors_) {
    schemes.insert(schemes.end(), connector.schemes.begin(), connector.schemes.end());
  }
  return schemes;
}

Result<std::unique_ptr<Source>> Registry::OpenSource(const Link& link,
                                                     const ReadOptions& options) const {
  for (const Connector& connector : connectors_) {
    if (std::ranges::count(connector.schemes, link.uri.scheme) > 0) {
      return connector.make_source(link, options);
    }
  }
  return Error(ErrorKind::kUserInput, "no connector for this URL's scheme; known are " +
                                          Join(Schemes(), ", ") + ": " + link.uri.scheme);
}

}  // namespace sluice::connect
