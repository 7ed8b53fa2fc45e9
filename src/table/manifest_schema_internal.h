#pragma once

#include <vector>

#include "base/json.h"
#include "table/metadata.h"

namespace sluice::table {

/// The type of the column with an id, members of structs included; null when there is
/// none or it is not primitive. Borrowed.
const types::Primitive* FindPrimitive(const Schema& schema, int id);

/// The type of each of the spec's partition values. A source column that is gone gives
/// the type that the transform fixes, or string.
std::vector<types::Primitive> PartitionTypes(const PartitionSpec& spec,
                                             const Schema& schema);

/// The newest schema that has the source columns of `spec`, the current one if it does.
const Schema& SchemaOfSpec(const TableMetadata& metadata, const PartitionSpec& spec);

/// The Avro schemas of manifests and manifest lists: record names, field ids and optional
/// fields exactly as the specification has them (readers depend on each).
Json ManifestAvroSchema(const PartitionSpec& spec, const Schema& schema);
Json ManifestListAvroSchema();

/// A name that Avro allows: other characters become _x and their code in hexadecimal.
std::string AvroName(std::string_view name);

}  // namespace sluice::table
