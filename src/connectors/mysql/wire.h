#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::connectors::mysql {

/// Reads the pieces of a binary row (MySQL client/server protocol, "Binary Protocol
/// Value"). Nothing is read past `end`; a short row makes `ok` false and gives zeros from
/// then on.
struct WireCursor {
  const uint8_t* at;
  const uint8_t* end;
  bool ok = true;

  template <typename T>
  T Fixed() {
    static_assert(std::endian::native == std::endian::little);
    T value{};
    if (end - at < static_cast<ptrdiff_t>(sizeof(T))) [[unlikely]] {
      ok = false;
      at = end;
      return value;
    }
    std::memcpy(&value, at, sizeof(T));
    at += sizeof(T);
    return value;
  }

  /// A string with its length before it.
  std::string_view Text() {
    uint64_t size = at < end ? *at : 0;
    if (at >= end) [[unlikely]]
      ok = false;
    if (size < 0xfb) [[likely]] {
      at += ok ? 1 : 0;
    } else {
      size = LongLength();
    }
    if (static_cast<uint64_t>(end - at) < size) [[unlikely]] {
      ok = false;
      at = end;
      return {};
    }
    std::string_view text(reinterpret_cast<const char*>(at), size);
    at += size;
    return text;
  }

 private:
  uint64_t LongLength() {
    switch (*at++) {
      case 0xfc:
        return Fixed<uint16_t>();
      case 0xfd: {
        const uint64_t low = Fixed<uint16_t>();
        return low | static_cast<uint64_t>(Fixed<uint8_t>()) << 16;
      }
      case 0xfe:
        return Fixed<uint64_t>();
      default:
        ok = false;
        return 0;
    }
  }
};

/// A DATE, DATETIME or TIMESTAMP as it is sent; all zero for the zero date.
struct WireDateTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int microsecond = 0;

  static WireDateTime Read(WireCursor* cursor);
  /// False for 0000-00-00, 2020-00-15, 2021-02-31: no day of the calendar.
  bool IsDay() const;
  /// Days since 1970-01-01 in the proleptic Gregorian calendar; needs IsDay.
  int32_t Days() const;
  /// Microseconds since 1970-01-01 00:00:00.
  int64_t Microseconds() const;
};

/// A TIME as it is sent: a duration with a sign.
struct WireTime {
  bool negative = false;
  int64_t hours = 0;
  int minute = 0, second = 0, microsecond = 0;

  static WireTime Read(WireCursor* cursor);
};

/// Room for the longest text that the functions below write.
inline constexpr int kTemporalTextBytes = 40;
/// Write what the server prints, with `digits` of the fraction; give the number of
/// characters.
int PrintDate(const WireDateTime& value, char* out);
int PrintDateTime(const WireDateTime& value, int digits, char* out);
int PrintTime(const WireTime& value, int digits, char* out);

/// Reads "-123.45" as an integer scaled by 10^scale. False for anything that does not fit
/// (other characters, more than 38 digits, a fraction longer than the scale).
bool ParseDecimal(std::string_view text, int scale, __int128* value);

/// Reads the 36 characters of a UUID into 16 bytes; false for another form.
bool ParseUuid(std::string_view text, uint8_t* bytes);

}  // namespace sluice::connectors::mysql
