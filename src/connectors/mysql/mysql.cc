#include "connectors/mysql/mysql.h"

#include <map>
#include <mutex>

#include <arrow/type.h>
#include <fmt/format.h>

#include "connect/source.h"
#include "connectors/mysql/describe.h"
#include "connectors/mysql/diagnose.h"
#include "connectors/mysql/planner.h"
#include "connectors/mysql/reader.h"

namespace sluice::connectors::mysql {
namespace {

using connect::ReadOptions;
using connect::Selection;

constexpr int64_t kColumnBytesGuess = 12;  // where the server has no statistics

class MysqlSource final : public connect::Source {
 public:
  MysqlSource(Settings settings, ReadOptions options)
      : settings_(std::move(settings)),
        options_(options),
        pool_(&settings_, options.parallel) {}

  Result<std::vector<connect::TableName>> List(const std::string& pattern) override {
    std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(Session * scout, Scout());
    return ListTables(scout, pattern);
  }

  Result<connect::TableSchema> Describe(const Selection& selection) override {
    std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(Session * scout, Scout());
    SLUICE_ASSIGN(Described described, DescribeSelection(scout, selection, options_));
    promised_[ToText(selection.ToJson())] = described.schema.ArrowSchema();
    return std::move(described.schema);
  }

  Result<connect::SnapshotInfo> BeginSnapshot() override { return pool_.Begin(); }

  Result<connect::ReadPlan> Plan(const Selection& selection) override;
  Result<std::unique_ptr<connect::Reader>> Open(const connect::Split& split,
                                                const connect::Position& from) override;

  Result<connect::Diagnosis> Diagnose() override {
    std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(Session * scout, Scout());
    return DiagnoseServer(scout, options_.parallel);
  }

 private:
  /// The connection for questions, beside those for rows; needs mutex_.
  Result<Session*> Scout() {
    // It may have been idle for hours, and killed or forgotten meanwhile.
    if (scout_ == nullptr || !scout_->Query("DO 0", "ask the server").ok()) {
      SLUICE_ASSIGN(scout_, Session::Connect(settings_));
    }
    return scout_.get();
  }

  Status CheckPromise(const Selection& selection,
                      const std::vector<ResultColumn>& columns);

  const Settings settings_;
  const ReadOptions options_;
  SessionPool pool_;
  std::mutex mutex_;  // for all below
  std::unique_ptr<Session> scout_;
  std::map<std::string, std::shared_ptr<arrow::Schema>> promised_;  // by Describe
};

/// Rows of a query by the optimizer, when it says so of one table; else -1.
int64_t EstimateQuery(Session* session, const std::string& query) {
  auto rows = session->Query("EXPLAIN " + query, "estimate rows");
  const size_t at = session->is_mariadb() ? 8 : 9;
  if (!rows.ok() || rows->size() != 1 || rows->at(0).size() <= at || !rows->at(0)[at])
    return -1;
  return std::strtoll(rows->at(0)[at]->c_str(), nullptr, 10);
}

/// The key to cut by; nothing to cut by is no error.
Result<CutKey> KeyOf(const Selection& selection, const Described& described) {
  if (selection.table && described.facts.kind != "VIEW") {
    return ChooseKey(described.facts, selection.split_by);
  }
  CutKey key;
  if (selection.split_by.empty()) return key;
  for (const ResultColumn& column : described.columns) {
    if (column.column.name != selection.split_by) continue;
    auto usable = KeyColumnOf(column);
    if (!usable) break;
    key.columns.push_back(std::move(*usable));
    return key;
  }
  return Error(
      ErrorKind::kUserInput,
      fmt::format(
          "--split-by must be a number or date among the columns read from {}: {}",
          selection.Label(), selection.split_by));
}

Result<connect::ReadPlan> MysqlSource::Plan(const Selection& selection) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(Session * scout, Scout());
  SLUICE_ASSIGN(Described described, DescribeSelection(scout, selection, options_));
  SLUICE_ASSIGN(CutKey key, KeyOf(selection, described));
  SLUICE_ASSIGN(std::string from, FromText(*scout, selection));
  const int64_t rows =
      selection.table ? described.facts.rows : EstimateQuery(scout, selection.query);
  SLUICE_ASSIGN(CutPlan cut, Cut(scout, from, key, rows, options_));
  int64_t row_bytes = described.facts.row_bytes;
  if (row_bytes <= 0)
    row_bytes = kColumnBytesGuess * static_cast<int64_t>(described.columns.size());
  auto bytes = [&](int64_t count) { return count < 0 ? -1 : count * row_bytes; };
  connect::ReadPlan plan;
  plan.method = cut.method;
  if (!described.facts.transactional()) {
    plan.method +=
        "; engine " + described.facts.engine + ": no snapshot covers this table";
  }
  plan.estimated_rows = cut.rows;
  plan.estimated_bytes = bytes(cut.rows);
  for (const CutRange& range : cut.ranges) {
    connect::Split& split = plan.splits.emplace_back();
    split.id = fmt::format("s{:04}", plan.splits.size() - 1);
    split.selection = selection;
    split.range = Json{{"columns", described.names},
                       {"index", range.condition.empty() ? "" : key.index},
                       {"condition", range.condition},
                       {"nullable_only", described.nullable_only}};
    split.text = range.condition.empty() ? "all rows" : range.condition;
    split.estimated_rows = range.rows;
    split.estimated_bytes = bytes(range.rows);
  }
  return plan;
}

Status MysqlSource::CheckPromise(const Selection& selection,
                                 const std::vector<ResultColumn>& columns) {
  arrow::FieldVector fields;
  for (const ResultColumn& column : columns) fields.push_back(column.column.field);
  std::lock_guard lock(mutex_);
  const auto promised = promised_.find(ToText(selection.ToJson()));
  if (promised == promised_.end() || arrow::schema(fields)->Equals(*promised->second)) {
    return Status::OK();
  }
  return Error(ErrorKind::kConflict,
               "the table was altered after its columns were read: start again: " +
                   selection.Label(),
               {{"table", selection.Label()}});
}

Result<std::unique_ptr<connect::Reader>> MysqlSource::Open(
    const connect::Split& split, const connect::Position& from) {
  if (!from.value.is_null()) {
    return Error(ErrorKind::kUserInput,
                 "a split of this source is read from its beginning only: " + split.id);
  }
  ReadText text;
  SLUICE_ASSIGN(text.index, GetString(split.range, "index"));
  SLUICE_ASSIGN(text.condition, GetString(split.range, "condition"));
  SLUICE_ASSIGN(const bool nullable_only, GetBool(split.range, "nullable_only"));
  SLUICE_ASSIGN(const Json* names, GetArray(split.range, "columns"));
  for (const Json& name : *names) {
    if (!name.is_string()) {
      return Error(ErrorKind::kCorrupt, "a split's columns must be texts: " + split.id);
    }
    text.names.push_back(name.get<std::string>());
  }
  SLUICE_ASSIGN(auto lease, pool_.Take());
  const std::string doing = "read " + split.selection.Label() + ", split " + split.id;
  SLUICE_ASSIGN(std::string sql, SelectText(*lease->get(), split.selection, text));
  SLUICE_ASSIGN(auto statement, Statement::Prepare(lease->get(), sql, doing));
  SLUICE_ASSIGN(auto columns,
                ColumnsFromFields(statement->fields(), options_, nullable_only));
  SLUICE_TRY(CheckPromise(split.selection, columns));
  auto decoder = std::make_unique<Decoder>(
      split.selection.Label(), columns,
      Decoder::Limits{options_.batch_rows, options_.batch_bytes});
  return std::make_unique<MysqlReader>(&settings_, std::move(lease), std::move(statement),
                                       std::move(decoder), doing);
}

}  // namespace

connect::Connector MakeMysqlConnector() {
  return {"mysql",
          {"mysql", "mariadb"},
          [](const connect::Link& link,
             const ReadOptions& options) -> Result<std::unique_ptr<connect::Source>> {
            SLUICE_ASSIGN(Settings settings, Settings::FromLink(link));
            return std::make_unique<MysqlSource>(std::move(settings), options);
          }};
}

}  // namespace sluice::connectors::mysql
