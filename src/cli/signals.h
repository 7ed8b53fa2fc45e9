#pragma once

#include <stop_token>

namespace sluice::cli {

/// Installs the handlers: the first SIGINT or SIGTERM asks to stop cleanly, the second
/// ends the process at once (exit 130 or 143). SIGPIPE is ignored. Called once, before
/// other threads.
void InstallSignals();

/// Requested by the first signal.
std::stop_token StopOnSignal();

/// The signal that asked to stop, 0 for none.
int ReceivedSignal();

}  // namespace sluice::cli
