#pragma once

#include "connect/source.h"
#include "connectors/postgresql/connection_internal.h"

namespace sluice::connectors::postgresql {

/// Version, what the account may read and the GRANT for what it may not, and what would
/// make imports slower or less consistent.
Result<connect::Diagnosis> DiagnoseServer(Connection& connection);

}  // namespace sluice::connectors::postgresql
