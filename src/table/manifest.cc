#include "table/manifest.h"

#include <algorithm>
#include <limits>

#include "formats/avro/file.h"
#include "table/avro_record_internal.h"
#include "table/manifest_schema_internal.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

namespace avro = formats::avro;
using types::Primitive;

avro::Datum OptionalDatum(const std::optional<int64_t>& value) {
  return value ? avro::Datum(*value) : avro::Datum();
}

// Maps and lists without members are written as null, as other writers do.
template <typename T>
avro::Datum MapDatum(const std::map<int, T>& map) {
  if (map.empty()) return {};
  avro::Datums pairs;
  for (const auto& [id, value] : map) {
    pairs.push_back(avro::Datums{static_cast<int64_t>(id), value});
  }
  return pairs;
}

template <typename T>
avro::Datum ListDatum(const std::vector<T>& values) {
  if (values.empty()) return {};
  avro::Datums items;
  for (T value : values) items.push_back(static_cast<int64_t>(value));
  return items;
}

Result<avro::Datum> PartitionDatum(const DataFile& file,
                                   const std::vector<Primitive>& types,
                                   const avro::Schema& record) {
  if (file.partition.size() != types.size()) {
    return Error(ErrorKind::kInternal,
                 "file does not have one partition value per field: " + file.path);
  }
  avro::Datums values;
  for (size_t i = 0; i < types.size(); ++i) {
    const avro::Schema& avro_type = record.fields[i].type->NonNull();
    SLUICE_ASSIGN(avro::Datum value,
                  DatumFromValue(types[i], avro_type, file.partition[i]));
    values.push_back(std::move(value));
  }
  return avro::Datum(std::move(values));
}

// In the order of ManifestAvroSchema.
avro::Datum EntryDatum(const ManifestEntry& entry, avro::Datum partition) {
  const DataFile& file = entry.file;
  avro::Datum sort_order;
  if (file.sort_order_id) sort_order = static_cast<int64_t>(*file.sort_order_id);
  avro::Datums data_file = {static_cast<int64_t>(file.content),
                            file.path,
                            file.format,
                            std::move(partition),
                            file.record_count,
                            file.file_bytes,
                            MapDatum(file.column_bytes),
                            MapDatum(file.value_counts),
                            MapDatum(file.null_counts),
                            MapDatum(file.nan_counts),
                            MapDatum(file.lower_bounds),
                            MapDatum(file.upper_bounds),
                            avro::Datum(),
                            ListDatum(file.split_offsets),
                            ListDatum(file.equality_ids),
                            std::move(sort_order)};
  return avro::Datums{static_cast<int64_t>(entry.status),
                      OptionalDatum(entry.snapshot_id),
                      OptionalDatum(entry.sequence_number),
                      OptionalDatum(entry.file_sequence_number), std::move(data_file)};
}

// Later entries may inherit their number, live ones at least when they were just added.
Status CheckNumbers(const ManifestEntry& entry) {
  bool complete =
      entry.snapshot_id && entry.sequence_number && entry.file_sequence_number;
  if (entry.status == EntryStatus::kAdded || complete) return Status::OK();
  return Error(ErrorKind::kInternal,
               "existing or deleted file lacks its sequence numbers: " + entry.file.path);
}

void Count(const ManifestEntry& entry, ManifestFile* summary) {
  int64_t rows = entry.file.record_count;
  switch (entry.status) {
    case EntryStatus::kAdded:
      ++summary->added_files;
      summary->added_rows += rows;
      break;
    case EntryStatus::kExisting:
      ++summary->existing_files;
      summary->existing_rows += rows;
      break;
    case EntryStatus::kDeleted:
      ++summary->deleted_files;
      summary->deleted_rows += rows;
      break;
  }
}

// The smallest sequence number of the live files.
int64_t MinSequence(const std::vector<ManifestEntry>& entries) {
  int64_t smallest = std::numeric_limits<int64_t>::max();
  for (const ManifestEntry& entry : entries) {
    if (entry.status == EntryStatus::kDeleted) continue;
    smallest = std::min(smallest, entry.sequence_number.value_or(kUnassignedSequence));
  }
  return smallest == std::numeric_limits<int64_t>::max() ? kUnassignedSequence : smallest;
}

FieldSummary SummaryOf(size_t field, const Primitive& type,
                       const std::vector<ManifestEntry>& entries) {
  FieldSummary summary{.contains_nan = false};
  Value lower, upper;
  for (const ManifestEntry& entry : entries) {
    const Value& value = entry.file.partition[field];
    if (IsNull(value)) {
      summary.contains_null = true;
    } else if (IsNan(value)) {
      summary.contains_nan = true;
    } else {
      if (IsNull(lower) || CompareValues(value, lower) < 0) lower = value;
      if (IsNull(upper) || CompareValues(value, upper) > 0) upper = value;
    }
  }
  if (!IsNull(lower)) {
    summary.lower_bound = EncodeValue(type, lower);
    summary.upper_bound = EncodeValue(type, upper);
  }
  return summary;
}

void Summarise(const ManifestHeader& header, const std::vector<Primitive>& types,
               const std::vector<ManifestEntry>& entries, ManifestFile* summary) {
  ManifestFile counted;
  for (const ManifestEntry& entry : entries) Count(entry, &counted);
  for (size_t i = 0; i < types.size(); ++i) {
    counted.partitions.push_back(SummaryOf(i, types[i], entries));
  }
  counted.path = summary->path;
  counted.length = summary->length;
  counted.added_snapshot_id = summary->added_snapshot_id;
  counted.spec_id = header.spec.spec_id;
  counted.content = header.content;
  counted.sequence_number = kUnassignedSequence;
  counted.min_sequence_number = MinSequence(entries);
  *summary = std::move(counted);
}

std::map<std::string, std::string> HeaderMetadata(const ManifestHeader& header) {
  return {{"schema", ToText(header.schema.ToJson())},
          {"schema-id", std::to_string(header.schema.schema_id)},
          {"partition-spec", ToText(header.spec.ToJson()["fields"])},
          {"partition-spec-id", std::to_string(header.spec.spec_id)},
          {"format-version", "2"},
          {"content", header.content == FileContent::kData ? "data" : "deletes"}};
}

}  // namespace

Result<std::string> EncodeManifest(const ManifestHeader& header,
                                   const std::vector<ManifestEntry>& entries,
                                   ManifestFile* summary) {
  Json schema = ManifestAvroSchema(header.spec, header.schema);
  SLUICE_ASSIGN(auto parsed, avro::ParseSchema(schema));
  const avro::Schema& data_file = *parsed->fields[parsed->FindField(2)].type;
  const avro::Schema& partition = *data_file.fields[data_file.FindField(102)].type;
  std::vector<Primitive> types = PartitionTypes(header.spec, header.schema);
  SLUICE_ASSIGN(auto writer, avro::FileWriter::Make(schema, HeaderMetadata(header),
                                                    avro::Codec::kDeflate));
  for (const ManifestEntry& entry : entries) {
    SLUICE_TRY(CheckNumbers(entry));
    SLUICE_ASSIGN(avro::Datum values, PartitionDatum(entry.file, types, partition));
    SLUICE_TRY(writer.Append(EntryDatum(entry, std::move(values))));
  }
  Summarise(header, types, entries, summary);
  return writer.Finish();
}

}  // namespace sluice::table
