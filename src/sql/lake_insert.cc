#include "sql/lake_insert.h"

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/random.h"
#include "sql/batch_builder.h"
#include "sql/duck_types.h"
#include "sql/errors.h"
#include "sql/lake_ddl.h"
#include "sql/not_null.h"

namespace sluice::sql {
namespace {

connect::TableSchema ToTableSchema(const catalog::TableIdent& ident,
                                   const arrow::Schema& schema,
                                   const duckdb::vector<duckdb::LogicalType>& types) {
  connect::TableSchema result;
  result.name = ident.ToString();
  for (int i = 0; i < schema.num_fields(); ++i) {
    connect::Column column;
    column.name = schema.field(i)->name();
    column.source_type = types[static_cast<size_t>(i)].ToString();
    column.field = schema.field(i);
    result.columns.push_back(std::move(column));
  }
  return result;
}

// One load, shared by the writers so that it outlives them; aborted unless it came to a
// commit.
struct Load {
  ~Load() {
    if (session && !commit_called) session->Abort();
  }
  std::string run_id;
  std::unique_ptr<connect::Sink> sink;
  std::unique_ptr<connect::WriteSession> session;
  std::atomic<int> splits = 0;
  bool commit_called = false;
};

struct GlobalState final : public duckdb::GlobalSinkState {
  std::shared_ptr<Load> load;
  std::mutex mutex;  // guards what follows
  std::vector<connect::Receipt> receipts;
  int64_t rows = 0;
};

struct LocalState final : public duckdb::LocalSinkState {
  ~LocalState() override {
    if (writer && !finished) writer->Abort();
  }
  std::shared_ptr<Load> load;
  std::unique_ptr<BatchBuilder> builder;  // null until the first row
  std::unique_ptr<connect::Writer> writer;
  bool finished = false;
};

Result<std::shared_ptr<Load>> BeginLoad(const LakeAccess& access,
                                        const WriteTarget& target) {
  auto load = std::make_shared<Load>();
  load->run_id = Random::System().Uuid();
  SLUICE_ASSIGN(load->sink, access.options.make_sink(target.ident));
  SLUICE_ASSIGN(load->session,
                load->sink->Begin(target.schema, target.mode, load->run_id));
  return load;
}

Status OpenWriter(LocalState* state) {
  connect::Split split;
  split.id = fmt::format("s{:04}", state->load->splits.fetch_add(1) + 1);
  split.text = "rows of a SQL statement";
  SLUICE_ASSIGN(state->writer, state->load->session->OpenWriter(split, 1));
  return Status::OK();
}

Status WriteBatch(const WriteTarget& target, LocalState* state,
                  const arrow::RecordBatch& batch) {
  SLUICE_TRY(CheckNotNull(target.ident.ToString(), batch));
  return state->writer->Write(batch);
}

Status CommitLoad(GlobalState* state) {
  Load& load = *state->load;
  load.commit_called = true;
  SLUICE_ASSIGN(const connect::CommitOutcome outcome,
                load.session->Commit(state->receipts, {load.run_id, {}, {}}));
  switch (outcome.state) {
    case connect::CommitOutcome::State::kCommitted:
      return Status::OK();
    case connect::CommitOutcome::State::kConflict:
      return Error(ErrorKind::kConflict, outcome.message);
    case connect::CommitOutcome::State::kUnknown:
      return Error(ErrorKind::kCommitUnknown, outcome.message);
  }
  return Status::OK();
}

}  // namespace

WriteTarget TargetOfInsert(const TableVersion& version) {
  WriteTarget target;
  target.ident = version.ident;
  for (const types::Field& field : version.schema.columns.fields) {
    target.types.push_back(ToDuckType(*field.type));
  }
  target.schema = ToTableSchema(version.ident, *version.schema.ToArrow(), target.types);
  return target;
}

WriteTarget TargetOfCreate(duckdb::ClientContext& context,
                           duckdb::SchemaCatalogEntry& schema,
                           const duckdb::CreateTableInfo& info) {
  WriteTarget target;
  target.ident = NewTableIdent(context, schema, info.table);
  for (const duckdb::ColumnDefinition& column : info.columns.Logical()) {
    target.types.push_back(KeptType(column.Type(), column.Name()));
  }
  target.schema = ToTableSchema(target.ident, *KeptSchema(info), target.types);
  target.mode = info.on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT
                    ? connect::WriteMode::kOverwrite
                    : connect::WriteMode::kErrorIfExists;
  return target;
}

LakeInsert::LakeInsert(duckdb::PhysicalPlan& plan,
                       duckdb::vector<duckdb::LogicalType> types,
                       const LakeAccess& access, WriteTarget target)
    : PhysicalOperator(plan, duckdb::PhysicalOperatorType::EXTENSION, std::move(types),
                       1),
      access_(access),
      target_(std::move(target)) {}

duckdb::unique_ptr<duckdb::GlobalSinkState> LakeInsert::GetGlobalSinkState(
    duckdb::ClientContext&) const {
  auto state = duckdb::make_uniq<GlobalState>();
  state->load = ValueOrThrow(BeginLoad(access_, target_));
  return state;
}

duckdb::unique_ptr<duckdb::LocalSinkState> LakeInsert::GetLocalSinkState(
    duckdb::ExecutionContext&) const {
  return duckdb::make_uniq<LocalState>();
}

duckdb::SinkResultType LakeInsert::Sink(duckdb::ExecutionContext& context,
                                        duckdb::DataChunk& chunk,
                                        duckdb::OperatorSinkInput& input) const {
  auto& state = input.local_state.Cast<LocalState>();
  if (!state.writer) {
    state.load = input.global_state.Cast<GlobalState>().load;
    ThrowIfFailed(OpenWriter(&state));
    state.builder = std::make_unique<BatchBuilder>(context.client, target_.types,
                                                   target_.schema.ArrowSchema());
  }
  ThrowIfFailed(state.builder->Append(chunk, [&](const arrow::RecordBatch& batch) {
    return WriteBatch(target_, &state, batch);
  }));
  return duckdb::SinkResultType::NEED_MORE_INPUT;
}

duckdb::SinkCombineResultType LakeInsert::Combine(
    duckdb::ExecutionContext&, duckdb::OperatorSinkCombineInput& input) const {
  auto& state = input.local_state.Cast<LocalState>();
  if (!state.writer) return duckdb::SinkCombineResultType::FINISHED;
  ThrowIfFailed(state.builder->Flush([&](const arrow::RecordBatch& batch) {
    return WriteBatch(target_, &state, batch);
  }));
  state.finished = true;
  auto receipt = ValueOrThrow(state.writer->Finish());
  auto& global = input.global_state.Cast<GlobalState>();
  std::lock_guard lock(global.mutex);
  global.rows += receipt.rows;
  global.receipts.push_back(std::move(receipt));
  return duckdb::SinkCombineResultType::FINISHED;
}

duckdb::SinkFinalizeType LakeInsert::Finalize(
    duckdb::Pipeline&, duckdb::Event&, duckdb::ClientContext&,
    duckdb::OperatorSinkFinalizeInput& input) const {
  auto& state = input.global_state.Cast<GlobalState>();
  // An INSERT of nothing changes nothing; CREATE TABLE AS without rows makes an empty
  // table.
  const bool nothing = state.rows == 0 && target_.mode == connect::WriteMode::kAppend;
  if (!nothing) ThrowIfFailed(CommitLoad(&state));
  return duckdb::SinkFinalizeType::READY;
}

duckdb::SourceResultType LakeInsert::GetDataInternal(duckdb::ExecutionContext&,
                                                     duckdb::DataChunk& chunk,
                                                     duckdb::OperatorSourceInput&) const {
  chunk.SetCardinality(1);
  chunk.SetValue(0, 0, duckdb::Value::BIGINT(sink_state->Cast<GlobalState>().rows));
  return duckdb::SourceResultType::FINISHED;
}

}  // namespace sluice::sql
