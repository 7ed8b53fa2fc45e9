#include "cli/import_request.h"

namespace sluice::cli {
namespace {

using Row = options::Row<ImportOptions>;
constexpr const char* kOddValues = "error|null|text";

constexpr Row kRows[] = {
    {.key = "table", .member = &ImportOptions::table, .value = "NAME",
     .help = "the table to read"},
    {.key = "tables", .member = &ImportOptions::tables, .value = "PATTERNS",
     .help = "tables to read, with * and ?, separated by ','"},
    {.key = "exclude", .member = &ImportOptions::exclude, .value = "PATTERNS",
     .help = "of those, tables to leave out"},
    {.key = "query", .member = &ImportOptions::query, .value = "SQL",
     .help = "read the rows of a SELECT instead of a table"},
    {.key = "columns", .member = &ImportOptions::columns, .value = "NAMES",
     .help = "columns of the table, in this order"},
    {.key = "where", .member = &ImportOptions::where, .value = "SQL",
     .help = "only rows that meet this condition of the source's SQL"},
    {.key = "to", .member = &ImportOptions::to, .value = "TARGET",
     .help = "namespace.table of the lake, a namespace for several tables, or a directory "
             "(with a '/') for Parquet files"},
    {.key = "mode", .member = &ImportOptions::mode,
     .value = "append|overwrite|error-if-exists",
     .help = "what happens to rows that are already there"},
    {.key = "parallel", .member = &ImportOptions::parallel, .value = "N",
     .help = "connections to the source", .low = 1, .high = 256},
    {.key = "split-by", .member = &ImportOptions::split_by, .value = "COLUMN",
     .help = "column to cut the table by; the source chooses one itself"},
    {.key = "password-file", .member = &ImportOptions::password_file, .value = "FILE",
     .help = "file that holds the password"},
    {.key = "password-env", .member = &ImportOptions::password_env, .value = "NAME",
     .help = "environment variable that holds the password"},
    {.key = "partition-by", .member = &ImportOptions::partition_by, .value = "SPEC",
     .help = "partitions of a new lake table: \"day(created_at), bucket(16, id)\""},
    {.key = "zero-dates", .member = &ImportOptions::zero_dates, .value = kOddValues,
     .help = "MySQL's 0000-00-00 and dates without day or month"},
    {.key = "out-of-range", .member = &ImportOptions::out_of_range, .value = kOddValues,
     .help = "infinite or far timestamps, NaN in decimals, arrays of several dimensions"},
    {.key = "wrong-storage-class", .member = &ImportOptions::wrong_storage_class,
     .value = kOddValues, .help = "SQLite values that contradict their column's type"},
    {.key = "allow-lossy", .member = &ImportOptions::allow_lossy, .value = "",
     .help = "accept columns whose values cannot all be kept exactly"},
    {.key = "on-error", .member = &ImportOptions::on_error, .value = "stop|continue",
     .help = "whether other tables go on after one failed"},
    {.key = "compression", .member = &ImportOptions::compression,
     .value = "zstd|snappy|gzip|none", .help = "of the Parquet files", .expert = true},
    {.key = "wide-decimals", .member = &ImportOptions::wide_decimals,
     .value = "text|decimal256",
     .help = "decimals of more than 38 digits; decimal256 only in directories",
     .expert = true},
    {.key = "chunk-rows-min", .member = &ImportOptions::chunk_rows_min, .value = "N",
     .help = "a table is not cut into smaller chunks than this", .low = 1,
     .high = int64_t{1} << 40, .expert = true},
    {.key = "chunks-per-connection", .member = &ImportOptions::chunks_per_connection,
     .value = "N", .help = "chunks aimed at per connection for a large table", .low = 1,
     .high = 10000, .expert = true},
    {.key = "batch-rows", .member = &ImportOptions::batch_rows, .value = "N",
     .help = "rows handed on at a time", .low = 1, .high = 1 << 20, .expert = true},
    {.key = "writers", .member = &ImportOptions::writers, .value = "N",
     .help = "threads that encode files", .low = 1, .high = 256, .expert = true},
    {.key = "queue-mb", .member = &ImportOptions::queue_mb, .value = "N",
     .help = "megabytes of rows that may wait for a writer", .low = 1, .high = 65536,
     .expert = true},
};

}  // namespace

std::vector<options::Option> ImportRows(ImportOptions* target) {
  return options::Bind<ImportOptions>(kRows, target);
}

}  // namespace sluice::cli
