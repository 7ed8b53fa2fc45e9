#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "formats/avro/schema.h"

namespace sluice::formats::avro {

/// One value. int and long are int64_t; bytes, string, fixed and an enum's symbol are
/// std::string; a record is its fields in order, an array its items, a map its [key,
/// value] pairs in order; a union is the value of its branch; null is monostate.
struct Datum {
  std::variant<std::monostate, bool, int64_t, float, double, std::string,
               std::vector<Datum>>
      value;

  Datum() = default;
  template <typename T>
  Datum(T v) : value(std::move(v)) {}  // NOLINT: a datum is its value

  bool is_null() const { return value.index() == 0; }
  bool operator==(const Datum&) const = default;
};
using Datums = std::vector<Datum>;

/// Appends the binary form of `datum` to `out`. A union takes its null branch for a null
/// and its first other branch else. Fails with kInternal where `datum` is not of
/// `schema`.
Status Encode(const Schema& schema, const Datum& datum, std::string* out);
/// Zigzag, variable length.
void EncodeLong(int64_t value, std::string* out);

/// Reads values from bytes that may be hostile: fails with kCorrupt naming the byte
/// offset, and never allocates more than a fixed multiple of the bytes that are there.
class Decoder final {
 public:
  /// `bytes` is borrowed; offsets in errors are counted from `first_offset`.
  explicit Decoder(std::string_view bytes, size_t first_offset = 0)
      : bytes_(bytes), first_offset_(first_offset) {}

  Status Read(const Schema& schema, Datum* out);
  Result<int64_t> ReadLong();
  /// A length and as many bytes. Borrowed from the input.
  Result<std::string_view> ReadBytes();
  Result<std::string_view> ReadFixed(size_t size);

  bool at_end() const { return position_ == bytes_.size(); }
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  /// kCorrupt at the current offset.
  Status Corrupt(std::string_view what) const;

 private:
  Status ReadBlocks(const Schema& schema, Datums* out);
  Result<size_t> ReadIndex(size_t count, std::string_view what);

  std::string_view bytes_;
  size_t first_offset_;
  size_t position_ = 0;
};

}  // namespace sluice::formats::avro
