#include "sqlite/database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sqlite {
namespace {

using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("sluice_sqlite_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string At(const std::string& name) { return (directory_ / name).string(); }

  std::filesystem::path directory_;
};

TEST_F(DatabaseTest, ValuesComeBack) {
  auto db = Database::Open(":memory:", {.create = true}).ValueOrDie();
  ASSERT_TRUE(
      db->Execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n DATETIME)").ok());
  auto insert = db->Prepare("INSERT INTO t VALUES (?, ?, ?, x'00ff', ?)").ValueOrDie();
  std::string text("a\0b", 3);
  ASSERT_TRUE(
      insert.Bind(1, INT64_MIN).Bind(2, 0.5).Bind(3, text).BindNull(4).Run().ok());
  EXPECT_EQ(db->changes(), 1);
  ASSERT_TRUE(insert.Reset().ok());
  ASSERT_TRUE(insert.Bind(1, INT64_MAX).Bind(3, std::string_view()).Run().ok());

  auto select = db->Prepare("SELECT *, i + 1 FROM t ORDER BY rowid").ValueOrDie();
  ASSERT_TRUE(select.Step().ValueOrDie());
  EXPECT_EQ(select.num_columns(), 6);
  EXPECT_EQ(select.int_at(0), INT64_MIN);
  EXPECT_EQ(select.double_at(1), 0.5);
  EXPECT_EQ(select.text_at(2), text);
  EXPECT_EQ(select.blob_at(3), std::string_view("\0\xff", 2));
  EXPECT_EQ(select.class_of(3), ValueClass::kBlob);
  EXPECT_EQ(select.class_of(4), ValueClass::kNull);
  EXPECT_EQ(select.text_at(4), "");
  EXPECT_EQ(select.declared_type(4), "DATETIME");
  EXPECT_EQ(select.declared_type(5), "");
  EXPECT_EQ(select.column_name(1), "r");
  ASSERT_TRUE(select.Step().ValueOrDie());
  EXPECT_EQ(select.int_at(0), INT64_MAX);
  EXPECT_EQ(select.class_of(0), ValueClass::kInteger);
  EXPECT_EQ(select.class_of(1), ValueClass::kNull) << "Reset forgets the parameters";
  EXPECT_EQ(select.class_of(2), ValueClass::kText) << "an empty text is not NULL";
  EXPECT_FALSE(select.Step().ValueOrDie());
}

TEST_F(DatabaseTest, ErrorsHaveKinds) {
  auto db = Database::Open(":memory:", {.create = true}).ValueOrDie();
  ASSERT_TRUE(db->Execute("CREATE TABLE t (k TEXT PRIMARY KEY, c INT CHECK (c > 0));"
                          "INSERT INTO t VALUES ('a', 1)")
                  .ok());
  struct Case {
    const char* sql;
    ErrorKind kind;
  };
  for (const Case& c : {Case{"SELEC 1", ErrorKind::kUserInput},
                        Case{"SELECT * FROM nothing", ErrorKind::kUserInput},
                        Case{"INSERT INTO t VALUES ('a', 1)", ErrorKind::kAlreadyExists},
                        Case{"INSERT INTO t VALUES ('b', 0)", ErrorKind::kUserInput}}) {
    SCOPED_TRACE(c.sql);
    Status status = db->Execute(c.sql);
    EXPECT_EQ(KindOf(status), c.kind) << status;
    EXPECT_THAT(FactsOf(status), testing::Not(testing::IsEmpty()));
  }
  EXPECT_FALSE(db->Prepare("").ok());
  auto select = db->Prepare("SELECT ?").ValueOrDie();
  EXPECT_FALSE(select.Bind(2, int64_t{1}).Step().ok()) << "there is no parameter 2";
  ASSERT_TRUE(select.Reset().ok());
  EXPECT_TRUE(select.Bind(1, int64_t{1}).Step().ok());
}

TEST_F(DatabaseTest, OpenSaysWhatIsWrong) {
  EXPECT_EQ(KindOf(Database::Open(At("no.db"), {}).status()), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(At("no.db")));
  EXPECT_EQ(KindOf(Database::Open(At("no/dir.db"), {.create = true}).status()),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(Database::Open(directory_.string(), {}).status()),
            ErrorKind::kUserInput);
  std::ofstream(At("text.db")) << std::string(2000, 'x');
  Status text = Database::Open(At("text.db"), {}).status();
  EXPECT_EQ(KindOf(text), ErrorKind::kCorrupt);
  EXPECT_THAT(text.message(), HasSubstr("text.db"));

  ASSERT_TRUE(Database::Open(At("ok.db"), {.create = true})
                  .ValueOrDie()
                  ->Execute("CREATE TABLE t (x)")
                  .ok());
  auto read_only = Database::Open(At("ok.db"), {.read_only = true}).ValueOrDie();
  EXPECT_EQ(KindOf(read_only->Execute("INSERT INTO t VALUES (1)")), ErrorKind::kAuth);
}

TEST_F(DatabaseTest, MissingPermissionIsAuth) {
  ASSERT_TRUE(Database::Open(At("ok.db"), {.create = true})
                  .ValueOrDie()
                  ->Execute("CREATE TABLE t (x)")
                  .ok());
  ASSERT_EQ(::chmod(At("ok.db").c_str(), 0444), 0);
  ASSERT_EQ(::chmod(directory_.c_str(), 0555), 0);
  // The superuser may do everything: be somebody else for a moment.
  uid_t me = ::geteuid();
  if (me == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  Status writing = Database::Open(At("ok.db"), {}).status();
  Status creating = Database::Open(At("new.db"), {.create = true}).status();
  Status reading = Database::Open(At("ok.db"), {.read_only = true}).status();
  if (me == 0) {
    ASSERT_EQ(::seteuid(me), 0);
  }
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  EXPECT_EQ(KindOf(writing), ErrorKind::kAuth) << writing;
  EXPECT_EQ(KindOf(creating), ErrorKind::kAuth) << creating;
  EXPECT_TRUE(reading.ok()) << reading;
}

TEST_F(DatabaseTest, BusyIsUnavailable) {
  auto first = Database::Open(At("a.db"), {.create = true}).ValueOrDie();
  ASSERT_TRUE(first->Execute("CREATE TABLE t (x); BEGIN IMMEDIATE").ok());
  auto second = Database::Open(At("a.db"), {.busy_timeout_ms = 1}).ValueOrDie();
  Status busy = second->Execute("INSERT INTO t VALUES (1)");
  EXPECT_EQ(KindOf(busy), ErrorKind::kUnavailable);
  EXPECT_THAT(busy.message(), HasSubstr("a.db"));
  ASSERT_TRUE(first->Execute("COMMIT").ok());
  EXPECT_TRUE(second->Execute("INSERT INTO t VALUES (1)").ok());
}

TEST_F(DatabaseTest, InterruptCancels) {
  auto db = Database::Open(":memory:", {.create = true}).ValueOrDie();
  auto endless = db->Prepare(
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                       "SELECT i FROM n")
                     .ValueOrDie();
  ASSERT_TRUE(endless.Step().ValueOrDie());
  std::jthread other([&] { db->Interrupt(); });
  Result<bool> step = true;
  while (step.ok()) step = endless.Step();
  EXPECT_EQ(KindOf(step.status()), ErrorKind::kCancelled);
}

TEST(Quote, DoublesQuotes) {
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuoteName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteName(""), "\"\"");
}

}  // namespace
}  // namespace sluice::sqlite
