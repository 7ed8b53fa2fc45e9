#include "connectors/lake/partition_rows.h"

#include <cctype>
#include <map>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>

namespace sluice::connectors::lake {
namespace {

// One field of the spec against the batch.
struct PartitionColumn {
  const table::PartitionField* field = nullptr;
  types::Primitive source;
  types::Primitive result;
  std::shared_ptr<arrow::Array> array;
};

Result<std::vector<PartitionColumn>> ColumnsOf(const arrow::RecordBatch& batch,
                                               const table::Schema& schema,
                                               const table::PartitionSpec& spec) {
  std::vector<PartitionColumn> columns;
  for (const table::PartitionField& field : spec.fields) {
    const auto& all = schema.columns.fields;
    size_t at = 0;
    while (at < all.size() && all[at].id != field.source_id) ++at;
    auto* type =
        at < all.size() ? std::get_if<types::Primitive>(&all[at].type->value) : nullptr;
    if (!type) {
      return Error(
          ErrorKind::kUserInput,
          "a partition field has no plain column of the table behind it: " + field.name);
    }
    SLUICE_ASSIGN(types::Primitive result, field.transform.ResultType(*type));
    columns.push_back({&field, *type, result, batch.column(static_cast<int>(at))});
  }
  return columns;
}

// Readers take partition values from the metadata, never from the path: what could be
// read in two ways there is replaced.
std::string PathPart(const std::string& text) {
  std::string part;
  for (unsigned char c : text.substr(0, 64)) {
    bool plain = std::isalnum(c) || c == '-' || c == '_' || c == '.';
    part += plain ? static_cast<char>(c) : '_';
  }
  return part;
}

Result<std::vector<table::Value>> ValuesAt(const std::vector<PartitionColumn>& columns,
                                           int64_t row) {
  std::vector<table::Value> values;
  for (const PartitionColumn& column : columns) {
    SLUICE_ASSIGN(auto scalar, column.array->GetScalar(row));
    SLUICE_ASSIGN(table::Value value, table::ValueFromScalar(column.source, *scalar));
    values.push_back(column.field->transform.Apply(column.source, value));
  }
  return values;
}

std::string KeyOf(const std::vector<PartitionColumn>& columns,
                  const std::vector<table::Value>& values) {
  std::string key;
  for (size_t i = 0; i < values.size(); ++i) {
    if (table::IsNull(values[i])) {
      key += "n;";
      continue;
    }
    std::string bytes = table::EncodeValue(columns[i].result, values[i]);
    key += std::to_string(bytes.size()) + ":" + bytes;
  }
  return key;
}

std::string PathOf(const std::vector<PartitionColumn>& columns,
                   const std::vector<table::Value>& values) {
  std::string path;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) path += "/";
    path += PathPart(columns[i].field->name) + "=" +
            PathPart(table::ValueText(columns[i].result, values[i]));
  }
  return path;
}

}  // namespace

Result<std::vector<PartitionRows>> PartRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const table::Schema& schema,
    const table::PartitionSpec& spec) {
  std::vector<PartitionRows> parts;
  if (spec.IsUnpartitioned()) {
    parts.push_back({.key = "", .values = {}, .path = "", .rows = batch});
    return parts;
  }
  SLUICE_ASSIGN(auto columns, ColumnsOf(*batch, schema, spec));
  std::map<std::string, size_t> part_of;
  std::vector<std::unique_ptr<arrow::Int64Builder>> rows;
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    SLUICE_ASSIGN(auto values, ValuesAt(columns, row));
    std::string key = KeyOf(columns, values);
    auto [found, is_new] = part_of.emplace(key, parts.size());
    if (is_new) {
      std::string path = PathOf(columns, values);
      parts.push_back({std::move(key), std::move(values), std::move(path), nullptr});
      rows.push_back(std::make_unique<arrow::Int64Builder>());
    }
    SLUICE_TRY(rows[found->second]->Append(row));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    SLUICE_ASSIGN(auto indices, rows[i]->Finish());
    SLUICE_ASSIGN(arrow::Datum taken, arrow::compute::Take(batch, indices));
    parts[i].rows = taken.record_batch();
  }
  return parts;
}

}  // namespace sluice::connectors::lake
