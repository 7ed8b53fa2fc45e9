#include "connectors/postgresql/postgresql.h"

#include "connectors/postgresql/source_internal.h"

namespace sluice::connectors::postgresql {

connect::Connector MakePostgresqlConnector() {
  return {"postgresql",
          {"postgresql", "postgres"},
          [](const connect::Link& link, const connect::ReadOptions& options) {
            return PostgresqlSource::Make(link, options);
          }};
}

}  // namespace sluice::connectors::postgresql
