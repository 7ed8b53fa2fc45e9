#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace sluice::cli {
namespace {

std::atomic<int> received{0};
std::stop_source source;

// Signals are blocked everywhere and taken by one thread, so that the stop callbacks it
// runs may do what a signal handler may not.
void TakeSignals(sigset_t set) {
  for (;;) {
    int signal_number = 0;
    if (sigwait(&set, &signal_number) != 0) continue;
    int expected = 0;
    if (!received.compare_exchange_strong(expected, signal_number)) {
      _exit(128 + signal_number);
    }
    constexpr char kText[] = "stopping; press Ctrl-C again to end at once\n";
    if (isatty(2)) (void)!write(2, kText, sizeof(kText) - 1);
    // Callbacks may take a moment; a second signal must still end the process.
    std::thread([] { source.request_stop(); }).detach();
  }
}

}  // namespace

void InstallSignals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread(TakeSignals, set).detach();
}

std::stop_token StopOnSignal() { return source.get_token(); }

int ReceivedSignal() { return received; }

}  // namespace sluice::cli
