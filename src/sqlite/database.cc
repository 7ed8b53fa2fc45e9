#include "sqlite/database.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace sluice::sqlite {
namespace {

ErrorKind KindOfCode(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_CANTOPEN:
    case SQLITE_SCHEMA:
      return ErrorKind::kUnavailable;
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT:
      return ErrorKind::kCancelled;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
      return ErrorKind::kCorrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return ErrorKind::kAuth;
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE
                 ? ErrorKind::kAlreadyExists
                 : ErrorKind::kUserInput;
    case SQLITE_MISUSE:
    case SQLITE_INTERNAL:
      return ErrorKind::kInternal;
    default:
      return ErrorKind::kUserInput;
  }
}

std::string FileOf(sqlite3* db) {
  const char* name = sqlite3_db_filename(db, "main");
  return name != nullptr && *name != '\0' ? name : ":memory:";
}

Status ErrorOf(sqlite3* db, int code, std::string_view doing) {
  std::string message = "sqlite: " + std::string(doing) + ": " + sqlite3_errmsg(db);
  if ((code & 0xff) == SQLITE_BUSY)
    message += "; another program holds the lock, try again";
  return Error(KindOfCode(code), message + ": " + FileOf(db),
               {{"sqlite_code", std::to_string(code)}, {"file", FileOf(db)}});
}

/// Says why a file could not be opened, which SQLite reports as one code for all causes.
Status ExplainOpen(const std::string& path, const OpenOptions& options,
                   const Status& status) {
  std::vector<Fact> facts{{"file", path}};
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) {
      return Error(ErrorKind::kUserInput,
                   "this is a directory, not a SQLite file: " + path, facts);
    }
    int mode = options.read_only ? R_OK : R_OK | W_OK;
    if (::euidaccess(path.c_str(), mode) != 0) {
      return Error(ErrorKind::kAuth,
                   std::string("no permission to ") +
                       (options.read_only ? "read" : "write") +
                       " the SQLite file: " + path,
                   facts);
    }
    return status;
  }
  if (errno == EACCES) {
    return Error(ErrorKind::kAuth, "no permission to reach the SQLite file: " + path,
                 facts);
  }
  auto parent = std::filesystem::path(path).parent_path();
  if (parent.empty()) parent = ".";
  if (options.create && ::euidaccess(parent.c_str(), W_OK | X_OK) != 0 &&
      errno == EACCES) {
    return Error(ErrorKind::kAuth, "no permission to create the SQLite file: " + path,
                 facts);
  }
  return Error(ErrorKind::kNotFound,
               options.create ? "the directory of the SQLite file does not exist: " + path
                              : "there is no SQLite file " + path,
               facts);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_code_(other.bind_code_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(handle_, other.handle_);
  std::swap(bind_code_, other.bind_code_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::Bound(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
  return *this;
}

Statement& Statement::Bind(int index, int64_t value) {
  return Bound(sqlite3_bind_int64(handle_, index, value));
}

Statement& Statement::Bind(int index, double value) {
  return Bound(sqlite3_bind_double(handle_, index, value));
}

Statement& Statement::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL, not the empty text.
  const char* bytes = text.data() != nullptr ? text.data() : "";
  return Bound(sqlite3_bind_text64(handle_, index, bytes, text.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8));
}

Statement& Statement::BindNull(int index) {
  return Bound(sqlite3_bind_null(handle_, index));
}

Result<bool> Statement::Step() {
  if (bind_code_ != SQLITE_OK) {
    return Error(KindOfCode(bind_code_),
                 std::string("sqlite: bind a parameter: ") + sqlite3_errstr(bind_code_));
  }
  int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ErrorOf(db_, sqlite3_extended_errcode(db_), "run a statement");
}

Status Statement::Run() {
  while (true) {
    SLUICE_ASSIGN(bool row, Step());
    if (!row) return Status::OK();
  }
}

Status Statement::Reset() {
  bind_code_ = SQLITE_OK;
  sqlite3_reset(handle_);  // repeats the error of the last Step, which was reported then
  sqlite3_clear_bindings(handle_);
  return Status::OK();
}

int Statement::num_columns() const { return sqlite3_column_count(handle_); }

ValueClass Statement::class_of(int column) const {
  switch (sqlite3_column_type(handle_, column)) {
    case SQLITE_INTEGER:
      return ValueClass::kInteger;
    case SQLITE_FLOAT:
      return ValueClass::kReal;
    case SQLITE_TEXT:
      return ValueClass::kText;
    case SQLITE_BLOB:
      return ValueClass::kBlob;
    default:
      return ValueClass::kNull;
  }
}

int64_t Statement::int_at(int column) const {
  return sqlite3_column_int64(handle_, column);
}

double Statement::double_at(int column) const {
  return sqlite3_column_double(handle_, column);
}

std::string_view Statement::text_at(int column) const {
  const unsigned char* text = sqlite3_column_text(handle_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::blob_at(int column) const {
  const void* blob = sqlite3_column_blob(handle_, column);
  if (blob == nullptr) return {};
  return {static_cast<const char*>(blob),
          static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(handle_, column);
  return name != nullptr ? name : "";
}

std::string Statement::declared_type(int column) const {
  const char* type = sqlite3_column_decltype(handle_, column);
  return type != nullptr ? type : "";
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                 const OpenOptions& options) {
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.create) flags |= SQLITE_OPEN_CREATE;
  if (options.create && options.read_only) {
    return Error(ErrorKind::kInternal,
                 "a SQLite file cannot be created read-only: " + path);
  }
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) return Error(ErrorKind::kUnavailable, "sqlite: out of memory");
  std::unique_ptr<Database> database(new Database(handle));
  if (code != SQLITE_OK) {
    return ExplainOpen(path, options, ErrorOf(handle, code, "open"));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  // Opening reads nothing; the first statement tells whether this is a database.
  Status read = database->Execute("PRAGMA schema_version");
  if (KindOf(read) == ErrorKind::kCorrupt) {
    return Error(ErrorKind::kCorrupt, "this is not a SQLite file: " + path,
                 {{"file", path}});
  }
  if (!read.ok()) return ExplainOpen(path, options, read);
  if (!options.read_only && sqlite3_db_readonly(handle, "main") == 1) {
    return Error(ErrorKind::kAuth, "no permission to write the SQLite file: " + path,
                 {{"file", path}});
  }
  return database;
}

// The _v2 form waits for statements that a caller still holds.
Database::~Database() { sqlite3_close_v2(db_); }

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  int code =
      sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &handle, &rest);
  if (code != SQLITE_OK) {
    return ErrorOf(db_, sqlite3_extended_errcode(db_), "prepare a statement");
  }
  if (handle == nullptr) {
    return Error(ErrorKind::kUserInput, "sqlite: there is no statement in an empty text");
  }
  return Statement(db_, handle);
}

Status Database::Execute(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
    return Status::OK();
  }
  return ErrorOf(db_, sqlite3_extended_errcode(db_), "run a statement");
}

int64_t Database::changes() const { return sqlite3_changes64(db_); }

void Database::Interrupt() { sqlite3_interrupt(db_); }

namespace {

std::string Quote(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

}  // namespace

Status MakeDirectoryOf(const std::string& path) {
  auto directory = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  if (!error) return Status::OK();
  bool denied = error == std::errc::permission_denied;
  return Error(denied ? ErrorKind::kAuth : ErrorKind::kUnavailable,
               "cannot make the directory " + directory.string() + ": " + error.message(),
               {{"path", directory.string()}});
}

std::string QuoteLiteral(std::string_view text) { return Quote(text, '\''); }
std::string QuoteName(std::string_view name) { return Quote(name, '"'); }

}  // namespace sluice::sqlite
