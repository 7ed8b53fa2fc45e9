#include <set>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/fake/connector.h"
#include "connectors/fake/fake_source.h"

namespace sluice::connectors::fake {
namespace {

using testing::HasSubstr;

connect::Selection Table(const std::string& name) {
  return {.table = connect::TableName{"", name},
          .query = "",
          .columns = {},
          .where = "",
          .split_by = ""};
}

Result<std::unique_ptr<connect::Source>> Open(const std::string& url) {
  SLUICE_ASSIGN(io::Uri uri, io::Uri::Parse(url));
  connect::Registry registry;
  registry.Add(MakeConnector());
  return registry.OpenSource(connect::Link{.uri = uri, .password = Secret()}, {});
}

// Reads all splits; the ids seen, or the first error.
Result<std::multiset<int64_t>> ReadIds(connect::Source& source,
                                       const std::string& table) {
  std::multiset<int64_t> ids;
  SLUICE_ASSIGN(auto plan, source.Plan(Table(table)));
  SLUICE_ASSIGN(auto schema, source.Describe(Table(table)));
  for (const connect::Split& split : plan.splits) {
    SLUICE_ASSIGN(auto reader, source.Open(split, {}));
    while (true) {
      SLUICE_ASSIGN(connect::Chunk chunk, reader->Next({}));
      if (chunk.state == connect::Chunk::State::kEnd) break;
      EXPECT_TRUE(chunk.batch->schema()->Equals(*schema.ArrowSchema()));
      EXPECT_TRUE(chunk.batch->ValidateFull().ok());
      auto column = std::static_pointer_cast<arrow::Int64Array>(chunk.batch->column(0));
      for (int64_t i = 0; i < column->length(); ++i) ids.insert(column->Value(i));
    }
    SLUICE_TRY(reader->Close());
  }
  return ids;
}

TEST(FakeSource, GivesEveryRowOnceForEverySchema) {
  for (const char* schema : {"orders", "types", "wide_decimal", "same_names"}) {
    SCOPED_TRACE(schema);
    auto source =
        Open(std::string("fake:///a,b?rows=1001&splits=7&schema=") + schema).ValueOrDie();
    auto ids = ReadIds(*source, "b").ValueOrDie();
    ASSERT_EQ(ids.size(), 1001u);
    EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 1001u);
    EXPECT_EQ(*ids.rbegin(), 1000);
  }
}

TEST(FakeSource, RowsDependOnTheSeedOnly) {
  auto schema = NamedSchema("orders").ValueOrDie();
  auto whole = RowMaker{schema, 5}.Make(0, 100).ValueOrDie();
  EXPECT_TRUE(
      whole->Slice(40, 20)->Equals(*RowMaker{schema, 5}.Make(40, 20).ValueOrDie()));
  EXPECT_FALSE(whole->Equals(*RowMaker{schema, 6}.Make(0, 100).ValueOrDie()));
  EXPECT_GT(whole->column(2)->null_count(), 0);
  EXPECT_EQ(whole->column(1)->null_count(), 0);
}

TEST(FakeSource, FailsAtTheRowAsked) {
  auto source = Open("fake:///orders?rows=1000&fault=error&at=500").ValueOrDie();
  Status status = ReadIds(*source, "orders").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("row 500"));

  auto early = Open("fake:///orders?rows=1000&splits=1&fault=end&at=500").ValueOrDie();
  EXPECT_EQ(ReadIds(*early, "orders").ValueOrDie().size(), 500u);

  auto thrower = Open("fake:///orders?rows=1000&fault=throw").ValueOrDie();
  EXPECT_THROW((void)ReadIds(*thrower, "orders"), std::runtime_error);
}

TEST(FakeSource, StallsUntilStopped) {
  auto source = Open("fake:///orders?rows=10&splits=1&fault=stall").ValueOrDie();
  auto plan = source->Plan(Table("orders")).ValueOrDie();
  auto reader = source->Open(plan.splits[0], {}).ValueOrDie();
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  auto chunk = reader->Next(connect::Wait{.stop = stop.get_token()});
  EXPECT_EQ(KindOf(chunk.status()), ErrorKind::kCancelled);
}

TEST(FakeSource, RefusesBadUrlsByName) {
  struct Case {
    const char *url, *says;
  };
  for (const Case& c :
       {Case{"fake:///x?rows=-1", "rows"}, Case{"fake:///x?rows=ten", "ten"},
        Case{"fake:///x?splits=0", "splits"}, Case{"fake:///x?speed=9", "speed"},
        Case{"fake:///x?fault=fire", "fire"}, Case{"fake:///x?schema=none", "none"}}) {
    SCOPED_TRACE(c.url);
    Status status = Open(c.url).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUserInput);
    EXPECT_THAT(status.message(), HasSubstr(c.says));
  }
  auto source = Open("fake:///orders").ValueOrDie();
  Status unknown = source->Describe(Table("nothing")).status();
  EXPECT_EQ(KindOf(unknown), ErrorKind::kNotFound);
  EXPECT_THAT(unknown.message(), HasSubstr("orders"));
}

}  // namespace
}  // namespace sluice::connectors::fake
