#include "base/random.h"

#include <fmt/format.h>

namespace sluice {

Random& Random::System() {
  static Random random([] {
    std::random_device device;
    return (uint64_t{device()} << 32) ^ device();
  }());
  return random;
}

uint64_t Random::Next() {
  std::lock_guard lock(mutex_);
  return engine_();
}

int64_t Random::Between(int64_t low, int64_t high) {
  std::lock_guard lock(mutex_);
  return std::uniform_int_distribution<int64_t>(low, high)(engine_);
}

std::array<uint8_t, 16> Random::UuidBytes() {
  std::array<uint8_t, 16> bytes;
  for (int half = 0; half < 2; ++half) {
    uint64_t word = Next();
    for (int i = 0; i < 8; ++i)
      bytes[half * 8 + i] = static_cast<uint8_t>(word >> (8 * i));
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
}

std::string Random::Uuid() { return UuidText(UuidBytes()); }

std::string UuidText(const std::array<uint8_t, 16>& bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

}  // namespace sluice
