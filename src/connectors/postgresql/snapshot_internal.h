#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connect/registry.h"
#include "connect/values.h"
#include "connectors/postgresql/connection_internal.h"

namespace sluice::connectors::postgresql {

/// Connections that all see one exported snapshot. Connected when first needed, and again
/// after one was lost, as long as the exporting connection lives. Thread-safe.
class SnapshotPool final {
 public:
  explicit SnapshotPool(connect::Link link) : link_(std::move(link)) {}

  /// Exports the snapshot. `count` connections at most will read at a time.
  Result<connect::SnapshotInfo> Begin(int count);

  /// Waits until fewer than `count` are taken. The connection is inside a read-only
  /// transaction on the snapshot. Fails with kUnavailable when the snapshot is gone.
  Result<std::unique_ptr<Connection>> Take();
  /// `clean`: its transaction can go on; otherwise the connection is closed.
  void Give(std::unique_ptr<Connection> connection, bool clean);

 private:
  Result<std::unique_ptr<Connection>> Join();

  const connect::Link link_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::unique_ptr<Connection> exporter_;
  std::string snapshot_;  // its id; empty: every connection has its own
  std::vector<std::unique_ptr<Connection>> idle_;
  int count_ = 0;
  int taken_ = 0;
};

}  // namespace sluice::connectors::postgresql
