#pragma once

#include <cstdint>
#include <cstring>

namespace sluice::connectors::postgresql {

// Big-endian integers of the wire; the caller has checked that the bytes are there.
inline uint16_t Load16(const char* at) {
  uint16_t word;
  std::memcpy(&word, at, 2);
  return __builtin_bswap16(word);
}
inline uint32_t Load32(const char* at) {
  uint32_t word;
  std::memcpy(&word, at, 4);
  return __builtin_bswap32(word);
}
inline uint64_t Load64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, 8);
  return __builtin_bswap64(word);
}

}  // namespace sluice::connectors::postgresql
