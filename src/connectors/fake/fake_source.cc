#include "connectors/fake/fake_source.h"

#include <algorithm>
#include <stdexcept>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/text.h"

namespace sluice::connectors::fake {
namespace {

class FakeReader final : public connect::Reader {
 public:
  FakeReader(const FakeTable& table, int64_t first, int64_t end)
      : table_(table), maker_{table.schema, table.seed}, next_(first), end_(end) {}

  Result<connect::Chunk> Next(const connect::Wait& wait) override {
    if (table_.gate && !table_.gate->Pass(wait.stop)) return Stopped();
    if (wait.stop.stop_requested()) return Stopped();
    bool faulty =
        table_.fault && table_.fault->at_row >= next_ && table_.fault->at_row < end_;
    if (faulty && table_.fault->at_row == next_) return Break(wait);
    if (next_ == end_) return connect::Chunk{};
    int64_t stop_at = faulty ? table_.fault->at_row : end_;
    int64_t count = std::min(table_.batch_rows, stop_at - next_);
    SLUICE_ASSIGN(auto batch, maker_.Make(next_, count));
    next_ += count;
    return connect::Chunk{.state = connect::Chunk::State::kRows,
                          .batch = std::move(batch),
                          .last = connect::Position{.value = next_}};
  }

  Status Close() override { return Status::OK(); }

 private:
  static Status Stopped() { return Error(ErrorKind::kCancelled, "stopped on request"); }

  Result<connect::Chunk> Break(const connect::Wait& wait) {
    switch (table_.fault->kind) {
      case ReadFault::Kind::kError:
        return Error(table_.fault->error,
                     fmt::format("the fake source fails as asked, table {}, row {}",
                                 table_.name, next_),
                     {{"table", table_.name}, {"row", std::to_string(next_)}});
      case ReadFault::Kind::kThrow:
        throw std::runtime_error("thrown by the fake source as asked");
      case ReadFault::Kind::kStall: {
        Gate closed;
        closed.Pass(wait.stop);
        return Stopped();
      }
      case ReadFault::Kind::kEndEarly:
        return connect::Chunk{};
    }
    return Stopped();
  }

  const FakeTable& table_;
  const RowMaker maker_;
  int64_t next_;
  const int64_t end_;
};

Result<std::shared_ptr<arrow::Schema>> Projected(const FakeTable& table,
                                                 const connect::Selection& selection) {
  if (selection.columns.empty()) return table.schema;
  return Error(
      ErrorKind::kUserInput,
      "the fake source reads whole tables; leave the columns out: " + table.name);
}

}  // namespace

FakeSource::FakeSource(std::vector<FakeTable> tables) : tables_(std::move(tables)) {
  for (FakeTable& table : tables_) {
    if (!table.schema) table.schema = NamedSchema("orders").ValueOrDie();
  }
}

Result<const FakeTable*> FakeSource::Find(const connect::Selection& selection) const {
  if (!selection.table || !selection.where.empty()) {
    return Error(ErrorKind::kUserInput,
                 "the fake source reads tables only; it has no query and no condition");
  }
  std::vector<std::string> names;
  for (const FakeTable& table : tables_) {
    if (table.name == selection.table->name) return &table;
    names.push_back(table.name);
  }
  return Error(ErrorKind::kNotFound,
               fmt::format("no table of this name; there are {}: {}", Join(names, ", "),
                           selection.Label()),
               {{"table", selection.Label()}});
}

Result<std::vector<connect::TableName>> FakeSource::List(const std::string& pattern) {
  std::vector<connect::TableName> names;
  for (const FakeTable& table : tables_) {
    if (MatchesPattern(pattern, table.name))
      names.push_back({.schema = "", .name = table.name});
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<connect::TableSchema> FakeSource::Describe(const connect::Selection& selection) {
  SLUICE_ASSIGN(const FakeTable* table, Find(selection));
  SLUICE_ASSIGN(auto schema, Projected(*table, selection));
  connect::TableSchema result{.name = selection.Label(), .columns = {}, .key = {}};
  for (const auto& field : schema->fields()) {
    bool first = result.columns.empty();
    result.columns.push_back(
        {.name = field->name(),
         .source_type = field->type()->ToString(),
         .field = field,
         .fidelity = first ? types::Fidelity::kExact : table->fidelity,
         .note = ""});
  }
  if (!schema->fields().empty()) result.key = {schema->field(0)->name()};
  return result;
}

Result<connect::SnapshotInfo> FakeSource::BeginSnapshot() {
  return connect::SnapshotInfo{.consistency = connect::Consistency::kStatic,
                               .how = "made from a seed",
                               .position = ""};
}

Result<connect::ReadPlan> FakeSource::Plan(const connect::Selection& selection) {
  SLUICE_ASSIGN(const FakeTable* table, Find(selection));
  SLUICE_TRY(Projected(*table, selection));
  connect::ReadPlan plan{.splits = {},
                         .method = fmt::format("row number, {} ranges", table->splits),
                         .estimated_rows = table->rows,
                         .estimated_bytes = -1};
  for (int i = 0; i < table->splits; ++i) {
    int64_t first = table->rows * i / table->splits;
    int64_t end = table->rows * (i + 1) / table->splits;
    plan.splits.push_back({.id = fmt::format("s{:04d}", i),
                           .selection = selection,
                           .range = {{"first", first}, {"end", end}},
                           .text = fmt::format("rows {} to {}", first, end),
                           .estimated_rows = end - first,
                           .estimated_bytes = -1});
  }
  return plan;
}

Result<std::unique_ptr<connect::Reader>> FakeSource::Open(const connect::Split& split,
                                                          const connect::Position& from) {
  SLUICE_ASSIGN(const FakeTable* table, Find(split.selection));
  SLUICE_ASSIGN(int64_t first, GetInt(split.range, "first"));
  SLUICE_ASSIGN(int64_t end, GetInt(split.range, "end"));
  if (!from.value.is_null()) first = from.value.get<int64_t>();
  if (table->fault && table->fault->at_row < 0) {
    if (table->fault->kind == ReadFault::Kind::kThrow) {
      throw std::runtime_error("thrown by the fake source as asked");
    }
    return Error(table->fault->error,
                 "the fake source cannot be opened, as asked, table " + table->name);
  }
  return std::make_unique<FakeReader>(*table, first, end);
}

Result<connect::Diagnosis> FakeSource::Diagnose() {
  connect::Diagnosis diagnosis{.server = "fake source", .findings = {}};
  for (const FakeTable& table : tables_) {
    diagnosis.findings.push_back({.level = connect::Finding::Level::kOk,
                                  .what = "can read " + table.name,
                                  .remedy = ""});
  }
  return diagnosis;
}

}  // namespace sluice::connectors::fake
