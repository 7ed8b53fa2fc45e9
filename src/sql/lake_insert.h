#pragma once

#include <memory>
#include <string>

#include "connect/sink.h"
#include "sql/duckdb_pch.h"
#include "sql/lake_access.h"
#include "sql/table_version.h"

namespace sluice::sql {

/// Where and as what rows are written.
struct WriteTarget {
  catalog::TableIdent ident;
  connect::TableSchema schema;
  duckdb::vector<duckdb::LogicalType> types;  ///< as the rows are kept, one per column
  connect::WriteMode mode = connect::WriteMode::kAppend;
};

/// Throw DuckDB's exceptions.
WriteTarget TargetOfInsert(const TableVersion& version);
WriteTarget TargetOfCreate(duckdb::ClientContext& context,
                           duckdb::SchemaCatalogEntry& schema,
                           const duckdb::CreateTableInfo& info);

/// The end of INSERT and CREATE TABLE AS: each thread of the query has a writer of the
/// same sink that imports use; when all rows are written there is one commit. On any
/// failure before it the written files are removed and the lake is unchanged. Gives one
/// row: the number of rows.
class LakeInsert final : public duckdb::PhysicalOperator {
 public:
  LakeInsert(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> types,
             const LakeAccess& access, WriteTarget target);

  std::string GetName() const override { return "LAKE_INSERT"; }
  bool IsSink() const override { return true; }
  bool ParallelSink() const override { return true; }
  bool IsSource() const override { return true; }

  duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(
      duckdb::ClientContext& context) const override;
  duckdb::unique_ptr<duckdb::LocalSinkState> GetLocalSinkState(
      duckdb::ExecutionContext& context) const override;
  duckdb::SinkResultType Sink(duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
                              duckdb::OperatorSinkInput& input) const override;
  duckdb::SinkCombineResultType Combine(
      duckdb::ExecutionContext& context,
      duckdb::OperatorSinkCombineInput& input) const override;
  duckdb::SinkFinalizeType Finalize(
      duckdb::Pipeline& pipeline, duckdb::Event& event, duckdb::ClientContext& context,
      duckdb::OperatorSinkFinalizeInput& input) const override;

 protected:
  duckdb::SourceResultType GetDataInternal(
      duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
      duckdb::OperatorSourceInput& input) const override;

 private:
  const LakeAccess& access_;
  const WriteTarget target_;
};

}  // namespace sluice::sql
