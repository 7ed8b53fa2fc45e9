#include "sql/lake_table.h"

#include <utility>

#include "sql/duck_types.h"
#include "sql/errors.h"
#include "sql/lake_file_system.h"

namespace sluice::sql {
namespace {

duckdb::CreateTableInfo ToCreateInfo(duckdb::SchemaCatalogEntry& schema,
                                     const TableVersion& version) {
  duckdb::CreateTableInfo info(schema, version.ident.name);
  const auto& fields = version.schema.columns.fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    duckdb::ColumnDefinition column(fields[i].name, ToDuckType(*fields[i].type));
    if (!fields[i].doc.empty()) column.SetComment(duckdb::Value(fields[i].doc));
    info.columns.AddColumn(std::move(column));
    if (fields[i].required) {
      info.constraints.push_back(
          duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
    }
  }
  return info;
}

// Errors of decoding come without the name of the file, and as exceptions of any type.
bool IsDecodeError(const duckdb::ErrorData& error) {
  if (error.Type() == duckdb::ExceptionType::INVALID) return true;
  return error.Type() == duckdb::ExceptionType::INVALID_INPUT &&
         error.RawMessage().find("Parquet") != std::string::npos;
}

void ScanChunk(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
               duckdb::DataChunk& chunk) {
  const LakeScan& scan = LakeReader::ScanOf(*input.bind_data);
  try {
    scan.access.parquet_scan->function(context, input, chunk);
  } catch (const std::exception& exception) {
    const duckdb::ErrorData error(exception);
    const auto& reader = input.local_state->Cast<duckdb::MultiFileLocalState>().reader;
    if (!IsDecodeError(error) || !reader) throw;
    const std::string file = LakeFileUri(reader->GetFileName());
    ThrowStatus(Error(
        ErrorKind::kCorrupt,
        "a data file cannot be decoded: restore it, or read a snapshot without it: " +
            file + ": " + error.RawMessage(),
        {{"table", scan.version->ident.ToString()}, {"file", file}}));
  }
}

}  // namespace

duckdb::unique_ptr<LakeTable> LakeTable::Make(
    duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
    const LakeAccess& access, std::shared_ptr<const TableVersion> version) {
  duckdb::CreateTableInfo info = ToCreateInfo(schema, *version);
  auto scan = duckdb::make_shared_ptr<LakeScan>(access, std::move(version));
  auto table = duckdb::make_uniq<LakeTable>(catalog, schema, info, scan);
  scan->table = table.get();
  return table;
}

LakeTable::LakeTable(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                     duckdb::CreateTableInfo& info, duckdb::shared_ptr<LakeScan> scan)
    : TableCatalogEntry(catalog, schema, info), scan_(std::move(scan)) {}

duckdb::unique_ptr<duckdb::BaseStatistics> LakeTable::GetStatistics(
    duckdb::ClientContext&, duckdb::column_t) {
  return nullptr;
}

duckdb::TableStorageInfo LakeTable::GetStorageInfo(duckdb::ClientContext&) { return {}; }

duckdb::virtual_column_map_t LakeTable::GetVirtualColumns() const {
  using Reader = duckdb::MultiFileReader;
  duckdb::virtual_column_map_t columns;
  const auto add = [&](duckdb::column_t id, const char* name, duckdb::LogicalType type) {
    columns.insert({id, duckdb::TableColumn(name, std::move(type))});
  };
  add(Reader::COLUMN_IDENTIFIER_FILENAME, "filename", duckdb::LogicalType::VARCHAR);
  add(Reader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER, "file_row_number",
      duckdb::LogicalType::BIGINT);
  add(Reader::COLUMN_IDENTIFIER_FILE_INDEX, "file_index", duckdb::LogicalType::UBIGINT);
  add(duckdb::COLUMN_IDENTIFIER_EMPTY, "", duckdb::LogicalType::BOOLEAN);
  return columns;
}

duckdb::vector<duckdb::column_t> LakeTable::GetRowIdColumns() const {
  return {duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILENAME,
          duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER};
}

duckdb::TableFunction LakeTable::GetScanFunction(
    duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  duckdb::TableFunction function = *scan_->access.parquet_scan;
  function.name = "lake_scan";
  function.function = ScanChunk;
  function.function_info = scan_;
  function.get_multi_file_reader = LakeReader::Make;
  function.get_bind_info = [](const duckdb::optional_ptr<duckdb::FunctionData> data) {
    return duckdb::BindInfo(*LakeReader::ScanOf(*data).table);
  };
  function.get_virtual_columns = [](duckdb::ClientContext&,
                                    duckdb::optional_ptr<duckdb::FunctionData> data) {
    auto& multi_file = data->Cast<duckdb::MultiFileBindData>();
    multi_file.virtual_columns = LakeReader::ScanOf(*data).table->GetVirtualColumns();
    return multi_file.virtual_columns;
  };
  // These would open a file of the list to learn what the metadata says already.
  function.statistics = nullptr;
  function.statistics_extended = nullptr;
  function.get_partition_stats = nullptr;
  function.serialize = nullptr;
  function.deserialize = nullptr;
  bind_data = BindScan(context, function);
  return function;
}

duckdb::unique_ptr<duckdb::FunctionData> LakeTable::BindScan(
    duckdb::ClientContext& context, duckdb::TableFunction& function) const {
  // parquet_scan wants a list of paths; LakeReader puts its own list in its place.
  duckdb::vector<duckdb::Value> inputs{
      duckdb::Value::LIST(duckdb::LogicalType::VARCHAR, {duckdb::Value("")})};
  // Row group statistics leave NaN out, which SQL orders above all numbers.
  duckdb::named_parameter_map_t parameters{
      {"can_have_nan", duckdb::Value::BOOLEAN(true)}};
  duckdb::vector<duckdb::LogicalType> input_types, return_types;
  duckdb::vector<std::string> input_names, return_names;
  duckdb::TableFunctionRef ref;
  duckdb::TableFunctionBindInput input(inputs, parameters, input_types, input_names,
                                       function.function_info.get(), nullptr, function,
                                       ref);
  return function.bind(context, input, return_types, return_names);
}

}  // namespace sluice::sql
