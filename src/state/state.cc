#include "state/state.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "sqlite/database.h"

namespace sluice::state {
namespace {

constexpr int64_t kSchemaVersion = 1;

constexpr const char* kCreateSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL);"
    "INSERT INTO schema_version SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM schema_version);"
    "CREATE TABLE IF NOT EXISTS runs ("
    "run_id TEXT PRIMARY KEY, command TEXT NOT NULL, source TEXT NOT NULL, target TEXT "
    "NOT NULL, "
    "started_ms INTEGER NOT NULL, finished_ms INTEGER, status TEXT NOT NULL, report TEXT "
    "NOT NULL);"
    "CREATE INDEX IF NOT EXISTS runs_by_time ON runs (started_ms);"
    "CREATE TABLE IF NOT EXISTS chunks ("
    "run_id TEXT NOT NULL, table_name TEXT NOT NULL, split_id TEXT NOT NULL, "
    "attempt INTEGER NOT NULL, status TEXT NOT NULL, num_rows INTEGER NOT NULL, "
    "num_bytes INTEGER NOT NULL, receipt TEXT NOT NULL, "
    "PRIMARY KEY (run_id, table_name, split_id, attempt));"
    "COMMIT";

constexpr const char* kSelectRuns =
    "SELECT run_id, command, source, target, started_ms, finished_ms, status, report "
    "FROM runs ";

Result<int64_t> VersionOf(sqlite::Database& database) {
  SLUICE_ASSIGN(auto known,
                database.Prepare("SELECT count(*) FROM sqlite_master WHERE "
                                 "type = 'table' AND name = 'schema_version'"));
  SLUICE_TRY(known.Step());
  if (known.int_at(0) == 0) return 0;
  SLUICE_ASSIGN(auto version,
                database.Prepare("SELECT max(version) FROM schema_version"));
  SLUICE_TRY(version.Step());
  return version.int_at(0);
}

Status PrepareSchema(sqlite::Database& database, const std::string& path) {
  SLUICE_ASSIGN(int64_t version, VersionOf(database));
  if (version > kSchemaVersion) {
    return Error(
        ErrorKind::kUserInput,
        "the state was written by a newer sluice (schema " + std::to_string(version) +
            "); use that version, or move the file away to start afresh: " + path);
  }
  if (version == kSchemaVersion) return Status::OK();
  // A write-ahead log lets several processes record chunks without waiting for readers.
  // Where it cannot be had (another process is opening, a network disk) the usual journal
  // does as well.
  [[maybe_unused]] Status faster = database.Execute("PRAGMA journal_mode = WAL");
  return database.Execute(kCreateSchema);
}

Result<Run> RunOf(const sqlite::Statement& row) {
  Run run{.run_id = std::string(row.text_at(0)),
          .command = std::string(row.text_at(1)),
          .source = std::string(row.text_at(2)),
          .target = std::string(row.text_at(3)),
          .started_ms = row.int_at(4),
          .status = std::string(row.text_at(6))};
  if (row.class_of(5) != sqlite::ValueClass::kNull) run.finished_ms = row.int_at(5);
  SLUICE_ASSIGN(run.report, ParseJson(row.text_at(7)));
  return run;
}

Result<ChunkRecord> ChunkOf(const sqlite::Statement& row) {
  ChunkRecord record{.run_id = std::string(row.text_at(0)),
                     .table = std::string(row.text_at(1)),
                     .split_id = std::string(row.text_at(2)),
                     .attempt = static_cast<int>(row.int_at(3)),
                     .status = std::string(row.text_at(4)),
                     .rows = row.int_at(5),
                     .bytes = row.int_at(6)};
  SLUICE_ASSIGN(record.receipt, ParseJson(row.text_at(7)));
  return record;
}

}  // namespace

struct State::Impl {
  Impl(std::unique_ptr<sqlite::Database> opened, Clock& clock)
      : database(std::move(opened)), clock(clock) {}

  std::mutex mutex;  // of database
  std::unique_ptr<sqlite::Database> database;
  Clock& clock;

  Result<std::vector<Run>> SelectRuns(sqlite::Statement select);
};

State::State(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
State::~State() = default;

Result<std::unique_ptr<State>> State::Open(const std::string& path, Clock& clock) {
  if (path != ":memory:") SLUICE_TRY(sqlite::MakeDirectoryOf(path));
  auto database = sqlite::Database::Open(path, {.create = true});
  if (!database.ok()) return Within("open the state", database.status());
  // What a power cut could take are records of runs that are looked up again in the
  // tables.
  SLUICE_TRY((*database)->Execute("PRAGMA synchronous = NORMAL"));
  Status prepared = PrepareSchema(**database, path);
  if (!prepared.ok()) return Within("open the state", prepared);
  auto impl = std::make_unique<Impl>(*std::move(database), clock);
  return std::unique_ptr<State>(new State(std::move(impl)));
}

Status State::StartRun(const Run& run) {
  std::lock_guard lock(impl_->mutex);
  SLUICE_ASSIGN(auto insert, impl_->database->Prepare(
                                 "INSERT INTO runs VALUES (?, ?, ?, ?, ?, NULL, ?, ?)"));
  int64_t started_ms = run.started_ms != 0 ? run.started_ms : impl_->clock.NowMs();
  insert.Bind(1, run.run_id).Bind(2, run.command).Bind(3, run.source).Bind(4, run.target);
  insert.Bind(5, started_ms).Bind(6, run.status.empty() ? "running" : run.status);
  Status inserted = insert.Bind(7, ToText(run.report)).Run();
  if (KindOf(inserted) != ErrorKind::kAlreadyExists) return inserted;
  return Error(ErrorKind::kAlreadyExists, "a run of this id is known: " + run.run_id,
               {{"run", run.run_id}});
}

Status State::FinishRun(const std::string& run_id, const std::string& status,
                        const Json& report) {
  std::lock_guard lock(impl_->mutex);
  SLUICE_ASSIGN(
      auto update,
      impl_->database->Prepare("UPDATE runs SET finished_ms = ?, status = ?, report = ? "
                               "WHERE run_id = ?"));
  update.Bind(1, impl_->clock.NowMs()).Bind(2, status).Bind(3, ToText(report));
  SLUICE_TRY(update.Bind(4, run_id).Run());
  if (impl_->database->changes() == 1) return Status::OK();
  return Error(ErrorKind::kNotFound, "no run of this id is known: " + run_id,
               {{"run", run_id}});
}

Result<std::vector<Run>> State::Impl::SelectRuns(sqlite::Statement select) {
  std::vector<Run> runs;
  while (true) {
    SLUICE_ASSIGN(bool row, select.Step());
    if (!row) return runs;
    SLUICE_ASSIGN(Run run, RunOf(select));
    runs.push_back(std::move(run));
  }
}

Result<std::optional<Run>> State::FindRun(const std::string& run_id) {
  std::lock_guard lock(impl_->mutex);
  SLUICE_ASSIGN(auto select,
                impl_->database->Prepare(fmt::format("{}WHERE run_id = ?", kSelectRuns)));
  select.Bind(1, run_id);
  SLUICE_ASSIGN(auto runs, impl_->SelectRuns(std::move(select)));
  if (runs.empty()) return std::optional<Run>();
  return std::optional<Run>(std::move(runs[0]));
}

Result<std::vector<Run>> State::ListRuns(int64_t limit) {
  std::lock_guard lock(impl_->mutex);
  SLUICE_ASSIGN(auto select,
                impl_->database->Prepare(fmt::format(
                    "{}ORDER BY started_ms DESC, rowid DESC LIMIT ?", kSelectRuns)));
  select.Bind(1, std::max<int64_t>(0, limit));
  return impl_->SelectRuns(std::move(select));
}

Status State::RecordChunk(const ChunkRecord& record) {
  std::lock_guard lock(impl_->mutex);
  SLUICE_ASSIGN(auto insert,
                impl_->database->Prepare(
                    "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.Bind(1, record.run_id).Bind(2, record.table).Bind(3, record.split_id);
  insert.Bind(4, int64_t{record.attempt}).Bind(5, record.status);
  insert.Bind(6, record.rows).Bind(7, record.bytes).Bind(8, ToText(record.receipt));
  return insert.Run();
}

Result<std::vector<ChunkRecord>> State::ListChunks(const std::string& run_id) {
  std::lock_guard lock(impl_->mutex);
  SLUICE_ASSIGN(
      auto select,
      impl_->database->Prepare(
          "SELECT run_id, table_name, split_id, attempt, status, num_rows, num_bytes, "
          "receipt FROM chunks WHERE run_id = ? ORDER BY table_name, split_id, attempt"));
  select.Bind(1, run_id);
  std::vector<ChunkRecord> records;
  while (true) {
    SLUICE_ASSIGN(bool row, select.Step());
    if (!row) return records;
    SLUICE_ASSIGN(ChunkRecord record, ChunkOf(select));
    records.push_back(std::move(record));
  }
}

}  // namespace sluice::state
