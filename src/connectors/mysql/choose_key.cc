#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/near_names.h"
#include "base/text.h"
#include "connectors/mysql/planner.h"

namespace sluice::connectors::mysql {
namespace {

/// The index's leading columns that can be cut by.
std::vector<KeyColumn> UsableColumns(const TableFacts& facts, const TableIndex& index) {
  std::vector<KeyColumn> columns;
  for (const std::string& name : index.columns) {
    const TableColumn* column = facts.FindColumn(name);
    if (column == nullptr) break;
    // ENUM and SET sort by number but are looked up by text: no range of an index by
    // number.
    if (column->data_type == "enum" || column->data_type == "set") break;
    std::optional<KeyColumn> key = KeyColumnOf(*column);
    if (!key) break;
    columns.push_back(std::move(*key));
  }
  return columns;
}

/// Smaller is better; nothing for an index that is of no use.
std::optional<int> Rank(const TableFacts& facts, const TableIndex& index) {
  const std::vector<KeyColumn> columns = UsableColumns(facts, index);
  if (columns.empty()) return {};
  const int text = columns[0].numeric() ? 0 : 1;
  if (index.name == "PRIMARY") return 0;
  if (index.unique && !index.nullable) return 2 + text;
  if (index.unique) return 4 + text;
  if (!columns[0].nullable) return 6 + text;
  return {};
}

}  // namespace

Result<CutKey> ChooseKey(const TableFacts& facts, const std::string& split_by) {
  CutKey chosen;
  if (split_by.empty()) {
    std::optional<int> best;
    for (const TableIndex& index : facts.indexes) {
      const std::optional<int> rank = Rank(facts, index);
      if (!rank || (best && *best <= *rank)) continue;
      best = rank;
      chosen = {index.name, UsableColumns(facts, index)};
    }
    return chosen;
  }
  const TableColumn* column = facts.FindColumn(split_by);
  if (column == nullptr) {
    std::vector<std::string> names;
    for (const TableColumn& known : facts.columns) names.push_back(known.name);
    return Error(
        ErrorKind::kNotFound,
        fmt::format("--split-by names no column of table {}: {}{}", facts.name.ToString(),
                    split_by, DidYouMean(split_by, names)));
  }
  const std::optional<KeyColumn> key = KeyColumnOf(*column);
  if (!key) {
    return Error(ErrorKind::kUserInput,
                 fmt::format("rows cannot be cut by a column of type {}; choose another"
                             " --split-by: {}.{}",
                             column->column_type, facts.name.ToString(), column->name));
  }
  for (const TableIndex& index : facts.indexes) {
    if (index.columns.at(0) != column->name) continue;
    std::vector<KeyColumn> columns = UsableColumns(facts, index);
    if (columns.empty() || (!chosen.index.empty() && !index.unique)) continue;
    chosen = {index.name, std::move(columns)};
    if (index.unique) break;
  }
  if (chosen.columns.empty()) chosen.columns = {*key};
  return chosen;
}

}  // namespace sluice::connectors::mysql
