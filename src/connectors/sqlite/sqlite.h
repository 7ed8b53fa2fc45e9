#pragma once

#include "connect/registry.h"

namespace sluice::connectors::sqlite {

/// SQLite files as a source: scheme "sqlite". Opening fails with kNotFound when the file
/// does not exist (it is never created), kCorrupt when it is not a database, kAuth
/// without permission.
connect::Connector MakeSqliteConnector();

}  // namespace sluice::connectors::sqlite
