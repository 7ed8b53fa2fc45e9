#include <limits>

#include "formats/avro/file.h"
#include "table/avro_record_internal.h"
#include "table/manifest.h"
#include "table/manifest_schema_internal.h"

namespace sluice::table {
namespace {

namespace avro = formats::avro;

avro::Datum OptionalDatum(const auto& value) {
  return value ? avro::Datum(*value) : avro::Datum();
}

avro::Datum SummariesDatum(const std::vector<FieldSummary>& summaries) {
  avro::Datums items;
  for (const FieldSummary& summary : summaries) {
    items.push_back(avro::Datums{
        summary.contains_null, OptionalDatum(summary.contains_nan),
        OptionalDatum(summary.lower_bound), OptionalDatum(summary.upper_bound)});
  }
  return items;
}

// In the order of ManifestListAvroSchema.
avro::Datum LineDatum(const ManifestFile& manifest, int64_t snapshot_sequence) {
  auto number = [](int64_t value) { return avro::Datum(value); };
  auto sequence = [&](int64_t value) {
    return number(value == kUnassignedSequence ? snapshot_sequence : value);
  };
  return avro::Datums{manifest.path,
                      number(manifest.length),
                      number(manifest.spec_id),
                      number(manifest.content == FileContent::kData ? 0 : 1),
                      sequence(manifest.sequence_number),
                      sequence(manifest.min_sequence_number),
                      number(manifest.added_snapshot_id),
                      number(manifest.added_files),
                      number(manifest.existing_files),
                      number(manifest.deleted_files),
                      number(manifest.added_rows),
                      number(manifest.existing_rows),
                      number(manifest.deleted_rows),
                      SummariesDatum(manifest.partitions),
                      avro::Datum()};
}

Result<std::vector<FieldSummary>> ReadSummaries(const AvroRecord& line) {
  std::vector<FieldSummary> summaries;
  const avro::Schema* item = nullptr;
  SLUICE_ASSIGN(const avro::Datums* items, line.FindArray(507, "partitions", &item));
  if (!items) return summaries;
  for (const avro::Datum& datum : *items) {
    SLUICE_ASSIGN(AvroRecord record, AvroRecord::Make(*item, datum));
    FieldSummary summary;
    SLUICE_ASSIGN(auto contains_null, record.FindBool(509, "contains_null"));
    summary.contains_null = contains_null.value_or(true);
    SLUICE_ASSIGN(summary.contains_nan, record.FindBool(518, "contains_nan"));
    SLUICE_ASSIGN(summary.lower_bound, record.FindBytes(510, "lower_bound"));
    SLUICE_ASSIGN(summary.upper_bound, record.FindBytes(511, "upper_bound"));
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

Result<int> ReadCount(const AvroRecord& line, int id, std::string_view name) {
  SLUICE_ASSIGN(auto count, line.FindLong(id, name));
  if (!count) return kUnknownCount;
  if (*count < 0 || *count > std::numeric_limits<int>::max()) {
    return Error(ErrorKind::kCorrupt, "count is out of range: " + std::string(name));
  }
  return static_cast<int>(*count);
}

Status ReadCounts(const AvroRecord& line, ManifestFile* manifest) {
  SLUICE_ASSIGN(manifest->added_files, ReadCount(line, 504, "added_files_count"));
  SLUICE_ASSIGN(manifest->existing_files, ReadCount(line, 505, "existing_files_count"));
  SLUICE_ASSIGN(manifest->deleted_files, ReadCount(line, 506, "deleted_files_count"));
  SLUICE_ASSIGN(auto added_rows, line.FindLong(512, "added_rows_count"));
  manifest->added_rows = added_rows.value_or(kUnknownCount);
  SLUICE_ASSIGN(auto existing_rows, line.FindLong(513, "existing_rows_count"));
  manifest->existing_rows = existing_rows.value_or(kUnknownCount);
  SLUICE_ASSIGN(auto deleted_rows, line.FindLong(514, "deleted_rows_count"));
  manifest->deleted_rows = deleted_rows.value_or(kUnknownCount);
  return Status::OK();
}

// What version 1 does not have stands at the value that version 2 gives it.
Result<ManifestFile> ReadLine(const AvroRecord& line) {
  ManifestFile manifest;
  SLUICE_ASSIGN(manifest.path, line.GetBytes(500, "manifest_path"));
  SLUICE_ASSIGN(manifest.length, line.GetLong(501, "manifest_length"));
  SLUICE_ASSIGN(manifest.spec_id, ReadCount(line, 502, "partition_spec_id"));
  SLUICE_ASSIGN(auto content, line.FindLong(517, "content"));
  manifest.content =
      content.value_or(0) == 0 ? FileContent::kData : FileContent::kPositionDeletes;
  SLUICE_ASSIGN(auto sequence, line.FindLong(515, "sequence_number"));
  manifest.sequence_number = sequence.value_or(0);
  SLUICE_ASSIGN(auto min_sequence, line.FindLong(516, "min_sequence_number"));
  manifest.min_sequence_number = min_sequence.value_or(0);
  SLUICE_ASSIGN(auto snapshot_id, line.FindLong(503, "added_snapshot_id"));
  manifest.added_snapshot_id = snapshot_id.value_or(-1);
  SLUICE_TRY(ReadCounts(line, &manifest));
  SLUICE_ASSIGN(manifest.partitions, ReadSummaries(line));
  return manifest;
}

Result<std::vector<ManifestFile>> ReadLines(std::string_view bytes) {
  SLUICE_ASSIGN(avro::FileReader reader, avro::FileReader::Open(bytes));
  std::vector<ManifestFile> manifests;
  avro::Datum datum;
  while (true) {
    SLUICE_ASSIGN(bool more, reader.Next(&datum));
    if (!more) return manifests;
    SLUICE_ASSIGN(AvroRecord line, AvroRecord::Make(reader.schema(), datum));
    SLUICE_ASSIGN(ManifestFile manifest, ReadLine(line));
    manifests.push_back(std::move(manifest));
  }
}

}  // namespace

Result<std::string> EncodeManifestList(const Snapshot& snapshot,
                                       const std::vector<ManifestFile>& manifests) {
  const auto& parent = snapshot.parent_snapshot_id;
  SLUICE_ASSIGN(auto writer,
                avro::FileWriter::Make(
                    ManifestListAvroSchema(),
                    {{"snapshot-id", std::to_string(snapshot.snapshot_id)},
                     {"parent-snapshot-id", parent ? std::to_string(*parent) : "null"},
                     {"sequence-number", std::to_string(snapshot.sequence_number)},
                     {"format-version", "2"}},
                    avro::Codec::kDeflate));
  for (const ManifestFile& manifest : manifests) {
    SLUICE_TRY(writer.Append(LineDatum(manifest, snapshot.sequence_number)));
  }
  return writer.Finish();
}

Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes,
                                                     const std::string& path) {
  Result<std::vector<ManifestFile>> manifests = ReadLines(bytes);
  SLUICE_TRY(Within("manifest list " + path, manifests.status(), {{"file", path}}));
  return manifests;
}

}  // namespace sluice::table
