#include "connectors/lake/lake_commit.h"

#include <fmt/format.h>

#include "base/failpoint.h"

namespace sluice::connectors::lake {
namespace {

using connect::CommitOutcome;
using connect::WriteMode;
using MaybeTable = std::optional<catalog::LoadedTable>;

const table::Snapshot* FindRun(const table::TableMetadata& metadata,
                               const std::string& run_id) {
  for (const table::Snapshot& snapshot : metadata.snapshots) {
    auto found = snapshot.summary.find(kRunIdKey);
    if (found != snapshot.summary.end() && found->second == run_id) return &snapshot;
  }
  return nullptr;
}

std::optional<std::string> PropertyOf(const table::TableMetadata& metadata,
                                      const std::string& key) {
  auto found = metadata.properties.find(key);
  if (found == metadata.properties.end()) return {};
  return found->second;
}

// One load on its way into the table.
class Committing final {
 public:
  Committing(catalog::Catalog& catalog, const CommitBase& base, const Load& load,
             std::vector<table::DataFile> files, const connect::CommitRequest& request,
             const LakeSinkOptions& options)
      : catalog_(catalog),
        base_(base),
        load_(load),
        request_(request),
        options_(options),
        writer_(ChangeOf(base, std::move(files), request), options.random.Uuid(),
                options.clock, options.random) {}

  CommitResult Run() {
    auto retryable = [](ErrorKind kind) {
      return kind == ErrorKind::kConflict || kind == ErrorKind::kAlreadyExists ||
             kind == ErrorKind::kCommitUnknown || kind == ErrorKind::kUnavailable;
    };
    Status status = Retry(options_.commit_retry, options_.clock, options_.random, {},
                          retryable, [this](int) { return TryOnce(); });
    CommitResult result;
    result.staged_files = writer_.StagedFiles();
    if (outcome_) {
      // After a lost answer it may have landed and been expired or dropped since: keep
      // the files.
      result.surely_not_landed =
          outcome_->state == CommitOutcome::State::kConflict && !unknown_;
      result.outcome = *outcome_;
    } else if (unknown_) {
      result.outcome = CommitOutcome{.state = CommitOutcome::State::kUnknown,
                                     .snapshot_id = 0,
                                     .message = UnknownText(status)};
    } else if (KindOf(status) == ErrorKind::kConflict ||
               KindOf(status) == ErrorKind::kAlreadyExists) {
      result.surely_not_landed = true;
      result.outcome =
          CommitOutcome{.state = CommitOutcome::State::kConflict,
                        .snapshot_id = 0,
                        .message = fmt::format(
                            "others kept changing the table, {} tries were not enough; "
                            "import again: {}",
                            options_.commit_retry.attempts_max, MessageOf(status))};
    } else {
      result.outcome = status;
      result.surely_not_landed = SurelyAbsent();
    }
    return result;
  }

 private:
  static table::SnapshotChange ChangeOf(const CommitBase& base,
                                        std::vector<table::DataFile> files,
                                        const connect::CommitRequest& request) {
    table::SnapshotChange change{.added = std::move(files),
                                 .replace_all = base.mode == WriteMode::kOverwrite,
                                 .deleted_paths = {},
                                 .summary = request.summary};
    change.summary[kRunIdKey] = request.run_id;
    return change;
  }

  Result<MaybeTable> LoadNow() {
    auto loaded = catalog_.LoadTable(base_.ident);
    if (loaded.ok()) return MaybeTable(std::move(loaded).ValueUnsafe());
    if (KindOf(loaded.status()) == ErrorKind::kNotFound) return MaybeTable();
    return loaded.status();
  }

  // OK with outcome_ set ends the tries; so does an error that is not worth another one.
  Status TryOnce() {
    SLUICE_ASSIGN(MaybeTable now, LoadNow());
    if (const table::Snapshot* ours =
            now ? FindRun(now->metadata, request_.run_id) : nullptr) {
      outcome_ = CommitOutcome{.state = CommitOutcome::State::kCommitted,
                               .snapshot_id = ours->snapshot_id,
                               .message = ""};
      return Status::OK();
    }
    std::string lost = WhyLost(now);
    if (!lost.empty()) {
      outcome_ = CommitOutcome{.state = CommitOutcome::State::kConflict,
                               .snapshot_id = 0,
                               .message = std::move(lost)};
      return Status::OK();
    }
    auto committed = now ? Extend(*now) : Create();
    Status status = committed.status();
    if (status.ok() && !Failpoint("lake.after_commit").ok()) {
      status = Error(ErrorKind::kCommitUnknown, "failpoint fired: lake.after_commit");
    }
    if (KindOf(status) == ErrorKind::kCommitUnknown) unknown_ = true;
    SLUICE_TRY(status);
    outcome_ =
        CommitOutcome{.state = CommitOutcome::State::kCommitted,
                      .snapshot_id = committed->metadata.current_snapshot_id.value_or(0),
                      .message = ""};
    return Status::OK();
  }

  // Empty: the load may go on top of what is there now.
  std::string WhyLost(const MaybeTable& now) const {
    if (!now) {
      return base_.table ? "the table was dropped during the load; import again" : "";
    }
    const table::TableMetadata& metadata = now->metadata;
    if (!base_.table) {
      if (base_.mode != WriteMode::kAppend) {
        return "somebody else created the table during the load; look at it, then import "
               "again";
      }
    } else if (base_.table->metadata.table_uuid != metadata.table_uuid) {
      return "the table was dropped and created anew during the load; import again";
    } else if (base_.mode == WriteMode::kOverwrite &&
               (base_.table->metadata.current_snapshot_id !=
                    metadata.current_snapshot_id ||
                base_.table->metadata.current_schema_id != metadata.current_schema_id)) {
      return "somebody else changed the table during the load, an overwrite would lose "
             "their "
             "rows; import again";
    }
    for (const auto& [key, value] : request_.progress) {
      std::string property = kProgressPrefix + key;
      if (PropertyOf(metadata, property) != BaseProperty(property)) {
        return "another run moved this table's progress on, this one is fenced off; see "
               "which "
               "run it was: " +
               property;
      }
    }
    const table::PartitionSpec* spec = metadata.FindSpec(load_.spec.spec_id);
    if (!spec || spec->fields != load_.spec.fields) {
      return "the table's partitioning was changed during the load; import again";
    }
    if (base_.mode == WriteMode::kAppend && !NeedsSchema(metadata) &&
        !CanReadAs(load_.fit.schema, metadata.CurrentSchema())) {
      return "the table's schema was changed during the load in a way that does not take "
             "its "
             "rows; import again";
    }
    return "";
  }

  std::optional<std::string> BaseProperty(const std::string& key) const {
    if (!base_.table) return {};
    return PropertyOf(base_.table->metadata, key);
  }

  // Must this commit bring its schema, or is it there already?
  bool NeedsSchema(const table::TableMetadata& now) const {
    return load_.fit.changes_schema && base_.table &&
           now.current_schema_id == base_.table->metadata.current_schema_id;
  }

  void AddProgress(std::vector<table::Requirement>* requirements,
                   std::vector<table::Update>* updates) const {
    if (request_.progress.empty()) return;
    table::SetProperties set;
    for (const auto& [key, value] : request_.progress) {
      std::string property = kProgressPrefix + key;
      set.updates[property] = value;
      requirements->push_back(table::AssertProperty{property, BaseProperty(property)});
    }
    updates->push_back(std::move(set));
  }

  // The table with its first snapshot, in one step: nobody sees it empty.
  Result<catalog::LoadedTable> Create() {
    int64_t now_ms = options_.clock.NowMs();
    table::TableMetadata empty =
        table::NewTable(load_.fit.schema, load_.spec, load_.location,
                        {{"write.format.default", "parquet"},
                         {"write.parquet.compression-codec", load_.parquet.compression}},
                        options_.random.Uuid(), now_ms);
    SLUICE_ASSIGN(table::StagedSnapshot staged, writer_.Stage(empty));
    std::vector<table::Requirement> none_needed;
    std::vector<table::Update> updates = std::move(staged.updates);
    AddProgress(&none_needed, &updates);
    SLUICE_ASSIGN(table::TableMetadata full,
                  table::ApplyUpdates(empty, updates, "", now_ms));
    return catalog_.CreateTable(base_.ident, full);
  }

  Result<catalog::LoadedTable> Extend(const catalog::LoadedTable& now) {
    std::vector<table::Requirement> requirements = {
        table::AssertCurrentSchemaId{now.metadata.current_schema_id}};
    std::vector<table::Update> updates;
    table::TableMetadata evolved = now.metadata;
    if (NeedsSchema(now.metadata)) {
      updates.push_back(table::AddSchema{load_.fit.schema, load_.fit.last_column_id});
      updates.push_back(table::SetCurrentSchema{});
      requirements.push_back(
          table::AssertLastAssignedFieldId{base_.table->metadata.last_column_id});
      SLUICE_ASSIGN(evolved,
                    table::ApplyUpdates(now.metadata, updates, now.metadata_location,
                                        options_.clock.NowMs()));
    }
    SLUICE_ASSIGN(table::StagedSnapshot staged, writer_.Stage(evolved));
    requirements.insert(requirements.end(), staged.requirements.begin(),
                        staged.requirements.end());
    updates.insert(updates.end(), staged.updates.begin(), staged.updates.end());
    AddProgress(&requirements, &updates);
    return catalog_.CommitTable(base_.ident, requirements, updates);
  }

  bool SurelyAbsent() {
    auto now = LoadNow();
    return now.ok() && !(*now && FindRun((*now)->metadata, request_.run_id));
  }

  std::string UnknownText(const Status& last) const {
    return fmt::format(
        "the catalog did not say whether the commit landed and cannot be asked; "
        "its files are kept; look for {}={} in the table's snapshots before "
        "importing again: {}",
        kRunIdKey, request_.run_id, MessageOf(last));
  }

  catalog::Catalog& catalog_;
  const CommitBase& base_;
  const Load& load_;
  const connect::CommitRequest& request_;
  const LakeSinkOptions& options_;
  table::SnapshotWriter writer_;
  std::optional<CommitOutcome> outcome_;
  bool unknown_ = false;  // some try's answer was lost
};

}  // namespace

CommitResult CommitLoad(catalog::Catalog& catalog, const CommitBase& base,
                        const Load& load, std::vector<table::DataFile> files,
                        const connect::CommitRequest& request,
                        const LakeSinkOptions& options) {
  return Committing(catalog, base, load, std::move(files), request, options).Run();
}

}  // namespace sluice::connectors::lake
