#include "connectors/lake/lake_sink.h"

#include <arrow/filesystem/filesystem.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/failpoint.h"
#include "catalog/sqlite_catalog.h"
#include "connectors/lake/data_files.h"
#include "connectors/lake/lake_commit.h"
#include "connectors/lake/lake_writer.h"
#include "io/file_system.h"

namespace sluice::connectors::lake {
namespace {

using connect::WriteMode;

// A load may have run for longer than gc spares files; committing lost files would lose
// rows.
Status CheckPresent(const std::vector<table::DataFile>& files) {
  for (const table::DataFile& file : files) {
    SLUICE_ASSIGN(io::Location at, io::Locate(file.path));
    SLUICE_ASSIGN(auto info, at.file_system->GetFileInfo(at.path));
    if (info.IsFile() && info.size() == file.file_bytes) continue;
    return Error(
        ErrorKind::kConflict,
        "a file of this load was removed or changed before the commit, nothing is "
        "committed; import again: " +
            file.path,
        {{"file", file.path}});
  }
  return Status::OK();
}

class LakeSession final : public connect::WriteSession {
 public:
  LakeSession(std::shared_ptr<catalog::Catalog> catalog, CommitBase base, Load load,
              const LakeSinkOptions& options)
      : catalog_(std::move(catalog)),
        base_(std::move(base)),
        load_(std::move(load)),
        options_(options) {}

  Result<std::unique_ptr<connect::Writer>> OpenWriter(const connect::Split& split,
                                                      int attempt) override {
    return std::make_unique<LakeWriter>(load_, finished_, split.id, attempt);
  }

  Result<connect::CommitOutcome> Commit(std::span<const connect::Receipt> receipts,
                                        const connect::CommitRequest& request) override {
    auto files = FilesOfReceipts(receipts);
    Status ready = files.ok() ? Failpoint("lake.before_commit") : files.status();
    if (ready.ok()) ready = CheckPresent(*files);
    if (!ready.ok()) {
      Abort();
      return ready;
    }
    CommitResult result = CommitLoad(*catalog_, base_, load_,
                                     std::move(files).ValueUnsafe(), request, options_);
    std::vector<std::string> data_files = finished_.Take();
    if (result.surely_not_landed) {
      RemoveFiles(data_files);
      RemoveFiles(result.staged_files);
    }
    return result.outcome;
  }

  void Abort() override { RemoveFiles(finished_.Take()); }

 private:
  std::shared_ptr<catalog::Catalog> catalog_;
  const CommitBase base_;
  const Load load_;
  const LakeSinkOptions options_;
  FinishedFiles finished_;
};

// Finds out before the first row that nothing can be written: a full disk, a missing
// right.
Status TryToWrite(const std::string& location, const std::string& run_id) {
  SLUICE_ASSIGN(io::Location probe,
                io::Locate(fmt::format("{}/data/.{}.probe", location, run_id)));
  SLUICE_TRY(io::CreateFile(probe, "sluice"));
  return probe.file_system->DeleteFile(probe.path);
}

class LakeSink final : public connect::Sink {
 public:
  LakeSink(std::shared_ptr<catalog::Catalog> catalog, catalog::TableIdent ident,
           LakeSinkOptions options)
      : catalog_(std::move(catalog)),
        ident_(std::move(ident)),
        options_(std::move(options)) {}

  Result<std::vector<connect::SchemaChange>> Preview(const connect::TableSchema& schema,
                                                     WriteMode mode) override {
    SLUICE_ASSIGN(CommitBase base, Look(mode));
    SchemaFit fit = FitTo(base, schema);
    if (base.table && mode == WriteMode::kErrorIfExists) {
      fit.changes.insert(fit.changes.begin(), {.kind = connect::SchemaChange::Kind::kNone,
                                               .text = ExistsText(),
                                               .allowed = false});
    }
    return fit.changes;
  }

  Result<std::unique_ptr<connect::WriteSession>> Begin(
      const connect::TableSchema& schema, WriteMode mode,
      const std::string& run_id) override {
    SLUICE_ASSIGN(CommitBase base, Look(mode));
    if (base.table && mode == WriteMode::kErrorIfExists) {
      return Error(ErrorKind::kAlreadyExists, ExistsText(),
                   {{"table", ident_.ToString()}});
    }
    Load load{.run_id = run_id,
              .location = "",
              .fit = FitTo(base, schema),
              .spec = {},
              .arrow_schema = schema.ArrowSchema(),
              .parquet = options_.parquet,
              .target_file_bytes = options_.target_file_bytes,
              .partition_files_max = std::max(1, options_.partition_files_max)};
    SLUICE_TRY(Within(Describe(), load.fit.Check(), {{"table", ident_.ToString()}}));
    SLUICE_ASSIGN(load.location, LocationOf(base));
    SLUICE_ASSIGN(load.spec, SpecOf(base, load.fit.schema));
    load.parquet.key_value_metadata["iceberg.schema"] = ToText(load.fit.schema.ToJson());
    SLUICE_TRY(Within(Describe(), TryToWrite(load.location, run_id)));
    SLUICE_TRY(Failpoint("lake.after_begin"));
    return std::make_unique<LakeSession>(catalog_, std::move(base), std::move(load),
                                         options_);
  }

  std::string Describe() const override { return "lake table " + ident_.ToString(); }

 private:
  std::string ExistsText() const {
    return fmt::format(
        "lake table {} exists; use mode append or overwrite, or another name",
        ident_.ToString());
  }

  Result<CommitBase> Look(WriteMode mode) const {
    if (mode != WriteMode::kAppend && mode != WriteMode::kOverwrite &&
        mode != WriteMode::kErrorIfExists) {
      return Error(ErrorKind::kUserInput,
                   fmt::format("a lake table is loaded with mode append, overwrite or "
                               "error-if-exists, not with {}",
                               connect::WriteModeName(mode)));
    }
    CommitBase base{.ident = ident_, .mode = mode, .table = {}};
    auto loaded = catalog_->LoadTable(ident_);
    if (loaded.ok()) {
      base.table = std::move(loaded).ValueUnsafe();
    } else if (KindOf(loaded.status()) != ErrorKind::kNotFound) {
      return loaded.status();
    }
    return base;
  }

  static SchemaFit FitTo(const CommitBase& base, const connect::TableSchema& schema) {
    if (!base.table) return FitNewTable(schema);
    return base.mode == WriteMode::kOverwrite ? FitOverwrite(schema, base.table->metadata)
                                              : FitAppend(schema, base.table->metadata);
  }

  Result<std::string> LocationOf(const CommitBase& base) const {
    if (base.table) return base.table->metadata.location;
    return io::CanonicalUri(catalog::TableLocation(options_.warehouse, ident_));
  }

  // The table's own partitioning when it is there; asking for another one is an error.
  Result<table::PartitionSpec> SpecOf(const CommitBase& base,
                                      const table::Schema& schema) const {
    if (!base.table) {
      if (options_.partition_by.empty()) return table::PartitionSpec{};
      return table::PartitionSpec::Parse(options_.partition_by, schema);
    }
    const table::PartitionSpec& spec = base.table->metadata.DefaultSpec();
    if (options_.partition_by.empty()) return spec;
    SLUICE_ASSIGN(auto asked, table::PartitionSpec::Parse(options_.partition_by, schema));
    bool same = asked.fields.size() == spec.fields.size();
    for (size_t i = 0; same && i < spec.fields.size(); ++i) {
      same = asked.fields[i].source_id == spec.fields[i].source_id &&
             asked.fields[i].transform == spec.fields[i].transform;
    }
    if (same) return spec;
    return Error(
        ErrorKind::kUserInput,
        fmt::format("{} exists with another partitioning; leave the partitioning out, "
                    "or drop the table first: {}",
                    Describe(), options_.partition_by));
  }

  std::shared_ptr<catalog::Catalog> catalog_;
  const catalog::TableIdent ident_;
  const LakeSinkOptions options_;
};

}  // namespace

std::unique_ptr<connect::Sink> MakeLakeSink(std::shared_ptr<catalog::Catalog> catalog,
                                            catalog::TableIdent ident,
                                            LakeSinkOptions options) {
  return std::make_unique<LakeSink>(std::move(catalog), std::move(ident),
                                    std::move(options));
}

}  // namespace sluice::connectors::lake
