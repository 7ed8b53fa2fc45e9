#include <limits>

#include "formats/avro/file.h"
#include "table/avro_record_internal.h"
#include "table/manifest.h"
#include "table/manifest_schema_internal.h"

namespace sluice::table {
namespace {

namespace avro = formats::avro;
using types::Primitive;

// What the entries of one manifest have in common.
struct Origin {
  const ManifestFile& list_entry;
  const PartitionSpec& spec;
  std::vector<Primitive> partition_types;
};

Status OutOfRange(std::string_view name) {
  return Error(ErrorKind::kCorrupt, "number is out of range: " + std::string(name));
}

Result<int> Narrow(int64_t value, std::string_view name) {
  if (value != static_cast<int32_t>(value)) return OutOfRange(name);
  return static_cast<int>(value);
}

Status ReadItem(const avro::Datum& datum, int64_t* out) {
  const auto* number = std::get_if<int64_t>(&datum.value);
  if (!number) return OutOfRange("count");
  *out = *number;
  return Status::OK();
}

Status ReadItem(const avro::Datum& datum, std::string* out) {
  const auto* bytes = std::get_if<std::string>(&datum.value);
  if (!bytes) return OutOfRange("bound");
  *out = *bytes;
  return Status::OK();
}

// A map by column id: an array of pairs whose fields have the ids `key_id` and `key_id`
// + 1.
template <typename T>
Status ReadMap(const AvroRecord& record, int id, std::string_view name, int key_id,
               std::map<int, T>* out) {
  const avro::Schema* item = nullptr;
  SLUICE_ASSIGN(const avro::Datums* pairs, record.FindArray(id, name, &item));
  if (!pairs) return Status::OK();
  for (const avro::Datum& datum : *pairs) {
    SLUICE_ASSIGN(AvroRecord pair, AvroRecord::Make(*item, datum));
    SLUICE_ASSIGN(int64_t wide_key, pair.GetLong(key_id, "key"));
    SLUICE_ASSIGN(int key, Narrow(wide_key, name));
    auto value = pair.Find(key_id + 1, "value");
    if (!value) continue;
    SLUICE_TRY(ReadItem(*value->datum, &(*out)[key]));
  }
  return Status::OK();
}

template <typename T>
Status ReadList(const AvroRecord& record, int id, std::string_view name,
                std::vector<T>* out) {
  const avro::Schema* item = nullptr;
  SLUICE_ASSIGN(const avro::Datums* items, record.FindArray(id, name, &item));
  if (!items) return Status::OK();
  for (const avro::Datum& datum : *items) {
    int64_t value = 0;
    SLUICE_TRY(ReadItem(datum, &value));
    if (value != static_cast<T>(value)) return OutOfRange(name);
    out->push_back(static_cast<T>(value));
  }
  return Status::OK();
}

Status ReadPartition(const AvroRecord& data_file, const Origin& origin, DataFile* file) {
  file->partition.resize(origin.spec.fields.size());
  if (origin.spec.IsUnpartitioned()) return Status::OK();
  SLUICE_ASSIGN(AvroRecord record, data_file.GetRecord(102, "partition"));
  for (size_t i = 0; i < file->partition.size(); ++i) {
    const PartitionField& field = origin.spec.fields[i];
    auto column = record.Find(field.field_id, AvroName(field.name));
    if (!column) continue;
    Result<Value> value = ValueFromDatum(origin.partition_types[i], *column->datum);
    SLUICE_TRY(Within("partition field " + field.name, value.status()));
    file->partition[i] = std::move(value).ValueUnsafe();
  }
  return Status::OK();
}

Status ReadMetrics(const AvroRecord& record, DataFile* file) {
  SLUICE_TRY(ReadMap(record, 108, "column_sizes", 117, &file->column_bytes));
  SLUICE_TRY(ReadMap(record, 109, "value_counts", 119, &file->value_counts));
  SLUICE_TRY(ReadMap(record, 110, "null_value_counts", 121, &file->null_counts));
  SLUICE_TRY(ReadMap(record, 137, "nan_value_counts", 138, &file->nan_counts));
  SLUICE_TRY(ReadMap(record, 125, "lower_bounds", 126, &file->lower_bounds));
  SLUICE_TRY(ReadMap(record, 128, "upper_bounds", 129, &file->upper_bounds));
  SLUICE_TRY(ReadList(record, 132, "split_offsets", &file->split_offsets));
  SLUICE_TRY(ReadList(record, 135, "equality_ids", &file->equality_ids));
  SLUICE_ASSIGN(auto sort_order, record.FindLong(140, "sort_order_id"));
  if (sort_order) {
    SLUICE_ASSIGN(file->sort_order_id, Narrow(*sort_order, "sort_order_id"));
  }
  return Status::OK();
}

Result<DataFile> ReadDataFile(const AvroRecord& record, const Origin& origin) {
  DataFile file;
  SLUICE_ASSIGN(auto content, record.FindLong(134, "content"));
  if (content.value_or(0) < 0 || content.value_or(0) > 2) return OutOfRange("content");
  file.content = static_cast<FileContent>(content.value_or(0));
  bool data_manifest = origin.list_entry.content == FileContent::kData;
  if ((file.content == FileContent::kData) != data_manifest) {
    return Error(ErrorKind::kCorrupt, "data and delete files are mixed in one manifest");
  }
  SLUICE_ASSIGN(file.path, record.GetBytes(100, "file_path"));
  SLUICE_ASSIGN(file.format, record.GetBytes(101, "file_format"));
  for (char& c : file.format) {
    c = static_cast<char>(std::toupper(static_cast<uint8_t>(c)));
  }
  file.spec_id = origin.spec.spec_id;
  SLUICE_TRY(ReadPartition(record, origin, &file));
  SLUICE_ASSIGN(file.record_count, record.GetLong(103, "record_count"));
  SLUICE_ASSIGN(file.file_bytes, record.GetLong(104, "file_size_in_bytes"));
  SLUICE_TRY(ReadMetrics(record, &file));
  return file;
}

// Version 1 has no numbers at all: there everything is of sequence 0.
Status Inherit(const ManifestFile& list_entry, ManifestEntry* entry) {
  if (!entry->snapshot_id) entry->snapshot_id = list_entry.added_snapshot_id;
  bool inherits =
      entry->status != EntryStatus::kExisting || list_entry.sequence_number == 0;
  bool complete = entry->sequence_number && entry->file_sequence_number;
  // Early version 2 writers left out the file's number, which only lineage needs.
  if (entry->sequence_number && !inherits) complete = true;
  if (!complete && !inherits) {
    return Error(ErrorKind::kCorrupt,
                 "existing file has no sequence number: " + entry->file.path);
  }
  int64_t inherited = list_entry.sequence_number;
  if (!entry->sequence_number) entry->sequence_number = inherited;
  if (!entry->file_sequence_number) {
    entry->file_sequence_number = inherits ? inherited : *entry->sequence_number;
  }
  return Status::OK();
}

Result<ManifestEntry> ReadEntry(const AvroRecord& record, const Origin& origin) {
  ManifestEntry entry;
  SLUICE_ASSIGN(int64_t status, record.GetLong(0, "status"));
  if (status < 0 || status > 2) return OutOfRange("status");
  entry.status = static_cast<EntryStatus>(status);
  SLUICE_ASSIGN(entry.snapshot_id, record.FindLong(1, "snapshot_id"));
  SLUICE_ASSIGN(entry.sequence_number, record.FindLong(3, "sequence_number"));
  SLUICE_ASSIGN(entry.file_sequence_number, record.FindLong(4, "file_sequence_number"));
  SLUICE_ASSIGN(AvroRecord data_file, record.GetRecord(2, "data_file"));
  SLUICE_ASSIGN(entry.file, ReadDataFile(data_file, origin));
  SLUICE_TRY(Inherit(origin.list_entry, &entry));
  return entry;
}

Result<std::vector<ManifestEntry>> ReadEntries(std::string_view bytes,
                                               const Origin& origin) {
  SLUICE_ASSIGN(avro::FileReader reader, avro::FileReader::Open(bytes));
  std::vector<ManifestEntry> entries;
  avro::Datum datum;
  while (true) {
    SLUICE_ASSIGN(bool more, reader.Next(&datum));
    if (!more) return entries;
    SLUICE_ASSIGN(AvroRecord record, AvroRecord::Make(reader.schema(), datum));
    SLUICE_ASSIGN(ManifestEntry entry, ReadEntry(record, origin));
    entries.push_back(std::move(entry));
  }
}

}  // namespace

Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes,
                                                  const ManifestFile& list_entry,
                                                  const TableMetadata& metadata) {
  std::string where = "manifest " + list_entry.path;
  std::vector<Fact> facts = {{"file", list_entry.path}};
  const PartitionSpec* spec = metadata.FindSpec(list_entry.spec_id);
  if (!spec) {
    return Within(where,
                  Error(ErrorKind::kCorrupt, "table has no such partition spec: " +
                                                 std::to_string(list_entry.spec_id)),
                  facts);
  }
  Origin origin{list_entry, *spec, PartitionTypes(*spec, SchemaOfSpec(metadata, *spec))};
  Result<std::vector<ManifestEntry>> entries = ReadEntries(bytes, origin);
  SLUICE_TRY(Within(where, entries.status(), facts));
  return entries;
}

}  // namespace sluice::table
