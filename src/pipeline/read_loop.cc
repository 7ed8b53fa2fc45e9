#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "base/failpoint.h"
#include "pipeline/flow_internal.h"

namespace sluice::pipeline::internal {
namespace {

Status PushToLane(Flow& flow, size_t lane, Parcel parcel, int64_t bytes) {
  WaitTimer timer(flow.counters().wait_queue_ns);
  if (flow.lane(lane).Push(std::move(parcel), bytes, flow.stop_token())) {
    return Status::OK();
  }
  return Error(ErrorKind::kCancelled, "stopped on request");
}

Result<connect::Chunk> NextChunk(Flow& flow, connect::Reader& reader) {
  WaitTimer timer(flow.counters().wait_source_ns);
  return reader.Next(connect::Wait{.stop = flow.stop_token()});
}

// Sends every batch of the split and then its end.
Status PumpRows(Flow& flow, size_t split, size_t lane, connect::Reader& reader) {
  Counters& counters = flow.counters();
  int64_t rows = 0;
  while (true) {
    if (flow.stopping()) return Error(ErrorKind::kCancelled, "stopped on request");
    SLUICE_ASSIGN(connect::Chunk chunk, NextChunk(flow, reader));
    if (chunk.state == connect::Chunk::State::kIdle) continue;
    if (chunk.state == connect::Chunk::State::kEnd) {
      return PushToLane(flow, lane,
                        Parcel{.split = split, .batch = nullptr, .rows = rows}, 0);
    }
    if (!chunk.batch) {
      return Error(ErrorKind::kInternal, "a reader said rows and gave none",
                   {{"split", flow.splits()[split].id}});
    }
    int64_t bytes = arrow::util::TotalBufferSize(*chunk.batch);
    rows += chunk.batch->num_rows();
    counters.rows_read += chunk.batch->num_rows();
    counters.bytes_read += bytes;
    Parcel parcel{.split = split, .batch = std::move(chunk.batch), .rows = 0};
    SLUICE_TRY(PushToLane(flow, lane, std::move(parcel), bytes));
  }
}

Result<std::unique_ptr<connect::Reader>> OpenReader(Flow& flow, size_t split,
                                                    connect::Source& source) {
  SLUICE_TRY(Failpoint("pipeline.before_open"));
  WaitTimer timer(flow.counters().wait_source_ns);
  return source.Open(flow.splits()[split], connect::Position{});
}

Status ReadSplit(Flow& flow, size_t split, connect::Source& source) {
  SLUICE_ASSIGN(auto reader, OpenReader(flow, split, source));
  size_t lane = flow.EnterLane();
  Status status = Guard("a reader", [&] { return PumpRows(flow, split, lane, *reader); });
  flow.LeaveLane(lane);
  if (!status.ok()) {
    flow.Fail(status);  // before Close, which may take its time
    return Guard("a reader", [&] { return reader->Close(); });
  }
  flow.AddOddValues(reader->OddValues());
  return reader->Close();
}

}  // namespace

void ReadSplits(Flow& flow, connect::Source& source) {
  while (std::optional<size_t> split = flow.TakeSplit()) {
    Status status = Guard("a reader", [&] { return ReadSplit(flow, *split, source); });
    if (!status.ok()) flow.Fail(status);
  }
  flow.ReaderEnded();
  flow.ThreadEnded();
}

}  // namespace sluice::pipeline::internal
