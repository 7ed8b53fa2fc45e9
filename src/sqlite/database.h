#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::sqlite {

enum class ValueClass { kInteger, kReal, kText, kBlob, kNull };

/// A prepared statement; a thin, checked layer over sqlite3_stmt. One thread. Must not
/// outlive its Database.
class Statement final {
 public:
  /// Takes the handle; Database::Prepare is the usual way.
  Statement(sqlite3* db, sqlite3_stmt* handle) : db_(db), handle_(handle) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Parameters count from 1. A parameter that cannot be bound fails the next Step.
  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, double value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindNull(int index);

  /// True: a row is there. Fails with kUnavailable (busy, full, I/O), kCancelled
  /// (interrupted), kCorrupt (not a database), kAlreadyExists (a primary or unique key),
  /// kAuth (read-only), kUserInput (SQL, other constraints).
  Result<bool> Step();
  /// Step for statements without rows.
  Status Run();
  /// Ready to run again; the parameters are NULL.
  Status Reset();

  // The current row; columns count from 0. Text and blob views live until the next Step.
  int num_columns() const;
  ValueClass class_of(int column) const;
  int64_t int_at(int column) const;
  double double_at(int column) const;
  std::string_view text_at(int column) const;
  std::string_view blob_at(int column) const;
  std::string column_name(int column) const;
  /// As declared, "" for an expression.
  std::string declared_type(int column) const;

 private:
  Statement& Bound(int code);

  sqlite3* db_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
  int bind_code_ = 0;  // SQLite's code of the first parameter that could not be bound
};

struct OpenOptions {
  bool read_only = false;
  bool create = false;
  int busy_timeout_ms = 30000;
};

/// One connection. One thread at a time, but Interrupt from any.
class Database final {
 public:
  /// Fails with kNotFound (no file and not create), kAuth (no permission), kCorrupt (no
  /// database).
  static Result<std::unique_ptr<Database>> Open(const std::string& path,
                                                const OpenOptions& options);
  ~Database();

  Result<Statement> Prepare(std::string_view sql);
  /// One or more statements without results.
  Status Execute(const std::string& sql);
  /// Rows changed by the last statement that changed any.
  int64_t changes() const;
  /// Makes running statements fail with kCancelled. From any thread.
  void Interrupt();

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

/// Makes the directory that a file at `path` needs. Fails with kAuth or kUnavailable.
Status MakeDirectoryOf(const std::string& path);

/// 'text' and "name" with quotes doubled.
std::string QuoteLiteral(std::string_view text);
std::string QuoteName(std::string_view name);

}  // namespace sluice::sqlite
