#include <arrow/filesystem/filesystem.h>
#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include "base/log.h"
#include "catalog/metadata_file_internal.h"
#include "io/file_system.h"

namespace sluice::catalog::internal {
namespace {

constexpr int64_t kPlainBytesMax = 1 << 30;

Result<std::string> Gunzip(std::string bytes) {
  SLUICE_ASSIGN(auto codec, arrow::util::Codec::Create(arrow::Compression::GZIP));
  auto packed =
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  SLUICE_ASSIGN(auto stream, arrow::io::CompressedInputStream::Make(codec.get(), packed));
  std::string plain;
  while (static_cast<int64_t>(plain.size()) < kPlainBytesMax) {
    SLUICE_ASSIGN(auto block, stream->Read(64 << 10));
    if (block->size() == 0) return plain;
    plain += block->ToString();
  }
  return Status::Invalid("it unpacks to more than a table's metadata can be");
}

Result<table::TableMetadata> Parse(const std::string& uri) {
  SLUICE_ASSIGN(io::Location location, io::Locate(uri));
  SLUICE_ASSIGN(std::string bytes, io::ReadFile(location));
  if (uri.ends_with(".gz.metadata.json")) {
    auto plain = Gunzip(std::move(bytes));
    if (!plain.ok()) return Error(ErrorKind::kCorrupt, plain.status().message());
    bytes = *std::move(plain);
  }
  SLUICE_ASSIGN(Json json, ParseJson(bytes));
  return table::MetadataFromJson(json);
}

}  // namespace

Result<table::TableMetadata> ReadMetadata(const std::string& uri) {
  auto metadata = Parse(uri);
  if (metadata.ok()) return metadata;
  // The table exists; it is its file that does not.
  ErrorKind kind = KindOf(metadata.status());
  if (kind == ErrorKind::kNotFound) kind = ErrorKind::kCorrupt;
  return Error(kind, "table metadata " + uri + ": " + metadata.status().message(),
               {{"file", uri}});
}

Status WriteMetadata(const table::TableMetadata& metadata, const std::string& uri) {
  SLUICE_ASSIGN(io::Location location, io::Locate(uri));
  Status written = io::CreateFile(location, ToText(table::MetadataToJson(metadata)));
  // Names are random: the one that is there is not the table that a caller may be making.
  if (KindOf(written) == ErrorKind::kAlreadyExists) {
    return Error(ErrorKind::kInternal, "a metadata file's name was given twice: " + uri);
  }
  return Within("write the table's metadata", written);
}

void RemoveMetadata(const std::string& uri) {
  auto location = io::Locate(uri);
  Status removed = location.ok() ? location->file_system->DeleteFile(location->path)
                                 : location.status();
  if (!removed.ok()) {
    Log(LogLevel::kWarn, "catalog",
        "an unused metadata file could not be deleted; gc will do it",
        {{"file", uri}, {"cause", MessageOf(removed)}});
  }
}

}  // namespace sluice::catalog::internal
