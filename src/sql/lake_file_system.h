#pragma once

#include <string>

namespace duckdb {
class DatabaseInstance;
struct OpenFileInfo;
}  // namespace duckdb

namespace sluice::sql {

/// Before every data file's URI inside DuckDB.
inline constexpr char kLakeScheme[] = "sluice://";

/// What DuckDB needs to open one data file: its name with the scheme, and the capability.
/// `capability` is a secret of the engine: text in SQL can name a file, but cannot carry
/// it.
duckdb::OpenFileInfo LakeFile(const std::string& uri, int64_t file_bytes,
                              const std::string& capability);

/// The URI of a name made by LakeFile.
std::string LakeFileUri(const std::string& name);

/// Lets the instance open files made by LakeFile with the same capability, read only,
/// through io::Locate. Any other path with the scheme is refused, and so is every
/// directory listing.
void AddLakeFileSystem(duckdb::DatabaseInstance& instance, std::string capability);

}  // namespace sluice::sql
