#include "io/file_system.h"
#include "table/manifest_io_internal.h"

namespace sluice::table {
namespace {

Result<std::string> ReadUri(const std::string& uri) {
  SLUICE_ASSIGN(io::Location location, io::Locate(uri));
  return io::ReadFile(location);
}

}  // namespace

Result<std::vector<ManifestFile>> ReadManifestList(const Snapshot& snapshot) {
  SLUICE_ASSIGN(std::string bytes, ReadUri(snapshot.manifest_list));
  return DecodeManifestList(bytes, snapshot.manifest_list);
}

Result<std::vector<ManifestEntry>> ReadManifest(const ManifestFile& manifest,
                                                const TableMetadata& metadata) {
  SLUICE_ASSIGN(std::string bytes, ReadUri(manifest.path));
  return DecodeManifest(bytes, manifest, metadata);
}

}  // namespace sluice::table
