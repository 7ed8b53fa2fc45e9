#include "io/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::io {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Case {
  const char* text;
  const char *scheme, *user, *password, *host;
  int port;
  const char* path;
  const char* printed;
};

TEST(Uri, Parts) {
  for (const Case& c : {
           Case{"mysql://app@127.0.0.1/shop", "mysql", "app", "", "127.0.0.1", 0, "shop",
                "mysql://app@127.0.0.1/shop"},
           Case{"postgresql://u:p%40%3a%2fw@db.example:5433/a%20b", "postgresql", "u",
                "p@:/w", "db.example", 5433, "a b",
                "postgresql://u@db.example:5433/a%20b"},
           Case{"mysql://u:a@b@h/d", "mysql", "u", "a@b", "h", 0, "d", "mysql://u@h/d"},
           Case{"MySQL://u:@h", "mysql", "u", "", "h", 0, "", "mysql://u@h"},
           Case{"mysql://u%40x@[::1]:3306/d", "mysql", "u@x", "", "::1", 3306, "d",
                "mysql://u%40x@[::1]:3306/d"},
           Case{"mysql://[fe80::1%25eth0]/d", "mysql", "", "", "fe80::1%eth0", 0, "d",
                "mysql://[fe80::1%25eth0]/d"},
           Case{"sqlite:///x.db", "sqlite", "", "", "", 0, "x.db", "sqlite:///x.db"},
           Case{"sqlite:////abs/x.db", "sqlite", "", "", "", 0, "/abs/x.db",
                "sqlite:////abs/x.db"},
           Case{"postgresql:///d", "postgresql", "", "", "", 0, "d", "postgresql:///d"},
           Case{"postgresql://%2Fvar%2Frun/d", "postgresql", "", "", "/var/run", 0, "d",
                "postgresql://%2fvar%2frun/d"},
       }) {
    SCOPED_TRACE(c.text);
    auto parsed = Uri::Parse(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->scheme, c.scheme);
    EXPECT_EQ(parsed->user, c.user);
    EXPECT_EQ(parsed->password.Reveal(), c.password);
    EXPECT_EQ(parsed->host, c.host);
    EXPECT_EQ(parsed->port, c.port);
    EXPECT_EQ(parsed->path, c.path);
    EXPECT_EQ(parsed->ToString(), c.printed);
    auto again = Uri::Parse(parsed->ToString());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->path, c.path);
    EXPECT_EQ(again->host, c.host);
  }
}

TEST(Uri, Query) {
  auto uri = Uri::Parse("mysql://h/d?ssl=require&note=a%26b%3Dc&flag&PassWord=hush-hush")
                 .ValueOrDie();
  EXPECT_EQ(uri.query.at("ssl"), "require");
  EXPECT_EQ(uri.query.at("note"), "a&b=c");
  EXPECT_EQ(uri.query.at("flag"), "");
  EXPECT_EQ(uri.query.at("PassWord"), "hush-hush");
  EXPECT_THAT(uri.ToString(), Not(HasSubstr("hush")));
  EXPECT_THAT(uri.ToString(), HasSubstr("note=a%26b%3dc"));
  EXPECT_EQ(RedactSecrets("it was hush-hush"), "it was ***");
}

TEST(Uri, ErrorsNeverShowThePassword) {
  for (const char* text :
       {"mysql://app:canary/pw@host/db", "mysql://app:12/canary@host/db",
        "mysql://app:canary%zz@host/db", "mysql://app:canary#x@host/db",
        "mysql://app:can?ary@host/db", "mysql://app:canary@host:99999/db",
        "mysql://app:canary@host:x/db", "mysql://app:canary@[::1/db",
        "mysql://app:canary@:1/db", "mysql://app:canary@[abc]/db",
        "mysql://app:canary@[::1]x/db", "mysql://app:canary@h/d%",
        "mysql://app:canary@h/d?a=1&a=2", "mysql://app:canary@h/d%00", "://app:canary@h",
        "my sql://app:canary@h", "app:canary@h/db", ""}) {
    SCOPED_TRACE(text);
    auto parsed = Uri::Parse(text);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(KindOf(parsed.status()), ErrorKind::kUserInput);
    EXPECT_THAT(parsed.status().message(), Not(HasSubstr("can")));
  }
}

TEST(Uri, HasScheme) {
  EXPECT_TRUE(HasScheme("mysql://h"));
  EXPECT_TRUE(HasScheme("a+b-c.1://h"));
  EXPECT_FALSE(HasScheme("/a/b://c"));
  EXPECT_FALSE(HasScheme("1a://c"));
  EXPECT_FALSE(HasScheme("://c"));
  EXPECT_FALSE(HasScheme("plain"));
}

}  // namespace
}  // namespace sluice::io
