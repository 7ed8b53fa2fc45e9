#include "table/snapshot_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/failpoint.h"
#include "io/file_system.h"
#include "table/manifest_schema_internal.h"
#include "table/snapshot_writer_internal.h"

namespace sluice::table {
namespace {

int64_t RandomSnapshotId(Random& random) {
  // Positive, as Java's are.
  return static_cast<int64_t>(random.Next() & 0x7fffffffffffffffu);
}

}  // namespace

SnapshotWriter::SnapshotWriter(SnapshotChange change, std::string commit_id, Clock& clock,
                               Random& random)
    : change_(std::move(change)),
      commit_id_(std::move(commit_id)),
      clock_(clock),
      random_(random) {}

Status SnapshotWriter::ChooseSnapshotId(const TableMetadata& base) {
  if (snapshot_id_ != 0 && base.FindSnapshot(snapshot_id_)) {
    return Error(ErrorKind::kAlreadyExists,
                 "an earlier try of this commit has landed; do not repeat it: snapshot " +
                     std::to_string(snapshot_id_));
  }
  while (snapshot_id_ == 0 || base.FindSnapshot(snapshot_id_)) {
    snapshot_id_ = RandomSnapshotId(random_);
  }
  return Status::OK();
}

Status SnapshotWriter::WriteFile(const std::string& uri, std::string_view bytes) {
  SLUICE_ASSIGN(io::Location location, io::Locate(uri));
  SLUICE_TRY(io::CreateFile(location, bytes));
  staged_files_.push_back(uri);
  return Status::OK();
}

Result<ManifestFile> SnapshotWriter::WriteManifest(
    const TableMetadata& base, int spec_id, FileContent content,
    const std::vector<ManifestEntry>& entries) {
  const PartitionSpec* spec = base.FindSpec(spec_id);
  if (!spec) {
    return Error(ErrorKind::kInternal,
                 "file is of a partition spec that the table does not "
                 "have: " +
                     std::to_string(spec_id));
  }
  ManifestHeader header{
      .schema = SchemaOfSpec(base, *spec), .spec = *spec, .content = content};
  ManifestFile manifest;
  SLUICE_ASSIGN(std::string bytes, EncodeManifest(header, entries, &manifest));
  manifest.path = fmt::format("{}/metadata/{}-m{}.avro", base.location, commit_id_,
                              manifest_count_++);
  manifest.length = static_cast<int64_t>(bytes.size());
  manifest.added_snapshot_id = snapshot_id_;
  SLUICE_TRY(WriteFile(manifest.path, bytes));
  return manifest;
}

// Entries without numbers inherit them from the list, so the manifest fits every later
// try.
Status SnapshotWriter::WriteAddedManifests(const TableMetadata& base) {
  if (!added_manifests_.empty()) return Status::OK();
  std::map<std::pair<int, bool>, std::vector<ManifestEntry>> groups;
  for (const DataFile& file : change_.added) {
    groups[{file.spec_id, file.content == FileContent::kData}].push_back(
        {.status = EntryStatus::kAdded, .file = file});
  }
  std::vector<ManifestFile> written;
  for (const auto& [key, entries] : groups) {
    auto content = key.second ? FileContent::kData : FileContent::kPositionDeletes;
    SLUICE_ASSIGN(ManifestFile manifest,
                  WriteManifest(base, key.first, content, entries));
    written.push_back(std::move(manifest));
  }
  added_manifests_ = std::move(written);
  return Status::OK();
}

Result<StagedSnapshot> SnapshotWriter::Stage(const TableMetadata& base) {
  ++attempt_;
  SLUICE_TRY(ChooseSnapshotId(base));
  SLUICE_TRY(Failpoint("commit.before_manifest"));
  SLUICE_TRY(WriteAddedManifests(base));
  auto write_manifest = [&](int spec_id, FileContent content,
                            const std::vector<ManifestEntry>& entries) {
    return WriteManifest(base, spec_id, content, entries);
  };
  SLUICE_ASSIGN(RebasedManifests rebased,
                RebaseManifests(base, change_, snapshot_id_, write_manifest));
  SLUICE_TRY(Failpoint("commit.after_manifest"));

  std::vector<ManifestFile> manifests = added_manifests_;
  manifests.insert(manifests.end(), rebased.manifests.begin(), rebased.manifests.end());
  StagedSnapshot staged;
  staged.snapshot = {
      .snapshot_id = snapshot_id_,
      .parent_snapshot_id = base.current_snapshot_id,
      .sequence_number = base.last_sequence_number + 1,
      .timestamp_ms = std::max(clock_.NowMs(), base.last_updated_ms),
      .manifest_list = fmt::format("{}/metadata/snap-{}-{}-{}.avro", base.location,
                                   snapshot_id_, attempt_, commit_id_),
      .summary = SummaryOf(base, change_, rebased.deleted, manifests),
      .schema_id = base.current_schema_id};
  SLUICE_ASSIGN(std::string list, EncodeManifestList(staged.snapshot, manifests));
  SLUICE_TRY(WriteFile(staged.snapshot.manifest_list, list));
  SLUICE_TRY(Failpoint("commit.after_manifest_list"));

  staged.requirements = {AssertTableUuid{base.table_uuid},
                         AssertRefSnapshotId{"main", base.current_snapshot_id}};
  SnapshotRef main{.snapshot_id = snapshot_id_};
  if (auto it = base.refs.find("main"); it != base.refs.end()) {
    main = it->second;  // keeps the branch's retention
    main.snapshot_id = snapshot_id_;
  }
  staged.updates = {AddSnapshot{staged.snapshot}, SetSnapshotRef{"main", main}};
  return staged;
}

std::vector<std::string> SnapshotWriter::StagedFiles() const { return staged_files_; }

}  // namespace sluice::table
