// Reading from a real server: packets, early ends, kills, stops, the snapshot under
// writers.
#include <thread>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/mysql/real_server_test.h"

namespace sluice::connectors::mysql {
namespace {

using connect::Chunk;
using connect::Consistency;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::SelectionOf;
using testing::Table;

constexpr int kBigRows = 100000;  // far more bytes than the sockets hold

void MakeBigTable(testing::Writer* writer) {
  writer->Run(
      fmt::format("CREATE TABLE IF NOT EXISTS big (id int PRIMARY KEY, t text) "
                  "SELECT seq AS id, REPEAT('x', 400) AS t FROM seq_1_to_{}",
                  kBigRows));
}

connect::ReadOptions Options(int parallel, int64_t rows_min = 1 << 30) {
  connect::ReadOptions options;
  options.parallel = parallel;
  options.chunk_rows_min = rows_min;
  options.batch_rows = 1000;
  return options;
}

std::unique_ptr<connect::Reader> OpenFirst(connect::Source* source,
                                           const connect::Selection& selection) {
  auto plan = source->Plan(selection);
  EXPECT_TRUE(plan.ok()) << plan.status();
  auto reader = source->Open(plan->splits.at(0), {});
  EXPECT_TRUE(reader.ok()) << reader.status();
  return std::move(*reader);
}

/// The connections that now run a statement that contains `text`.
std::vector<std::string> Running(testing::Writer* writer, const std::string& text) {
  std::vector<std::string> ids;
  for (const auto& row :
       writer->Query("SELECT id FROM information_schema.processlist WHERE info LIKE '%" +
                     text + "%' AND id <> CONNECTION_ID()")) {
    ids.push_back(row.at(0).value_or(""));
  }
  return ids;
}

/// Reads on to the error; fails the test when there is none.
Status ReadToError(connect::Reader* reader) {
  for (;;) {
    auto chunk = reader->Next({});
    if (!chunk.ok()) return chunk.status();
    if (chunk->state == Chunk::State::kEnd) return Status::OK();
  }
}

TEST(Reader, ReadsValuesAcrossPackets) {
  // A packet holds 16,777,215 bytes; 6 of the row's are not the value's.
  auto source = testing::MakeSource(Options(1));
  for (int64_t size :
       {16777208, 16777209, 16777210, 20000000, 33554430 - 11, 33554430 - 10}) {
    SCOPED_TRACE(size);
    const auto selection =
        SelectionOf(fmt::format("SELECT CONCAT(REPEAT('a', {}), 'z') AS t", size - 1));
    auto table = testing::ReadAll(source.get(), selection);
    ASSERT_TRUE(table.ok()) << table.status();
    const auto& column =
        static_cast<const arrow::StringArray&>(*(*table)->column(0)->chunk(0));
    ASSERT_EQ(column.length(), 1);
    EXPECT_EQ(static_cast<int64_t>(column.GetView(0).size()), size);
    EXPECT_EQ(column.GetView(0).find('z'), static_cast<size_t>(size - 1));
  }
}

TEST(Reader, ReadsSelectedColumnsRowsAndQueries) {
  testing::Writer writer;
  writer.Run("DROP TABLE IF EXISTS few");
  writer.Run("CREATE TABLE few (id int PRIMARY KEY, `odd``name` varchar(9), n int)");
  writer.Run("INSERT INTO few VALUES (1, 'a', 10), (2, 'b', 20), (3, NULL, 30)");
  auto source = testing::MakeSource(Options(2, 1));
  connect::Selection selection = Table("few");
  selection.columns = {"n", "odd`name"};
  selection.where = "n > 10 -- a comment";
  auto table = testing::ReadAll(source.get(), selection);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), 2);
  EXPECT_EQ((*table)->schema()->field_names(),
            (std::vector<std::string>{"n", "odd`name"}));
  auto query = testing::ReadAll(
      source.get(),
      SelectionOf("SELECT n / 3 AS third, NULL AS nothing, 'x' AS x FROM few"));
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ((*query)->num_rows(), 3);
  EXPECT_EQ((*query)->schema()->field(0)->type()->ToString(), "decimal128(14, 4)");
  auto none =
      testing::ReadAll(source.get(), SelectionOf("SELECT * FROM few WHERE 1 = 0"));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ((*none)->num_rows(), 0);
}

TEST(Reader, BatchesAreBounded) {
  testing::Writer writer;
  MakeBigTable(&writer);
  connect::ReadOptions options = Options(1);
  options.batch_rows = 65536;
  options.batch_bytes = 100000;
  auto source = testing::MakeSource(options);
  auto reader = OpenFirst(source.get(), Table("big"));
  int64_t rows = 0;
  for (;;) {
    auto chunk = reader->Next({});
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    if (chunk->state == Chunk::State::kEnd) break;
    EXPECT_LE(chunk->batch->num_rows(), 250);
    rows += chunk->batch->num_rows();
    EXPECT_EQ(chunk->last.value, (Json{{"rows", rows}}));
  }
  EXPECT_EQ(rows, kBigRows);
  EXPECT_TRUE(reader->Close().ok());
  EXPECT_TRUE(reader->Close().ok());
}

TEST(Reader, AnEarlyCloseKeepsTheSnapshotsConnection) {
  testing::Writer writer;
  MakeBigTable(&writer);
  writer.Run("CREATE TABLE IF NOT EXISTS grows (id int PRIMARY KEY)");
  writer.Run("DELETE FROM grows");
  auto source = testing::MakeSource(Options(1));
  ASSERT_TRUE(source->BeginSnapshot().ok());
  writer.Run("INSERT INTO grows VALUES (1)");  // after the snapshot
  for (int i = 0; i < 3; ++i) {
    auto reader = OpenFirst(source.get(), Table("big"));
    ASSERT_TRUE(reader->Next({}).ok());
    ASSERT_TRUE(reader->Close().ok());
  }
  auto big = testing::ReadAll(source.get(), Table("big"));
  ASSERT_TRUE(big.ok()) << big.status();
  EXPECT_EQ((*big)->num_rows(), kBigRows);
  auto grows = testing::ReadAll(source.get(), Table("grows"));
  ASSERT_TRUE(grows.ok()) << grows.status();
  EXPECT_EQ((*grows)->num_rows(), 0);
}

TEST(Reader, AKilledConnectionIsUnavailable) {
  testing::Writer writer;
  MakeBigTable(&writer);
  auto source = testing::MakeSource(Options(2));
  ASSERT_TRUE(source->BeginSnapshot().ok());
  for (const std::string kill : {"KILL QUERY ", "KILL "}) {
    SCOPED_TRACE(kill);
    auto reader = OpenFirst(source.get(), Table("big"));
    ASSERT_TRUE(reader->Next({}).ok());
    const auto ids = Running(&writer, "FROM `shop`.`big`");
    ASSERT_EQ(ids.size(), 1u);
    writer.Run(kill + ids[0]);
    const Status status = ReadToError(reader.get());
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status;
    EXPECT_THAT(MessageOf(status), AllOf(HasSubstr("big"), HasSubstr("split s0000")));
    EXPECT_TRUE(reader->Close().ok());
  }
  // The other connection still holds the snapshot; a retry goes there.
  auto again = testing::ReadAll(source.get(), Table("big"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->num_rows(), kBigRows);
}

TEST(Reader, ALostSnapshotIsToldAndNotReplaced) {
  testing::Writer writer;
  MakeBigTable(&writer);
  auto source = testing::MakeSource(Options(1));
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto reader = OpenFirst(source.get(), Table("big"));
  ASSERT_TRUE(reader->Next({}).ok());
  writer.Run("KILL " + Running(&writer, "FROM `shop`.`big`").at(0));
  EXPECT_FALSE(ReadToError(reader.get()).ok());
  ASSERT_TRUE(reader->Close().ok());
  auto plan = source->Plan(Table("big"));
  ASSERT_TRUE(plan.ok());
  auto again = source->Open(plan->splits.at(0), {});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(KindOf(again.status()), ErrorKind::kUnavailable);
  EXPECT_THAT(MessageOf(again.status()), HasSubstr("snapshot"));
}

TEST(Reader, AStopBreaksABlockedRead) {
  testing::Writer writer;
  auto source = testing::MakeSource(Options(1));
  auto reader = OpenFirst(source.get(), SelectionOf("SELECT SLEEP(60) AS nap"));
  std::stop_source stop;
  std::chrono::steady_clock::time_point asked;
  std::jthread stopper([&] {
    while (Running(&writer, "SLEEP(60)").empty()) std::this_thread::yield();
    asked = std::chrono::steady_clock::now();
    stop.request_stop();
  });
  auto chunk = reader->Next({stop.get_token()});
  stopper.join();
  ASSERT_FALSE(chunk.ok());
  EXPECT_EQ(KindOf(chunk.status()), ErrorKind::kCancelled) << chunk.status();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(5));
  ASSERT_TRUE(reader->Close().ok());
  // The server is told, too: nothing sleeps on.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!Running(&writer, "SLEEP(60)").empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
    std::this_thread::yield();
  }
}

TEST(Reader, AStopBeforeTheReadIsSeen) {
  auto source = testing::MakeSource(Options(1));
  auto reader = OpenFirst(source.get(), SelectionOf("SELECT 1 AS one"));
  std::stop_source stop;
  stop.request_stop();
  auto chunk = reader->Next({stop.get_token()});
  ASSERT_FALSE(chunk.ok());
  EXPECT_EQ(KindOf(chunk.status()), ErrorKind::kCancelled);
}

TEST(Reader, AnAlteredTableIsAConflict) {
  testing::Writer writer;
  writer.Run("DROP TABLE IF EXISTS altered");
  writer.Run("CREATE TABLE altered (id int PRIMARY KEY, a int)");
  writer.Run("INSERT INTO altered VALUES (1, 1)");
  auto source = testing::MakeSource(Options(1));
  ASSERT_TRUE(source->Describe(Table("altered")).ok());
  auto plan = source->Plan(Table("altered"));
  ASSERT_TRUE(plan.ok());
  writer.Run("ALTER TABLE altered MODIFY a bigint");
  auto reader = source->Open(plan->splits.at(0), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(KindOf(reader.status()), ErrorKind::kConflict);
}

/// Commits pairs of rows into two tables until it is told to stop.
void WritePairs(std::stop_token stop) {
  testing::Writer writer;
  for (int i = 1; !stop.stop_requested(); ++i) {
    writer.Run("START TRANSACTION READ WRITE");
    writer.Run(fmt::format("INSERT INTO pair_a (v) VALUES ({})", i));
    writer.Run(fmt::format("INSERT INTO pair_b (v) VALUES ({})", -i));
    writer.Run("COMMIT");
  }
}

int64_t SumOf(connect::Reader* reader, int64_t* rows) {
  int64_t sum = 0;
  for (;;) {
    auto chunk = reader->Next({});
    EXPECT_TRUE(chunk.ok()) << chunk.status();
    if (!chunk.ok() || chunk->state == Chunk::State::kEnd) return sum;
    const auto& values = static_cast<const arrow::Int32Array&>(*chunk->batch->column(1));
    for (int64_t i = 0; i < values.length(); ++i) sum += values.Value(i);
    *rows += values.length();
  }
}

TEST(Snapshot, AllConnectionsSeeOneStateWhileWritersCommit) {
  testing::Writer writer;
  for (const std::string table : {"pair_a", "pair_b"}) {
    writer.Run("DROP TABLE IF EXISTS " + table);
    writer.Run("CREATE TABLE " + table + " (id int PRIMARY KEY AUTO_INCREMENT, v int)");
  }
  std::jthread first(WritePairs), second(WritePairs);
  int snapshots = 0;
  for (int attempt = 0; attempt < 60 && snapshots < 10; ++attempt) {
    auto source = testing::MakeSource(Options(4));
    auto info = source->BeginSnapshot();
    ASSERT_TRUE(info.ok()) << info.status();
    if (info->consistency != Consistency::kSnapshot) {
      EXPECT_THAT(info->how, HasSubstr("attempts"));
      continue;
    }
    ++snapshots;
    EXPECT_THAT(info->how, HasSubstr("4 connections at binlog"));
    EXPECT_THAT(info->position, HasSubstr("mysqld-bin"));
    // Four readers at once are on four connections; each pair of tables must add up.
    std::vector<std::unique_ptr<connect::Reader>> readers;
    for (const std::string table : {"pair_a", "pair_b", "pair_a", "pair_b"}) {
      readers.push_back(OpenFirst(source.get(), Table(table)));
    }
    int64_t rows[4] = {0, 0, 0, 0}, sums[4];
    for (int i = 0; i < 4; ++i) sums[i] = SumOf(readers[i].get(), &rows[i]);
    for (int i = 1; i < 4; ++i) EXPECT_EQ(rows[i], rows[0]);
    EXPECT_EQ(sums[0] + sums[1], 0);
    EXPECT_EQ(sums[2] + sums[3], 0);
  }
  EXPECT_GE(snapshots, 1);
}

TEST(Snapshot, OneConnectionIsAlwaysASnapshot) {
  auto source = testing::MakeSource(Options(1));
  auto info = source->BeginSnapshot();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->consistency, Consistency::kSnapshot);
  EXPECT_THAT(info->how, HasSubstr("1 connection"));
}

TEST(Snapshot, WithoutABinlogTheReportSaysSo) {
  testing::ExtraServer server("--skip-log-bin");
  auto source = testing::MakeSource(server.Link(), Options(2));
  auto info = source->BeginSnapshot();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->consistency, Consistency::kPerChunk);
  EXPECT_THAT(info->how, AllOf(HasSubstr("log_bin"), HasSubstr("--parallel 1")));
  auto table = testing::ReadAll(source.get(), SelectionOf("SELECT 7 AS seven"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), 1);
  auto single = testing::MakeSource(server.Link(), Options(1))->BeginSnapshot();
  ASSERT_TRUE(single.ok()) << single.status();
  EXPECT_EQ(single->consistency, Consistency::kSnapshot);
  auto diagnosis = source->Diagnose();
  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  std::vector<std::string> remedies;
  for (const auto& finding : diagnosis->findings) remedies.push_back(finding.remedy);
  EXPECT_THAT(remedies, ::testing::Contains(HasSubstr("log_bin=ON")));
}

TEST(Snapshot, WaitsForAFreeConnection) {
  testing::Writer writer;
  MakeBigTable(&writer);
  auto source = testing::MakeSource(Options(1));
  ASSERT_TRUE(source->BeginSnapshot().ok());
  auto plan = source->Plan(Table("big"));
  ASSERT_TRUE(plan.ok());
  auto first = source->Open(plan->splits.at(0), {});
  ASSERT_TRUE(first.ok());
  std::atomic<bool> closed{false};
  std::jthread other([&] {
    auto second = source->Open(plan->splits.at(0), {});
    EXPECT_TRUE(closed);
    EXPECT_TRUE(second.ok()) << second.status();
  });
  ASSERT_TRUE((*first)->Next({}).ok());
  closed = true;
  ASSERT_TRUE((*first)->Close().ok());
}

}  // namespace
}  // namespace sluice::connectors::mysql
