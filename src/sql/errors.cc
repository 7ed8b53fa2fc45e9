#include "sql/errors.h"

#include <cctype>
#include <exception>
#include <optional>

#include "sql/lake_file_system.h"

namespace sluice::sql {
namespace {

constexpr char kKindKey[] = "sluice_kind";
constexpr char kFactPrefix[] = "sluice_fact:";

ErrorKind KindOfType(duckdb::ExceptionType type) {
  using duckdb::ExceptionType;
  switch (type) {
    case ExceptionType::INTERRUPT:
      return ErrorKind::kCancelled;
    case ExceptionType::OUT_OF_MEMORY:
    case ExceptionType::IO:
    case ExceptionType::NETWORK:
    case ExceptionType::HTTP:
    case ExceptionType::CONNECTION:
      return ErrorKind::kUnavailable;
    case ExceptionType::INVALID:  // not an exception of DuckDB's
    case ExceptionType::INTERNAL:
    case ExceptionType::FATAL:
    case ExceptionType::NULL_POINTER:
      return ErrorKind::kInternal;
    default:
      return ErrorKind::kUserInput;
  }
}

ErrorKind KindOfError(const duckdb::ErrorData& error) {
  if (error.Type() == duckdb::ExceptionType::CATALOG) {
    const auto subtype = error.ExtraInfo().find("error_subtype");
    if (subtype != error.ExtraInfo().end()) {
      if (subtype->second == "MISSING_ENTRY") return ErrorKind::kNotFound;
      if (subtype->second == "ENTRY_ALREADY_EXISTS") return ErrorKind::kAlreadyExists;
    }
  }
  // Said of a table whose namespace is missing, without a subtype.
  if (error.RawMessage().find("does not exist because schema") != std::string::npos) {
    return ErrorKind::kNotFound;
  }
  return KindOfType(error.Type());
}

// Data files appear in DuckDB's messages under the scheme of our file system.
bool StripScheme(std::string* text) {
  bool found = false;
  for (size_t at; (at = text->find(kLakeScheme)) != std::string::npos;) {
    text->erase(at, std::string_view(kLakeScheme).size());
    found = true;
  }
  return found;
}

// What reading a file's bytes can end with.
bool IsReadError(duckdb::ExceptionType type) {
  return type == duckdb::ExceptionType::IO ||
         type == duckdb::ExceptionType::INVALID_INPUT ||
         type == duckdb::ExceptionType::SERIALIZATION ||
         type == duckdb::ExceptionType::INVALID;
}

// DuckDB's advice is to SET what cannot be set here.
void CutAdvice(std::string* text) {
  const size_t at = text->find("\n\nPossible solutions:");
  if (at != std::string::npos) text->resize(at);
}

// "Table with name" -> "table with name"; "CSV ..." stays.
void LowerFirst(std::string* text) {
  if (text->size() < 2 || std::isupper(static_cast<unsigned char>((*text)[1]))) return;
  (*text)[0] = static_cast<char>(std::tolower(static_cast<unsigned char>((*text)[0])));
}

std::string NextStep(const duckdb::ErrorData& error) {
  switch (error.Type()) {
    case duckdb::ExceptionType::OUT_OF_MEMORY:
      return "the statement needs more memory than it may have: raise the memory limit, "
             "or read "
             "fewer rows or columns at a time: ";
    case duckdb::ExceptionType::PERMISSION:
      return "SQL reads and writes tables of the lake only, no files and no network: ";
    default:
      return "";
  }
}

std::optional<Status> CarriedStatus(const duckdb::ErrorData& error) {
  const auto& extra = error.ExtraInfo();
  const auto kind = extra.find(kKindKey);
  if (kind == extra.end()) return std::nullopt;
  std::vector<Fact> facts;
  for (const auto& [name, value] : extra) {
    if (name.starts_with(kFactPrefix)) {
      facts.push_back({name.substr(sizeof(kFactPrefix) - 1), value});
    }
  }
  return Error(static_cast<ErrorKind>(std::stoi(kind->second)), error.RawMessage(),
               std::move(facts));
}

}  // namespace

void ThrowStatus(const Status& status) {
  duckdb::unordered_map<std::string, std::string> extra;
  extra[kKindKey] = std::to_string(static_cast<int>(KindOf(status)));
  for (const Fact& fact : FactsOf(status)) extra[kFactPrefix + fact.name] = fact.value;
  throw duckdb::Exception(extra, duckdb::ExceptionType::IO, MessageOf(status));
}

Status StatusFromError(const duckdb::ErrorData& error) {
  if (auto carried = CarriedStatus(error)) return *carried;
  ErrorKind kind = KindOfError(error);
  std::string message = error.RawMessage();
  if (StripScheme(&message) && IsReadError(error.Type())) kind = ErrorKind::kCorrupt;
  if (kind == ErrorKind::kCancelled)
    return Error(kind, "the statement was stopped on request");
  CutAdvice(&message);
  LowerFirst(&message);
  return Error(kind, NextStep(error) + message);
}

Status CurrentExceptionStatus() {
  try {
    throw;
  } catch (const std::exception& exception) {
    return StatusFromError(duckdb::ErrorData(exception));
  } catch (...) {
    return Error(ErrorKind::kInternal,
                 "an exception of unknown type left the SQL engine");
  }
}

}  // namespace sluice::sql
