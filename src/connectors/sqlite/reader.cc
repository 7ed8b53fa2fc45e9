#include "connectors/sqlite/reader_internal.h"

#include <arrow/api.h>

namespace sluice::connectors::sqlite {
namespace {

namespace sq = ::sluice::sqlite;

/// Rows between two looks at the stop token and the batch's size.
constexpr int64_t kRowsPerLook = 256;

Status Cancelled(const std::string& label) {
  return Error(ErrorKind::kCancelled, "reading was stopped: " + label);
}

}  // namespace

SqliteReader::SqliteReader(Connections* connections, Request request)
    : connections_(connections), request_(std::move(request)) {}

SqliteReader::~SqliteReader() { (void)Close(); }

Result<std::unique_ptr<connect::Reader>> SqliteReader::Make(Connections* connections,
                                                            Request request) {
  std::unique_ptr<SqliteReader> reader(new SqliteReader(connections, std::move(request)));
  SLUICE_TRY(reader->Start());
  return std::unique_ptr<connect::Reader>(std::move(reader));
}

Status SqliteReader::Start() {
  SLUICE_ASSIGN(database_, connections_->Take());
  SLUICE_ASSIGN(auto statement, database_->Prepare(request_.sql));
  statement_ = std::make_unique<sq::Statement>(std::move(statement));
  if (statement_->num_columns() != static_cast<int>(request_.columns.size())) {
    return Error(
        ErrorKind::kConflict,
        "the table's columns changed between planning and reading: " + request_.label);
  }
  arrow::FieldVector fields;
  for (const ColumnPlan& column : request_.columns) {
    fields.push_back(column.column.field);
    SLUICE_ASSIGN(auto builder, ColumnBuilder::Make(&column));
    builders_.push_back(std::move(builder));
  }
  schema_ = arrow::schema(std::move(fields));
  return Status::OK();
}

Result<bool> SqliteReader::AppendRow() {
  SLUICE_ASSIGN(bool more, statement_->Step());
  if (!more) return false;
  ++num_rows_;
  for (size_t i = 0; i < builders_.size(); ++i) {
    Status status = builders_[i]->Append(*statement_, static_cast<int>(i));
    if (!status.ok()) [[unlikely]] {
      const std::string& name = request_.columns[i].column.name;
      const std::string row = std::to_string(num_rows_);
      return Within("table " + request_.label + ", column " + name + ", row " + row,
                    status, {{"table", request_.label}, {"column", name}, {"row", row}});
    }
  }
  return true;
}

/// Rows appended; fewer than asked for only at the end.
Result<int64_t> SqliteReader::FillBatch(const connect::Wait& wait) {
  int64_t rows = 0;
  int64_t next_look = 0;  // sooner where rows are large
  while (rows < request_.options.batch_rows) {
    if (rows == next_look) {
      if (wait.stop.stop_requested()) return Cancelled(request_.label);
      int64_t bytes = 0;
      for (const auto& builder : builders_) bytes += builder->bytes();
      int64_t room = request_.options.batch_bytes - bytes;
      if (room <= 0 && rows > 0) return rows;
      int64_t row_bytes = rows == 0 ? room : bytes / rows + 1;
      next_look += std::clamp<int64_t>(room / (2 * row_bytes), 1, kRowsPerLook);
    }
    SLUICE_ASSIGN(bool more, AppendRow());
    if (!more) {
      ended_ = true;
      return rows;
    }
    ++rows;
  }
  return rows;
}

Result<connect::Chunk> SqliteReader::Next(const connect::Wait& wait) {
  connect::Chunk chunk;
  if (ended_ || statement_ == nullptr) return chunk;
  int64_t rows = 0;
  {
    std::stop_callback interrupt(wait.stop, [this] { database_->Interrupt(); });
    SLUICE_ASSIGN(rows, FillBatch(wait));
  }
  if (rows == 0) return chunk;
  arrow::ArrayVector arrays;
  for (auto& builder : builders_) {
    SLUICE_ASSIGN(auto array, builder->Finish());
    arrays.push_back(std::move(array));
  }
  chunk.state = connect::Chunk::State::kRows;
  chunk.batch = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
  chunk.last.value = Json{{"rows", num_rows_}};
  return chunk;
}

Status SqliteReader::Close() {
  statement_.reset();
  if (database_ != nullptr) connections_->Give(std::move(database_));
  return Status::OK();
}

std::map<std::string, int64_t> SqliteReader::OddValues() const {
  std::map<std::string, int64_t> odd;
  for (size_t i = 0; i < builders_.size(); ++i) {
    if (builders_[i]->num_odd() > 0) {
      odd[request_.columns[i].column.name + ": wrong storage class"] =
          builders_[i]->num_odd();
    }
  }
  return odd;
}

}  // namespace sluice::connectors::sqlite
