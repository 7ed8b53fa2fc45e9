#include "cli/result_output.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <arrow/array.h>
#include <arrow/io/stdio.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>

#include "base/json.h"
#include "base/random.h"
#include "cli/cell_text.h"
#include "formats/parquet/writer.h"

namespace sluice::cli {
namespace {

constexpr int64_t kMeasuredRows = 10000;

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Ends the reading when nobody takes the rows any more (head, a full disk).
Status CheckOutput() {
  if (!std::ferror(stdout)) return Status::OK();
  return Error(ErrorKind::kUnavailable, "cannot write the result to stdout");
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_numeric(type.id()) || arrow::is_decimal(type.id());
}

// Characters of UTF-8 text as a terminal counts them, near enough: one column per code
// point.
size_t Width(const std::string& text) {
  size_t width = 0;
  for (unsigned char c : text) width += (c & 0xc0) != 0x80;
  return width;
}

std::string Padded(const std::string& text, size_t width, bool right) {
  std::string blanks(width > Width(text) ? width - Width(text) : 0, ' ');
  return right ? blanks + text : text + blanks;
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text;
}

std::string TableRow(const std::vector<std::string>& cells,
                     const std::vector<size_t>& widths, const std::vector<bool>& right) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    bool last = i + 1 == cells.size();
    line += (i ? " | " : " ") +
            (last && !right[i] ? cells[i] : Padded(cells[i], widths[i], right[i]));
  }
  return line + "\n";
}

std::string Rule(const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < widths.size(); ++i) {
    line += (i ? "+" : "") + std::string(widths[i] + 2, '-');
  }
  return line + "\n";
}

std::vector<std::string> Cells(const arrow::RecordBatch& batch, int64_t row) {
  std::vector<std::string> cells;
  for (int c = 0; c < batch.num_columns(); ++c) {
    cells.push_back(
        batch.column(c)->IsNull(row) ? "NULL" : OneLine(CellText(*batch.column(c), row)));
  }
  return cells;
}

Status WriteTable(arrow::RecordBatchReader& reader) {
  std::vector<std::string> header;
  std::vector<bool> right;
  for (const auto& field : reader.schema()->fields()) {
    header.push_back(OneLine(field->name()));
    right.push_back(IsNumber(*field->type()));
  }
  std::vector<std::vector<std::string>> measured;
  std::vector<size_t> widths;
  int64_t count = 0;
  auto flush = [&] {
    for (const std::string& name : header) widths.push_back(Width(name));
    for (const auto& cells : measured) {
      for (size_t i = 0; i < cells.size(); ++i)
        widths[i] = std::max(widths[i], Width(cells[i]));
    }
    Print(TableRow(header, widths, std::vector<bool>(header.size())) + Rule(widths));
    for (const auto& cells : measured) Print(TableRow(cells, widths, right));
    measured.clear();
  };
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    SLUICE_TRY(CheckOutput());
    SLUICE_TRY(reader.ReadNext(&batch));
    if (!batch) break;
    for (int64_t row = 0; row < batch->num_rows(); ++row, ++count) {
      std::vector<std::string> cells = Cells(*batch, row);
      if (count < kMeasuredRows) {
        measured.push_back(std::move(cells));
        if (count + 1 == kMeasuredRows) flush();
      } else {
        Print(TableRow(cells, widths, right));
      }
    }
  }
  if (count < kMeasuredRows) flush();
  Print(fmt::format("({} {})\n", count, count == 1 ? "row" : "rows"));
  return Status::OK();
}

std::string CsvField(const std::string& text, bool is_null) {
  if (is_null) return "";
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

Status WriteCsv(arrow::RecordBatchReader& reader) {
  std::string line;
  for (const auto& field : reader.schema()->fields()) {
    line += (line.empty() ? "" : ",") + CsvField(field->name(), false);
  }
  Print(line + "\n");
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    SLUICE_TRY(CheckOutput());
    SLUICE_TRY(reader.ReadNext(&batch));
    if (!batch) return Status::OK();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      line.clear();
      for (int c = 0; c < batch->num_columns(); ++c) {
        if (c) line += ',';
        line += CsvField(CellText(*batch->column(c), row), batch->column(c)->IsNull(row));
      }
      Print(line + "\n");
    }
  }
}

Status WriteJson(arrow::RecordBatchReader& reader, bool lines) {
  std::vector<std::string> names;
  for (const auto& field : reader.schema()->fields())
    names.push_back(ToText(Json(field->name())));
  bool first = true;
  if (!lines) Print("[");
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    SLUICE_TRY(CheckOutput());
    SLUICE_TRY(reader.ReadNext(&batch));
    if (!batch) break;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      std::string text = lines ? "{" : first ? "\n{" : ",\n{";
      first = false;
      for (int c = 0; c < batch->num_columns(); ++c) {
        text += (c ? "," : "") + names[c] + ":" + CellJson(*batch->column(c), row);
      }
      Print(text + (lines ? "}\n" : "}"));
    }
  }
  if (!lines) Print(first ? "]\n" : "\n]\n");
  return Status::OK();
}

Status WriteArrow(arrow::RecordBatchReader& reader) {
  arrow::io::StdoutStream out;
  SLUICE_ASSIGN(auto writer, arrow::ipc::MakeStreamWriter(&out, reader.schema()));
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    SLUICE_TRY(CheckOutput());
    SLUICE_TRY(reader.ReadNext(&batch));
    if (!batch) return writer->Close();
    SLUICE_TRY(writer->WriteRecordBatch(*batch));
  }
}

// A Parquet file is written beside the spill files first: its footer comes last and
// stdout may be a pipe that went away.
Status WriteParquet(arrow::RecordBatchReader& reader) {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("sluice-" + Random::System().Uuid() + ".parquet");
  SLUICE_ASSIGN(io::Location location, io::Locate(path.string()));
  SLUICE_ASSIGN(auto writer,
                formats::parquet::FileWriter::Make(location, reader.schema(), {}));
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    SLUICE_TRY(CheckOutput());
    SLUICE_TRY(reader.ReadNext(&batch));
    if (!batch) break;
    SLUICE_TRY(writer->Write(*batch));
  }
  SLUICE_TRY(writer->Finish());
  std::ifstream in(path, std::ios::binary);
  std::string block(1 << 20, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         in.gcount()) {
    std::fwrite(block.data(), 1, static_cast<size_t>(in.gcount()), stdout);
  }
  std::filesystem::remove(path);
  return Status::OK();
}

}  // namespace

std::string AlignedTable(const std::vector<std::string>& header,
                         const std::vector<std::vector<std::string>>& rows,
                         const std::vector<bool>& right_aligned) {
  std::vector<size_t> widths;
  for (const std::string& name : header) widths.push_back(Width(name));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text =
      TableRow(header, widths, std::vector<bool>(header.size())) + Rule(widths);
  for (const auto& row : rows) text += TableRow(row, widths, right_aligned);
  return text;
}

Status WriteResult(arrow::RecordBatchReader& reader, const std::string& form) {
  if ((form == "arrow" || form == "parquet") && isatty(1)) {
    return Error(
        ErrorKind::kUserInput,
        "binary output does not go to a terminal; redirect it to a file: " + form);
  }
  Status status = form == "csv"       ? WriteCsv(reader)
                  : form == "json"    ? WriteJson(reader, false)
                  : form == "jsonl"   ? WriteJson(reader, true)
                  : form == "arrow"   ? WriteArrow(reader)
                  : form == "parquet" ? WriteParquet(reader)
                                      : WriteTable(reader);
  SLUICE_TRY(status);
  (void)std::fflush(stdout);
  return CheckOutput();
}

}  // namespace sluice::cli
