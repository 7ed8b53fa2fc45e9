// Conditions are made from literals so that every row is in exactly one range whatever
// the key is: neighbours share a literal, once with `<` and once with `>=`
// (connect/key_ranges.h), and a value that is fat on its own is `= literal` beside `>
// literal`, its rows cut by the next column of the index. Estimates only decide where
// literals are put, never which rows are read.
#include "connectors/mysql/planner.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <queue>

#include <fmt/format.h>

#include "connect/key_ranges.h"
#include "connectors/mysql/wire.h"

namespace sluice::connectors::mysql {
namespace {

using Int = __int128;

constexpr auto kWalkTimeMax = std::chrono::seconds(20);
constexpr int kPiecesPerRange =
    4;  // finer than the ranges, so that merging evens them out
constexpr int kEstimatesMax = 4096;

std::string And(const std::string& a, const std::string& b) {
  if (a.empty()) return b;
  return b.empty() ? a : a + " AND " + b;
}

std::string IntText(Int value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string text;
  for (Int rest = negative ? -value : value; rest > 0; rest /= 10) {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return negative ? "-" + text : text;
}

std::optional<Int> ParseInt(const std::string& text) {
  __int128 value;
  if (text.empty() || !ParseDecimal(text, 0, &value)) return {};
  return value;
}

/// Asks about one selection.
class Scout final {
 public:
  Scout(Session* session, const std::string& from, const std::string& index)
      : session_(session), from_(from) {
    if (!index.empty()) from_ += " FORCE INDEX (" + QuoteName(index) + ")";
  }

  /// The optimizer's estimate for a condition.
  Result<int64_t> Estimate(const std::string& condition) {
    const std::string sql = "EXPLAIN SELECT 1 FROM " + from_ + Where(condition);
    SLUICE_ASSIGN(auto rows, session_->Query(sql, "estimate rows"));
    ++estimates_;
    const size_t at = session_->is_mariadb() ? 8 : 9;
    if (rows.empty() || rows[0].size() <= at || !rows[0][at]) return int64_t{0};
    return static_cast<int64_t>(std::strtoll(rows[0][at]->c_str(), nullptr, 10));
  }

  /// The first row of `what`, its cells NULL when there is none.
  Result<std::vector<Session::Cell>> First(const std::string& what,
                                           const std::string& condition,
                                           const std::string& tail) {
    const std::string sql = "SELECT " + what + " FROM " + from_ + Where(condition) + tail;
    SLUICE_ASSIGN(auto rows, session_->Query(sql, "read key boundaries"));
    if (rows.empty()) return std::vector<Session::Cell>(2);
    return rows[0];
  }

  int estimates() const { return estimates_; }

 private:
  static std::string Where(const std::string& condition) {
    return condition.empty() ? "" : " WHERE " + condition;
  }

  Session* session_;
  std::string from_;
  int estimates_ = 0;
};

/// Literals in the server's order; `fat[i]`: the rows of this one value alone exceed a
/// range.
struct Boundaries {
  std::vector<std::string> literals;
  std::vector<bool> fat;
};

struct Piece {
  Int low, high;  // [low, high)
  int64_t rows;
  bool operator<(const Piece& other) const { return rows < other.rows; }
};

std::string Between(const KeyColumn& key, const std::string& prefix, Int low, Int high) {
  return And(prefix, fmt::format("{0} >= {1} AND {0} < {2}", key.name, IntText(low),
                                 IntText(high)));
}

/// Halves integers where the optimizer sees many rows, so that gaps and outliers cost
/// nothing.
Result<std::vector<Piece>> Halve(Scout* scout, const KeyColumn& key,
                                 const std::string& prefix, Piece whole,
                                 int64_t rows_per_piece) {
  std::priority_queue<Piece> open;
  std::vector<Piece> done;
  open.push(whole);
  while (!open.empty()) {
    Piece piece = open.top();
    open.pop();
    const bool small = piece.rows <= rows_per_piece || piece.high - piece.low <= 1;
    if (small || scout->estimates() > kEstimatesMax) {
      done.push_back(piece);
      continue;
    }
    const Int middle = piece.low + (piece.high - piece.low) / 2;
    SLUICE_ASSIGN(int64_t left, scout->Estimate(Between(key, prefix, piece.low, middle)));
    SLUICE_ASSIGN(int64_t right,
                  scout->Estimate(Between(key, prefix, middle, piece.high)));
    open.push({piece.low, middle, left});
    open.push({middle, piece.high, right});
  }
  std::sort(done.begin(), done.end(),
            [](const Piece& a, const Piece& b) { return a.low < b.low; });
  return done;
}

/// Joins neighbouring pieces up to about `rows_per_range`.
Boundaries Merge(const std::vector<Piece>& pieces, int64_t rows_per_range) {
  Boundaries boundaries;
  int64_t rows = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    const bool fat = piece.high - piece.low == 1 && piece.rows > rows_per_range;
    const bool after_fat = !boundaries.fat.empty() && boundaries.fat.back() && rows > 0;
    if (i > 0 && (fat || after_fat || rows + piece.rows / 2 >= rows_per_range)) {
      boundaries.literals.push_back(IntText(piece.low));
      boundaries.fat.push_back(fat);
      rows = 0;
    } else if (i == 0 && fat) {
      boundaries.literals.push_back(IntText(piece.low));
      boundaries.fat.push_back(true);
    }
    rows += piece.rows;
  }
  return boundaries;
}

Result<Boundaries> CutIntegers(Scout* scout, const KeyColumn& key,
                               const std::string& prefix, int64_t rows_per_range,
                               int ranges) {
  const std::string ends = fmt::format("MIN({0}) + 0, MAX({0}) + 0", key.name);
  SLUICE_ASSIGN(auto cells, scout->First(ends, prefix, ""));
  const auto low = ParseInt(cells.at(0).value_or(""));
  const auto high = ParseInt(cells.at(1).value_or(""));
  if (!low || !high) return Boundaries{};
  SLUICE_ASSIGN(std::vector<Piece> pieces,
                Halve(scout, key, prefix, Piece{*low, *high + 1, INT64_MAX},
                      std::max<int64_t>(rows_per_range / kPiecesPerRange, 1)));
  if (prefix.empty() && pieces.size() > 1) {
    // Estimates of parts add up to another number than that of the whole, often twice as
    // many.
    int64_t sum = 0;
    for (const Piece& piece : pieces) sum += piece.rows;
    rows_per_range = std::max(sum / ranges, rows_per_range);
  }
  return Merge(pieces, rows_per_range);
}

/// Walks the index in the server's own order; every boundary is a value that is there.
Result<Boundaries> Walk(Scout* scout, const KeyColumn& key, const std::string& prefix,
                        int64_t rows_per_range, int ranges) {
  const auto until = std::chrono::steady_clock::now() + kWalkTimeMax;
  Boundaries boundaries;
  int64_t step = rows_per_range;
  std::string condition = And(prefix, key.nullable ? key.name + " IS NOT NULL" : "");
  while (std::chrono::steady_clock::now() < until) {
    SLUICE_ASSIGN(auto cells, scout->First(key.ReadExpression(), condition,
                                           fmt::format(" ORDER BY {} LIMIT 1 OFFSET {}",
                                                       key.name, step)));
    if (!cells.at(0)) break;
    boundaries.literals.push_back(key.Literal(*cells[0]));
    boundaries.fat.push_back(false);
    condition = And(prefix, key.name + " > " + boundaries.literals.back());
    // The estimate of rows was far too small: wider steps, or there is no end of ranges.
    if (boundaries.literals.size() % (2 * static_cast<size_t>(ranges)) == 0) step *= 2;
  }
  for (size_t i = 0; i < boundaries.literals.size(); ++i) {
    const std::string one = And(prefix, key.name + " = " + boundaries.literals[i]);
    SLUICE_ASSIGN(int64_t rows, scout->Estimate(one));
    boundaries.fat[i] = rows > rows_per_range + rows_per_range / 2;
  }
  return boundaries;
}

/// Cuts the rows of `prefix` by column `at` of the key, and fat values by the next
/// column.
Status CutBy(Scout* scout, const CutKey& key, size_t at, const std::string& prefix,
             int64_t rows_per_range, int ranges, std::vector<CutRange>* out) {
  const KeyColumn& column = key.columns[at];
  SLUICE_ASSIGN(Boundaries cut,
                column.numeric()
                    ? CutIntegers(scout, column, prefix, rows_per_range, ranges)
                    : Walk(scout, column, prefix, rows_per_range, ranges));
  const std::vector<connect::KeyRange> parts =
      connect::RangesFromBoundaries(column.name, column.nullable, cut.literals);
  const bool can_go_deeper = at + 1 < key.columns.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool fat = i >= 1 && i <= cut.fat.size() && cut.fat[i - 1] && can_go_deeper;
    if (!fat) {
      out->push_back({And(prefix, parts[i].condition)});
      continue;
    }
    const std::string& literal = cut.literals[i - 1];
    SLUICE_TRY(CutBy(scout, key, at + 1, And(prefix, column.name + " = " + literal),
                     rows_per_range, ranges, out));
    // A fat integer piece is one value wide: the next boundary is its successor.
    if (column.numeric() && i < cut.literals.size()) continue;
    std::string rest = column.name + " > " + literal;
    if (i < cut.literals.size()) rest += " AND " + column.name + " < " + cut.literals[i];
    out->push_back({And(prefix, rest)});
  }
  return Status::OK();
}

/// Gives each range its share of the whole estimate.
Status EstimateRanges(Scout* scout, CutPlan* plan) {
  double sum = 0;
  for (CutRange& range : plan->ranges) {
    SLUICE_ASSIGN(range.rows, scout->Estimate(range.condition));
    sum += static_cast<double>(range.rows);
  }
  if (sum <= 0 || plan->rows < 0) return Status::OK();
  const double scale = static_cast<double>(plan->rows) / sum;
  for (CutRange& range : plan->ranges) {
    range.rows = static_cast<int64_t>(static_cast<double>(range.rows) * scale);
  }
  return Status::OK();
}

/// Without an index: even ranges between the ends, which costs one scan, and one per
/// range.
Result<CutPlan> CutByScan(Scout* scout, const KeyColumn& key, int64_t rows, int ranges) {
  const bool days = key.kind == KeyKind::kDay;
  const std::string_view function = days ? "TO_DAYS" : "FLOOR";
  const std::string value = days ? key.name : key.name + " + 0";
  const std::string ends = fmt::format("{0}(MIN({1})), {0}(MAX({1}))", function, value);
  SLUICE_ASSIGN(auto cells, scout->First(ends, "", ""));
  const auto low = ParseInt(cells.at(0).value_or(""));
  const auto high = ParseInt(cells.at(1).value_or(""));
  std::vector<std::string> literals;
  if (low && high) {
    const Int span = *high - *low + 1;
    for (int i = 1; i < ranges; ++i) {
      const std::string text =
          IntText(*low + span / ranges * i + span % ranges * i / ranges);
      std::string literal = days ? "FROM_DAYS(" + text + ")" : text;
      if (literals.empty() || literals.back() != literal)
        literals.push_back(std::move(literal));
    }
  }
  CutPlan plan;
  for (const auto& part :
       connect::RangesFromBoundaries(key.name, key.nullable, literals)) {
    plan.ranges.push_back({part.condition});
  }
  plan.rows = rows;
  plan.method =
      fmt::format("column {} without an index, {} ranges that each read all rows",
                  key.name, plan.ranges.size());
  return plan;
}

}  // namespace

Result<CutPlan> Cut(Session* session, const std::string& from, const CutKey& key,
                    int64_t rows, const connect::ReadOptions& options) {
  CutPlan plan;
  plan.rows = rows;
  if (key.columns.empty()) {
    plan.ranges = {{"", rows}};
    plan.method = "one stream: no usable key";
    return plan;
  }
  const KeyColumn& first = key.columns[0];
  Scout scout(session, from, key.index);
  if (key.index.empty()) {
    const bool even = first.kind == KeyKind::kInteger ||
                      first.kind == KeyKind::kDecimal || first.kind == KeyKind::kFloat ||
                      first.kind == KeyKind::kDay;
    if (!even) {
      return Error(
          ErrorKind::kUserInput,
          "a column without an index must be a number or a date to cut rows by it;"
          " choose another --split-by, or create an index: " +
              first.name);
    }
    return CutByScan(&scout, first, rows, std::max(options.parallel, 1));
  }
  // The table's statistics may be old; the index's are looked up in its pages.
  if (first.numeric()) {
    SLUICE_ASSIGN(int64_t now, scout.Estimate(first.name + " >= -9223372036854775808"));
    plan.rows = std::max(plan.rows, now);
  }
  const int ranges = connect::SplitCount(
      plan.rows, options.parallel, options.chunks_per_connection, options.chunk_rows_min);
  const std::string by =
      (key.index == "PRIMARY" ? "primary key " : "index " + key.index + " on ") +
      first.name;
  if (ranges <= 1) {
    plan.ranges = {{"", plan.rows}};
    plan.method = "one stream: too few rows to cut by " + by;
    return plan;
  }
  SLUICE_TRY(CutBy(&scout, key, 0, "", std::max<int64_t>(plan.rows / ranges, 1), ranges,
                   &plan.ranges));
  SLUICE_TRY(EstimateRanges(&scout, &plan));
  plan.method = fmt::format("{}, {} ranges", by, plan.ranges.size());
  return plan;
}

}  // namespace sluice::connectors::mysql
