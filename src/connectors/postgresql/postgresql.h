#pragma once

#include "connect/registry.h"

namespace sluice::connectors::postgresql {

/// PostgreSQL servers as a source: schemes "postgresql" and "postgres". Query parameters
/// of the URL are libpq's connection parameters (sslmode, sslrootcert, ...). Opening a
/// source fails with kAuth for a wrong password, kNotFound for an unknown database,
/// kUnavailable when the server cannot be reached.
connect::Connector MakePostgresqlConnector();

}  // namespace sluice::connectors::postgresql
