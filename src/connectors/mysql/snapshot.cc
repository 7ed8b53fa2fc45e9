#include "connectors/mysql/snapshot.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace sluice::connectors::mysql {
namespace {

using connect::Consistency;
using connect::SnapshotInfo;

constexpr int kAttemptsMax = 20;
constexpr std::string_view kDoing = "start the snapshot";
// Longer than a commit takes between being visible and being counted among executed
// GTIDs.
constexpr auto kSettle = std::chrono::milliseconds(50);

Status RunOnAll(const std::vector<Session*>& sessions, std::string_view sql) {
  // Everything is sent before the first answer is read: the server starts all at about
  // once.
  for (Session* session : sessions) SLUICE_TRY(session->Send(sql, kDoing));
  for (Session* session : sessions) SLUICE_TRY(session->Receive(kDoing));
  return Status::OK();
}

Status StartOnAll(const std::vector<Session*>& sessions) {
  return RunOnAll(sessions, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

/// One value of a query, "" when it is absent or the server does not know the variable.
Result<std::string> Ask(Session* session, std::string_view sql, size_t column = 0) {
  auto rows = session->Query(sql, kDoing);
  if (!rows.ok()) return session->dead() ? rows.status() : Result<std::string>("");
  if (rows->empty() || rows->at(0).size() <= column) return std::string();
  return rows->at(0)[column].value_or("");
}

/// "file:offset" of the snapshot that the session's transaction reads; "" without a
/// binlog.
Result<std::string> BinlogPosition(Session* session) {
  SLUICE_ASSIGN(auto rows,
                session->Query("SHOW STATUS LIKE 'Binlog_snapshot_%'", kDoing));
  std::string file, offset;
  for (const auto& row : rows) {
    const std::string name = row.at(0).value_or("");
    if (name == "Binlog_snapshot_file") file = row.at(1).value_or("");
    if (name == "Binlog_snapshot_position") offset = row.at(1).value_or("");
  }
  return file.empty() ? "" : file + ":" + offset;
}

/// What a replica has applied; it may not be in the replica's own binlog.
Result<std::string> AppliedGtids(Session* session) {
  return Ask(session, session->is_mariadb() ? "SELECT @@global.gtid_slave_pos"
                                            : "SELECT @@global.gtid_executed");
}

/// One attempt; the position when all sessions agree, else "".
Result<std::string> TryBinlog(const std::vector<Session*>& sessions) {
  SLUICE_ASSIGN(std::string applied, AppliedGtids(sessions[0]));
  SLUICE_TRY(StartOnAll(sessions));
  std::string position;
  bool equal = true;
  for (Session* session : sessions) {
    SLUICE_ASSIGN(std::string mine, BinlogPosition(session));
    if (session == sessions[0]) position = mine;
    equal = equal && mine == position;
  }
  SLUICE_ASSIGN(std::string applied_after, AppliedGtids(sessions[0]));
  return equal && applied == applied_after ? position : "";
}

Result<std::string> TryGtids(const std::vector<Session*>& sessions) {
  SLUICE_ASSIGN(std::string before, AppliedGtids(sessions[0]));
  SLUICE_TRY(StartOnAll(sessions));
  std::this_thread::sleep_for(kSettle);
  SLUICE_ASSIGN(std::string after, AppliedGtids(sessions[0]));
  return before == after ? after : "";
}

std::string Count(size_t connections) {
  return fmt::format("{} connection{}", connections, connections == 1 ? "" : "s");
}

}  // namespace

Result<SnapshotInfo> StartSnapshot(const std::vector<Session*>& sessions) {
  Session* first = sessions.at(0);
  const bool mariadb = first->is_mariadb();
  SLUICE_TRY(StartOnAll({first}));
  // MariaDB and Percona tell each snapshot's binlog position; Oracle's server has only
  // GTIDs.
  SLUICE_ASSIGN(std::string position, BinlogPosition(first));
  const bool binlog = !position.empty();
  if (!binlog && !mariadb) {
    SLUICE_ASSIGN(position, AppliedGtids(first));
  }
  const std::string what = binlog ? "binlog " : "GTIDs ";
  if (sessions.size() == 1) {
    return SnapshotInfo{Consistency::kSnapshot,
                        "1 connection, one transaction" +
                            (position.empty() ? "" : " at " + what + position),
                        position};
  }
  if (position.empty()) {
    SLUICE_TRY(RunOnAll({first}, "ROLLBACK"));
    return SnapshotInfo{
        Consistency::kPerChunk,
        mariadb ? "the server has no binlog (log_bin) to compare snapshots by; "
                  "--parallel 1 reads one snapshot"
                : "the server has no GTIDs (gtid_mode) to compare snapshots by; "
                  "--parallel 1 reads one snapshot",
        ""};
  }
  for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
    SLUICE_TRY(RunOnAll(sessions, "ROLLBACK"));
    SLUICE_ASSIGN(position, binlog ? TryBinlog(sessions) : TryGtids(sessions));
    if (!position.empty()) {
      return SnapshotInfo{Consistency::kSnapshot,
                          Count(sessions.size()) + " at " + what + position, position};
    }
  }
  SLUICE_TRY(RunOnAll(sessions, "ROLLBACK"));
  return SnapshotInfo{
      Consistency::kPerChunk,
      fmt::format("writers committed between the {} snapshots in each of {} attempts; "
                  "--parallel 1 reads one snapshot",
                  sessions.size(), kAttemptsMax),
      ""};
}

}  // namespace sluice::connectors::mysql
