// What a user meets before rows flow: names, rights, passwords, plans, doctor.
#include <arrow/table.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/mysql/errors.h"
#include "connectors/mysql/key_column.h"
#include "connectors/mysql/mysql.h"
#include "connectors/mysql/real_server_test.h"

namespace sluice::connectors::mysql {
namespace {

using connect::Finding;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LinkAs;
using ::testing::Not;
using testing::SelectionOf;
using testing::Table;

constexpr char kSecret[] = "canary-word-4711";

Status DescribeAs(const connect::Link& link, const connect::Selection& selection) {
  auto source = testing::MakeSource(link, connect::ReadOptions{});
  return source->Describe(selection).status();
}

std::string Port() { return std::to_string(io::Uri::Parse(testing::ServerUrl())->port); }

TEST(Source, AWrongPasswordIsToldWithoutIt) {
  const Status status = DescribeAs(LinkAs("sluice", kSecret), Table("t"));
  EXPECT_EQ(KindOf(status), ErrorKind::kAuth) << status;
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("user sluice"), HasSubstr("127.0.0.1:" + Port()),
                    HasSubstr("--password-file"), Not(HasSubstr(kSecret))));
}

TEST(Source, AnUnreachableServerIsUnavailable) {
  connect::Link link = testing::ServerLink();
  link.uri.port = 1;
  const Status status = DescribeAs(link, Table("t"));
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status;
  EXPECT_THAT(MessageOf(status), HasSubstr("127.0.0.1:1"));
}

TEST(Source, ConnectsBySocketAndByLocalhost) {
  testing::Writer writer;
  writer.Run("CREATE OR REPLACE USER neighbour@localhost IDENTIFIED BY '" +
             std::string(kSecret) + "'");
  auto version = [](const connect::Link& link) {
    auto diagnosis = testing::MakeSource(link, connect::ReadOptions{})->Diagnose();
    EXPECT_TRUE(diagnosis.ok()) << diagnosis.status();
    return diagnosis.ok() ? diagnosis->findings.at(0).what : "";
  };
  connect::Link link = LinkAs("neighbour", kSecret);
  link.uri.path.clear();  // the account sees no database
  link.uri.query["socket"] = writer.One("SELECT @@socket");
  EXPECT_THAT(version(link), HasSubstr("socket /"));
  writer.Run("DROP USER neighbour@localhost");
  link = testing::ServerLink();
  link.uri.host = "localhost";
  EXPECT_THAT(version(link), HasSubstr("localhost:" + Port()));
}

TEST(Source, ViewsAreRead) {
  testing::Writer writer;
  writer.Run(
      "CREATE OR REPLACE TABLE parts (id int NOT NULL PRIMARY KEY, n int NOT NULL)");
  writer.Run("INSERT INTO parts VALUES (1, 1), (2, 2)");
  writer.Run(
      "CREATE OR REPLACE VIEW outer_view AS SELECT a.id, b.n FROM parts a "
      "LEFT JOIN parts b ON b.id = a.id + 1");
  connect::ReadOptions options;
  connect::Selection selection = Table("outer_view");
  selection.split_by = "id";
  auto table = testing::ReadAll(testing::MakeSource(options).get(), selection);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), 2);
  EXPECT_EQ((*table)->column(1)->null_count(), 1);
}

TEST(Source, MissingNamesComeWithNearOnes) {
  testing::Writer writer;
  writer.Run("CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY, total int)");
  connect::Link link = testing::ServerLink();
  link.uri.path = "shopp";
  Status status = DescribeAs(link, Table("orders"));
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound) << status;
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("shopp"), HasSubstr("did you mean shop?")));

  status = DescribeAs(testing::ServerLink(), Table("order"));
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound) << status;
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("shop.order"), HasSubstr("did you mean orders")));

  connect::Selection selection = Table("orders");
  selection.columns = {"id", "totl"};
  status = DescribeAs(testing::ServerLink(), selection);
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound) << status;
  EXPECT_THAT(MessageOf(status),
              AllOf(HasSubstr("totl"), HasSubstr("did you mean total?")));

  selection = Table("orders");
  selection.split_by = "idd";
  auto plan = testing::MakeSource(connect::ReadOptions{})->Plan(selection);
  EXPECT_EQ(KindOf(plan.status()), ErrorKind::kNotFound) << plan.status();
  EXPECT_THAT(MessageOf(plan.status()), HasSubstr("did you mean id?"));
}

TEST(Source, BadRequestsAreTheUsers) {
  struct Case {
    std::string parameters;
    std::string said;
  };
  for (const Case& c : std::vector<Case>{{"colour=red", "colour"},
                                         {"ssl=maybe", "maybe"},
                                         {"connect-timeout=0", "connect-timeout"},
                                         {"ssl=required", "TLS failed"}}) {
    SCOPED_TRACE(c.parameters);
    auto source = MakeMysqlConnector().make_source(LinkAs("", "", c.parameters), {});
    const Status status =
        source.ok() ? (*source)->Describe(Table("t")).status() : source.status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUserInput) << status;
    EXPECT_THAT(MessageOf(status), HasSubstr(c.said));
  }
  for (const std::string query :
       {"SELEC 1", "SELECT ? AS a", "DO 1", "SELECT 1 AS a, 2 AS a"}) {
    SCOPED_TRACE(query);
    const Status status = DescribeAs(testing::ServerLink(), SelectionOf(query));
    EXPECT_EQ(KindOf(status), ErrorKind::kUserInput) << status;
  }
}

/// An account that may read nothing but what a test grants.
class Rights : public ::testing::Test {
 protected:
  void SetUp() override {
    writer_.Run("DROP USER IF EXISTS limited@127.0.0.1");
    writer_.Run(fmt::format("CREATE USER limited@127.0.0.1 IDENTIFIED BY '{}'", kSecret));
    for (const std::string table : {"allowed", "denied"}) {
      writer_.Run("CREATE TABLE IF NOT EXISTS " + table +
                  " (id int PRIMARY KEY, salary int)");
    }
    writer_.Run("GRANT SELECT ON shop.allowed TO limited@127.0.0.1");
  }
  void TearDown() override { writer_.Run("DROP USER IF EXISTS limited@127.0.0.1"); }

  testing::Writer writer_;
};

TEST_F(Rights, AMissingRightNamesTheGrantThatHelps) {
  const connect::Link link = LinkAs("limited", kSecret);
  EXPECT_TRUE(DescribeAs(link, Table("allowed")).ok());
  const Status status = DescribeAs(link, Table("denied"));
  EXPECT_EQ(KindOf(status), ErrorKind::kAuth) << status;
  const std::string message = MessageOf(status);
  const size_t begin = message.find("GRANT ");
  ASSERT_NE(begin, std::string::npos) << message;
  writer_.Run(message.substr(begin, message.find(" (user") - begin));
  EXPECT_TRUE(DescribeAs(link, Table("denied")).ok());
}

TEST_F(Rights, NoColumnIsLeftOutForWantOfARight) {
  writer_.Run("GRANT SELECT (id) ON shop.denied TO limited@127.0.0.1");
  const connect::Link link = LinkAs("limited", kSecret);
  connect::Selection selection = Table("denied");
  EXPECT_EQ(KindOf(DescribeAs(link, selection)), ErrorKind::kAuth);
  selection.columns = {"id"};
  EXPECT_TRUE(DescribeAs(link, selection).ok()) << DescribeAs(link, selection);
}

TEST_F(Rights, DoctorNamesWhatIsMissing) {
  writer_.Run("GRANT INSERT ON shop.denied TO limited@127.0.0.1");
  auto diagnosis =
      testing::MakeSource(LinkAs("limited", kSecret), connect::ReadOptions{})->Diagnose();
  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  EXPECT_THAT(diagnosis->server, HasSubstr("MariaDB"));
  bool found = false;
  for (const Finding& finding : diagnosis->findings) {
    EXPECT_THAT(finding.what,
                AllOf(Not(HasSubstr(kSecret)), Not(HasSubstr("IDENTIFIED"))));
    if (finding.what != "cannot read shop.denied") continue;
    found = true;
    EXPECT_EQ(finding.level, Finding::Level::kProblem);
    EXPECT_EQ(finding.remedy,
              "GRANT SELECT ON `shop`.`denied` TO 'limited'@'127.0.0.1';");
  }
  EXPECT_TRUE(found);
  auto healthy = testing::MakeSource(connect::ReadOptions{})->Diagnose();
  ASSERT_TRUE(healthy.ok()) << healthy.status();
  std::vector<std::string> whats;
  for (const Finding& finding : healthy->findings) {
    EXPECT_NE(finding.level, Finding::Level::kProblem) << finding.what;
    whats.push_back(finding.what);
  }
  EXPECT_THAT(whats, Contains(HasSubstr("one consistent snapshot over all connections")));
}

TEST(Source, ListsTablesByPattern) {
  testing::Writer writer;
  for (const std::string table : {"list_b", "list_a", "lost"}) {
    writer.Run("CREATE TABLE IF NOT EXISTS " + table + " (id int)");
  }
  writer.Run("CREATE OR REPLACE VIEW list_view AS SELECT * FROM list_a");
  auto source = testing::MakeSource(connect::ReadOptions{});
  auto names = [&](const std::string& pattern) {
    std::vector<std::string> texts;
    auto tables = source->List(pattern);
    EXPECT_TRUE(tables.ok()) << tables.status();
    for (const auto& name : *tables) texts.push_back(name.ToString());
    return texts;
  };
  EXPECT_THAT(names("list_?"), ElementsAre("list_a", "list_b"));
  EXPECT_THAT(names("l?st*"), ElementsAre("list_a", "list_b", "lost"));
  EXPECT_THAT(names("shop.list_*"), ElementsAre("shop.list_a", "shop.list_b"));
  EXPECT_THAT(names("list_view"), ElementsAre("list_view"));
  EXPECT_THAT(names("mysql*.*"), ElementsAre());
  EXPECT_THAT(names("nothing"), ElementsAre());
}

TEST(Source, PlansFollowTheRowsNotTheValues) {
  testing::Writer writer;
  writer.Run("DROP TABLE IF EXISTS skewed");
  // Dense low ids and one near 2^62: even ranges would give all rows to one split.
  writer.Run(
      "CREATE TABLE skewed (id bigint PRIMARY KEY) SELECT seq AS id FROM seq_1_to_40000");
  writer.Run("INSERT INTO skewed VALUES (4611686018427387904)");
  connect::ReadOptions options;
  options.parallel = 4;
  options.chunks_per_connection = 4;
  options.chunk_rows_min = 1000;
  auto source = testing::MakeSource(options);
  auto plan = source->Plan(Table("skewed"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->method, HasSubstr("primary key `id`"));
  EXPECT_GE(plan->splits.size(), 8u);
  EXPECT_GT(plan->estimated_rows, 10000);
  EXPECT_GT(plan->estimated_bytes, 10000);
  int64_t most = 0;
  for (const connect::Split& split : plan->splits) {
    most = std::max<int64_t>(
        most, std::stoll(writer.One("SELECT COUNT(*) FROM skewed WHERE " + split.text)));
  }
  EXPECT_LT(most, 10000);
}

TEST(Source, AFatValueIsCutByTheNextColumn) {
  testing::Writer writer;
  writer.Run("DROP TABLE IF EXISTS fat");
  writer.Run(
      "CREATE TABLE fat (a varchar(9) NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)) "
      "SELECT IF(seq <= 30000, 'most', CONCAT('x', seq)) AS a, seq AS b "
      "FROM seq_1_to_40000");
  connect::ReadOptions options;
  options.parallel = 4;
  options.chunks_per_connection = 4;
  options.chunk_rows_min = 1000;
  auto plan = testing::MakeSource(options)->Plan(Table("fat"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  int64_t most = 0, all = 0;
  for (const connect::Split& split : plan->splits) {
    const int64_t rows =
        std::stoll(writer.One("SELECT COUNT(*) FROM fat WHERE " + split.text));
    most = std::max(most, rows);
    all += rows;
  }
  EXPECT_EQ(all, 40000);
  EXPECT_LT(most, 10000);
}

TEST(Source, SmallTablesAndUnusableKeysAreOneStream) {
  testing::Writer writer;
  writer.Run("DROP TABLE IF EXISTS blobs");
  writer.Run("CREATE TABLE blobs (b blob, UNIQUE (b(10))) ENGINE=MyISAM");
  writer.Run("INSERT INTO blobs VALUES ('a'), ('b')");
  connect::ReadOptions options;
  options.chunk_rows_min = 1;
  auto source = testing::MakeSource(options);
  auto plan = source->Plan(Table("blobs"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->splits.size(), 1u);
  EXPECT_THAT(plan->method, AllOf(HasSubstr("no usable key"), HasSubstr("MyISAM")));
  connect::Selection selection = Table("blobs");
  selection.split_by = "b";
  auto refused = source->Plan(selection);
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kUserInput) << refused.status();
}

TEST(KeyColumn, LiteralsKeepTheValue) {
  auto key = [](KeyKind kind) { return KeyColumn{"`k`", kind, false, "latin1"}; };
  EXPECT_EQ(key(KeyKind::kInteger).Literal("-5"), "-5");
  EXPECT_EQ(key(KeyKind::kDecimal).Literal("1.50"), "1.50");
  EXPECT_EQ(key(KeyKind::kFloat).Literal("0.1"), "0.1e0");
  EXPECT_EQ(key(KeyKind::kFloat).Literal("1e300"), "1e300");
  EXPECT_EQ(key(KeyKind::kDay).Literal("2020-01-01"), "'2020-01-01'");
  EXPECT_EQ(key(KeyKind::kText).Literal("E4"), "_latin1 x'E4'");
  EXPECT_EQ(key(KeyKind::kBinary).Literal("00FF"), "x'00FF'");
}

TEST(Session, QuotesNamesAndTexts) {
  EXPECT_EQ(QuoteName("a`b"), "`a``b`");
  EXPECT_EQ(QuoteText("plain"), "'plain'");
  EXPECT_EQ(QuoteText("it's"), "_utf8mb4 x'69742773'");
  EXPECT_EQ(QuoteText("a\\"), "_utf8mb4 x'615c'");
}

}  // namespace
}  // namespace sluice::connectors::mysql
