#include "table/partition.h"

#include <algorithm>

#include "base/text.h"
#include "table/json_internal.h"

namespace sluice::table {
namespace {

using Kind = Transform::Kind;

constexpr int kFirstFieldId = 1000;

// The suffix that Iceberg's own builders give to a partition field's name.
std::string NameFor(const std::string& column, const Transform& transform) {
  switch (transform.kind) {
    case Kind::kIdentity:
      return column;
    case Kind::kBucket:
      return column + "_bucket";
    case Kind::kTruncate:
      return column + "_trunc";
    case Kind::kVoid:
      return column + "_null";
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kDay:
    case Kind::kHour:
      break;
  }
  return column + "_" + transform.ToString();
}

// Splits at the commas outside parentheses.
std::vector<std::string_view> SplitTerms(std::string_view text) {
  std::vector<std::string_view> terms;
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      terms.push_back(Trim(text.substr(start, i - start)));
      start = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return terms;
}

Status BadTerm(std::string_view term) {
  return Error(ErrorKind::kUserInput,
               "partition term is not understood; write a column, day(column) or "
               "bucket(16, column): " +
                   std::string(term));
}

// "day(x)", "bucket(16, x)" or "x".
Result<PartitionField> ParseTerm(std::string_view term, const Schema& schema) {
  PartitionField field;
  std::string column(term);
  if (size_t open = term.find('('); open != std::string_view::npos) {
    if (term.back() != ')') return BadTerm(term);
    std::string word = Lower(Trim(term.substr(0, open)));
    if (word == "years" || word == "months" || word == "days" || word == "hours") {
      word.pop_back();
    }
    auto arguments = SplitText(term.substr(open + 1, term.size() - open - 2), ',');
    if (arguments.size() > 2) return BadTerm(term);
    if (arguments.size() == 2) word += "[" + std::string(Trim(arguments[0])) + "]";
    column = Trim(arguments.back());
    SLUICE_ASSIGN(field.transform, Transform::Parse(word));
  }
  const types::Field* source = schema.FindByName(column);
  if (!source) {
    return Error(ErrorKind::kUserInput,
                 "partition column is not in the table; see its schema: " + column);
  }
  const auto* type = std::get_if<types::Primitive>(&source->type->value);
  if (!type) {
    return Error(ErrorKind::kUserInput,
                 "a nested column cannot partition a table: " + column);
  }
  SLUICE_TRY(field.transform.ResultType(*type));
  field.source_id = source->id;
  field.name = NameFor(column, field.transform);
  return field;
}

}  // namespace

Json PartitionSpec::ToJson() const {
  Json list = Json::array();
  for (const PartitionField& field : fields) {
    list.push_back(Json{{"source-id", field.source_id},
                        {"field-id", field.field_id},
                        {"name", field.name},
                        {"transform", field.transform.ToString()}});
  }
  return Json{{"spec-id", spec_id}, {"fields", std::move(list)}};
}

Result<PartitionSpec> PartitionSpec::FromJson(const Json& json) {
  PartitionSpec spec;
  SLUICE_ASSIGN(auto spec_id, FindInt32(json, "spec-id"));
  spec.spec_id = spec_id.value_or(0);
  SLUICE_ASSIGN(const Json* list, GetArray(json, "fields"));
  for (const Json& item : *list) {
    PartitionField field;
    SLUICE_ASSIGN(field.source_id, GetInt32(item, "source-id"));
    SLUICE_ASSIGN(field.name, GetString(item, "name"));
    SLUICE_ASSIGN(std::string transform, GetString(item, "transform"));
    SLUICE_ASSIGN(field.transform, Transform::Parse(transform));
    // Version 1 may leave the ids out: they are then given in order.
    SLUICE_ASSIGN(auto field_id, FindInt32(item, "field-id"));
    field.field_id =
        field_id.value_or(kFirstFieldId + static_cast<int>(spec.fields.size()));
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

Result<PartitionSpec> PartitionSpec::Parse(std::string_view text, const Schema& schema) {
  PartitionSpec spec;
  if (Trim(text).empty()) return spec;
  for (std::string_view term : SplitTerms(text)) {
    if (term.empty()) return BadTerm(text);
    SLUICE_ASSIGN(PartitionField field, ParseTerm(term, schema));
    field.field_id = kFirstFieldId + static_cast<int>(spec.fields.size());
    bool taken = std::any_of(spec.fields.begin(), spec.fields.end(),
                             [&](const auto& other) { return other.name == field.name; });
    bool hides_column =
        field.transform.kind != Kind::kIdentity && schema.FindByName(field.name);
    if (taken || hides_column) {
      return Error(ErrorKind::kUserInput,
                   "the name of a partition field is already taken: " + field.name);
    }
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

}  // namespace sluice::table
