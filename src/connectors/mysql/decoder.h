#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "base/result.h"
#include "connectors/mysql/columns.h"
#include "connectors/mysql/wire.h"

namespace sluice::connectors::mysql {

/// Turns binary rows into record batches: one switch per cell into buffers that were
/// reserved before, no virtual call and no allocation per row. Used by one thread.
class Decoder final {
 public:
  struct Limits {
    int64_t rows_max = 65536;
    int64_t bytes_max = 8 << 20;  ///< of row packets, about; one row may be larger
  };

  /// `label` is the table's name for messages.
  Decoder(std::string label, const std::vector<ResultColumn>& columns, Limits limits);
  ~Decoder();

  /// True when Finish should be called before more rows come.
  bool full() const { return rows_ >= rows_max_ || bytes_ >= limits_.bytes_max; }
  int64_t rows() const { return rows_; }

  /// Decodes one row packet. False: error() says what is wrong with it.
  bool Append(const uint8_t* data, size_t size);
  const Status& error() const { return error_; }

  /// The rows since the last Finish; starts the next batch. Fails with kCorrupt for a
  /// text that is not UTF-8.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

  /// Values that a policy made NULL, "column: reason" -> count.
  std::map<std::string, int64_t> OddValues() const;

 private:
  struct Output;  // one column of the batch that is being filled

  Status Start();
  bool AppendCell(const ColumnCodec& codec, Output* out, WireCursor* cursor,
                  size_t column);
  bool AppendDateTime(const ColumnCodec& codec, Output* out, WireCursor* cursor,
                      size_t column);
  bool AppendDecimal(const ColumnCodec& codec, Output* out, std::string_view text,
                     size_t column);
  bool AppendBit(const ColumnCodec& codec, Output* out, std::string_view bytes,
                 size_t column);
  bool AppendText(Output* out, std::string_view text, size_t column);
  bool AppendNull(Output* out, size_t column);
  bool MarkNull(Output* out);
  bool Reject(ErrorKind kind, size_t column, const std::string& what);
  Status CheckText(const Output& out, size_t column) const;

  std::string label_;
  std::vector<ColumnCodec> codecs_;
  std::shared_ptr<arrow::Schema> schema_;
  Limits limits_;
  int64_t rows_max_;     // of one batch, for the reserved buffers
  size_t bitmap_bytes_;  // of a row's null bitmap
  std::vector<Output> outputs_;
  bool started_ = false;
  int64_t rows_ = 0, bytes_ = 0;  // of this batch
  int64_t rows_before_ = 0;       // of the batches before
  Status error_;
};

}  // namespace sluice::connectors::mysql
