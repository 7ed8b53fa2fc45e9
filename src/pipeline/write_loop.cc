#include <arrow/record_batch.h>

#include "base/failpoint.h"
#include "pipeline/flow_internal.h"

namespace sluice::pipeline::internal {
namespace {

using OnReceipt = std::function<Status(const connect::Receipt&)>;
using OpenWriters = std::map<size_t, std::unique_ptr<connect::Writer>>;

Result<connect::Writer*> WriterOf(Flow& flow, size_t split,
                                  connect::WriteSession& session, OpenWriters& open) {
  auto found = open.find(split);
  if (found == open.end()) {
    SLUICE_ASSIGN(auto writer, session.OpenWriter(flow.splits()[split], /*attempt=*/1));
    found = open.emplace(split, std::move(writer)).first;
  }
  return found->second.get();
}

Status WriteRows(Flow& flow, const Parcel& parcel, connect::Writer& writer) {
  {
    WaitTimer timer(flow.counters().wait_sink_ns);
    SLUICE_TRY(writer.Write(*parcel.batch));
  }
  flow.counters().rows_written += parcel.batch->num_rows();
  return Failpoint("pipeline.after_batch");
}

Result<connect::Receipt> FinishWriter(Flow& flow, connect::Writer& writer) {
  SLUICE_TRY(Failpoint("pipeline.before_finish"));
  WaitTimer timer(flow.counters().wait_sink_ns);
  return writer.Finish();
}

Status EndSplit(Flow& flow, const Parcel& parcel, connect::Writer& writer,
                const OnReceipt& on_receipt) {
  SLUICE_ASSIGN(connect::Receipt receipt, FinishWriter(flow, writer));
  const std::string& id = flow.splits()[parcel.split].id;
  if (receipt.rows != parcel.rows || receipt.split_id != id) {
    return Error(
        ErrorKind::kInternal,
        "a writer's receipt is not for the rows it was given; nothing is committed",
        {{"split", id},
         {"rows_read", std::to_string(parcel.rows)},
         {"rows_written", std::to_string(receipt.rows)}});
  }
  flow.counters().bytes_written += receipt.bytes;
  SLUICE_TRY(flow.AddReceipt(parcel.split, std::move(receipt), on_receipt));
  ++flow.counters().splits_done;
  return Failpoint("pipeline.after_receipt");
}

// Writes until the lane is closed and empty, or the run stops.
Status DrainLane(Flow& flow, size_t lane, connect::WriteSession& session,
                 const OnReceipt& on_receipt, OpenWriters& open) {
  while (!flow.stopping()) {
    std::optional<Parcel> parcel = flow.lane(lane).Pop(flow.stop_token());
    if (!parcel) return Status::OK();
    SLUICE_ASSIGN(connect::Writer * writer, WriterOf(flow, parcel->split, session, open));
    if (parcel->batch) {
      SLUICE_TRY(WriteRows(flow, *parcel, *writer));
    } else {
      SLUICE_TRY(EndSplit(flow, *parcel, *writer, on_receipt));
      open.erase(parcel->split);
    }
  }
  return Status::OK();
}

}  // namespace

void WriteLane(Flow& flow, size_t lane, connect::WriteSession& session,
               const OnReceipt& on_receipt) {
  OpenWriters open;
  Status status =
      Guard("a writer", [&] { return DrainLane(flow, lane, session, on_receipt, open); });
  if (!status.ok()) flow.Fail(status);
  for (auto& [split, writer] : open) {
    Status aborted = Guard("a writer", [&writer = writer] {
      writer->Abort();
      return Status::OK();
    });
    if (!aborted.ok()) flow.Fail(aborted);
  }
  Status closed = Guard("a writer", [&] {
    open.clear();
    return Status::OK();
  });
  if (!closed.ok()) flow.Fail(closed);
  flow.ThreadEnded();
}

}  // namespace sluice::pipeline::internal
