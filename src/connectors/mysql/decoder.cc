// The hot path of the connector. A row packet is 0x00, a bitmap of NULLs (two bits of it
// unused) and the values that are not NULL. Fixed-width values go to values[row], the
// others to a byte buffer with offsets; a validity bitmap exists only once a column had
// its first NULL.
#include "connectors/mysql/decoder.h"

#include <algorithm>
#include <cstring>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

namespace sluice::connectors::mysql {
namespace {

using connect::OddValuePolicy;

/// Bytes per value in the values buffer; 0: bits; -1: offsets and bytes.
int WidthOf(Codec codec) {
  switch (codec) {
    case Codec::kBit1:
      return 0;
    case Codec::kInt8:
    case Codec::kUInt8:
    case Codec::kInt16:
    case Codec::kUInt16:
    case Codec::kInt32:
    case Codec::kYear:
    case Codec::kFloat:
    case Codec::kDate:
      return 4;
    case Codec::kUInt32:
    case Codec::kInt64:
    case Codec::kDouble:
    case Codec::kTimestamp:
    case Codec::kBit:
      return 8;
    case Codec::kUInt64:
    case Codec::kDecimal128:
    case Codec::kBit64:
    case Codec::kUuid:
      return 16;
    case Codec::kDecimal256:
      return 32;
    default:
      return -1;
  }
}

int64_t RowsThatFit(const std::vector<ColumnCodec>& codecs,
                    const Decoder::Limits& limits) {
  int64_t row_bytes = 1;
  for (const ColumnCodec& codec : codecs) {
    const int width = WidthOf(codec.codec);
    row_bytes += width < 0 ? 4 : std::max(width, 1);
  }
  return std::clamp<int64_t>(limits.bytes_max * 2 / row_bytes, 1, limits.rows_max);
}

std::string Shown(std::string_view bytes) {
  std::string shown;
  for (char c : bytes.substr(0, 60)) {
    const auto byte = static_cast<unsigned char>(c);
    shown +=
        byte >= 0x20 && byte < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return shown;
}

}  // namespace

struct Decoder::Output {
  int width = 0;
  bool nullable = true;
  std::shared_ptr<arrow::ResizableBuffer> values;    // or offsets
  std::shared_ptr<arrow::ResizableBuffer> bytes;     // of variable-width values
  std::shared_ptr<arrow::ResizableBuffer> validity;  // none before the first NULL
  uint8_t* at = nullptr;                             // values->mutable_data()
  uint8_t* text = nullptr;                           // bytes->mutable_data()
  int64_t text_size = 0;
  int64_t text_capacity = 0;
  int64_t row = 0;  // that is being filled
  int64_t nulls = 0;
  int64_t odd = 0;  // values made NULL by a policy, over all batches

  template <typename T>
  bool Put(T value) {
    std::memcpy(at + row * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
    return true;
  }
};

Decoder::Decoder(std::string label, const std::vector<ResultColumn>& columns,
                 Limits limits)
    : label_(std::move(label)), limits_(limits), bitmap_bytes_((columns.size() + 9) / 8) {
  arrow::FieldVector fields;
  for (const ResultColumn& column : columns) {
    codecs_.push_back(column.codec);
    fields.push_back(column.column.field);
    Output& out = outputs_.emplace_back();
    out.width = WidthOf(column.codec.codec);
    out.nullable = column.column.field->nullable();
  }
  schema_ = arrow::schema(std::move(fields));
  rows_max_ = RowsThatFit(codecs_, limits_);
  arrow::util::InitializeUTF8();
}

Decoder::~Decoder() = default;

Status Decoder::Start() {
  for (Output& out : outputs_) {
    const int64_t value_bytes = out.width > 0 ? rows_max_ * out.width
                                : out.width == 0
                                    ? arrow::bit_util::BytesForBits(rows_max_)
                                    : (rows_max_ + 1) * 4;
    SLUICE_ASSIGN(out.values, arrow::AllocateResizableBuffer(value_bytes));
    out.at = out.values->mutable_data();
    if (out.width == 0) std::memset(out.at, 0, value_bytes);
    out.validity = nullptr;
    out.nulls = 0;
    out.text_size = 0;
    if (out.width < 0) {
      const int32_t zero = 0;
      std::memcpy(out.at, &zero, sizeof zero);
      SLUICE_ASSIGN(out.bytes, arrow::AllocateResizableBuffer(
                                   std::max<int64_t>(out.text_capacity, 4096)));
      out.text = out.bytes->mutable_data();
      out.text_capacity = out.bytes->size();
    }
  }
  rows_ = bytes_ = 0;
  started_ = true;
  return Status::OK();
}

bool Decoder::Reject(ErrorKind kind, size_t column, const std::string& what) {
  const int64_t row = rows_before_ + rows_ + 1;
  error_ = Error(kind,
                 fmt::format("{}: {}, column {}, row {} of this split", what, label_,
                             schema_->field(static_cast<int>(column))->name(), row),
                 {{"table", label_},
                  {"column", schema_->field(static_cast<int>(column))->name()},
                  {"row", std::to_string(row)}});
  return false;
}

bool Decoder::Append(const uint8_t* data, size_t size) {
  if (!started_) {
    error_ = Start();
    if (!error_.ok()) return false;
  }
  if (size < 1 + bitmap_bytes_ || data[0] != 0) {
    error_ =
        Error(ErrorKind::kCorrupt,
              fmt::format("the server sent a row that is none: {}, row {} of this split",
                          label_, rows_before_ + rows_ + 1));
    return false;
  }
  const uint8_t* nulls = data + 1;
  WireCursor cursor{data + 1 + bitmap_bytes_, data + size};
  for (size_t i = 0; i < codecs_.size(); ++i) {
    Output* out = &outputs_[i];
    out->row = rows_;
    const size_t bit = i + 2;
    const bool null = (nulls[bit >> 3] >> (bit & 7)) & 1;
    if (!(null ? AppendNull(out, i) : AppendCell(codecs_[i], out, &cursor, i)))
      return false;
  }
  if (!cursor.ok || cursor.at != cursor.end) [[unlikely]] {
    error_ = Error(
        ErrorKind::kCorrupt,
        fmt::format("the server sent a row whose length is wrong: {}, row {} of this"
                    " split",
                    label_, rows_before_ + rows_ + 1));
    return false;
  }
  ++rows_;
  bytes_ += static_cast<int64_t>(size);
  return true;
}

bool Decoder::AppendCell(const ColumnCodec& codec, Output* out, WireCursor* cursor,
                         size_t column) {
  switch (codec.codec) {
    case Codec::kInt8:
      return out->Put<int32_t>(cursor->Fixed<int8_t>());
    case Codec::kUInt8:
      return out->Put<int32_t>(cursor->Fixed<uint8_t>());
    case Codec::kInt16:
      return out->Put<int32_t>(cursor->Fixed<int16_t>());
    case Codec::kUInt16:
    case Codec::kYear:
      return out->Put<int32_t>(cursor->Fixed<uint16_t>());
    case Codec::kInt32:
    case Codec::kFloat:
      return out->Put(cursor->Fixed<uint32_t>());
    case Codec::kUInt32:
      return out->Put<int64_t>(cursor->Fixed<uint32_t>());
    case Codec::kInt64:
    case Codec::kDouble:
      return out->Put(cursor->Fixed<uint64_t>());
    case Codec::kUInt64:
      return out->Put<unsigned __int128>(cursor->Fixed<uint64_t>());
    case Codec::kDecimal128:
    case Codec::kDecimal256:
      return AppendDecimal(codec, out, cursor->Text(), column);
    case Codec::kDate:
    case Codec::kTimestamp:
    case Codec::kDateText:
    case Codec::kTimestampText:
      return AppendDateTime(codec, out, cursor, column);
    case Codec::kTimeText: {
      char text[kTemporalTextBytes];
      const int size = PrintTime(WireTime::Read(cursor), codec.scale, text);
      return AppendText(out, {text, static_cast<size_t>(size)}, column);
    }
    case Codec::kBit1:
    case Codec::kBit:
    case Codec::kBit64:
      return AppendBit(codec, out, cursor->Text(), column);
    case Codec::kText:
    case Codec::kBytes:
      return AppendText(out, cursor->Text(), column);
    case Codec::kUuid: {
      const std::string_view text = cursor->Text();
      if (ParseUuid(text, out->at + out->row * 16)) return true;
      return Reject(ErrorKind::kCorrupt, column,
                    fmt::format("no UUID: \"{}\"", Shown(text)));
    }
  }
  return Reject(ErrorKind::kInternal, column, "no decoder");
}

bool Decoder::AppendDateTime(const ColumnCodec& codec, Output* out, WireCursor* cursor,
                             size_t column) {
  const WireDateTime value = WireDateTime::Read(cursor);
  char text[kTemporalTextBytes];
  if (codec.codec == Codec::kDateText) {
    return AppendText(out, {text, static_cast<size_t>(PrintDate(value, text))}, column);
  }
  if (codec.codec == Codec::kTimestampText) {
    const int size = PrintDateTime(value, codec.scale, text);
    return AppendText(out, {text, static_cast<size_t>(size)}, column);
  }
  const bool is_date = codec.codec == Codec::kDate;
  if (value.IsDay()) [[likely]] {
    return is_date ? out->Put(value.Days()) : out->Put(value.Microseconds());
  }
  if (codec.zero_dates == OddValuePolicy::kNull) {
    ++out->odd;
    return MarkNull(out);
  }
  const int size =
      is_date ? PrintDate(value, text) : PrintDateTime(value, codec.scale, text);
  return Reject(ErrorKind::kUserInput, column,
                fmt::format("{} is no day of the calendar; choose --zero-dates null or"
                            " --zero-dates text",
                            std::string_view(text, static_cast<size_t>(size))));
}

bool Decoder::AppendDecimal(const ColumnCodec& codec, Output* out, std::string_view text,
                            size_t column) {
  if (codec.codec == Codec::kDecimal128) {
    __int128 value;
    if (ParseDecimal(text, codec.scale, &value)) [[likely]]
      return out->Put(value);
  } else {
    auto wide = arrow::Decimal256::FromString(text);
    int32_t scale = 0;
    for (size_t point = text.find('.'); point < text.size(); point = text.size()) {
      scale = static_cast<int32_t>(text.size() - point - 1);
    }
    if (wide.ok()) wide = wide->Rescale(scale, codec.scale);
    if (wide.ok() && wide->FitsInPrecision(codec.precision)) {
      wide->ToBytes(out->at + out->row * 32);
      return true;
    }
  }
  return Reject(ErrorKind::kCorrupt, column,
                fmt::format("\"{}\" is no decimal({},{})", Shown(text), codec.precision,
                            codec.scale));
}

bool Decoder::AppendBit(const ColumnCodec& codec, Output* out, std::string_view bytes,
                        size_t column) {
  if (bytes.size() > 8) return Reject(ErrorKind::kCorrupt, column, "more than 64 bits");
  uint64_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  if (codec.codec == Codec::kBit64) return out->Put<unsigned __int128>(value);
  if (codec.codec == Codec::kBit) return out->Put(value);
  arrow::bit_util::SetBitTo(out->at, out->row, value != 0);
  return true;
}

bool Decoder::AppendText(Output* out, std::string_view text, size_t column) {
  const int64_t size = out->text_size + static_cast<int64_t>(text.size());
  if (size > out->text_capacity) [[unlikely]] {
    if (size > INT32_MAX)
      return Reject(ErrorKind::kUserInput, column, "value of 2 GB or more");
    error_ = out->bytes->Resize(std::max<int64_t>(size, out->text_capacity * 2), false);
    if (!error_.ok()) return false;
    out->text = out->bytes->mutable_data();
    out->text_capacity = out->bytes->size();
  }
  // The view of a row that was cut short has no data; Append refuses that row at its end.
  if (!text.empty()) std::memcpy(out->text + out->text_size, text.data(), text.size());
  out->text_size = size;
  const auto end = static_cast<int32_t>(size);
  std::memcpy(out->at + (out->row + 1) * 4, &end, sizeof end);
  return true;
}

bool Decoder::AppendNull(Output* out, size_t column) {
  if (!out->nullable) [[unlikely]] {
    return Reject(ErrorKind::kCorrupt, column, "NULL in a column that is NOT NULL");
  }
  return MarkNull(out);
}

bool Decoder::MarkNull(Output* out) {
  if (out->validity == nullptr) {
    auto bitmap =
        arrow::AllocateResizableBuffer(arrow::bit_util::BytesForBits(rows_max_));
    error_ = bitmap.status();
    if (!error_.ok()) return false;
    out->validity = std::move(*bitmap);
    std::memset(out->validity->mutable_data(), 0xff, out->validity->size());
  }
  arrow::bit_util::ClearBit(out->validity->mutable_data(), out->row);
  ++out->nulls;
  if (out->width > 0) {
    std::memset(out->at + out->row * out->width, 0, out->width);
  } else if (out->width < 0) {
    const auto end = static_cast<int32_t>(out->text_size);
    std::memcpy(out->at + (out->row + 1) * 4, &end, sizeof end);
  }
  return true;
}

Status Decoder::CheckText(const Output& out, size_t column) const {
  const auto* offsets = reinterpret_cast<const int32_t*>(out.at);
  bool valid = arrow::util::ValidateUTF8(out.text, out.text_size);
  // Valid as a whole is valid in its parts when no part begins inside a character.
  for (int64_t i = 1; valid && i < rows_; ++i) {
    valid = offsets[i] == out.text_size || (out.text[offsets[i]] & 0xc0) != 0x80;
  }
  if (valid) return Status::OK();
  for (int64_t i = 0; i < rows_; ++i) {
    const int64_t size = offsets[i + 1] - offsets[i];
    if (arrow::util::ValidateUTF8(out.text + offsets[i], size)) continue;
    const std::string& name = schema_->field(static_cast<int>(column))->name();
    const std::string_view text(reinterpret_cast<const char*>(out.text) + offsets[i],
                                size);
    return Error(
        ErrorKind::kCorrupt,
        fmt::format("text that is not UTF-8; read the column as CAST(... AS BINARY) in a"
                    " --query: {}, column {}, row {} of this split, value {}",
                    label_, name, rows_before_ + i + 1, Shown(text)),
        {{"table", label_}, {"column", name}});
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> Decoder::Finish() {
  if (!started_) SLUICE_TRY(Start());
  std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    Output& out = outputs_[i];
    // A last, small batch must not hold the memory of a full one.
    const bool shrink = rows_ < rows_max_ / 2;
    const int64_t value_bytes = out.width > 0    ? rows_ * out.width
                                : out.width == 0 ? arrow::bit_util::BytesForBits(rows_)
                                                 : (rows_ + 1) * 4;
    if (codecs_[i].codec == Codec::kText) SLUICE_TRY(CheckText(out, i));
    SLUICE_TRY(out.values->Resize(value_bytes, shrink));
    if (out.validity != nullptr) {
      SLUICE_TRY(out.validity->Resize(arrow::bit_util::BytesForBits(rows_), shrink));
    }
    std::vector<std::shared_ptr<arrow::Buffer>> buffers{out.validity, out.values};
    if (out.width < 0) {
      SLUICE_TRY(out.bytes->Resize(out.text_size, out.text_size < out.text_capacity / 2));
      buffers.push_back(out.bytes);
      out.text_capacity = std::min(out.text_capacity, limits_.bytes_max);
    }
    arrays.push_back(arrow::ArrayData::Make(schema_->field(static_cast<int>(i))->type(),
                                            rows_, std::move(buffers), out.nulls));
    out.values = out.bytes = out.validity = nullptr;
  }
  auto batch = arrow::RecordBatch::Make(schema_, rows_, std::move(arrays));
  rows_before_ += rows_;
  rows_ = bytes_ = 0;
  started_ = false;
  return batch;
}

std::map<std::string, int64_t> Decoder::OddValues() const {
  std::map<std::string, int64_t> odd;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].odd == 0) continue;
    odd[schema_->field(static_cast<int>(i))->name() +
        ": zero or partial date made NULL"] = outputs_[i].odd;
  }
  return odd;
}

}  // namespace sluice::connectors::mysql
