#include "cli/import_request.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "connectors/files/directory_sink.h"

namespace sluice::cli {
namespace {

bool IsDirectory(const std::string& target) {
  return target.find('/') != std::string::npos || target == "." || target == "..";
}

connect::TableName ParseTableName(std::string_view text) {
  size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {.name = std::string(text)};
  return {.schema = std::string(text.substr(0, dot)),
          .name = std::string(text.substr(dot + 1))};
}

Status CheckFlags(const ImportOptions& options) {
  int kinds = !options.table.empty() + !options.tables.empty() + !options.query.empty();
  if (kinds != 1) {
    return Error(ErrorKind::kUserInput,
                 "say what to read with exactly one of --table, --tables and --query");
  }
  if (options.to.empty()) {
    return Error(ErrorKind::kUserInput,
                 "say where to with --to: landing.orders, landing, or ./directory");
  }
  if (!options.query.empty() && (!options.columns.empty() || !options.where.empty())) {
    return Error(ErrorKind::kUserInput,
                 "--columns and --where go with a table; put them into the --query");
  }
  if (options.table.find_first_of("*?,") != std::string::npos) {
    return Error(ErrorKind::kUserInput,
                 "--table takes one name; patterns go into --tables: " + options.table);
  }
  if (!options.exclude.empty() && options.tables.empty()) {
    return Error(ErrorKind::kUserInput, "--exclude goes with --tables");
  }
  if (options.wide_decimals == "decimal256" && !IsDirectory(options.to)) {
    return Error(
        ErrorKind::kUserInput,
        "lake tables hold decimals of at most 38 digits; use --wide-decimals text, "
        "or a directory as --to");
  }
  return Status::OK();
}

Result<std::vector<connect::TableName>> FindTables(connect::Source& source,
                                                   const ImportOptions& options) {
  if (!options.table.empty()) return std::vector{ParseTableName(options.table)};
  std::vector<connect::TableName> found;
  for (const std::string& pattern : options.tables) {
    SLUICE_ASSIGN(auto some, source.List(pattern));
    if (some.empty()) {
      return Error(ErrorKind::kNotFound,
                   "no table of the source matches --tables: " + pattern);
    }
    for (connect::TableName& name : some) {
      bool out = std::ranges::any_of(options.exclude, [&](const std::string& exclude) {
        return MatchesPattern(exclude, name.name) ||
               MatchesPattern(exclude, name.ToString());
      });
      if (!out && std::ranges::count(found, name) == 0) found.push_back(std::move(name));
    }
  }
  if (found.empty()) {
    return Error(ErrorKind::kUserInput, "--exclude leaves no table to read");
  }
  return found;
}

// The name of the target table: given whole by --to, or a namespace plus the source's
// name.
Result<catalog::TableIdent> LakeTarget(const ImportOptions& options,
                                       const std::string& table_name) {
  bool several = !options.tables.empty();
  if (several) return catalog::TableIdent::Parse(options.to + "." + table_name);
  if (options.to.find('.') == std::string::npos) {
    if (table_name.empty()) {
      return Error(ErrorKind::kUserInput,
                   "a query needs a table name in --to, such as " + options.to + ".name");
    }
    return catalog::TableIdent::Parse(options.to + "." + table_name);
  }
  return catalog::TableIdent::Parse(options.to);
}

Result<transfer::ImportItem> MakeItem(const ImportOptions& options, const Lake* lake,
                                      connect::Selection selection) {
  transfer::ImportItem item{.selection = std::move(selection)};
  std::string table_name = item.selection.table ? item.selection.table->name : "";
  if (lake == nullptr) {
    item.target = options.to;
    while (item.target.size() > 1 && item.target.back() == '/') item.target.pop_back();
    if (!options.tables.empty()) item.target += "/" + table_name;
    item.sink = connectors::files::MakeDirectorySink(
        item.target, {.compression = options.compression});
    return item;
  }
  SLUICE_ASSIGN(catalog::TableIdent ident, LakeTarget(options, table_name));
  item.target = ident.ToString();
  SLUICE_ASSIGN(auto sink, MakeTableSink(*lake, ident,
                                         {.partition_by = options.partition_by,
                                          .compression = options.compression}));
  item.sink = std::move(sink);
  return item;
}

Result<connect::ReadOptions> MakeReadOptions(const ImportOptions& options) {
  connect::ReadOptions read;
  read.parallel = options.parallel;
  read.batch_rows = options.batch_rows;
  read.chunks_per_connection = options.chunks_per_connection;
  read.chunk_rows_min = options.chunk_rows_min;
  SLUICE_ASSIGN(read.zero_dates, connect::ParseOddValuePolicy(options.zero_dates));
  SLUICE_ASSIGN(read.out_of_range, connect::ParseOddValuePolicy(options.out_of_range));
  SLUICE_ASSIGN(read.wrong_storage_class,
                connect::ParseOddValuePolicy(options.wrong_storage_class));
  // Asking for nulls in place of odd values is the explicit switch that lossy columns
  // need.
  for (connect::OddValuePolicy policy :
       {read.zero_dates, read.out_of_range, read.wrong_storage_class}) {
    read.allow_lossy |= policy == connect::OddValuePolicy::kNull;
  }
  read.wide_decimals_as_decimal256 = options.wide_decimals == "decimal256";
  return read;
}

}  // namespace

Result<connect::Link> MakeLink(const std::string& url, const std::string& password_file,
                               const std::string& password_env) {
  connect::Link link;
  SLUICE_ASSIGN(link.uri, io::Uri::Parse(url));
  if (!password_file.empty() && !password_env.empty()) {
    return Error(ErrorKind::kUserInput,
                 "give the password once: --password-file or --password-env");
  }
  if (!password_file.empty()) {
    SLUICE_ASSIGN(link.password, ReadSecret("file:" + password_file));
  } else if (!password_env.empty()) {
    SLUICE_ASSIGN(link.password, ReadSecret("env:" + password_env));
  } else {
    link.password = link.uri.password;
    if (!link.password.empty()) {
      Log(LogLevel::kWarn, "cli",
          "a password in the URL can be seen by other users of this machine; use "
          "--password-file");
    }
  }
  return link;
}

Result<PreparedImport> PrepareImport(const std::string& url, const ImportOptions& options,
                                     const std::string& lake_directory,
                                     bool create_lake) {
  SLUICE_TRY(CheckFlags(options));
  PreparedImport prepared;
  SLUICE_ASSIGN(connect::Link link,
                MakeLink(url, options.password_file, options.password_env));
  SLUICE_ASSIGN(prepared.request.read, MakeReadOptions(options));
  SLUICE_ASSIGN(prepared.request.mode, connect::ParseWriteMode(options.mode));
  prepared.request.source_name = link.uri.ToString();
  prepared.request.pipeline.readers = options.parallel;
  prepared.request.pipeline.writers = options.writers;
  prepared.request.pipeline.queue_bytes_max = options.queue_mb << 20;
  prepared.request.continue_on_error = options.on_error == "continue";
  SLUICE_ASSIGN(prepared.source, Connectors().OpenSource(link, prepared.request.read));
  std::vector<connect::Selection> selections;
  if (!options.query.empty()) {
    std::string query(Trim(options.query));
    while (!query.empty() && query.back() == ';') query.pop_back();
    selections.push_back({.query = std::move(query), .split_by = options.split_by});
  } else {
    SLUICE_ASSIGN(auto tables, FindTables(*prepared.source, options));
    for (connect::TableName& table : tables) {
      selections.push_back({.table = std::move(table),
                            .columns = options.columns,
                            .where = options.where,
                            .split_by = options.split_by});
    }
  }
  if (!IsDirectory(options.to)) {
    const bool imagined = !create_lake && !HasLake(lake_directory);
    SLUICE_ASSIGN(Lake lake, imagined ? EmptyLake(lake_directory)
                                      : OpenLake(lake_directory, create_lake));
    prepared.lake = std::make_shared<Lake>(std::move(lake));
  }
  for (connect::Selection& selection : selections) {
    SLUICE_ASSIGN(auto item,
                  MakeItem(options, prepared.lake.get(), std::move(selection)));
    prepared.request.items.push_back(std::move(item));
  }
  return prepared;
}

}  // namespace sluice::cli
