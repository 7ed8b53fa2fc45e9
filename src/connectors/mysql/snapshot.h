#pragma once

#include <vector>

#include "connect/values.h"
#include "connectors/mysql/session.h"

namespace sluice::connectors::mysql {

/// Starts a read-only transaction on every session and proves that all see the same
/// state: MariaDB by the binlog position that belongs to each snapshot, Oracle MySQL by
/// executed GTIDs that stand still. No lock is taken and no privilege needed. Where it
/// cannot be had the sessions end in autocommit and the answer is kPerChunk with the
/// reason. Fails only for a lost connection.
Result<connect::SnapshotInfo> StartSnapshot(const std::vector<Session*>& sessions);

}  // namespace sluice::connectors::mysql
