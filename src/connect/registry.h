#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "connect/sink.h"
#include "connect/source.h"
#include "io/uri.h"

namespace sluice::connect {

/// Where a source is and how to get in. Secrets are held, never in `uri`.
struct Link {
  io::Uri uri;
  Secret password;
};

/// One kind of system. `make_source` must not connect yet where that can fail for a wrong
/// password: it may, then with kAuth.
struct Connector {
  std::string name;                  ///< "mysql"
  std::vector<std::string> schemes;  ///< "mysql", "mariadb"
  std::function<Result<std::unique_ptr<Source>>(const Link&, const ReadOptions&)>
      make_source;
};

/// The connectors of this program; filled once by the composition root.
class Registry final {
 public:
  void Add(Connector connector);
  /// Fails with kUserInput for an unknown scheme, naming the known ones.
  Result<std::unique_ptr<Source>> OpenSource(const Link& link,
                                             const ReadOptions& options) const;
  std::vector<std::string> Schemes() const;

 private:
  std::vector<Connector> connectors_;
};

}  // namespace sluice::connect
