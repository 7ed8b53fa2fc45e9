#include <fmt/format.h>

#include "formats/avro/deflate_internal.h"
#include "formats/avro/file.h"

namespace sluice::formats::avro {
namespace {

constexpr std::string_view kMagic("Obj\1", 4);
constexpr size_t kSyncBytes = 16;
// Far above any writer's block; stops a few bytes from inflating to fill the memory.
constexpr size_t kBlockBytesMax = 256 << 20;

Result<Codec> CodecOf(const std::map<std::string, std::string>& metadata) {
  auto it = metadata.find("avro.codec");
  if (it == metadata.end() || it->second == "null") return Codec::kNull;
  if (it->second == "deflate") return Codec::kDeflate;
  return Error(ErrorKind::kUserInput,
               "Avro codec is not supported; null and deflate are: " + it->second);
}

}  // namespace

Result<FileReader> FileReader::Open(std::string_view bytes) {
  FileReader reader(bytes);
  SLUICE_TRY(reader.ReadHeader());
  return reader;
}

Status FileReader::ReadHeader() {
  if (!bytes_.starts_with(kMagic)) return file_.Corrupt("not an Avro file");
  SLUICE_TRY(file_.ReadFixed(kMagic.size()));
  static const auto kText = std::make_shared<const Schema>(Schema{.kind = Kind::kBytes});
  static const Schema kMetadata{.kind = Kind::kMap, .parts = {kText}};
  Datum metadata;
  SLUICE_TRY(file_.Read(kMetadata, &metadata));
  for (const Datum& pair : std::get<Datums>(metadata.value)) {
    const auto& parts = std::get<Datums>(pair.value);
    metadata_[std::get<std::string>(parts[0].value)] =
        std::get<std::string>(parts[1].value);
  }
  SLUICE_ASSIGN(sync_, file_.ReadFixed(kSyncBytes));
  auto schema = metadata_.find("avro.schema");
  if (schema == metadata_.end()) return file_.Corrupt("header has no schema");
  Result<Json> json = ParseJson(schema->second);
  SLUICE_TRY(Within("Avro schema", json.status()));
  SLUICE_ASSIGN(schema_, ParseSchema(*json));
  SLUICE_ASSIGN(codec_, CodecOf(metadata_));
  return Status::OK();
}

Status FileReader::StartBlock() {
  SLUICE_ASSIGN(int64_t count, file_.ReadLong());
  if (count < 0) return file_.Corrupt("block count is negative");
  SLUICE_ASSIGN(std::string_view data, file_.ReadBytes());
  block_offset_ = file_.position() - data.size();
  if (codec_ == Codec::kDeflate) {
    Result<std::string> inflated = Inflate(data, kBlockBytesMax);
    SLUICE_TRY(Within(fmt::format("block at byte {}", block_offset_), inflated.status()));
    inflated_ = std::make_unique<std::string>(std::move(inflated).ValueUnsafe());
    block_ = Decoder(*inflated_);
  } else {
    block_ = Decoder(data, block_offset_);
  }
  SLUICE_ASSIGN(std::string_view sync, file_.ReadFixed(kSyncBytes));
  if (sync != sync_) {
    return file_.Corrupt("block does not end with the file's sync marker");
  }
  // Values of no bytes would let a count of a few bytes run for ever.
  if (static_cast<uint64_t>(count) > block_.remaining()) {
    return file_.Corrupt("block count is too large");
  }
  block_left_ = count;
  return Status::OK();
}

Status FileReader::EndBlock() {
  if (block_.at_end()) return Status::OK();
  return file_.Corrupt("block holds more than its values before");
}

Result<bool> FileReader::Next(Datum* out) {
  while (block_left_ == 0) {
    SLUICE_TRY(EndBlock());
    if (file_.at_end()) return false;
    SLUICE_TRY(StartBlock());
  }
  Status status = block_.Read(*schema_, out);
  if (!status.ok() && codec_ == Codec::kDeflate) {
    return Within(fmt::format("inflated block at byte {}", block_offset_), status);
  }
  SLUICE_TRY(status);
  --block_left_;
  return true;
}

}  // namespace sluice::formats::avro
