#pragma once

#include "connect/source.h"
#include "connectors/mysql/session.h"

namespace sluice::connectors::mysql {

/// What the account may do and what the server can promise, with the exact remedy.
Result<connect::Diagnosis> DiagnoseServer(Session* session, int parallel);

}  // namespace sluice::connectors::mysql
