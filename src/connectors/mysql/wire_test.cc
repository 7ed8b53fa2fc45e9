#include "connectors/mysql/wire.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace sluice::connectors::mysql {
namespace {

std::string Int128Text(__int128 value) {
  if (value == 0) return "0";
  std::string text;
  const bool negative = value < 0;
  for (unsigned __int128 rest = negative ? -static_cast<unsigned __int128>(value) : value;
       rest > 0; rest /= 10) {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return negative ? "-" + text : text;
}

TEST(Wire, ParsesDecimals) {
  struct Case {
    std::string text;
    int scale;
    std::string scaled;  // empty: refused
  };
  const std::string nines(38, '9');
  const std::vector<Case> cases{
      {"0", 0, "0"},
      {"0.00", 2, "0"},
      {"-0.01", 2, "-1"},
      {"12345.67", 2, "1234567"},
      {"7", 3, "7000"},
      {"7.5", 3, "7500"},
      {"00012.30", 2, "1230"},
      {"999999999999999999", 0, "999999999999999999"},
      {"1000000000000000000", 0, "1000000000000000000"},
      {"-18446744073709551616", 0, "-18446744073709551616"},
      {nines, 0, nines},
      {"-" + nines, 0, "-" + nines},
      {"99999999.999999999999999999999999999999", 30, nines},
      {"0." + std::string(37, '0') + "1", 38, "1"},
      {"000000000000000000000000000000000000000042", 0, "42"},
      {nines + "9", 0, ""},
      {nines, 1, ""},
      {"1.234", 2, ""},
      {"", 0, ""},
      {"-", 0, ""},
      {"1e5", 0, ""},
      {"1.2.3", 2, ""},
      {" 1", 0, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    __int128 value = 0;
    ASSERT_EQ(ParseDecimal(c.text, c.scale, &value), !c.scaled.empty());
    if (c.scaled.empty()) continue;
    EXPECT_EQ(Int128Text(value), c.scaled);
  }
}

TEST(Wire, CountsDaysLikeTheCalendar) {
  struct Case {
    int year, month, day;
    int32_t days;  // by the proleptic Gregorian calendar
  };
  for (const Case& c : std::vector<Case>{{1970, 1, 1, 0},
                                         {1969, 12, 31, -1},
                                         {2000, 2, 29, 11016},
                                         {2000, 3, 1, 11017},
                                         {1900, 3, 1, -25508},
                                         {1000, 1, 1, -354285},
                                         {9999, 12, 31, 2932896},
                                         {1, 1, 1, -719162},
                                         {0, 1, 1, -719528}}) {
    WireDateTime value{c.year, c.month, c.day};
    EXPECT_TRUE(value.IsDay());
    EXPECT_EQ(value.Days(), c.days) << c.year << "-" << c.month << "-" << c.day;
  }
}

TEST(Wire, KnowsWhatIsNoDay) {
  EXPECT_FALSE((WireDateTime{0, 0, 0}.IsDay()));
  EXPECT_FALSE((WireDateTime{2020, 0, 15}.IsDay()));
  EXPECT_FALSE((WireDateTime{2020, 5, 0}.IsDay()));
  EXPECT_FALSE((WireDateTime{2021, 2, 29}.IsDay()));
  EXPECT_FALSE((WireDateTime{2021, 4, 31}.IsDay()));
  EXPECT_TRUE((WireDateTime{2020, 2, 29}.IsDay()));
}

TEST(Wire, PrintsTimesAsTheServerDoes) {
  char text[kTemporalTextBytes];
  auto print = [&](WireTime value, int digits) {
    return std::string(text, static_cast<size_t>(PrintTime(value, digits, text)));
  };
  EXPECT_EQ(print({true, 838, 59, 59, 999999}, 6), "-838:59:59.999999");
  EXPECT_EQ(print({false, 0, 0, 0, 0}, 0), "00:00:00");
  EXPECT_EQ(print({false, 9, 5, 7, 120000}, 3), "09:05:07.120");
  EXPECT_EQ(std::string(text, static_cast<size_t>(
                                  PrintDateTime({2020, 0, 15, 1, 2, 3, 4500}, 6, text))),
            "2020-00-15 01:02:03.004500");
}

TEST(Wire, ReadsLengthsOfEveryForm) {
  for (size_t size : {0u, 1u, 250u, 251u, 65535u, 65536u, 16777215u, 16777216u}) {
    std::string bytes;
    if (size < 251) {
      bytes += static_cast<char>(size);
    } else {
      const int width = size < 65536 ? 2 : size < 16777216 ? 3 : 8;
      bytes += static_cast<char>(width == 2 ? 0xfc : width == 3 ? 0xfd : 0xfe);
      for (int i = 0; i < width; ++i) bytes += static_cast<char>(size >> (8 * i));
    }
    bytes += std::string(size, 'x');
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    WireCursor cursor{data, data + bytes.size()};
    EXPECT_EQ(cursor.Text().size(), size);
    EXPECT_TRUE(cursor.ok);
    EXPECT_EQ(cursor.at, cursor.end);
    WireCursor cut{data, data + bytes.size() - 1};
    cut.Text();
    EXPECT_FALSE(cut.ok) << size;
  }
}

TEST(Wire, ReadsUuids) {
  uint8_t bytes[16];
  ASSERT_TRUE(ParseUuid("00112233-4455-6677-8899-aAbBcCdDeEfF", bytes));
  for (int i = 0; i < 16; ++i) EXPECT_EQ(bytes[i], i * 0x11);
  EXPECT_FALSE(ParseUuid("00112233-4455-6677-8899-aabbccddeef", bytes));
  EXPECT_FALSE(ParseUuid("00112233-4455-6677-8899-aabbccddeefg", bytes));
  EXPECT_FALSE(ParseUuid("001122334455-6677-8899-aabb-ccddeeff", bytes));
}

}  // namespace
}  // namespace sluice::connectors::mysql
