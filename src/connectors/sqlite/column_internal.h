#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "connect/values.h"
#include "connectors/sqlite/catalog_internal.h"
#include "sqlite/database.h"

namespace sluice::connectors::sqlite {

/// What a declared type becomes.
enum class Form { kInt64, kBool, kDouble, kDecimal, kText, kAnyText, kBinary };

/// One column of a read: what it is and what happens to values that contradict it.
struct ColumnPlan {
  connect::Column column;
  Form form = Form::kAnyText;
  int32_t precision = 0;  ///< of kDecimal
  int32_t scale = 0;
  connect::OddValuePolicy policy = connect::OddValuePolicy::kError;
};

/// By the declared type: INTEGER family int64, BOOLEAN bool, REAL family double,
/// DECIMAL(p,s) decimal128, TEXT family utf8, BLOB family binary; dates and everything
/// else the text form. Under the policy kText numbers become utf8 too. `exact`: values
/// cannot contradict the type (STRICT table, rowid alias).
ColumnPlan PlanColumn(const ColumnFacts& facts, bool exact,
                      connect::OddValuePolicy policy);

/// Appends values of one column to its builder.
class ColumnBuilder final {
 public:
  /// `plan` is borrowed.
  static Result<std::unique_ptr<ColumnBuilder>> Make(const ColumnPlan* plan);
  ~ColumnBuilder();

  /// Appends column `index` of the statement's current row. Fails with kCorrupt, naming
  /// the value, where the policy is kError; the caller adds table and row.
  Status Append(const ::sluice::sqlite::Statement& row, int index);
  Result<std::shared_ptr<arrow::Array>> Finish();

  int64_t bytes() const { return bytes_; }  ///< about, since the last Finish
  int64_t num_odd() const {
    return num_odd_;
  }  ///< values nulled or put into another form

 private:
  ColumnBuilder(const ColumnPlan* plan, std::unique_ptr<arrow::ArrayBuilder> builder);
  Status AppendOdd(const ::sluice::sqlite::Statement& row, int index);
  Status AppendDecimal(const ::sluice::sqlite::Statement& row, int index);
  Status AppendText(const ::sluice::sqlite::Statement& row, int index);

  const ColumnPlan* plan_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
  int64_t bytes_ = 0;
  int64_t num_odd_ = 0;
};

/// The shortest decimal text that reads back as the same double; "1e+20" style exponents.
std::string DoubleText(double value);

}  // namespace sluice::connectors::sqlite
