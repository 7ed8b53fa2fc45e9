#include "pipeline/pipeline.h"

#include <dirent.h>

#include <set>
#include <thread>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "connectors/fake/fake_sink.h"
#include "connectors/fake/fake_source.h"

namespace sluice::pipeline {
namespace {

using connectors::fake::FakeSink;
using connectors::fake::FakeSource;
using connectors::fake::FakeTable;
using connectors::fake::Gate;
using connectors::fake::ReadFault;
using connectors::fake::Recorded;
using connectors::fake::WriteFault;
using testing::HasSubstr;

int LiveThreads() {
  int threads = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (dirent* entry = readdir(tasks)) threads += entry->d_name[0] != '.';
  closedir(tasks);
  return threads;
}

// A thread that was joined leaves /proc a moment later.
bool ThreadsBackTo(int expected) {
  for (int i = 0; i < 100000 && LiveThreads() > expected; ++i) std::this_thread::yield();
  return LiveThreads() <= expected;
}

connect::Selection Orders() {
  return {.table = connect::TableName{"", "orders"},
          .query = "",
          .columns = {},
          .where = "",
          .split_by = ""};
}

// One source, one sink and one session; Run and Commit.
struct Rig {
  FakeSource source;
  FakeSink sink;
  std::unique_ptr<connect::WriteSession> session;
  std::vector<connect::Split> splits;
  Counters counters;
  Options options;
  std::stop_source stop;

  Rig(FakeTable table, FakeSink::Options sink_options)
      : source({std::move(table)}), sink(std::move(sink_options)) {
    splits = source.Plan(Orders()).ValueOrDie().splits;
    session = sink.Begin(source.Describe(Orders()).ValueOrDie(),
                         connect::WriteMode::kAppend, "run")
                  .ValueOrDie();
  }

  Result<Outcome> RunIt(std::function<Status(const connect::Receipt&)> on_receipt = {}) {
    return Run(splits, source, *session, options, counters, stop.get_token(), on_receipt);
  }
};

FakeTable Table(std::optional<ReadFault> fault = {}) {
  FakeTable table;
  table.rows = 2000;
  table.splits = 10;
  table.batch_rows = 50;
  table.fault = fault;
  return table;
}

TEST(Pipeline, MovesEveryRowOnceAndCounts) {
  for (int writers : {1, 2, 5, 30}) {
    for (int readers : {1, 3, 40}) {
      SCOPED_TRACE(testing::Message() << readers << " readers " << writers << " writers");
      Rig rig(Table(), {});
      rig.options = {.readers = readers,
                     .writers = writers,
                     .queue_bytes_max = 1 << 14,
                     .on_tick = {}};
      int receipts = 0;  // unguarded on purpose: one thread at a time
      Outcome outcome = rig.RunIt([&](const connect::Receipt&) {
                             ++receipts;
                             return Status::OK();
                           })
                            .ValueOrDie();
      ASSERT_EQ(outcome.receipts.size(), 10u);
      for (size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(outcome.receipts[i].split_id, rig.splits[i].id);
        EXPECT_EQ(outcome.receipts[i].rows, 200);
      }
      EXPECT_EQ(receipts, 10);
      EXPECT_EQ(rig.counters.rows_read, 2000);
      EXPECT_EQ(rig.counters.rows_written, 2000);
      EXPECT_EQ(rig.counters.splits_done, 10);
      EXPECT_EQ(rig.counters.splits_total, 10);
      EXPECT_GT(rig.counters.bytes_read, 0);
      EXPECT_EQ(rig.counters.bytes_written, 2000 * 8);
      ASSERT_TRUE(rig.session->Commit(outcome.receipts, {}).ok());
      std::multiset<int64_t> ids;
      Recorded recorded = rig.sink.recorded();
      for (const auto& batch : recorded.commits.at(0)) {
        auto column = std::static_pointer_cast<arrow::Int64Array>(batch->column(0));
        for (int64_t i = 0; i < column->length(); ++i) ids.insert(column->Value(i));
      }
      EXPECT_EQ(ids.size(), 2000u);
      EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 2000u);
      EXPECT_EQ(*ids.rbegin(), 1999);
    }
  }
}

TEST(Pipeline, EmptySplitsGiveReceiptsAndNoSplitsGiveNothing) {
  FakeTable table = Table();
  table.rows = 3;
  Rig rig(table, {});
  Outcome outcome = rig.RunIt().ValueOrDie();
  ASSERT_EQ(outcome.receipts.size(), 10u);
  int64_t rows = 0;
  for (const auto& receipt : outcome.receipts) rows += receipt.rows;
  EXPECT_EQ(rows, 3);

  Rig none(Table(), {});
  none.splits.clear();
  EXPECT_TRUE(none.RunIt().ValueOrDie().receipts.empty());
}

// Every way to fail x which side: the original error comes out, nothing hangs, no thread
// or writer is left.
TEST(Pipeline, FailureMatrix) {
  struct Case {
    const char* name;
    std::optional<ReadFault> read;
    std::optional<WriteFault> write;
    ErrorKind kind;
    const char* says;
  };
  using Read = ReadFault::Kind;
  using Write = WriteFault::Kind;
  using Where = WriteFault::Where;
  const Case cases[] = {
      {"reader error at open",
       ReadFault{Read::kError, -1, ErrorKind::kAuth},
       {},
       ErrorKind::kAuth,
       "cannot be opened"},
      {"reader throws at open",
       ReadFault{Read::kThrow, -1},
       {},
       ErrorKind::kInternal,
       "thrown by the fake source"},
      {"reader error first row",
       ReadFault{Read::kError, 0, ErrorKind::kCorrupt},
       {},
       ErrorKind::kCorrupt,
       "row 0"},
      {"reader error in the middle",
       ReadFault{Read::kError, 1010},
       {},
       ErrorKind::kUnavailable,
       "row 1010"},
      {"reader throws",
       ReadFault{Read::kThrow, 1999},
       {},
       ErrorKind::kInternal,
       "thrown by the fake source"},
      {"writer error at open",
       {},
       WriteFault{Where::kOpen, Write::kError, 0},
       ErrorKind::kUnavailable,
       "fake sink"},
      {"writer throws at open",
       {},
       WriteFault{Where::kOpen, Write::kThrow, 0},
       ErrorKind::kInternal,
       "fake sink"},
      {"writer error first row",
       {},
       WriteFault{Where::kWrite, Write::kError, 0},
       ErrorKind::kUnavailable,
       "fake sink"},
      {"writer error in the middle",
       {},
       WriteFault{Where::kWrite, Write::kError, 900, ErrorKind::kAuth},
       ErrorKind::kAuth,
       "fake sink"},
      {"writer throws",
       {},
       WriteFault{Where::kWrite, Write::kThrow, 900},
       ErrorKind::kInternal,
       "thrown by the fake sink"},
      {"writer error at the end",
       {},
       WriteFault{Where::kFinish, Write::kError, 0},
       ErrorKind::kUnavailable,
       "fake sink"},
      {"writer throws at the end",
       {},
       WriteFault{Where::kFinish, Write::kThrow, 0},
       ErrorKind::kInternal,
       "thrown by the fake sink"},
      {"writer loses a row",
       {},
       WriteFault{Where::kFinish, Write::kLosesARow, 0},
       ErrorKind::kInternal,
       "receipt"},
      {"reader stalls, writer fails", ReadFault{Read::kStall, 100},
       WriteFault{Where::kWrite, Write::kError, 60, ErrorKind::kAuth}, ErrorKind::kAuth,
       "fake sink"},
  };
  int threads = LiveThreads();
  for (const Case& c : cases) {
    for (int64_t queue_bytes : {int64_t{1}, int64_t{64} << 20}) {
      SCOPED_TRACE(testing::Message() << c.name << ", queue " << queue_bytes);
      Rig rig(Table(c.read), {.fault = c.write, .gate = nullptr});
      rig.options.queue_bytes_max = queue_bytes;
      Status status = rig.RunIt().status();
      EXPECT_EQ(KindOf(status), c.kind) << status.ToString();
      EXPECT_THAT(status.message(), HasSubstr(c.says));
      Recorded recorded = rig.sink.recorded();
      EXPECT_EQ(recorded.writers_open, 0);
      EXPECT_TRUE(recorded.commits.empty());
    }
  }
  EXPECT_TRUE(ThreadsBackTo(threads));
}

// What a reader that ends too early did not give cannot be known here; it must not hang.
TEST(Pipeline, ReaderThatEndsEarlyEnds) {
  Rig rig(Table(ReadFault{.kind = ReadFault::Kind::kEndEarly, .at_row = 1010}), {});
  Outcome outcome = rig.RunIt().ValueOrDie();
  EXPECT_EQ(outcome.receipts[5].rows, 10);
  EXPECT_EQ(rig.counters.rows_read, 1810);
}

TEST(Pipeline, StalledReadersAreStoppedByTheCaller) {
  auto gate = std::make_shared<Gate>();
  FakeTable table = Table();
  table.gate = gate;
  Rig rig(table, {});
  rig.options.readers = 4;
  gate->Admit(6);
  std::jthread user([&] {
    gate->AwaitWaiting(4);
    rig.stop.request_stop();
  });
  EXPECT_EQ(KindOf(rig.RunIt().status()), ErrorKind::kCancelled);
  EXPECT_EQ(rig.sink.recorded().writers_open, 0);
}

// The whole plan is far larger than the queue: with writers held, readers must stop
// reading.
TEST(Pipeline, MemoryIsBoundedWhenWritersAreSlow) {
  auto gate = std::make_shared<Gate>();
  FakeTable table = Table();
  table.rows = 200000;
  table.batch_rows = 100;
  Rig rig(table, {.fault = {}, .gate = gate});
  rig.options = {.readers = 4, .writers = 2, .queue_bytes_max = 64 << 10, .on_tick = {}};
  int64_t batch_bytes = 0;
  {
    connectors::fake::RowMaker maker{connectors::fake::NamedSchema("orders").ValueOrDie(),
                                     1};
    auto batch = maker.Make(0, 100).ValueOrDie();
    for (const auto& column : batch->columns()) {
      for (const auto& buffer : column->data()->buffers) {
        if (buffer) batch_bytes += buffer->size();
      }
    }
  }
  int64_t at_rest = -1, last = -1;
  int unchanged = 0;
  rig.options.tick = std::chrono::milliseconds(1);
  rig.options.on_tick = [&] {
    int64_t now = rig.counters.bytes_read;
    unchanged = now == last ? unchanged + 1 : 0;
    last = now;
    if (at_rest >= 0 || unchanged < 50) return;
    at_rest = now;
    gate->OpenForEver();
  };
  Outcome outcome = rig.RunIt().ValueOrDie();
  // The queue, one batch in each reader's and each writer's hand, one lane's rounding
  // each.
  int64_t held_max = rig.options.queue_bytes_max + (4 + 2 + 2) * 2 * batch_bytes;
  EXPECT_GT(at_rest, 0);
  EXPECT_LT(at_rest, held_max);
  EXPECT_GT(rig.counters.bytes_read, 20 * held_max) << "the case proves nothing";
  EXPECT_EQ(rig.counters.rows_written, 200000);
  EXPECT_GT(rig.counters.wait_queue_ns, 0);
}

TEST(Pipeline, ReceiptCallbackCanRefuse) {
  Rig rig(Table(), {});
  Status status = rig.RunIt([](const connect::Receipt&) {
                       return Error(ErrorKind::kUnavailable, "the ledger is full");
                     })
                      .status();
  EXPECT_THAT(status.message(), HasSubstr("ledger"));

  Rig thrower(Table(), {});
  Status thrown = thrower
                      .RunIt([](const connect::Receipt&) -> Status {
                        throw std::runtime_error("ledger broke");
                      })
                      .status();
  EXPECT_EQ(KindOf(thrown), ErrorKind::kInternal);
}

TEST(Pipeline, EveryFailpointStopsIt) {
  for (const char* name : {"pipeline.before_open", "pipeline.after_batch",
                           "pipeline.before_finish", "pipeline.after_receipt"}) {
    for (int pass : {1, 7}) {
      SCOPED_TRACE(testing::Message() << name << "@" << pass);
      ASSERT_TRUE(
          ArmFailpoints(std::string(name) + "=error@" + std::to_string(pass)).ok());
      Rig rig(Table(), {});
      Status status = rig.RunIt().status();
      EXPECT_THAT(status.message(), HasSubstr(name));
      EXPECT_EQ(rig.sink.recorded().writers_open, 0);
    }
  }
  ASSERT_TRUE(ArmFailpoints("").ok());
}

}  // namespace
}  // namespace sluice::pipeline
