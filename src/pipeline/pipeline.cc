#include "pipeline/pipeline.h"

#include <system_error>
#include <thread>

#include "pipeline/flow_internal.h"

namespace sluice::pipeline {
namespace {

Options Checked(const Options& options, size_t splits) {
  Options checked = options;
  int useful = static_cast<int>(std::max<size_t>(1, splits));
  checked.readers = std::min(std::max(1, options.readers), useful);
  checked.writers = std::min(std::max(1, options.writers), useful);
  return checked;
}

// Starts `body` on a thread of its own; when the machine gives none, `give_up` does what
// the thread would have done at its end.
template <typename Body, typename GiveUp>
void StartThread(internal::Flow& flow, std::vector<std::jthread>& threads, Body body,
                 GiveUp give_up) {
  try {
    threads.emplace_back(std::move(body));
  } catch (const std::system_error& error) {
    flow.Fail(Error(
        ErrorKind::kUnavailable,
        "cannot start a thread; use fewer connections: " + std::string(error.what())));
    give_up();
  }
}

}  // namespace

Result<Outcome> Run(const std::vector<connect::Split>& splits, connect::Source& source,
                    connect::WriteSession& session, const Options& options,
                    Counters& counters, std::stop_token stop,
                    const std::function<Status(const connect::Receipt&)>& on_receipt) {
  counters.splits_total += static_cast<int64_t>(splits.size());
  Options checked = Checked(options, splits.size());
  internal::Flow flow(splits, checked, counters, stop);
  std::stop_callback relay(stop, [&flow] { flow.RequestStop(); });
  std::vector<std::jthread> threads;
  threads.reserve(checked.readers + checked.writers);
  for (int i = 0; i < checked.writers; ++i) {
    StartThread(
        flow, threads, [&, i] { internal::WriteLane(flow, i, session, on_receipt); },
        [&] { flow.ThreadEnded(); });
  }
  for (int i = 0; i < checked.readers; ++i) {
    StartThread(
        flow, threads, [&] { internal::ReadSplits(flow, source); },
        [&] {
          flow.ReaderEnded();
          flow.ThreadEnded();
        });
  }
  flow.WaitForThreads(checked.tick, checked.on_tick);
  threads.clear();  // joins
  return flow.TakeOutcome();
}

}  // namespace sluice::pipeline
