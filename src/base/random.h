#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace sluice {

/// The source of chance, a parameter so that tests can repeat a run by its seed.
/// Thread-safe.
class Random final {
 public:
  /// A given seed gives the same sequence on every machine.
  explicit Random(uint64_t seed) : engine_(seed) {}
  /// Seeded by the operating system; lives for ever.
  static Random& System();

  uint64_t Next();
  /// Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high);
  /// Random (version 4) UUID bytes, RFC 9562.
  std::array<uint8_t, 16> UuidBytes();
  /// The 36-character lower-case form.
  std::string Uuid();

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

/// 16 bytes as 8-4-4-4-12 lower-case hexadecimal digits.
std::string UuidText(const std::array<uint8_t, 16>& bytes);

}  // namespace sluice
