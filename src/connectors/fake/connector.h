#pragma once

#include "connect/registry.h"

namespace sluice::connectors::fake {

/// fake:///orders,items?rows=1000&splits=4&seed=1&schema=orders&fault=error|throw|stall|end&at=N
/// where N counts the rows of each table and `fault` without `at` means row 0. Without a
/// path the table is "orders". Unknown keys and bad numbers fail with kUserInput.
connect::Connector MakeConnector();

}  // namespace sluice::connectors::fake
