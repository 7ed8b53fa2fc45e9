#include "connectors/mysql/decoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mysql.h>

namespace sluice::connectors::mysql {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

WireField Field(std::string name, int type, unsigned flags = 0, uint64_t length = 11,
                int decimals = 0, int charset = 45) {
  return {std::move(name), type, flags, length, decimals, charset, "", ""};
}

/// Builds binary rows as the protocol has them.
class Row {
 public:
  explicit Row(size_t columns) : bytes_(1 + (columns + 9) / 8, '\0') {}
  Row& Null() {
    bytes_[1 + (column_ + 2) / 8] |= static_cast<char>(1 << ((column_ + 2) % 8));
    ++column_;
    return *this;
  }
  template <typename T>
  Row& Put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    ++column_;
    return *this;
  }
  Row& Text(std::string_view text) {
    bytes_ += static_cast<char>(text.size());
    bytes_ += text;
    ++column_;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t column_ = 0;
};

bool Append(Decoder* decoder, const std::string& bytes) {
  return decoder->Append(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

Decoder MakeDecoder(const std::vector<WireField>& fields,
                    connect::ReadOptions options = {}, Decoder::Limits limits = {}) {
  auto columns = ColumnsFromFields(fields, options, false);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return Decoder("shop.t", *columns, limits);
}

const std::vector<WireField> kPair{Field("id", MYSQL_TYPE_LONG, NOT_NULL_FLAG),
                                   Field("name", MYSQL_TYPE_VAR_STRING)};

TEST(Decoder, ReadsValuesAndNulls) {
  // Eleven columns need a bitmap of two bytes.
  std::vector<WireField> fields;
  for (int i = 0; i < 10; ++i)
    fields.push_back(Field("c" + std::to_string(i), MYSQL_TYPE_LONG));
  fields.push_back(Field("t", MYSQL_TYPE_BLOB));
  Decoder decoder = MakeDecoder(fields);
  for (int null = 0; null < 11; ++null) {
    Row row(11);
    for (int i = 0; i < 10; ++i) {
      if (i == null) {
        row.Null();
      } else {
        row.Put<int32_t>(100 * null + i);
      }
    }
    if (null == 10) {
      row.Null();
    } else {
      row.Text("text");
    }
    ASSERT_TRUE(Append(&decoder, row.bytes())) << decoder.error();
  }
  auto batch = decoder.Finish();
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_TRUE((*batch)->ValidateFull().ok());
  for (int c = 0; c < 11; ++c) {
    EXPECT_EQ((*batch)->column(c)->null_count(), 1);
    EXPECT_TRUE((*batch)->column(c)->IsNull(c));
  }
  const auto& third = static_cast<const arrow::Int32Array&>(*(*batch)->column(3));
  EXPECT_EQ(third.Value(7), 703);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*(*batch)->column(10)).GetString(9),
            "text");
}

TEST(Decoder, EndsBatchesByRowsAndByBytes) {
  Decoder by_rows = MakeDecoder(kPair, {}, {.rows_max = 3, .bytes_max = 1 << 20});
  int64_t rows = 0;
  for (int batches = 0; batches < 4; ++batches) {
    while (!by_rows.full()) {
      ASSERT_TRUE(Append(
          &by_rows, Row(2).Put<int32_t>(static_cast<int>(rows++)).Text("n").bytes()));
    }
    auto batch = by_rows.Finish();
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ((*batch)->num_rows(), 3);
    EXPECT_EQ(static_cast<const arrow::Int32Array&>(*(*batch)->column(0)).Value(2),
              rows - 1);
  }
  Decoder by_bytes = MakeDecoder(kPair, {}, {.rows_max = 1000, .bytes_max = 1000});
  while (!by_bytes.full()) {
    ASSERT_TRUE(
        Append(&by_bytes, Row(2).Put<int32_t>(1).Text(std::string(200, 'x')).bytes()));
  }
  EXPECT_EQ(by_bytes.rows(), 5);
}

TEST(Decoder, GrowsForLongTextAndReservesAgain) {
  Decoder decoder = MakeDecoder(kPair);
  const std::string text(240, 'y');
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(Append(&decoder, Row(2).Put<int32_t>(i).Text(text).bytes()));
    }
    auto batch = decoder.Finish();
    ASSERT_TRUE(batch.ok());
    ASSERT_TRUE((*batch)->ValidateFull().ok());
    const auto& names = static_cast<const arrow::StringArray&>(*(*batch)->column(1));
    EXPECT_EQ(names.GetView(0), text);
    EXPECT_EQ(names.GetView(999), text);
  }
}

TEST(Decoder, RefusesRowsOfTheWrongLength) {
  const std::string good = Row(2).Put<int32_t>(1).Text("abc").bytes();
  for (size_t size = 0; size < good.size(); ++size) {
    Decoder decoder = MakeDecoder(kPair);
    EXPECT_FALSE(Append(&decoder, good.substr(0, size))) << size;
    EXPECT_EQ(KindOf(decoder.error()), ErrorKind::kCorrupt);
  }
  Decoder longer = MakeDecoder(kPair);
  EXPECT_FALSE(Append(&longer, good + "x"));
  Decoder other = MakeDecoder(kPair);
  EXPECT_FALSE(Append(&other, "\x01" + good.substr(1)));
}

TEST(Decoder, NamesColumnAndRowOfWhatItRefuses) {
  Decoder decoder = MakeDecoder(kPair, {}, {.rows_max = 2, .bytes_max = 1000});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Append(&decoder, Row(2).Put<int32_t>(1).Text("a").bytes()));
  }
  ASSERT_TRUE(decoder.Finish().ok());
  ASSERT_TRUE(Append(&decoder, Row(2).Put<int32_t>(1).Text("a").bytes()));
  EXPECT_FALSE(Append(&decoder, Row(2).Null().Text("a").bytes()));
  EXPECT_THAT(MessageOf(decoder.error()),
              AllOf(HasSubstr("shop.t, column id, row 4"), HasSubstr("NOT NULL")));
}

TEST(Decoder, RefusesTextThatIsNotUtf8) {
  struct Case {
    std::vector<std::string> texts;
    int bad_row;  // 0: all are good
  };
  for (const Case& c : std::vector<Case>{{{"a", "\xc3\xa4", "\xf0\x9f\x8c\x8a"}, 0},
                                         {{"a", "\xff", "b"}, 2},
                                         {{"\xc3", "\xa4"}, 1},  // whole only when joined
                                         {{"a", "b\xed\xa0\x80"}, 2}}) {
    Decoder decoder = MakeDecoder(kPair);
    for (const std::string& text : c.texts) {
      ASSERT_TRUE(Append(&decoder, Row(2).Put<int32_t>(1).Text(text).bytes()));
    }
    auto batch = decoder.Finish();
    EXPECT_EQ(batch.ok(), c.bad_row == 0);
    if (batch.ok()) continue;
    EXPECT_EQ(KindOf(batch.status()), ErrorKind::kCorrupt);
    EXPECT_THAT(MessageOf(batch.status()),
                HasSubstr("column name, row " + std::to_string(c.bad_row)));
  }
}

TEST(Decoder, CountsWhatAPolicyMadeNull) {
  connect::ReadOptions options;
  options.zero_dates = connect::OddValuePolicy::kNull;
  Decoder decoder = MakeDecoder({Field("d", MYSQL_TYPE_DATE, NOT_NULL_FLAG)}, options);
  const std::string zero = Row(1).Put<uint8_t>(0).bytes();
  const std::string day =
      Row(1).Put<uint8_t>(4).bytes() + std::string("\xb2\x07\x01\x02", 4);
  ASSERT_TRUE(Append(&decoder, zero));
  ASSERT_TRUE(Append(&decoder, day)) << decoder.error();
  auto batch = decoder.Finish();
  ASSERT_TRUE(batch.ok());
  ASSERT_TRUE(Append(&decoder, zero));
  EXPECT_THAT(decoder.OddValues(),
              ElementsAre(Pair("d: zero or partial date made NULL", 2)));
  EXPECT_TRUE((*batch)->column(0)->IsNull(0));
  EXPECT_EQ(static_cast<const arrow::Date32Array&>(*(*batch)->column(0)).Value(1), 1);
}

TEST(Decoder, TellsThatColumnsHaveOneName) {
  auto columns = ColumnsFromFields(
      {Field("id", MYSQL_TYPE_LONG), Field("id", MYSQL_TYPE_LONG)}, {}, true);
  ASSERT_FALSE(columns.ok());
  EXPECT_EQ(KindOf(columns.status()), ErrorKind::kUserInput);
  EXPECT_THAT(MessageOf(columns.status()), HasSubstr("alias"));
}

}  // namespace
}  // namespace sluice::connectors::mysql
