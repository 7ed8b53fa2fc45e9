#include "connectors/mysql/real_server_test.h"

#include <cstdlib>
#include <filesystem>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "connectors/mysql/mysql.h"

namespace sluice::connectors::mysql::testing {
namespace {

constexpr char kWord[] = "sluice-test-word";

/// The script lies in the source tree, the program in a build directory below it.
std::string Script() {
  for (auto at = std::filesystem::read_symlink("/proc/self/exe"); at.has_relative_path();
       at = at.parent_path()) {
    const auto script = at.parent_path() / "tests/services/mariadb.sh";
    if (std::filesystem::exists(script)) return script.string();
  }
  return "tests/services/mariadb.sh";
}

/// Starts a server in a new directory; gives its URL, or "" after a failure.
std::string Start(const std::string& arguments, std::string* directory) {
  char name[] = "/tmp/sluice_mariadb_XXXXXX";
  if (mkdtemp(name) == nullptr) return {};
  *directory = name;
  for (int attempt = 0; attempt < 5; ++attempt) {
    // A port that was free a moment ago may be taken; then the next one.
    static int started = 0;
    const int port = 23000 + (getpid() * 7 + ++started * 131) % 9000;
    const std::string command =
        fmt::format("MARIADB_PASSWORD={} MARIADB_ARGS='{}' '{}' start '{}' {} >&2", kWord,
                    arguments, Script(), name, port);
    if (std::system(command.c_str()) == 0) {
      return fmt::format("mysql://sluice@127.0.0.1:{}/shop", port);
    }
  }
  return {};
}

void Stop(const std::string& directory) {
  const std::string command = fmt::format("'{}' stop '{}' >&2", Script(), directory);
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::filesystem::remove_all(directory);
}

/// The server that this program starts when none is given.
class OwnServer final : public ::testing::Environment {
 public:
  void SetUp() override {
    if (std::getenv("SLUICE_TEST_MARIADB") != nullptr) return;
    const std::string url = Start("", &directory_);
    ASSERT_FALSE(url.empty()) << "no MariaDB server could be started";
    setenv("SLUICE_TEST_MARIADB", url.c_str(), 1);
    setenv("SLUICE_TEST_MARIADB_PASSWORD", kWord, 1);
  }

  void TearDown() override {
    if (!directory_.empty()) Stop(directory_);
  }

 private:
  std::string directory_;
};

const auto* const kOwnServer = ::testing::AddGlobalTestEnvironment(new OwnServer);

}  // namespace

std::string ServerUrl() { return std::getenv("SLUICE_TEST_MARIADB"); }

Secret ServerPassword() {
  const char* word = std::getenv("SLUICE_TEST_MARIADB_PASSWORD");
  return Secret(word == nullptr ? "" : word);
}

connect::Link LinkAs(const std::string& user, const std::string& password,
                     const std::string& parameters) {
  connect::Link link;
  auto uri = io::Uri::Parse(ServerUrl() + (parameters.empty() ? "" : "?" + parameters));
  EXPECT_TRUE(uri.ok()) << uri.status();
  link.uri = *uri;
  if (!user.empty()) link.uri.user = user;
  link.password = user.empty() ? ServerPassword() : Secret(password);
  return link;
}

connect::Link ServerLink() { return LinkAs("", ""); }

ExtraServer::ExtraServer(const std::string& arguments) {
  url_ = Start(arguments, &directory_);
  EXPECT_FALSE(url_.empty()) << "no MariaDB server could be started";
}

ExtraServer::~ExtraServer() { Stop(directory_); }

connect::Link ExtraServer::Link() const {
  auto uri = io::Uri::Parse(url_);
  EXPECT_TRUE(uri.ok()) << uri.status();
  return {*uri, Secret(kWord)};
}

Writer::Writer() {
  auto settings = Settings::FromLink(ServerLink());
  EXPECT_TRUE(settings.ok()) << settings.status();
  auto session = Session::Connect(*settings);
  EXPECT_TRUE(session.ok()) << session.status();
  session_ = std::move(*session);
  Run("SET SESSION TRANSACTION READ WRITE");
}

void Writer::Run(const std::string& sql) { (void)Query(sql); }

Session::Rows Writer::Query(const std::string& sql) {
  auto rows = session_->Query(sql, "run " + sql.substr(0, 300));
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? *rows : Session::Rows();
}

std::string Writer::One(const std::string& sql) {
  const Session::Rows rows = Query(sql);
  return rows.empty() ? "" : rows[0].at(0).value_or("NULL");
}

std::unique_ptr<connect::Source> MakeSource(const connect::Link& link,
                                            const connect::ReadOptions& options) {
  auto source = MakeMysqlConnector().make_source(link, options);
  EXPECT_TRUE(source.ok()) << source.status();
  return std::move(*source);
}

std::unique_ptr<connect::Source> MakeSource(const connect::ReadOptions& options) {
  return MakeSource(ServerLink(), options);
}

connect::Selection Table(const std::string& name) {
  connect::Selection selection;
  selection.table = connect::TableName{"", name};
  return selection;
}

connect::Selection SelectionOf(const std::string& query) {
  connect::Selection selection;
  selection.query = query;
  return selection;
}

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> ReadSplit(
    connect::Source* source, const connect::Split& split) {
  SLUICE_ASSIGN(auto reader, source->Open(split, {}));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (;;) {
    SLUICE_ASSIGN(connect::Chunk chunk, reader->Next({}));
    if (chunk.state == connect::Chunk::State::kEnd) break;
    SLUICE_TRY(chunk.batch->ValidateFull());
    batches.push_back(chunk.batch);
  }
  SLUICE_TRY(reader->Close());
  return batches;
}

Result<std::shared_ptr<arrow::Table>> ReadAll(connect::Source* source,
                                              const connect::Selection& selection) {
  SLUICE_ASSIGN(connect::TableSchema schema, source->Describe(selection));
  SLUICE_ASSIGN(connect::ReadPlan plan, source->Plan(selection));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (const connect::Split& split : plan.splits) {
    SLUICE_ASSIGN(auto more, ReadSplit(source, split));
    batches.insert(batches.end(), more.begin(), more.end());
  }
  return arrow::Table::FromRecordBatches(schema.ArrowSchema(), batches);
}

}  // namespace sluice::connectors::mysql::testing
