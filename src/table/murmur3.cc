#include <bit>

#include "table/murmur3_internal.h"

namespace sluice::table {
namespace {

uint32_t Scramble(uint32_t block) {
  return std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t ByteAt(std::string_view bytes, size_t index) {
  return static_cast<uint8_t>(bytes[index]);
}

}  // namespace

int32_t Murmur3(std::string_view bytes) {
  uint32_t hash = 0;
  size_t whole = bytes.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) {
    uint32_t block = ByteAt(bytes, i) | ByteAt(bytes, i + 1) << 8 |
                     ByteAt(bytes, i + 2) << 16 | ByteAt(bytes, i + 3) << 24;
    hash = std::rotl(hash ^ Scramble(block), 13) * 5 + 0xe6546b64u;
  }
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > whole; --i) tail = tail << 8 | ByteAt(bytes, i - 1);
  if (whole < bytes.size()) hash ^= Scramble(tail);
  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return static_cast<int32_t>(hash ^ hash >> 16);
}

}  // namespace sluice::table
