#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_queue.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/near_names.h"
#include "base/random.h"
#include "base/result.h"
#include "base/retry.h"
#include "base/secret.h"
#include "base/text.h"

namespace sluice {
namespace {

TEST(Result, KeepsKindAndFactsThroughWithin) {
  Status status = Error(ErrorKind::kAuth, "no privilege", {{"table", "orders"}});
  Status outer = Within("read orders", status, {{"chunk", "3"}});
  EXPECT_EQ(KindOf(outer), ErrorKind::kAuth);
  EXPECT_EQ(outer.message(), "read orders: no privilege");
  ASSERT_EQ(FactsOf(outer).size(), 2u);
  EXPECT_EQ(FactsOf(outer)[1].value, "3");
  EXPECT_TRUE(Within("x", Status::OK()).ok());
}

TEST(Result, MapsArrowCodes) {
  EXPECT_EQ(KindOf(Status::IOError("x")), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOf(Status::Cancelled("x")), ErrorKind::kCancelled);
}

TEST(Json, NamesTheMemberThatIsMissing) {
  auto json = ParseJson(R"({"a": 1, "b": "x"})").ValueOrDie();
  EXPECT_EQ(GetInt(json, "a").ValueOrDie(), 1);
  EXPECT_THAT(GetInt(json, "b").status().message(), testing::HasSubstr("b"));
  EXPECT_FALSE(FindInt(json, "c").ValueOrDie().has_value());
  EXPECT_EQ(KindOf(ParseJson("{").status()), ErrorKind::kCorrupt);
}

TEST(Text, Patterns) {
  struct Case {
    const char *pattern, *text;
    bool matches;
  };
  for (const Case& c :
       {Case{"*", "", true}, Case{"a*c", "abbc", true}, Case{"a*c", "ab", false},
        Case{"?x", "ax", true}, Case{"*_tmp", "a_tmp_tmp", true}, Case{"", "a", false},
        Case{"a**", "a", true}}) {
    SCOPED_TRACE(std::string(c.pattern) + " " + c.text);
    EXPECT_EQ(MatchesPattern(c.pattern, c.text), c.matches);
  }
}

TEST(Text, Forms) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(-1234567), "-1,234,567");
  EXPECT_EQ(CountText(123456), "123,456");
  EXPECT_EQ(BytesText(999), "999 B");
  EXPECT_EQ(BytesText(9800000), "9.8 MB");
  EXPECT_EQ(DurationText(std::chrono::milliseconds(2400)), "2.4 s");
  EXPECT_EQ(TimeText(-1), "1969-12-31T23:59:59.999Z");
}

TEST(NearNames, SuggestsWhatWasMeant) {
  std::vector<std::string> known = {"landing.orders", "landing.order_items",
                                    "archive.orders", "landing.Customers", "x.y"};
  EXPECT_THAT(NearNames("landing.ordes", known), testing::ElementsAre("landing.orders"));
  EXPECT_THAT(NearNames("landing.order", known),
              testing::ElementsAre("landing.orders", "landing.order_items"));
  EXPECT_THAT(NearNames("landing.customers", known),
              testing::ElementsAre("landing.Customers"));
  EXPECT_THAT(NearNames("lading.orders", known),
              testing::ElementsAre("landing.orders", "archive.orders"));
  EXPECT_THAT(NearNames("items", {"order_items"}), testing::ElementsAre("order_items"));
  EXPECT_THAT(NearNames("landing.zzzzzz", known), testing::IsEmpty());
  EXPECT_EQ(DidYouMean("y", {}), "");
  EXPECT_EQ(DidYouMean("custmers", {"customers"}), "; did you mean customers?");
}

TEST(Secret, IsStruckOut) {
  Secret secret("hunter22");
  EXPECT_EQ(RedactSecrets("pw=hunter22;"), "pw=***;");
  Secret digits("12345");
  Json json = {{"rows", 123456}, {"12345", "see 12345"}, {"list", {"hunter22", 1}}};
  EXPECT_EQ(ToText(RedactSecretValues(json)),
            R"({"rows":123456,"12345":"see ***","list":["***",1]})");
  EXPECT_EQ(KindOf(ReadSecret("hunter22").status()), ErrorKind::kUserInput);
  EXPECT_EQ(KindOf(ReadSecret("file:/no/such").status()), ErrorKind::kNotFound);
}

TEST(Failpoint, FiresAtItsPass) {
  ASSERT_TRUE(ArmFailpoints("a.b=error@2").ok());
  EXPECT_TRUE(Failpoint("a.b").ok());
  EXPECT_EQ(KindOf(Failpoint("a.b")), ErrorKind::kUnavailable);
  EXPECT_TRUE(Failpoint("a.b").ok());
  EXPECT_EQ(PassedFailpoints(),
            (std::vector<std::pair<std::string, int64_t>>{{"a.b", 3}}));
  EXPECT_EQ(KindOf(ArmFailpoints("a.b=explode")), ErrorKind::kUserInput);
  ASSERT_TRUE(ArmFailpoints("").ok());
}

TEST(ByteQueue, EmptyQueueTakesAnythingAndBoundHolds) {
  ByteQueue<int> queue(10);
  std::stop_source stop;
  EXPECT_TRUE(queue.Push(1, 1000, stop.get_token()));
  std::jthread late([&] { EXPECT_TRUE(queue.Push(2, 1, stop.get_token())); });
  EXPECT_EQ(queue.Pop(stop.get_token()), 1);
  EXPECT_EQ(queue.Pop(stop.get_token()), 2);
  EXPECT_TRUE(queue.Push(3, 1, stop.get_token()));
  queue.Close();
  EXPECT_EQ(queue.Pop(stop.get_token()), 3);
  EXPECT_EQ(queue.Pop(stop.get_token()), std::nullopt);
  EXPECT_FALSE(queue.Push(4, 1, stop.get_token()));
}

TEST(ByteQueue, StopWakesAWaitingPush) {
  ByteQueue<int> queue(1);
  std::stop_source stop;
  ASSERT_TRUE(queue.Push(1, 5, stop.get_token()));
  std::jthread blocked([&] { EXPECT_FALSE(queue.Push(2, 5, stop.get_token())); });
  stop.request_stop();
}

TEST(Retry, StopsAtPermanentErrorsAndAtTheLimit) {
  FakeClock clock(0);
  Random random(1);
  int calls = 0;
  auto transient = [](ErrorKind kind) { return kind == ErrorKind::kUnavailable; };
  Status status = Retry({.attempts_max = 3}, clock, random, {}, transient, [&](int) {
    ++calls;
    return Error(ErrorKind::kUnavailable, "gone away");
  });
  EXPECT_EQ(calls, 3);
  EXPECT_FALSE(status.ok());
  calls = 0;
  status = Retry({}, clock, random, {}, transient, [&](int) {
    ++calls;
    return Error(ErrorKind::kAuth, "no");
  });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace sluice
