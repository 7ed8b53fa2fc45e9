// A key's values are cut into ranges in three ways, the cheapest that is safe from skew:
//  - rowids that are dense wherever they are looked at (64 places): even numeric ranges;
//  - a key with an index: a walk of the index, `key > last ... LIMIT 1 OFFSET step`;
//  - a column without one: one ordered pass over its distinct values and their counts.
// Boundaries are always values that the file itself ordered, except in the first way,
// where integers order themselves. Neighbouring ranges use the same literal, so no row
// can fall between them or into both.
#include "connectors/sqlite/plan_internal.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "base/near_names.h"
#include "base/text.h"
#include "connect/key_ranges.h"
#include "connectors/sqlite/column_internal.h"

namespace sluice::connectors::sqlite {
namespace {

namespace sq = ::sluice::sqlite;

constexpr int kProbes = 64;     // places where the density of rowids is looked at
constexpr int kProbeRows = 32;  // rows read at each
constexpr int kSpreadMax = 4;   // dense: at least one rowid in this many integers

/// What the boundaries are taken from.
struct Key {
  std::string source;  // SQL text: a table's name or a query in parentheses
  std::string column;  // SQL text
  std::string label;   // for people
  bool nullable = true;
};

struct Cut {
  std::vector<std::string> boundaries;
  int64_t rows = -1;
  std::string how;
};

std::string SourceText(const connect::Selection& selection, const TableFacts* table) {
  return table != nullptr ? sq::QuoteName(table->name) : "(" + selection.query + "\n)";
}

/// The current row's value as a literal that orders as the value does; nothing for values
/// that have no plain literal (text that is not UTF-8 or contains NUL): they are no
/// boundary.
std::optional<std::string> Literal(const sq::Statement& row, int column) {
  switch (row.class_of(column)) {
    case sq::ValueClass::kInteger:
      return std::to_string(row.int_at(column));
    case sq::ValueClass::kReal: {
      double value = row.double_at(column);
      if (std::isinf(value)) return value > 0 ? "9e999" : "-9e999";
      return DoubleText(value);
    }
    case sq::ValueClass::kText: {
      std::string_view text = row.text_at(column);
      if (text.find('\0') != std::string_view::npos || !arrow::util::ValidateUTF8(text)) {
        return {};
      }
      return sq::QuoteLiteral(text);
    }
    case sq::ValueClass::kBlob:
      return "x'" + HexText(row.blob_at(column)) + "'";
    case sq::ValueClass::kNull:
      break;
  }
  return {};
}

Result<int64_t> ReadInt(sq::Database& database, const std::string& sql) {
  SLUICE_ASSIGN(auto statement, database.Prepare(sql));
  SLUICE_ASSIGN(bool found, statement.Step());
  return found ? statement.int_at(0) : 0;
}

/// Even ranges of [low, high] where rowids are dense at every probed place; else nothing.
Result<std::optional<Cut>> CutDenseRowids(sq::Database& database, const Key& key,
                                          int64_t low, int64_t high,
                                          const connect::ReadOptions& options) {
  const unsigned __int128 width =
      static_cast<unsigned __int128>(static_cast<__int128>(high) - low) + 1;
  if (width / kProbes < kProbeRows * kSpreadMax) return std::optional<Cut>();
  auto at = [&](int part, int parts) {
    return static_cast<int64_t>(low + static_cast<__int128>(width / parts * part));
  };
  double density = 0;
  SLUICE_ASSIGN(auto probe, database.Prepare(fmt::format(
                                "SELECT {0} FROM {1} WHERE {0} >= ?1 ORDER BY {0} "
                                "LIMIT 1 OFFSET {2}",
                                key.column, key.source, kProbeRows - 1)));
  for (int i = 0; i < kProbes; ++i) {
    int64_t start = at(i, kProbes);
    SLUICE_TRY(probe.Reset());
    probe.Bind(1, start);
    SLUICE_ASSIGN(bool found, probe.Step());
    if (!found) return std::optional<Cut>();
    __int128 span = static_cast<__int128>(probe.int_at(0)) - start + 1;
    if (span > kProbeRows * kSpreadMax) return std::optional<Cut>();
    density += static_cast<double>(kProbeRows) / static_cast<double>(span) / kProbes;
  }
  Cut cut;
  cut.rows = static_cast<int64_t>(static_cast<double>(width) * density);
  int count = connect::SplitCount(cut.rows, options.parallel,
                                  options.chunks_per_connection, options.chunk_rows_min);
  for (int i = 1; i < count; ++i) cut.boundaries.push_back(std::to_string(at(i, count)));
  cut.how = "even ranges";
  return std::optional<Cut>(std::move(cut));
}

Result<Cut> WalkIndex(sq::Database& database, const Key& key, int64_t rows, int count) {
  Cut cut;
  cut.rows = rows;
  cut.how = "ranges of equal row counts";
  if (count <= 1) return cut;
  const int64_t step = std::max<int64_t>(1, rows / count);
  std::string after = key.column + " IS NOT NULL";
  int64_t offset = step;
  while (static_cast<int>(cut.boundaries.size()) + 1 < count) {
    SLUICE_ASSIGN(auto statement, database.Prepare(fmt::format(
                                      "SELECT {0} FROM {1} WHERE {2} ORDER BY {0} "
                                      "LIMIT 64 OFFSET {3}",
                                      key.column, key.source, after, offset)));
    std::optional<std::string> boundary;
    while (!boundary) {
      SLUICE_ASSIGN(bool found, statement.Step());
      if (!found) return cut;
      boundary = Literal(statement, 0);
    }
    cut.boundaries.push_back(*boundary);
    after = key.column + " > " + *boundary;
    offset = step - 1;
  }
  return cut;
}

Result<Cut> CountValues(sq::Database& database, const Key& key, int64_t rows, int count) {
  Cut cut;
  cut.rows = rows;
  cut.how = "ranges of equal row counts";
  if (count <= 1) return cut;
  const int64_t step = std::max<int64_t>(1, rows / count);
  SLUICE_ASSIGN(auto statement, database.Prepare(fmt::format(
                                    "SELECT {0}, count(*) FROM {1} WHERE {0} IS NOT "
                                    "NULL GROUP BY {0} ORDER BY {0}",
                                    key.column, key.source)));
  int64_t passed = 0;  // rows since the last boundary
  while (static_cast<int>(cut.boundaries.size()) + 1 < count) {
    SLUICE_ASSIGN(bool found, statement.Step());
    if (!found) return cut;
    if (passed >= step) {
      if (auto boundary = Literal(statement, 0)) {
        cut.boundaries.push_back(*boundary);
        passed = 0;
      }
    }
    passed += statement.int_at(1);
  }
  return cut;
}

Result<bool> IsOrderedByIndex(sq::Database& database, const Key& key) {
  SLUICE_ASSIGN(auto statement, database.Prepare(fmt::format(
                                    "EXPLAIN QUERY PLAN SELECT {0} FROM {1} ORDER BY {0}",
                                    key.column, key.source)));
  while (true) {
    SLUICE_ASSIGN(bool more, statement.Step());
    if (!more) return true;
    if (statement.text_at(3).find("TEMP B-TREE") != std::string_view::npos) return false;
  }
}

Result<Cut> CutByValues(sq::Database& database, const Key& key,
                        const connect::ReadOptions& options) {
  SLUICE_ASSIGN(int64_t rows, ReadInt(database, "SELECT count(*) FROM " + key.source));
  int count = connect::SplitCount(rows, options.parallel, options.chunks_per_connection,
                                  options.chunk_rows_min);
  SLUICE_ASSIGN(bool ordered, IsOrderedByIndex(database, key));
  return ordered ? WalkIndex(database, key, rows, count)
                 : CountValues(database, key, rows, count);
}

Result<Cut> CutByRowid(sq::Database& database, const Key& key,
                       const connect::ReadOptions& options) {
  SLUICE_ASSIGN(auto statement,
                database.Prepare(fmt::format("SELECT (SELECT min({0}) FROM {1}), "
                                             "(SELECT max({0}) FROM {1})",
                                             key.column, key.source)));
  SLUICE_TRY(statement.Step());
  if (statement.class_of(0) == sq::ValueClass::kNull) return Cut{{}, 0, "empty table"};
  SLUICE_ASSIGN(auto dense, CutDenseRowids(database, key, statement.int_at(0),
                                           statement.int_at(1), options));
  if (dense) return std::move(*dense);
  return CutByValues(database, key, options);
}

connect::ReadPlan MakePlan(const connect::Selection& selection, const Key& key,
                           const Cut& cut) {
  auto ranges = connect::RangesFromBoundaries(key.column, key.nullable, cut.boundaries);
  connect::ReadPlan plan;
  plan.estimated_rows = cut.rows;
  for (const connect::KeyRange& range : ranges) {
    connect::Split split;
    split.id = fmt::format("s{:04}", plan.splits.size());
    split.selection = selection;
    split.range = Json{{"condition", range.condition}};
    split.text = range.condition.empty() ? "all rows" : range.condition;
    if (cut.rows >= 0)
      split.estimated_rows = cut.rows / static_cast<int64_t>(ranges.size());
    plan.splits.push_back(std::move(split));
  }
  plan.method = cut.boundaries.empty()
                    ? "one stream: " + CountText(cut.rows) + " rows"
                    : fmt::format("{}, {} {}", key.label, plan.splits.size(), cut.how);
  return plan;
}

connect::ReadPlan OneStream(const connect::Selection& selection, const std::string& why) {
  Cut cut;
  connect::ReadPlan plan = MakePlan(selection, Key{}, cut);
  plan.method = "one stream: " + why;
  return plan;
}

Result<Key> KeyOfSplitBy(sq::Database& database, const connect::Selection& selection,
                         const TableFacts* table) {
  Key key{SourceText(selection, table), sq::QuoteName(selection.split_by),
          selection.split_by};
  std::vector<std::string> known;
  SLUICE_ASSIGN(auto statement,
                database.Prepare("SELECT * FROM " + key.source + " LIMIT 0"));
  for (int i = 0; i < statement.num_columns(); ++i)
    known.push_back(statement.column_name(i));
  bool found = std::any_of(known.begin(), known.end(), [&](const std::string& name) {
    return Lower(name) == Lower(selection.split_by);
  });
  if (!found) {
    return Error(ErrorKind::kNotFound,
                 "no such column to split by in " + selection.Label() + ": " +
                     selection.split_by + DidYouMean(selection.split_by, known),
                 {{"column", selection.split_by}});
  }
  return key;
}

}  // namespace

std::string SelectText(const connect::Selection& selection, const TableFacts* table) {
  return SelectText(selection, table, "");
}

std::string SelectText(const connect::Selection& selection, const TableFacts* table,
                       const std::string& condition) {
  std::vector<std::string> names;
  if (table != nullptr && selection.columns.empty()) {
    for (const ColumnFacts& column : table->columns)
      names.push_back(sq::QuoteName(column.name));
  }
  for (const std::string& name : selection.columns) names.push_back(sq::QuoteName(name));
  std::string sql = "SELECT " + (names.empty() ? "*" : Join(names, ", ")) + " FROM " +
                    SourceText(selection, table);
  std::vector<std::string> conditions;
  if (!selection.where.empty()) conditions.push_back("(" + selection.where + "\n)");
  if (!condition.empty()) conditions.push_back("(" + condition + ")");
  if (!conditions.empty()) sql += " WHERE " + Join(conditions, " AND ");
  return sql;
}

Result<connect::ReadPlan> PlanSelection(sq::Database& database,
                                        const connect::Selection& selection,
                                        const TableFacts* table,
                                        const connect::ReadOptions& options) {
  if (!selection.split_by.empty()) {
    SLUICE_ASSIGN(Key key, KeyOfSplitBy(database, selection, table));
    SLUICE_ASSIGN(Cut cut, CutByValues(database, key, options));
    return MakePlan(selection, key, cut);
  }
  if (table == nullptr) return OneStream(selection, "a query without --split-by");
  if (table->kind == TableFacts::Kind::kView) {
    return OneStream(selection, "a view without --split-by");
  }
  std::string rowid = table->RowidName();
  if (!rowid.empty()) {
    const ColumnFacts* alias = table->rowid_alias();
    Key key{SourceText(selection, table), rowid,
            alias != nullptr ? "primary key " + alias->name : "rowid", false};
    SLUICE_ASSIGN(Cut cut, CutByRowid(database, key, options));
    return MakePlan(selection, key, cut);
  }
  if (table->without_rowid && !table->key().empty()) {
    const std::string column = table->key().front();
    Key key{SourceText(selection, table), sq::QuoteName(column), "primary key " + column,
            false};
    SLUICE_ASSIGN(Cut cut, CutByValues(database, key, options));
    return MakePlan(selection, key, cut);
  }
  return OneStream(selection, "no usable key");
}

}  // namespace sluice::connectors::sqlite
