#pragma once

#include <memory>
#include <string>

#include "connect/sink.h"
#include "formats/parquet/writer.h"

namespace sluice::connectors::files {

/// A directory of Parquet files on a local file system,
/// part-<run>-<split>-<attempt>.parquet and _SUCCESS. Modes: append keeps what is there
/// (of the same columns); overwrite replaces all files, and refuses a directory that
/// holds anything but Parquet files; error-if-exists wants an empty one or none. Load
/// without rows gives one file without rows. Two loads at a time: appends both land, an
/// overwrite whose directory has changed since its Begin is told so (kConflict). For what
/// readers see meanwhile, see README.md.
std::unique_ptr<connect::Sink> MakeDirectorySink(std::string directory,
                                                 formats::parquet::WriterOptions options);

}  // namespace sluice::connectors::files
