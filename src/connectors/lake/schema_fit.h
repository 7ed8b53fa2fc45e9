#pragma once

#include <vector>

#include "connect/sink.h"
#include "table/metadata.h"

namespace sluice::connectors::lake {

/// How the columns of a load land in a table.
struct SchemaFit {
  table::Schema schema;  ///< the table's after the load
  std::vector<int>
      source_columns;  ///< per column of `schema`: its index in the load, -1: nulls
  bool changes_schema = false;  ///< `schema` is not the table's current one
  int last_column_id = 0;       ///< of the table after the load
  std::vector<connect::SchemaChange>
      changes;  ///< those with allowed = false forbid the load

  /// The first change that is not allowed, as kUserInput with the column as a fact.
  Status Check() const;
};

/// Fits a load into a table that does not exist yet: fresh ids, NOT NULL becomes
/// required.
SchemaFit FitNewTable(const connect::TableSchema& load);

/// Fits rows that are added to `current`. Columns are matched by name without regard to
/// case. A type that is wider in the load promotes the table's (int to long, float to
/// double, decimal digits); a new column is added as optional; a column that the load
/// lacks becomes null. Everything else is not allowed.
SchemaFit FitAppend(const connect::TableSchema& load,
                    const table::TableMetadata& current);

/// Fits rows that replace `current`: the load's columns become the table's. A column of
/// the same name and type keeps its id, every other gets a new one. Partition columns
/// must stay.
SchemaFit FitOverwrite(const connect::TableSchema& load,
                       const table::TableMetadata& current);

/// May files that were written as `written` be read under `current`? Every column written
/// is there under its id with the same or a promoted type; what was not written is
/// optional.
bool CanReadAs(const table::Schema& written, const table::Schema& current);

}  // namespace sluice::connectors::lake
