#pragma once

#include <memory>
#include <string>
#include <vector>

#include "table/data_file.h"
#include "table/manifest.h"

namespace sluice::table {

/// A condition for pruning: a conjunction of simple predicates on top-level columns. What
/// cannot be said with it is left out, which only prunes less.
struct Predicate {
  enum class Op { kEq, kNe, kLt, kLe, kGt, kGe, kIn, kIsNull, kNotNull };
  int field_id = 0;
  Op op = Op::kEq;
  std::vector<Value> values;  ///< one; several for kIn; none for the null tests
};
using Filter = std::vector<Predicate>;

/// May a file hold a row for which all predicates are true? Never false for one that
/// does.
bool MayMatchFile(const Filter& filter, const Schema& schema, const PartitionSpec& spec,
                  const DataFile& file);
/// The same for all files of a manifest, by its partition summaries.
bool MayMatchManifest(const Filter& filter, const Schema& schema,
                      const PartitionSpec& spec, const ManifestFile& manifest);

}  // namespace sluice::table
