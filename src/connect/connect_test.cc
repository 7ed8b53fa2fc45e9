#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connect/key_ranges.h"
#include "connect/registry.h"
#include "connect/values.h"

namespace sluice::connect {
namespace {

TEST(Values, SplitSurvivesJson) {
  Split split{.id = "s0003",
              .selection = {.table = TableName{"shop", "orders"},
                            .columns = {"id", "total"},
                            .where = "paid",
                            .split_by = "id"},
              .range = {{"low", 5}},
              .text = "id >= 5",
              .estimated_rows = 10,
              .estimated_bytes = 99};
  Split back = Split::FromJson(split.ToJson()).ValueOrDie();
  EXPECT_EQ(back.ToJson(), split.ToJson());
  EXPECT_EQ(back.selection.table, split.selection.table);
}

TEST(Values, ReceiptSurvivesJson) {
  Receipt receipt{
      .split_id = "s1", .attempt = 2, .rows = 7, .bytes = 8, .files = {"a", "b"}};
  receipt.detail = Json::array({1, 2});
  EXPECT_EQ(Receipt::FromJson(receipt.ToJson()).ValueOrDie().ToJson(), receipt.ToJson());
  EXPECT_EQ(KindOf(Receipt::FromJson(Json::object()).status()), ErrorKind::kCorrupt);
}

TEST(Values, WordsNameTheirChoices) {
  EXPECT_EQ(ParseWriteMode("overwrite").ValueOrDie(), WriteMode::kOverwrite);
  EXPECT_EQ(WriteModeName(WriteMode::kErrorIfExists), "error-if-exists");
  Status status = ParseWriteMode("replace").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
  EXPECT_THAT(status.message(), testing::HasSubstr("append, overwrite"));
}

TEST(KeyRanges, CoverEverythingOnce) {
  EXPECT_EQ(RangesFromBoundaries("k", true, {}).size(), 1u);
  std::vector<std::string> conditions;
  for (const KeyRange& range : RangesFromBoundaries("`k`", true, {"3", "9"})) {
    conditions.push_back(range.condition);
  }
  EXPECT_THAT(conditions, testing::ElementsAre("`k` < 3", "`k` >= 3 AND `k` < 9",
                                               "`k` >= 9", "`k` IS NULL"));
}

TEST(KeyRanges, SplitCount) {
  EXPECT_EQ(SplitCount(0, 4, 8, 50000), 1);
  EXPECT_EQ(SplitCount(120000, 4, 8, 50000), 2);
  EXPECT_EQ(SplitCount(100000000, 4, 8, 50000), 32);
  EXPECT_EQ(SplitCount(-1, 2, 8, 50000), 16);
}

TEST(Registry, UnknownSchemeNamesTheKnownOnes) {
  Registry registry;
  registry.Add({.name = "mysql", .schemes = {"mysql", "mariadb"}, .make_source = {}});
  Link link;
  link.uri.scheme = "oracle";
  auto result = registry.OpenSource(link, {});
  EXPECT_EQ(KindOf(result.status()), ErrorKind::kUserInput);
  EXPECT_THAT(result.status().message(), testing::HasSubstr("mysql, mariadb"));
}

}  // namespace
}  // namespace sluice::connect
