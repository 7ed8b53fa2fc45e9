#include <zlib.h>

#include <limits>

#include "formats/avro/deflate_internal.h"

namespace sluice::formats::avro {
namespace {

constexpr int kRawWindowBits = -15;  // negative: no zlib header
constexpr size_t kStepBytes = 64 << 10;
// PyIceberg leaves a part of zlib's checksum (4 bytes) behind the raw stream.
constexpr uInt kTrailerBytesMax = 4;

// Ends its stream however the function is left.
struct Stream {
  z_stream z{};
  int (*end)(z_stream*);
  ~Stream() { end(&z); }
};

Status SetInput(std::string_view bytes, z_stream* z) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return Error(ErrorKind::kCorrupt, "Avro block is larger than 4 GB");
  }
  z->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z->avail_in = static_cast<uInt>(bytes.size());
  return Status::OK();
}

// Runs `step` until the stream ends; what it makes is appended to `out`.
template <typename Step>
int Drain(z_stream* z, size_t bytes_max, const Step& step, std::string* out) {
  char buffer[kStepBytes];
  while (true) {
    z->next_out = reinterpret_cast<Bytef*>(buffer);
    z->avail_out = sizeof(buffer);
    int code = step(z);
    out->append(buffer, sizeof(buffer) - z->avail_out);
    if (code != Z_OK || out->size() > bytes_max) return code;
  }
}

}  // namespace

Result<std::string> Deflate(std::string_view bytes) {
  Stream stream{.end = deflateEnd};
  if (deflateInit2(&stream.z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindowBits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error(ErrorKind::kInternal, "deflate cannot start");
  }
  SLUICE_TRY(SetInput(bytes, &stream.z));
  std::string out;
  auto step = [](z_stream* z) { return deflate(z, Z_FINISH); };
  int code = Drain(&stream.z, std::numeric_limits<size_t>::max(), step, &out);
  if (code != Z_STREAM_END) return Error(ErrorKind::kInternal, "deflate did not end");
  return out;
}

Result<std::string> Inflate(std::string_view bytes, size_t bytes_max) {
  Stream stream{.end = inflateEnd};
  if (inflateInit2(&stream.z, kRawWindowBits) != Z_OK) {
    return Error(ErrorKind::kInternal, "inflate cannot start");
  }
  SLUICE_TRY(SetInput(bytes, &stream.z));
  std::string out;
  auto step = [](z_stream* z) { return inflate(z, Z_NO_FLUSH); };
  int code = Drain(&stream.z, bytes_max, step, &out);
  if (out.size() > bytes_max) {
    return Error(ErrorKind::kCorrupt, "deflated Avro block is larger than it may be");
  }
  if (code != Z_STREAM_END || stream.z.avail_in > kTrailerBytesMax) {
    return Error(ErrorKind::kCorrupt, "deflated Avro block is damaged");
  }
  return out;
}

}  // namespace sluice::formats::avro
