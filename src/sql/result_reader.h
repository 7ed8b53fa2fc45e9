#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "sql/duckdb_pch.h"

namespace sluice::sql {

/// The rows of a running query as Arrow batches, in fixed memory. Types are ShownType's.
/// Errors have kinds as StatusFromError gives them. The connection outlives the reader,
/// and runs nothing else before it is destroyed.
std::shared_ptr<arrow::RecordBatchReader> MakeResultReader(
    duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::QueryResult> result);

}  // namespace sluice::sql
