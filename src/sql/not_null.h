#pragma once

#include <string>

#include <arrow/type_fwd.h>

#include "base/result.h"

namespace sluice::sql {

/// Fails with kUserInput naming the column when a field of the batch that is not
/// nullable, at any depth, holds a null.
Status CheckNotNull(const std::string& table, const arrow::RecordBatch& batch);

}  // namespace sluice::sql
