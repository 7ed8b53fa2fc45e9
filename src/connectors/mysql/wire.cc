#include "connectors/mysql/wire.h"

#include <cstdlib>

namespace sluice::connectors::mysql {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysOfMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

char* PutDigits(char* out, int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

char* PutClock(char* out, int minute, int second, int microsecond, int digits) {
  *out++ = ':';
  out = PutDigits(out, minute, 2);
  *out++ = ':';
  out = PutDigits(out, second, 2);
  if (digits == 0) return out;
  *out++ = '.';
  char fraction[6];
  PutDigits(fraction, microsecond, 6);
  for (int i = 0; i < digits; ++i) *out++ = fraction[i];
  return out;
}

}  // namespace

WireDateTime WireDateTime::Read(WireCursor* cursor) {
  WireDateTime value;
  const int size = cursor->Fixed<uint8_t>();
  if (size != 0 && size != 4 && size != 7 && size != 11) cursor->ok = false;
  if (size >= 4) {
    value.year = cursor->Fixed<uint16_t>();
    value.month = cursor->Fixed<uint8_t>();
    value.day = cursor->Fixed<uint8_t>();
  }
  if (size >= 7) {
    value.hour = cursor->Fixed<uint8_t>();
    value.minute = cursor->Fixed<uint8_t>();
    value.second = cursor->Fixed<uint8_t>();
  }
  if (size >= 11) value.microsecond = cursor->Fixed<int32_t>();
  return value;
}

bool WireDateTime::IsDay() const {
  return month >= 1 && month <= 12 && day >= 1 &&
         (day <= 28 || day <= DaysOfMonth(year, month));
}

int32_t WireDateTime::Days() const {
  // Years that begin in March put the leap day last (the usual day-count formula).
  const int y = month <= 2 ? year - 1 : year;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int64_t WireDateTime::Microseconds() const {
  const int64_t seconds = Days() * int64_t{86400} + hour * 3600 + minute * 60 + second;
  return seconds * kMicrosPerSecond + microsecond;
}

WireTime WireTime::Read(WireCursor* cursor) {
  WireTime value;
  const int size = cursor->Fixed<uint8_t>();
  if (size != 0 && size != 8 && size != 12) cursor->ok = false;
  if (size >= 8) {
    value.negative = cursor->Fixed<uint8_t>() != 0;
    const int64_t days = cursor->Fixed<uint32_t>();
    value.hours = days * 24 + cursor->Fixed<uint8_t>();
    value.minute = cursor->Fixed<uint8_t>();
    value.second = cursor->Fixed<uint8_t>();
  }
  if (size >= 12) value.microsecond = cursor->Fixed<int32_t>();
  return value;
}

int PrintDate(const WireDateTime& value, char* out) {
  char* at = PutDigits(out, value.year, 4);
  *at++ = '-';
  at = PutDigits(at, value.month, 2);
  *at++ = '-';
  at = PutDigits(at, value.day, 2);
  return static_cast<int>(at - out);
}

int PrintDateTime(const WireDateTime& value, int digits, char* out) {
  char* at = out + PrintDate(value, out);
  *at++ = ' ';
  at = PutDigits(at, value.hour, 2);
  at = PutClock(at, value.minute, value.second, value.microsecond, digits);
  return static_cast<int>(at - out);
}

int PrintTime(const WireTime& value, int digits, char* out) {
  char* at = out;
  if (value.negative) *at++ = '-';
  int width = 2;
  for (int64_t rest = value.hours / 100; rest > 0; rest /= 10) ++width;
  at = PutDigits(at, value.hours, width);
  at = PutClock(at, value.minute, value.second, value.microsecond, digits);
  return static_cast<int>(at - out);
}

bool ParseDecimal(std::string_view text, int scale, __int128* value) {
  const char* at = text.data();
  const char* end = at + text.size();
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  if (at == end) return false;
  // Up to 18 digits fit 64 bits; the rest continues in 128.
  uint64_t low = 0;
  int digits = 0;
  int fraction = -1;  // digits after the point, -1 before it
  unsigned __int128 wide = 0;
  for (; at < end; ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - '0';
    if (digit > 9) {
      if (*at != '.' || fraction >= 0) return false;
      fraction = 0;
      continue;
    }
    if (digits < 18) {
      low = low * 10 + digit;
    } else {
      if (digits == 18) wide = low;
      wide = wide * 10 + digit;
    }
    if (digits > 0 || digit != 0) ++digits;
    if (fraction >= 0) ++fraction;
  }
  if (digits > 38 || fraction > scale) return false;
  if (digits <= 18) wide = low;
  for (int i = fraction < 0 ? 0 : fraction; i < scale; ++i) {
    if (wide != 0 && ++digits > 38) return false;
    wide *= 10;
  }
  *value = negative ? -static_cast<__int128>(wide) : static_cast<__int128>(wide);
  return true;
}

bool ParseUuid(std::string_view text, uint8_t* bytes) {
  if (text.size() != 36) return false;
  size_t at = 0;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') return false;
    }
    int value = 0;
    for (int half = 0; half < 2; ++half) {
      const char c = text[at++];
      int digit = -1;
      if (c >= '0' && c <= '9') digit = c - '0';
      if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
      if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
      if (digit < 0) return false;
      value = value * 16 + digit;
    }
    bytes[i] = static_cast<uint8_t>(value);
  }
  return true;
}

}  // namespace sluice::connectors::mysql
