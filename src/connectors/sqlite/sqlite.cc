#include "connectors/sqlite/sqlite.h"

#include "connectors/sqlite/source_internal.h"

namespace sluice::connectors::sqlite {

connect::Connector MakeSqliteConnector() {
  return {"sqlite",
          {"sqlite"},
          [](const connect::Link& link, const connect::ReadOptions& options) {
            return SqliteSource::Make(link.uri.path, options);
          }};
}

}  // namespace sluice::connectors::sqlite
