#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "connectors/postgresql/type_internal.h"

namespace sluice::connectors::postgresql {

/// Appends one value's binary form. Where the value is one that the policy out_of_range
/// decides about, nothing is appended and `*odd` says what it is ("infinity"). Fails with
/// kCorrupt for bytes that are not of the form.
Status AppendValue(Form form, const ColumnPlan& plan, std::string_view bytes,
                   arrow::ArrayBuilder* builder, const char** odd);

/// The same for an array (array_send: dimensions, flags, element type, lengths, elements)
/// into a list builder. Odd elements become null and are counted under the policy kNull.
Status AppendArray(const ColumnPlan& plan, std::string_view bytes,
                   arrow::ArrayBuilder* builder, int64_t* num_odd, const char** odd);

/// Turns the rows of COPY BINARY into record batches.
class RowDecoder final {
 public:
  /// `columns` is borrowed. `check_text`: the server does not vouch for UTF-8.
  static Result<std::unique_ptr<RowDecoder>> Make(const std::vector<ColumnPlan>* columns,
                                                  std::string label, bool check_text);
  ~RowDecoder();

  /// One CopyData message: a row, or the stream's header or trailer (then nothing is
  /// added).
  Status Append(const char* data, int64_t size);
  /// The rows since the last Finish; null when there are none.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

  int64_t batch_rows() const { return batch_rows_; }
  int64_t batch_bytes() const { return batch_bytes_; }
  int64_t num_rows() const { return num_rows_; }
  std::map<std::string, int64_t> OddValues() const;

 private:
  struct Column;
  RowDecoder(std::string label, bool check_text);
  Status AppendColumn(Column& column, std::string_view bytes);
  Status InColumn(const Column& column, const Status& status) const;

  const std::string label_;
  const bool check_text_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Column> columns_;
  bool started_ = false;     // the header was seen
  int64_t batch_rows_ = 0;   // since the last Finish
  int64_t batch_bytes_ = 0;  // on the wire
  int64_t num_rows_ = 0;
};

}  // namespace sluice::connectors::postgresql
