#include "connectors/lake/schema_fit.h"

#include <map>

#include <arrow/type.h>
#include <fmt/format.h>

#include "base/text.h"

namespace sluice::connectors::lake {
namespace {

using connect::SchemaChange;
using Kind = SchemaChange::Kind;

bool SameShape(const types::Type& load, const types::Type& table);

bool SameShape(const types::StructType& load, const types::StructType& table) {
  if (load.fields.size() != table.fields.size()) return false;
  for (size_t i = 0; i < load.fields.size(); ++i) {
    const types::Field& a = load.fields[i];
    const types::Field& b = table.fields[i];
    if (a.name != b.name || (b.required && !a.required)) return false;
    if (!SameShape(*a.type, *b.type)) return false;
  }
  return true;
}

// Equal but for ids; the table may allow nulls that the load does not have.
bool SameShape(const types::Type& load, const types::Type& table) {
  if (load.value.index() != table.value.index()) return false;
  if (auto* a = std::get_if<types::Primitive>(&load.value)) {
    return *a == std::get<types::Primitive>(table.value);
  }
  if (auto* a = std::get_if<types::StructType>(&load.value)) {
    return SameShape(*a, std::get<types::StructType>(table.value));
  }
  if (auto* a = std::get_if<types::ListType>(&load.value)) {
    const auto& b = std::get<types::ListType>(table.value);
    return (a->element_required || !b.element_required) &&
           SameShape(*a->element, *b.element);
  }
  const auto& a = std::get<types::MapType>(load.value);
  const auto& b = std::get<types::MapType>(table.value);
  return (a.value_required || !b.value_required) && SameShape(*a.key, *b.key) &&
         SameShape(*a.value, *b.value);
}

bool Promotes(const types::Type& from, const types::Type& to) {
  auto* a = std::get_if<types::Primitive>(&from.value);
  auto* b = std::get_if<types::Primitive>(&to.value);
  return a && b && types::CanPromote(*a, *b);
}

// The fit while it is made.
class Fitting final {
 public:
  Fitting(const connect::TableSchema& load, int last_column_id)
      : load_(load), columns_(load.columns.size()) {
    fit_.last_column_id = last_column_id;
    FindAmbiguousNames();
    TakeTypes();
  }

  size_t num_columns() const { return load_.columns.size(); }
  const connect::Column& column(size_t i) const { return load_.columns[i]; }
  // Null when the column has no Iceberg type; then a change says so.
  const std::shared_ptr<const types::Type>& type(size_t i) const { return columns_[i]; }

  void Say(Kind kind, std::string text, bool allowed = true) {
    fit_.changes.push_back({.kind = kind, .text = std::move(text), .allowed = allowed});
  }

  // Takes a table's column as it is, or with another type.
  void Keep(types::Field field, int source_column) {
    fit_.schema.columns.fields.push_back(std::move(field));
    fit_.source_columns.push_back(source_column);
  }

  // Adds the load's column under a new id; its nested parts get theirs in Finish.
  void Add(size_t i, bool required) {
    fresh_.push_back(fit_.schema.columns.fields.size());
    Keep({.id = ++fit_.last_column_id,
          .name = column(i).name,
          .required = required,
          .type = type(i),
          .doc = column(i).source_type},
         static_cast<int>(i));
  }

  SchemaFit Finish(const table::Schema* current) {
    for (size_t at : fresh_) {
      const auto& field = column(fit_.source_columns[at]).field;
      auto type = types::TypeFromArrow(*field->type(), &fit_.last_column_id);
      if (type.ok()) {
        fit_.schema.columns.fields[at].type =
            std::make_shared<const types::Type>(std::move(type).ValueUnsafe());
      }
    }
    if (current) {
      fit_.schema.schema_id = current->schema_id;
      for (int id : current->identifier_field_ids) {
        const types::Field* field = fit_.schema.FindById(id);
        if (field && field->required) fit_.schema.identifier_field_ids.push_back(id);
      }
      fit_.changes_schema = !fit_.schema.SameColumns(*current);
    }
    return std::move(fit_);
  }

 private:
  void FindAmbiguousNames() {
    std::map<std::string, std::string> seen;
    for (const connect::Column& column : load_.columns) {
      auto [other, is_new] = seen.emplace(Lower(column.name), column.name);
      if (is_new) continue;
      Say(Kind::kNone,
          fmt::format(
              "two columns differ only in case, which a lake table cannot tell apart; "
              "name the columns in a query: {}, {}",
              other->second, column.name),
          false);
    }
  }

  void TakeTypes() {
    for (size_t i = 0; i < num_columns(); ++i) {
      int ids_not_used = 0;
      auto type = types::TypeFromArrow(*column(i).field->type(), &ids_not_used);
      if (type.ok()) {
        columns_[i] = std::make_shared<const types::Type>(std::move(type).ValueUnsafe());
        continue;
      }
      Say(Kind::kNone,
          fmt::format(
              "column {} is {} ({} in the source), which Iceberg cannot hold; cast it "
              "in a query, let it come as text, or import into a directory",
              column(i).name, column(i).field->type()->ToString(), column(i).source_type),
          false);
    }
  }

  const connect::TableSchema& load_;
  std::vector<std::shared_ptr<const types::Type>> columns_;  // by column of the load
  std::vector<size_t> fresh_;  // positions in fit_.schema of added columns
  SchemaFit fit_;
};

std::map<std::string, size_t> ByName(const connect::TableSchema& load) {
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < load.columns.size(); ++i) {
    by_name.emplace(Lower(load.columns[i].name), i);
  }
  return by_name;
}

// What becomes of a table's column that the load has under the same name.
void FitColumn(Fitting& fitting, const types::Field& field, size_t i) {
  const auto& type = fitting.type(i);
  if (!type || SameShape(*type, *field.type) || Promotes(*type, *field.type)) {
    fitting.Keep(field, static_cast<int>(i));
    return;
  }
  bool allowed = Promotes(*field.type, *type);
  types::Field changed = field;
  if (allowed) {
    changed.type = type;
    fitting.Say(Kind::kTypeChange,
                fmt::format("column {}: {} becomes {}", field.name,
                            types::TypeText(*field.type), types::TypeText(*type)));
  } else {
    fitting.Say(
        Kind::kTypeChange,
        fmt::format("column {} is {} in the table and {} in the source; cast it in a "
                    "query, or replace the table with mode overwrite",
                    field.name, types::TypeText(*field.type), types::TypeText(*type)),
        false);
  }
  fitting.Keep(std::move(changed), static_cast<int>(i));
}

bool IsPartitionSource(const table::TableMetadata& metadata, int field_id) {
  for (const table::PartitionField& field : metadata.DefaultSpec().fields) {
    if (field.source_id == field_id) return true;
  }
  return false;
}

std::string ColumnText(const connect::Column& column, const types::Type* type) {
  return column.name + " " + (type ? types::TypeText(*type) : column.source_type);
}

}  // namespace

Status SchemaFit::Check() const {
  for (const SchemaChange& change : changes) {
    if (!change.allowed) return Error(ErrorKind::kUserInput, change.text);
  }
  return Status::OK();
}

SchemaFit FitNewTable(const connect::TableSchema& load) {
  Fitting fitting(load, 0);
  fitting.Say(Kind::kCreateTable,
              fmt::format("create table with {} columns", load.columns.size()));
  for (size_t i = 0; i < fitting.num_columns(); ++i) {
    fitting.Add(i, !fitting.column(i).field->nullable());
  }
  SchemaFit fit = fitting.Finish(nullptr);
  fit.changes_schema = true;
  return fit;
}

SchemaFit FitAppend(const connect::TableSchema& load,
                    const table::TableMetadata& current) {
  const table::Schema& schema = current.CurrentSchema();
  Fitting fitting(load, current.last_column_id);
  std::map<std::string, size_t> by_name = ByName(load);
  for (const types::Field& field : schema.columns.fields) {
    auto found = by_name.find(Lower(field.name));
    if (found != by_name.end()) {
      FitColumn(fitting, field, found->second);
      by_name.erase(found);
      continue;
    }
    if (field.required) {
      fitting.Say(
          Kind::kNone,
          fmt::format("column {} ({}) is required in the table and the source has none; "
                      "select it in a query, or replace the table with mode overwrite",
                      field.name, types::TypeText(*field.type)),
          false);
    }
    fitting.Keep(field, -1);
  }
  for (size_t i = 0; i < fitting.num_columns(); ++i) {
    auto left = by_name.find(Lower(fitting.column(i).name));
    if (left == by_name.end() || left->second != i) continue;
    fitting.Say(Kind::kAddColumn,
                "add column " + ColumnText(fitting.column(i), fitting.type(i).get()));
    fitting.Add(i, /*required=*/false);  // rows that are there already have no value
  }
  return fitting.Finish(&schema);
}

SchemaFit FitOverwrite(const connect::TableSchema& load,
                       const table::TableMetadata& current) {
  const table::Schema& schema = current.CurrentSchema();
  Fitting fitting(load, current.last_column_id);
  std::map<std::string, const types::Field*> left;
  for (const types::Field& field : schema.columns.fields)
    left[Lower(field.name)] = &field;
  fitting.Say(Kind::kReplaceTable, "replace all rows");
  for (size_t i = 0; i < fitting.num_columns(); ++i) {
    const connect::Column& column = fitting.column(i);
    auto found = left.find(Lower(column.name));
    std::string text = ColumnText(column, fitting.type(i).get());
    if (found == left.end()) {
      fitting.Say(Kind::kAddColumn, "add column " + text);
      fitting.Add(i, !column.field->nullable());
      continue;
    }
    const types::Field& field = *found->second;
    if (fitting.type(i) && SameShape(*fitting.type(i), *field.type)) {
      types::Field kept = field;
      kept.name = column.name;
      kept.required = !column.field->nullable();
      fitting.Keep(std::move(kept), static_cast<int>(i));
      left.erase(found);
      continue;
    }
    if (!IsPartitionSource(current, field.id)) {
      fitting.Say(Kind::kTypeChange,
                  fmt::format("column {}: {} is replaced by {}", column.name,
                              types::TypeText(*field.type), text));
      left.erase(found);
    }
    fitting.Add(i, !column.field->nullable());
  }
  for (const auto& [name, field] : left) {
    if (IsPartitionSource(current, field->id)) {
      fitting.Say(
          Kind::kDropColumn,
          fmt::format("column {} ({}) partitions the table and is not the same in the "
                      "source; keep its type in a query, or drop the table first",
                      field->name, types::TypeText(*field->type)),
          false);
    } else {
      fitting.Say(Kind::kDropColumn, "drop column " + field->name);
    }
  }
  return fitting.Finish(&schema);
}

bool CanReadAs(const table::Schema& written, const table::Schema& current) {
  for (const types::Field& field : written.columns.fields) {
    const types::Field* now = current.FindById(field.id);
    if (!now || now->name != field.name || (now->required && !field.required))
      return false;
    if (!(*field.type == *now->type) && !Promotes(*field.type, *now->type)) return false;
  }
  for (const types::Field& field : current.columns.fields) {
    if (field.required && !written.FindById(field.id)) return false;
  }
  return true;
}

}  // namespace sluice::connectors::lake
