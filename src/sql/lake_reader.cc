#include "sql/lake_reader.h"

#include <algorithm>
#include <utility>

#include "sql/duck_types.h"
#include "sql/errors.h"
#include "sql/lake_files.h"

namespace sluice::sql {
namespace {

using ColumnDefinition = duckdb::MultiFileColumnDefinition;

ColumnDefinition DefineColumn(const std::string& name, int field_id,
                              const types::Type& type);

struct ChildrenOf {
  duckdb::vector<ColumnDefinition> operator()(const types::Primitive&) const {
    return {};
  }
  duckdb::vector<ColumnDefinition> operator()(const types::StructType& type) const {
    duckdb::vector<ColumnDefinition> children;
    for (const types::Field& field : type.fields) {
      children.push_back(DefineColumn(field.name, field.id, *field.type));
    }
    return children;
  }
  duckdb::vector<ColumnDefinition> operator()(const types::ListType& type) const {
    return {DefineColumn("element", type.element_id, *type.element)};
  }
  duckdb::vector<ColumnDefinition> operator()(const types::MapType& type) const {
    return {DefineColumn("key", type.key_id, *type.key),
            DefineColumn("value", type.value_id, *type.value)};
  }
};

ColumnDefinition DefineColumn(const std::string& name, int field_id,
                              const types::Type& type) {
  ColumnDefinition column(name, ToDuckType(type));
  column.identifier = duckdb::Value::INTEGER(field_id);
  column.default_expression =
      duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(column.type));
  column.children = std::visit(ChildrenOf{}, type.value);
  return column;
}

// A file without field ids would be read as all nulls.
void CheckFieldIds(const duckdb::BaseFileReader& reader) {
  const auto& columns = reader.columns;
  const bool has_ids =
      columns.empty() || std::ranges::any_of(columns, [](const auto& column) {
        return !column.identifier.IsNull();
      });
  if (has_ids) return;
  throw duckdb::InvalidInputException(
      "the Parquet file has no field ids, so its columns cannot be told apart: file %s",
      reader.GetFileName());
}

}  // namespace

duckdb::unique_ptr<duckdb::MultiFileReader> LakeReader::Make(
    const duckdb::TableFunction& function) {
  return duckdb::make_uniq<LakeReader>(
      duckdb::shared_ptr_cast<duckdb::TableFunctionInfo, LakeScan>(
          function.function_info));
}

const LakeScan& LakeReader::ScanOf(const duckdb::FunctionData& bind_data) {
  const auto& multi_file = bind_data.Cast<duckdb::MultiFileBindData>();
  return *multi_file.multi_file_reader->Cast<LakeReader>().scan_;
}

duckdb::unique_ptr<duckdb::MultiFileReader> LakeReader::Copy() const {
  return duckdb::make_uniq<LakeReader>(scan_);
}

duckdb::shared_ptr<duckdb::MultiFileList> LakeReader::CreateFileList(
    duckdb::ClientContext&, const duckdb::vector<std::string>&,
    const duckdb::FileGlobInput&) {
  return duckdb::make_shared_ptr<LakeFiles>(scan_->access, scan_->version);
}

bool LakeReader::Bind(duckdb::MultiFileOptions&, duckdb::MultiFileList&,
                      duckdb::vector<duckdb::LogicalType>& return_types,
                      duckdb::vector<std::string>& names,
                      duckdb::MultiFileReaderBindData& bind_data) {
  for (const types::Field& field : scan_->version->schema.columns.fields) {
    bind_data.schema.push_back(DefineColumn(field.name, field.id, *field.type));
    return_types.push_back(bind_data.schema.back().type);
    names.push_back(field.name);
  }
  bind_data.mapping = duckdb::MultiFileColumnMappingMode::BY_FIELD_ID;
  return true;
}

// DuckDB's own gives null here and dereferences it later.
duckdb::unique_ptr<duckdb::MultiFileReaderGlobalState> LakeReader::InitializeGlobalState(
    duckdb::ClientContext&, const duckdb::MultiFileOptions&,
    const duckdb::MultiFileReaderBindData&, const duckdb::MultiFileList& file_list,
    const duckdb::vector<ColumnDefinition>&, const duckdb::vector<duckdb::ColumnIndex>&) {
  return duckdb::make_uniq<duckdb::MultiFileReaderGlobalState>(
      duckdb::vector<duckdb::LogicalType>{}, &file_list);
}

void LakeReader::FinalizeBind(
    duckdb::MultiFileReaderData& reader_data,
    const duckdb::MultiFileOptions& file_options,
    const duckdb::MultiFileReaderBindData& options,
    const duckdb::vector<ColumnDefinition>& global_columns,
    const duckdb::vector<duckdb::ColumnIndex>& global_column_ids,
    duckdb::ClientContext& context,
    duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState> state) {
  CheckFieldIds(*reader_data.reader);
  MultiFileReader::FinalizeBind(reader_data, file_options, options, global_columns,
                                global_column_ids, context, state);
}

}  // namespace sluice::sql
