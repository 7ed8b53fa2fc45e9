#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "base/json.h"
#include "base/result.h"
#include "types/fidelity.h"

namespace sluice::connect {

/// A table as its source names it: schema (or database) may be empty for the connection's
/// own.
struct TableName {
  std::string schema;
  std::string name;
  bool operator==(const TableName&) const = default;
  auto operator<=>(const TableName&) const = default;
  /// "schema.name" or "name".
  std::string ToString() const;
};

/// What to read: one table, or one query.
struct Selection {
  std::optional<TableName> table;
  std::string query;                 ///< a SELECT without a final ';'; empty with `table`
  std::vector<std::string> columns;  ///< of the table, in this order; empty is all
  std::string where;     ///< SQL condition of the source's dialect; may be empty
  std::string split_by;  ///< column to split on; empty lets the source choose
  /// The table's name or "query", for messages and counters.
  std::string Label() const;
  Json ToJson() const;
  static Result<Selection> FromJson(const Json& json);
};

/// One column as the reader will deliver it.
struct Column {
  std::string name;
  std::string source_type;  ///< as the source prints it: "bigint(20) unsigned"
  std::shared_ptr<arrow::Field> field;  ///< name, Arrow type, nullable
  types::Fidelity fidelity = types::Fidelity::kExact;
  std::string note;  ///< why it is not exact, or what a policy does; may be empty
};

struct TableSchema {
  std::string name;  ///< Selection::Label()
  std::vector<Column> columns;
  std::vector<std::string> key;  ///< primary key columns, in key order; may be empty
  std::shared_ptr<arrow::Schema> ArrowSchema() const;
  Json ToJson() const;
};

/// A unit of reading that can be retried alone. For the same plan the same ids.
struct Split {
  std::string id;  ///< "s0007": unique within one plan, sorts in plan order
  Selection selection;
  Json range;        ///< what only the source understands (key range, pages, rowids)
  std::string text;  ///< the same for people: "id >= 1000 AND id < 2000"
  int64_t estimated_rows = -1;   ///< -1: unknown
  int64_t estimated_bytes = -1;  ///< on the wire; -1: unknown
  Json ToJson() const;
  static Result<Split> FromJson(const Json& json);
};

/// How far a reader is; opaque outside its source.
struct Position {
  Json value;  ///< null: the beginning of the split
  bool operator==(const Position&) const = default;
};

/// What a set of splits can promise.
enum class Consistency {
  kSnapshot,  ///< all splits of all tables see one state of the source
  kPerChunk,  ///< each split sees one state, splits may differ
  kStatic,    ///< the source cannot change while it is read (a file, a locked database)
};
std::string_view ConsistencyName(Consistency consistency);

struct SnapshotInfo {
  Consistency consistency = Consistency::kPerChunk;
  std::string how;       ///< "4 connections at binlog mysqld-bin.000002:3451", or why not
  std::string position;  ///< binlog file:offset, GTID, LSN; empty when unknown
};

/// The answer of Source::Plan.
struct ReadPlan {
  std::vector<Split> splits;
  std::string method;  ///< "primary key id, 32 ranges", "one stream: no usable key"
  int64_t estimated_rows = -1;
  int64_t estimated_bytes = -1;
};

/// What a column's odd values become. Each use is counted and reported.
enum class OddValuePolicy { kError, kNull, kText };
Result<OddValuePolicy> ParseOddValuePolicy(std::string_view word);

/// How Source reads; beside the link because it belongs to the request.
struct ReadOptions {
  int parallel = 4;               ///< connections
  int64_t batch_rows = 65536;     ///< at most, per batch
  int64_t batch_bytes = 8 << 20;  ///< about, per batch
  int chunks_per_connection =
      8;  ///< splits aimed at per connection when the table is large
  int64_t chunk_rows_min = 50000;  ///< a split is not made smaller than this
  OddValuePolicy zero_dates = OddValuePolicy::kError;  ///< MySQL 0000-00-00, 2020-00-15
  OddValuePolicy out_of_range =
      OddValuePolicy::kError;  ///< infinity, NaN in numeric, year 294276, ...
  OddValuePolicy wrong_storage_class =
      OddValuePolicy::kError;  ///< SQLite: value against its column
  bool allow_lossy =
      false;  ///< columns labelled lossy are read; else the import is refused
  bool wide_decimals_as_decimal256 = false;  ///< precision 39..76; else text form
};

/// What a writer made out of one attempt at one split.
struct Receipt {
  std::string split_id;
  int attempt = 1;
  int64_t rows = 0;
  int64_t bytes = 0;               ///< written
  std::vector<std::string> files;  ///< paths or URIs, for people and for gc
  Json detail;  ///< what only the sink understands (Iceberg data files)
  Json ToJson() const;
  static Result<Receipt> FromJson(const Json& json);
};

enum class WriteMode {
  kAppend,
  kOverwrite,
  kOverwritePartitions,
  kUpsert,
  kErrorIfExists
};
/// "append", "overwrite", "overwrite-partitions", "upsert", "error-if-exists".
Result<WriteMode> ParseWriteMode(std::string_view word);
std::string_view WriteModeName(WriteMode mode);

struct CommitOutcome {
  enum class State { kCommitted, kConflict, kUnknown };
  State state = State::kCommitted;
  int64_t snapshot_id = 0;  ///< of a lake table; 0 elsewhere
  std::string message;      ///< for kConflict and kUnknown: what to do
};

}  // namespace sluice::connect
