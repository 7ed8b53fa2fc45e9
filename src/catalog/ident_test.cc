#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/names_internal.h"
#include "catalog/sqlite_catalog.h"

namespace sluice::catalog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TableIdent, Parses) {
  struct Case {
    const char *text, *name_space, *name;
  };
  for (const Case& c :
       {Case{"landing.orders", "landing", "orders"}, Case{"a.b.c", "a.b", "c"},
        Case{"Läger.Über uns", "Läger", "Über uns"}, Case{"a-b._x$1", "a-b", "_x$1"}}) {
    SCOPED_TRACE(c.text);
    TableIdent ident = TableIdent::Parse(c.text).ValueOrDie();
    EXPECT_EQ(ident.name_space, c.name_space);
    EXPECT_EQ(ident.name, c.name);
    EXPECT_EQ(ident.ToString(), c.text);
  }
}

TEST(TableIdent, RefusesWhatCannotBeADirectory) {
  for (const std::string& text :
       {std::string("orders"), std::string(), std::string("."), std::string("a."),
        std::string(".a"), std::string("a..b"), std::string("a/b.c"),
        std::string("a.b\\c"), std::string("a.b?"), std::string("a#.b"),
        std::string("a.50%"), std::string("a.b\n"), std::string("a. b"),
        std::string("a\0.b", 4), "a." + std::string(201, 'x')}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(KindOf(TableIdent::Parse(text).status()), ErrorKind::kUserInput);
  }
}

TEST(TableLocation, JoinsLevels) {
  EXPECT_EQ(TableLocation("file:///lake", {"a.b", "t"}), "file:///lake/a/b/t");
  EXPECT_EQ(TableLocation("file:///lake/", {"a", "t"}), "file:///lake/a/t");
}

}  // namespace
}  // namespace sluice::catalog
