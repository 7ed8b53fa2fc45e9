#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::formats::avro {

/// Raw deflate (RFC 1951) as Avro's codec "deflate" has it.
Result<std::string> Deflate(std::string_view bytes);
/// Fails with kCorrupt on damaged bytes and on more than `bytes_max` of output. Up to 4
/// bytes behind the stream are passed over.
Result<std::string> Inflate(std::string_view bytes, size_t bytes_max);

}  // namespace sluice::formats::avro
