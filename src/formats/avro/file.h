#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "formats/avro/binary.h"
#include "formats/avro/schema.h"

namespace sluice::formats::avro {

enum class Codec { kNull, kDeflate };

/// Reads an object container file (Avro 1.11, "Object Container Files") that is in
/// memory. Hostile bytes give kCorrupt with their offset. One thread.
class FileReader final {
 public:
  /// Reads the header. `bytes` is borrowed and must outlive the reader. A codec other
  /// than null and deflate fails with kUserInput naming it.
  static Result<FileReader> Open(std::string_view bytes);

  /// The writer's schema; values come in its shape.
  const Schema& schema() const { return *schema_; }
  /// The header's key-value metadata, "avro." keys included.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// The next value; false at the end of the file.
  Result<bool> Next(Datum* out);

 private:
  explicit FileReader(std::string_view bytes) : bytes_(bytes), file_(bytes) {}

  Status ReadHeader();
  Status StartBlock();
  Status EndBlock();

  std::string_view bytes_;
  Decoder file_;
  std::map<std::string, std::string> metadata_;
  std::shared_ptr<const Schema> schema_;
  Codec codec_ = Codec::kNull;
  std::string_view sync_;
  std::unique_ptr<std::string> inflated_;  // the bytes behind block_, at a fixed address
  Decoder block_{{}};
  size_t block_offset_ = 0;
  int64_t block_left_ = 0;  // values of the block not yet read
};

/// Makes an object container file in memory. The same input gives the same bytes.
class FileWriter final {
 public:
  /// `schema` is written into the header as it is, so attributes such as "field-id"
  /// survive.
  static Result<FileWriter> Make(const Json& schema,
                                 std::map<std::string, std::string> metadata,
                                 Codec codec);

  Status Append(const Datum& datum);
  /// The whole file. The writer is of no use afterwards.
  Result<std::string> Finish();

 private:
  FileWriter() = default;
  Status FlushBlock();

  std::shared_ptr<const Schema> schema_;
  Codec codec_ = Codec::kNull;
  std::string sync_;
  std::string file_, block_;
  int64_t block_count_ = 0;
};

}  // namespace sluice::formats::avro
