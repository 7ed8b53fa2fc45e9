#include "sql/engine.h"

#include <utility>

#include <arrow/record_batch.h>

#include "base/random.h"
#include "sql/errors.h"
#include "sql/instance.h"
#include "sql/lake_access.h"
#include "sql/result_reader.h"
#include "sql/statements.h"

namespace sluice::sql {

struct Engine::Impl {
  LakeAccess access;
  std::unique_ptr<Instance> instance;  // uses access

  duckdb::ClientContext& context() { return *instance->connection().context; }
  Result<duckdb::unique_ptr<duckdb::PendingQueryResult>> Plan(
      duckdb::unique_ptr<duckdb::SQLStatement> statement);
  Status Run(duckdb::unique_ptr<duckdb::SQLStatement> statement, std::stop_token stop,
             const std::function<Status(StatementResult&)>& on_result);
};

namespace {

Status Stopped() {
  return Error(ErrorKind::kCancelled, "the statement was stopped on request");
}

Result<int64_t> ChangedRows(duckdb::QueryResult& result) {
  const auto chunk = result.Fetch();
  if (result.HasError()) return StatusFromError(result.GetErrorObject());
  if (!chunk || chunk->size() == 0) return 0;
  return chunk->GetValue(0, 0).GetValue<int64_t>();
}

Status Drain(duckdb::QueryResult& result) {
  while (auto chunk = result.FetchRaw()) {
    if (chunk->size() == 0) break;
  }
  return result.HasError() ? StatusFromError(result.GetErrorObject()) : Status::OK();
}

}  // namespace

Result<duckdb::unique_ptr<duckdb::PendingQueryResult>> Engine::Impl::Plan(
    duckdb::unique_ptr<duckdb::SQLStatement> statement) {
  auto pending = instance->connection().PendingQuery(std::move(statement), true);
  if (pending->HasError()) return StatusFromError(pending->GetErrorObject());
  return pending;
}

Status Engine::Impl::Run(duckdb::unique_ptr<duckdb::SQLStatement> statement,
                         std::stop_token stop,
                         const std::function<Status(StatementResult&)>& on_result) {
  StatementResult outcome;
  outcome.kind = KindText(*statement);
  SLUICE_TRY(CheckAllowed(*statement));
  ListLakeForShowTables(instance->connection(), &statement);
  SLUICE_ASSIGN(auto pending, Plan(std::move(statement)));
  // Planning forgets earlier interrupts, so from here on a stop that has come already
  // counts.
  std::stop_callback interrupt(stop, [this] { instance->connection().Interrupt(); });
  auto result = pending->Execute();
  pending.reset();
  if (result->HasError()) return StatusFromError(result->GetErrorObject());
  switch (result->properties.return_type) {
    case duckdb::StatementReturnType::QUERY_RESULT:
      outcome.reader = MakeResultReader(context(), std::move(result));
      break;
    case duckdb::StatementReturnType::CHANGED_ROWS: {
      SLUICE_ASSIGN(outcome.rows_changed, ChangedRows(*result));
      break;
    }
    case duckdb::StatementReturnType::NOTHING:
      if (outcome.kind == kCreateTableAs) {
        SLUICE_ASSIGN(outcome.rows_changed, ChangedRows(*result));
      }
      SLUICE_TRY(Drain(*result));
      break;
  }
  result.reset();
  SLUICE_TRY(on_result(outcome));
  if (outcome.reader) return outcome.reader->Close();
  return Status::OK();
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::Make(const EngineOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->access.options = options;
  impl->access.capability = Random::System().Uuid();
  SLUICE_ASSIGN(impl->instance, Instance::Open(impl->access));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Status Engine::Execute(std::string_view text, std::stop_token stop,
                       const std::function<Status(StatementResult&)>& on_result) {
  SLUICE_ASSIGN(Statements statements,
                ParseStatements(impl_->instance->connection(), text));
  for (auto& statement : statements) {
    if (stop.stop_requested()) return Stopped();
    SLUICE_TRY(
        CatchErrors([&] { return impl_->Run(std::move(statement), stop, on_result); }));
  }
  return Status::OK();
}

double Engine::ProgressPercent() const {
  return impl_->context().GetQueryProgress().GetPercentage();
}

}  // namespace sluice::sql
