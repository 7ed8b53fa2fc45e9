// Tables are cut by page numbers: `ctid >= '(n,0)'` is a TID range scan from version 14
// on, exact and free of keys. The first range has no lower and the last no upper end, so
// pages that appear after planning are read too. On a partitioned table the same
// condition holds for every partition; the page numbers are then chosen so that each
// range holds an equal share of all partitions' pages.
#include "connectors/postgresql/plan_internal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/near_names.h"
#include "base/text.h"
#include "connect/key_ranges.h"

namespace sluice::connectors::postgresql {
namespace {

constexpr int kPageBytes = 8192;
/// Split columns of larger tables are looked at through a sample of about this many rows.
constexpr int64_t kSampleRows = 300000;

struct Cut {
  std::string column;  // SQL text
  bool nullable = false;
  std::vector<std::string> boundaries;
  int64_t rows = -1;
  int64_t bytes = -1;
  std::string method;
};

std::string FromText(const connect::Selection& selection, const Resolved& resolved) {
  return resolved.is_table ? QuoteTable(resolved.table.name)
                           : "(" + selection.query + "\n) AS query";
}

std::string WhereText(const connect::Selection& selection, const std::string& condition) {
  std::vector<std::string> conditions;
  if (!selection.where.empty()) conditions.push_back("(" + selection.where + "\n)");
  if (!condition.empty()) conditions.push_back("(" + condition + ")");
  return conditions.empty() ? "" : " WHERE " + Join(conditions, " AND ");
}

connect::ReadPlan MakePlan(const connect::Selection& selection, const Cut& cut) {
  auto ranges = connect::RangesFromBoundaries(cut.column, cut.nullable, cut.boundaries);
  const auto count = static_cast<int64_t>(ranges.size());
  connect::ReadPlan plan;
  plan.method = cut.method;
  plan.estimated_rows = cut.rows;
  plan.estimated_bytes = cut.bytes;
  for (const connect::KeyRange& range : ranges) {
    connect::Split split;
    split.id = fmt::format("s{:04}", plan.splits.size());
    split.selection = selection;
    split.range = Json{{"condition", range.condition}};
    split.text = range.condition.empty() ? "all rows" : range.condition;
    split.estimated_rows = cut.rows < 0 ? -1 : cut.rows / count;
    split.estimated_bytes = cut.bytes < 0 ? -1 : cut.bytes / count;
    plan.splits.push_back(std::move(split));
  }
  return plan;
}

/// The server's guess for a statement that cannot be measured.
Result<int64_t> EstimateRows(Connection& connection, const std::string& sql) {
  SLUICE_ASSIGN(Rows rows, connection.Query("EXPLAIN (FORMAT JSON) " + sql));
  SLUICE_ASSIGN(Json json, ParseJson(rows.at(0, 0)));
  if (!json.is_array() || json.empty()) return -1;
  SLUICE_ASSIGN(const Json* plan, GetObject(json[0], "Plan"));
  SLUICE_ASSIGN(auto found, FindInt(*plan, "Plan Rows"));
  return found.value_or(-1);
}

/// The rows of never analyzed tables are guessed from their pages.
int64_t RowsOf(const std::vector<StoragePart>& parts, size_t num_columns) {
  int64_t rows = 0;
  for (const StoragePart& part : parts) {
    int64_t row_bytes = 28 + 8 * static_cast<int64_t>(num_columns);
    rows += part.rows >= 0 ? part.rows : part.pages * kPageBytes / row_bytes;
  }
  return rows;
}

/// Page numbers below which 1/count, 2/count, ... of all parts' pages lie.
std::vector<int64_t> EqualPageShares(const std::vector<StoragePart>& parts, int count) {
  int64_t total = 0, longest = 0;
  for (const StoragePart& part : parts) {
    total += part.pages;
    longest = std::max(longest, part.pages);
  }
  auto below = [&](int64_t page) {
    int64_t sum = 0;
    for (const StoragePart& part : parts) sum += std::min(part.pages, page);
    return sum;
  };
  std::vector<int64_t> shares;
  for (int i = 1; i < count; ++i) {
    const int64_t wanted = total * i / count;
    int64_t low = shares.empty() ? 1 : shares.back() + 1, high = longest;
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      (below(middle) < wanted ? low : high) =
          below(middle) < wanted ? middle + 1 : middle;
    }
    if (low >= longest) break;
    shares.push_back(low);
  }
  return shares;
}

Cut CutByPages(const std::vector<StoragePart>& parts, int64_t rows, int64_t bytes,
               const connect::ReadOptions& options) {
  Cut cut;
  cut.column = "ctid";
  cut.rows = rows;
  cut.bytes = bytes;
  int count = connect::SplitCount(rows, options.parallel, options.chunks_per_connection,
                                  options.chunk_rows_min);
  for (int64_t page : EqualPageShares(parts, count)) {
    cut.boundaries.push_back(fmt::format("'({},0)'::tid", page));
  }
  cut.method = cut.boundaries.empty()
                   ? "one stream: about " + CountText(rows) + " rows"
                   : fmt::format("pages (ctid), {} ranges", cut.boundaries.size() + 1);
  return cut;
}

/// Boundaries of a column in the server's own order and sense of equality: values are
/// grouped (so that equal ones stay together) and the first of each `step` rows is a
/// boundary.
Result<Cut> CutByColumn(Connection& connection, const connect::Selection& selection,
                        const Resolved& resolved, const ColumnFacts& column, int64_t rows,
                        const connect::ReadOptions& options) {
  Cut cut;
  cut.column = QuoteName(column.name);
  // Only a primary key is sure: NOT NULL may be declared without being checked (foreign
  // tables, NOT VALID, children of ONLY), and rows of a NULL that nobody looks for are
  // lost.
  const auto& key = resolved.table.key;
  cut.nullable = resolved.table.kind == 'f' ||
                 std::find(key.begin(), key.end(), column.name) == key.end();
  cut.rows = rows;
  int count = connect::SplitCount(rows, options.parallel, options.chunks_per_connection,
                                  options.chunk_rows_min);
  std::string from = FromText(selection, resolved);
  const bool can_sample =
      resolved.is_table && (resolved.table.kind == 'r' || resolved.table.kind == 'm');
  if (can_sample && rows > 2 * kSampleRows) {
    double percent = 100.0 * static_cast<double>(kSampleRows) / static_cast<double>(rows);
    from += fmt::format(" TABLESAMPLE SYSTEM ({:.6f}) REPEATABLE (1)", percent);
  }
  if (count > 1) {
    SLUICE_ASSIGN(
        Rows found,
        connection.Query(
            fmt::format("SELECT k::text, format_type($1::oid, -1) FROM (SELECT DISTINCT "
                        "ON (part) part, k "
                        "FROM (SELECT k, floor((sum(c) OVER (ORDER BY k) - c) * {0} / "
                        "sum(c) OVER ()) AS "
                        "part FROM (SELECT {1} AS k, count(*) AS c FROM {2}{3} GROUP BY "
                        "{1}) AS g) AS w "
                        "ORDER BY part, k) AS b WHERE part > 0 ORDER BY part",
                        count, cut.column, from,
                        WhereText(connect::Selection{}, cut.column + " IS NOT NULL")),
            {std::to_string(column.type)}));
    for (int i = 0; i < found.size(); ++i) {
      cut.boundaries.push_back(QuoteLiteral(found.at(i, 0)) + "::" + found.at(i, 1));
    }
  }
  cut.method = cut.boundaries.empty() ? "one stream: about " + CountText(rows) + " rows"
                                      : fmt::format("column {}, {} ranges", column.name,
                                                    cut.boundaries.size() + 1);
  return cut;
}

const ColumnFacts* FindColumn(const std::vector<ColumnFacts>& columns,
                              const std::string& name) {
  for (const ColumnFacts& column : columns) {
    if (column.name == name) return &column;
  }
  for (const ColumnFacts& column : columns) {
    if (Lower(column.name) == Lower(name)) return &column;
  }
  return nullptr;
}

Result<ColumnFacts> SplitColumn(Connection& connection,
                                const connect::Selection& selection,
                                const Resolved& resolved) {
  std::vector<ColumnFacts> columns = resolved.table.columns;
  if (!resolved.is_table) {
    SLUICE_ASSIGN(auto described, connection.DescribeStatement(
                                      "SELECT * FROM " + FromText(selection, resolved)));
    for (const ResultColumn& column : described) {
      columns.push_back({column.name, "", column.type, column.modifier, false});
    }
  }
  const ColumnFacts* found = FindColumn(columns, selection.split_by);
  if (found != nullptr) return *found;
  std::vector<std::string> known;
  for (const ColumnFacts& column : columns) known.push_back(column.name);
  return Error(ErrorKind::kNotFound,
               "no such column to split by in " + selection.Label() + ": " +
                   selection.split_by + DidYouMean(selection.split_by, known),
               {{"column", selection.split_by}});
}

bool HasPages(const std::vector<StoragePart>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const StoragePart& part) {
    return part.is_heap && (part.kind == 'r' || part.kind == 'm');
  });
}

Cut OneStream(const std::string& why, int64_t rows, int64_t bytes) {
  Cut cut;
  cut.rows = rows;
  cut.bytes = bytes;
  cut.method = "one stream: " + why;
  return cut;
}

Result<Cut> CutTable(Connection& connection, const connect::Selection& selection,
                     const Resolved& resolved, const connect::ReadOptions& options) {
  const TableFacts& table = resolved.table;
  SLUICE_ASSIGN(auto parts, ReadStorage(connection, table));
  const int64_t rows = RowsOf(parts, table.columns.size());
  int64_t bytes = 0;
  for (const StoragePart& part : parts) bytes += part.pages * kPageBytes;
  if (!selection.split_by.empty()) {
    SLUICE_ASSIGN(ColumnFacts column, SplitColumn(connection, selection, resolved));
    return CutByColumn(connection, selection, resolved, column, rows, options);
  }
  if (!HasPages(parts)) return OneStream("a table without pages of its own", rows, bytes);
  if (!table.can_read_all) {
    return OneStream("pages need SELECT on the whole table", rows, bytes);
  }
  if (connection.server_version() >= 140000)
    return CutByPages(parts, rows, bytes, options);
  const ColumnFacts* key =
      table.key.empty() ? nullptr : FindColumn(table.columns, table.key.front());
  if (key == nullptr) {
    return OneStream("no primary key, and page ranges need PostgreSQL 14", rows, bytes);
  }
  return CutByColumn(connection, selection, resolved, *key, rows, options);
}

}  // namespace

std::string SelectText(const connect::Selection& selection, const Resolved& resolved,
                       const std::string& condition) {
  std::vector<std::string> names;
  for (const ColumnPlan& plan : resolved.columns)
    names.push_back(QuoteName(plan.column.name));
  return "SELECT " + (names.empty() ? "*" : Join(names, ", ")) + " FROM " +
         FromText(selection, resolved) + WhereText(selection, condition);
}

std::string CopyText(const connect::Selection& selection, const Resolved& resolved,
                     const std::string& condition) {
  std::vector<std::string> items;
  for (const ColumnPlan& plan : resolved.columns) {
    items.push_back(QuoteName(plan.column.name) + (plan.cast_to_text ? "::text" : ""));
  }
  return "COPY (SELECT " + Join(items, ", ") + " FROM " + FromText(selection, resolved) +
         WhereText(selection, condition) + ") TO STDOUT (FORMAT binary)";
}

Result<connect::ReadPlan> PlanSelection(Connection& connection,
                                        const connect::Selection& selection,
                                        const Resolved& resolved,
                                        const connect::ReadOptions& options) {
  if (resolved.is_table && resolved.table.kind != 'v' && resolved.table.kind != 'f') {
    SLUICE_ASSIGN(Cut cut, CutTable(connection, selection, resolved, options));
    return MakePlan(selection, cut);
  }
  SLUICE_ASSIGN(int64_t rows,
                EstimateRows(connection, SelectText(selection, resolved, "")));
  if (selection.split_by.empty()) {
    const char* why = !resolved.is_table           ? "a query without --split-by"
                      : resolved.table.kind == 'v' ? "a view without --split-by"
                                                   : "a foreign table without --split-by";
    return MakePlan(selection, OneStream(why, rows, -1));
  }
  SLUICE_ASSIGN(ColumnFacts column, SplitColumn(connection, selection, resolved));
  SLUICE_ASSIGN(Cut cut,
                CutByColumn(connection, selection, resolved, column, rows, options));
  return MakePlan(selection, cut);
}

}  // namespace sluice::connectors::postgresql
