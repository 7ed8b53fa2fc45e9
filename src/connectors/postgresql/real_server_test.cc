#include "connectors/postgresql/real_server_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace sluice::connectors::postgresql {
namespace {

int FreePort() {
  int handle = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)bind(handle, reinterpret_cast<sockaddr*>(&address), size);
  (void)getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size);
  close(handle);
  return ntohs(address.sin_port);
}

class ServerEnvironment final : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* url = std::getenv("SLUICE_TEST_POSTGRESQL");
    const char* password = std::getenv("SLUICE_TEST_POSTGRESQL_PASSWORD");
    if (url == nullptr) StartServer();
    TestServer& server = TestServer::Get();
    server.link.uri = io::Uri::Parse(url != nullptr ? url : url_).ValueOrDie();
    server.link.password = Secret(password != nullptr ? password : "test-only-word");
    server.database = "sluice_test_" + std::to_string(getpid());
    connect::Link link = server.link;
    link.uri.user = "postgres";
    administrator_ = Connection::Connect(link).ValueOrDie();
    (void)administrator_->Query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE");
    (void)administrator_->Query("CREATE DATABASE " + server.database + " OWNER sluice")
        .ValueOrDie();
    server.session = server.Connect();
  }

  void TearDown() override {
    TestServer::Get().session.reset();
    (void)administrator_->Query("DROP DATABASE IF EXISTS " + TestServer::Get().database +
                                " WITH (FORCE)");
    administrator_.reset();
    if (directory_.empty()) return;
    (void)Script("stop");
    std::filesystem::remove_all(directory_);
  }

 private:
  void StartServer() {
    char name[] = "/tmp/sluice-postgresql-XXXXXX";
    directory_ = mkdtemp(name);
    chmod(directory_.c_str(), 0755);
    port_ = FreePort();
    ASSERT_EQ(Script("start"), 0) << "tests/services/postgresql.sh failed";
    url_ = "postgresql://sluice@127.0.0.1:" + std::to_string(port_) + "/shop";
  }
  int Script(const std::string& action) {
    std::string command = SLUICE_SOURCE_DIR "/tests/services/postgresql.sh ";
    command += action;
    command += ' ';
    command += directory_;
    command += ' ';
    command += std::to_string(port_);
    return std::system(command.c_str());
  }

  std::string directory_;  // empty: the server is not ours
  std::string url_;
  int port_ = 0;
  std::unique_ptr<Connection> administrator_;
};

const auto* const kEnvironment =
    ::testing::AddGlobalTestEnvironment(new ServerEnvironment);

}  // namespace

TestServer& TestServer::Get() {
  static TestServer server;
  return server;
}

connect::Link TestServer::LinkOf(const std::string& user) const {
  connect::Link other = link;
  other.uri.path = database;
  if (!user.empty()) other.uri.user = user;
  return other;
}

std::unique_ptr<Connection> TestServer::Connect(const std::string& user) const {
  auto connection = Connection::Connect(LinkOf(user)).ValueOrDie();
  (void)connection->Query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
      .ValueOrDie();
  return connection;
}

void TestServer::Run(const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) {
    auto done = session->Query(statement);
    ASSERT_TRUE(done.ok()) << done.status().ToString() << "\n"
                           << statement.substr(0, 300);
  }
}

std::vector<std::string> TestServer::Column(const std::string& sql) {
  auto rows = session->Query(sql);
  EXPECT_TRUE(rows.ok()) << rows.status().ToString() << "\n" << sql;
  std::vector<std::string> values;
  for (int i = 0; rows.ok() && i < rows->size(); ++i) {
    values.push_back(rows->is_null(i, 0) ? "NULL" : rows->at(i, 0));
  }
  return values;
}

std::unique_ptr<connect::Source> TestServer::Source(
    const connect::ReadOptions& options) const {
  return MakePostgresqlConnector().make_source(LinkOf(), options).ValueOrDie();
}

Result<arrow::RecordBatchVector> ReadSplit(connect::Source& source,
                                           const connect::Split& split) {
  SLUICE_ASSIGN(auto schema, source.Describe(split.selection));
  SLUICE_ASSIGN(auto reader, source.Open(split, {}));
  arrow::RecordBatchVector batches;
  while (true) {
    SLUICE_ASSIGN(auto chunk, reader->Next({}));
    if (chunk.state == connect::Chunk::State::kEnd) return batches;
    EXPECT_TRUE(chunk.batch->schema()->Equals(schema.ArrowSchema()));
    EXPECT_TRUE(chunk.batch->ValidateFull().ok())
        << chunk.batch->ValidateFull().ToString();
    batches.push_back(chunk.batch);
  }
}

Result<std::shared_ptr<arrow::Table>> ReadAll(connect::Source& source,
                                              const connect::Selection& selection) {
  SLUICE_ASSIGN(auto schema, source.Describe(selection));
  SLUICE_TRY(source.BeginSnapshot());
  SLUICE_ASSIGN(auto plan, source.Plan(selection));
  arrow::RecordBatchVector all;
  for (const connect::Split& split : plan.splits) {
    SLUICE_ASSIGN(auto batches, ReadSplit(source, split));
    all.insert(all.end(), batches.begin(), batches.end());
  }
  return arrow::Table::FromRecordBatches(schema.ArrowSchema(), all);
}

std::vector<int64_t> SortedNumbers(const arrow::Table& table, const std::string& column) {
  std::vector<int64_t> numbers;
  for (const auto& chunk : table.GetColumnByName(column)->chunks()) {
    for (int64_t i = 0; i < chunk->length(); ++i) {
      numbers.push_back(std::stoll(chunk->GetScalar(i).ValueOrDie()->ToString()));
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace sluice::connectors::postgresql
