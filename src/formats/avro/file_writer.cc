#include <array>

#include "formats/avro/deflate_internal.h"
#include "formats/avro/file.h"

namespace sluice::formats::avro {
namespace {

constexpr size_t kBlockBytes = 64 << 10;

// FNV-1a with a chosen start. The marker only has to be unlikely inside the data of this
// file; made from the header it keeps the output reproducible.
uint64_t Hash(std::string_view bytes, uint64_t start) {
  uint64_t hash = 0xcbf29ce484222325u ^ start;
  for (char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3u;
  return hash;
}

std::string SyncMarker(std::string_view header) {
  std::array<uint64_t, 2> words = {Hash(header, 0), Hash(header, 0x9e3779b97f4a7c15u)};
  return {reinterpret_cast<const char*>(words.data()), sizeof(words)};
}

}  // namespace

Result<FileWriter> FileWriter::Make(const Json& schema,
                                    std::map<std::string, std::string> metadata,
                                    Codec codec) {
  FileWriter writer;
  SLUICE_ASSIGN(writer.schema_, ParseSchema(schema));
  writer.codec_ = codec;
  metadata["avro.schema"] = ToText(schema);
  metadata["avro.codec"] = codec == Codec::kDeflate ? "deflate" : "null";
  writer.file_ = std::string("Obj\1", 4);
  EncodeLong(static_cast<int64_t>(metadata.size()), &writer.file_);
  for (const auto& [key, value] : metadata) {
    EncodeLong(static_cast<int64_t>(key.size()), &writer.file_);
    writer.file_ += key;
    EncodeLong(static_cast<int64_t>(value.size()), &writer.file_);
    writer.file_ += value;
  }
  EncodeLong(0, &writer.file_);
  writer.sync_ = SyncMarker(writer.file_);
  writer.file_ += writer.sync_;
  return writer;
}

Status FileWriter::Append(const Datum& datum) {
  SLUICE_TRY(Encode(*schema_, datum, &block_));
  ++block_count_;
  return block_.size() >= kBlockBytes ? FlushBlock() : Status::OK();
}

Status FileWriter::FlushBlock() {
  if (block_count_ == 0) return Status::OK();
  if (codec_ == Codec::kDeflate) {
    SLUICE_ASSIGN(block_, Deflate(block_));
  }
  EncodeLong(block_count_, &file_);
  EncodeLong(static_cast<int64_t>(block_.size()), &file_);
  file_ += block_;
  file_ += sync_;
  block_.clear();
  block_count_ = 0;
  return Status::OK();
}

Result<std::string> FileWriter::Finish() {
  SLUICE_TRY(FlushBlock());
  return std::move(file_);
}

}  // namespace sluice::formats::avro
