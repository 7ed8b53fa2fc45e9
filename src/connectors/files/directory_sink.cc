#include "connectors/files/directory_sink.h"

#include <set>

#include <arrow/api.h>
#include <arrow/filesystem/filesystem.h>
#include <fmt/format.h>

#include "base/failpoint.h"
#include "connectors/files/publish.h"
#include "connectors/files/staging.h"
#include "formats/parquet/reader.h"
#include "io/file_system.h"

namespace sluice::connectors::files {
namespace {

using connect::CommitOutcome;
using connect::WriteMode;
using formats::parquet::FileWriter;
using formats::parquet::WriterOptions;

bool IsParquetName(const std::string& name) {
  constexpr std::string_view kEnd = ".parquet";
  return name.size() > kEnd.size() && name.ends_with(kEnd);
}

// Writes one split into one file of the staging directory.
class PartWriter final : public connect::Writer {
 public:
  PartWriter(std::string staging, std::string name, std::shared_ptr<arrow::Schema> schema,
             WriterOptions options, connect::Receipt receipt)
      : staging_(std::move(staging)),
        name_(std::move(name)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        receipt_(std::move(receipt)) {}
  ~PartWriter() override { Abort(); }

  Status Write(const arrow::RecordBatch& batch) override {
    if (!batch.schema()->Equals(*schema_, /*check_metadata=*/false)) {
      return Error(ErrorKind::kInternal,
                   "a reader gave a batch of another schema than it promised: " +
                       batch.schema()->ToString());
    }
    if (!writer_) {
      SLUICE_ASSIGN(io::Location location, io::Locate(staging_ + "/" + name_));
      SLUICE_ASSIGN(writer_, FileWriter::Make(location, schema_, options_));
    }
    return writer_->Write(batch);
  }

  Result<connect::Receipt> Finish() override {
    if (done_) {
      return Error(ErrorKind::kInternal, "a writer was finished twice",
                   {{"split", receipt_.split_id}});
    }
    receipt_.detail["parts"] = Json::array();
    if (writer_) {
      SLUICE_ASSIGN(auto stats, writer_->Finish());
      receipt_.rows = stats.num_rows;
      receipt_.bytes = stats.file_bytes;
      receipt_.detail["parts"].push_back(name_);
    } else {
      receipt_.files.clear();
    }
    done_ = true;
    return receipt_;
  }

  void Abort() override {
    if (!done_ && writer_) writer_->Abort();
    done_ = true;
  }

 private:
  const std::string staging_, name_;
  const std::shared_ptr<arrow::Schema> schema_;
  const WriterOptions options_;
  connect::Receipt receipt_;
  std::unique_ptr<FileWriter> writer_;  // from the first row on
  bool done_ = false;
};

// What a load of a directory is about; constant.
struct Load {
  std::string directory;
  std::string run_id;
  WriteMode mode = WriteMode::kAppend;
  std::shared_ptr<arrow::Schema> schema;
  WriterOptions options;
  std::vector<std::string> content;  ///< what was visible at Begin

  std::string PartName(const std::string& split, const std::string& attempt) const {
    return fmt::format("part-{}-{}-{}.parquet", run_id.substr(0, 8), split, attempt);
  }
  std::string EmptyName() const { return PartName("empty", "1"); }
};

class DirectorySession final : public connect::WriteSession {
 public:
  DirectorySession(Load load, std::unique_ptr<Staging> staging)
      : load_(std::move(load)), staging_(std::move(staging)) {}
  ~DirectorySession() override { Abort(); }

  Result<std::unique_ptr<connect::Writer>> OpenWriter(const connect::Split& split,
                                                      int attempt) override {
    std::string name = load_.PartName(split.id, std::to_string(attempt));
    connect::Receipt receipt;
    receipt.split_id = split.id;
    receipt.attempt = attempt;
    receipt.files = {load_.directory + "/" + name};
    return std::make_unique<PartWriter>(staging_->path(), name, load_.schema,
                                        load_.options, std::move(receipt));
  }

  Result<CommitOutcome> Commit(std::span<const connect::Receipt> receipts,
                               const connect::CommitRequest&) override {
    auto outcome = TryCommit(receipts);
    bool unknown = outcome.ok() && outcome->state == CommitOutcome::State::kUnknown;
    if (unknown) {
      staging_.reset();  // the next load completes it
    } else {
      Abort();  // what is left in the staging directory is of no use
    }
    return outcome;
  }

  void Abort() override {
    if (staging_) staging_->Remove();
    staging_.reset();
  }

 private:
  Result<Move> MoveOf(std::span<const connect::Receipt> receipts) const {
    Move move;
    for (const connect::Receipt& receipt : receipts) {
      SLUICE_ASSIGN(const Json* parts, GetArray(receipt.detail, "parts"));
      for (const Json& part : *parts) move.publish.push_back(part.get<std::string>());
    }
    bool stays_empty = load_.mode != WriteMode::kAppend || load_.content.empty();
    if (move.publish.empty() && stays_empty) move.publish.push_back(load_.EmptyName());
    if (load_.mode == WriteMode::kOverwrite) move.replace = load_.content;
    return move;
  }

  Result<CommitOutcome> TryCommit(std::span<const connect::Receipt> receipts) {
    CommitOutcome outcome;
    SLUICE_ASSIGN(Move move, MoveOf(receipts));
    SLUICE_TRY(Failpoint("files.before_commit"));
    SLUICE_ASSIGN(auto lock,
                  internal::DirectoryLock::Take(load_.directory, /*wait=*/true));
    SLUICE_ASSIGN(auto content, VisibleNames(load_.directory));
    if (load_.mode != WriteMode::kAppend && content != load_.content) {
      outcome.state = CommitOutcome::State::kConflict;
      outcome.message = fmt::format(
          "files came or went during the load, replacing them would lose rows; import "
          "again: {}",
          load_.directory);
      return outcome;
    }
    Status moved = MoveIn(load_.directory, staging_->path(), move);
    if (!moved.ok() && KindOf(moved) == ErrorKind::kCommitUnknown) {
      outcome.state = CommitOutcome::State::kUnknown;
      outcome.message = MessageOf(moved);
      return outcome;
    }
    SLUICE_TRY(moved);
    (void)Failpoint("files.after_success");  // it is done: only a crash counts here
    return outcome;
  }

  const Load load_;
  std::unique_ptr<Staging> staging_;  // null after the end
};

Result<std::shared_ptr<arrow::Schema>> SchemaOfFile(const std::string& path) {
  SLUICE_ASSIGN(io::Location location, io::Locate(path));
  SLUICE_ASSIGN(auto reader, formats::parquet::OpenFile(location, {}));
  return reader->schema();
}

// Two files written for the same columns read back the same.
Status CheckSameColumns(const std::string& old_path, const std::string& new_path) {
  SLUICE_ASSIGN(auto before, SchemaOfFile(old_path));
  SLUICE_ASSIGN(auto now, SchemaOfFile(new_path));
  constexpr const char* kRemedy = "use mode overwrite, or another directory";
  if (before->num_fields() != now->num_fields()) {
    return Error(
        ErrorKind::kUserInput,
        fmt::format("the files that are there have {} columns and the source has {}; {}",
                    before->num_fields(), now->num_fields(), kRemedy));
  }
  for (int i = 0; i < now->num_fields(); ++i) {
    const auto& a = before->field(i);
    const auto& b = now->field(i);
    if (a->name() == b->name() && a->type()->Equals(*b->type())) continue;
    return Error(
        ErrorKind::kUserInput,
        fmt::format("column {} is {} {} in the files that are there and {} {} in the "
                    "source; {}",
                    i + 1, a->name(), a->type()->ToString(), b->name(),
                    b->type()->ToString(), kRemedy),
        {{"column", b->name()}});
  }
  return Status::OK();
}

class DirectorySink final : public connect::Sink {
 public:
  DirectorySink(std::string directory, WriterOptions options)
      : shown_(std::move(directory)), options_(std::move(options)) {}

  Result<std::vector<connect::SchemaChange>> Preview(const connect::TableSchema& schema,
                                                     WriteMode mode) override {
    using Change = connect::SchemaChange;
    SLUICE_TRY(CheckMode(mode));
    SLUICE_ASSIGN(std::string directory, LocalPath());
    SLUICE_ASSIGN(auto content, VisibleNames(directory));
    std::vector<Change> changes;
    Status usable = CheckContent(directory, content, mode);
    if (usable.ok()) usable = CheckNames(schema);
    if (!usable.ok()) {
      changes.push_back({Change::Kind::kNone, MessageOf(usable), /*allowed=*/false});
    }
    if (content.empty()) {
      changes.push_back({Change::Kind::kCreateTable, "write a new directory", true});
    } else if (mode == WriteMode::kOverwrite) {
      changes.push_back({Change::Kind::kReplaceTable,
                         fmt::format("replace {} files", content.size()), true});
    }
    return changes;
  }

  Result<std::unique_ptr<connect::WriteSession>> Begin(
      const connect::TableSchema& schema, WriteMode mode,
      const std::string& run_id) override {
    SLUICE_TRY(CheckMode(mode));
    SLUICE_TRY(Within(Describe(), CheckNames(schema)));
    Load load{.directory = "",
              .run_id = run_id,
              .mode = mode,
              .schema = schema.ArrowSchema(),
              .options = options_,
              .content = {}};
    SLUICE_ASSIGN(load.directory, LocalPath());
    SLUICE_ASSIGN(auto staging, Staging::Make(load.directory, run_id));
    Status ready = Prepare(&load, staging->path());
    if (!ready.ok()) {
      staging->Remove();
      return Within(Describe(), ready, {{"directory", shown_}});
    }
    return std::make_unique<DirectorySession>(std::move(load), std::move(staging));
  }

  std::string Describe() const override { return "directory " + shown_; }

 private:
  static Status CheckMode(WriteMode mode) {
    if (mode == WriteMode::kAppend || mode == WriteMode::kOverwrite ||
        mode == WriteMode::kErrorIfExists) {
      return Status::OK();
    }
    return Error(ErrorKind::kUserInput,
                 fmt::format("a directory is loaded with mode append, overwrite or "
                             "error-if-exists, not with {}",
                             connect::WriteModeName(mode)));
  }

  static Status CheckNames(const connect::TableSchema& schema) {
    std::set<std::string> names;
    for (const connect::Column& column : schema.columns) {
      if (names.insert(column.name).second) continue;
      return Error(ErrorKind::kUserInput,
                   "two columns have one name; name them in a query: " + column.name,
                   {{"column", column.name}});
    }
    return Status::OK();
  }

  static Status CheckContent(const std::string& directory,
                             const std::vector<std::string>& content, WriteMode mode) {
    if (mode == WriteMode::kErrorIfExists && !content.empty()) {
      return Error(
          ErrorKind::kAlreadyExists,
          fmt::format("the directory holds {} files; use mode append or overwrite, or "
                      "another directory",
                      content.size()));
    }
    if (mode != WriteMode::kOverwrite) return Status::OK();
    for (const std::string& name : content) {
      SLUICE_ASSIGN(io::Location file, io::Locate(directory + "/" + name));
      SLUICE_ASSIGN(auto info, file.file_system->GetFileInfo(file.path));
      if (info.IsFile() && IsParquetName(name)) continue;
      return Error(
          ErrorKind::kUserInput,
          "the directory holds something that is not a Parquet file and would be lost; "
          "move it away, or use another directory: " +
              name);
    }
    return Status::OK();
  }

  // Settles what others left, looks at what is there, and proves by a file without rows
  // that the place can be written and the schema be stored.
  static Status Prepare(Load* load, const std::string& staging) {
    SLUICE_ASSIGN(auto lock,
                  internal::DirectoryLock::Take(load->directory, /*wait=*/true));
    SLUICE_TRY(SettleDeadLoads(load->directory));
    SLUICE_ASSIGN(load->content, VisibleNames(load->directory));
    SLUICE_TRY(CheckContent(load->directory, load->content, load->mode));
    std::string empty = staging + "/" + load->EmptyName();
    SLUICE_ASSIGN(io::Location location, io::Locate(empty));
    SLUICE_ASSIGN(auto writer, FileWriter::Make(location, load->schema, load->options));
    SLUICE_TRY(writer->Finish());
    if (load->mode == WriteMode::kAppend) {
      for (const std::string& name : load->content) {
        if (!IsParquetName(name)) continue;
        SLUICE_TRY(CheckSameColumns(load->directory + "/" + name, empty));
        break;
      }
    }
    return Failpoint("files.after_begin");
  }

  Result<std::string> LocalPath() const {
    SLUICE_ASSIGN(io::Location location, io::Locate(shown_));
    if (location.file_system->type_name() != "local") {
      return Error(ErrorKind::kUserInput,
                   "a directory of Parquet files is a local path: " + shown_);
    }
    return location.path;
  }

  const std::string shown_;
  const WriterOptions options_;
};

}  // namespace

std::unique_ptr<connect::Sink> MakeDirectorySink(
    std::string directory, formats::parquet::WriterOptions options) {
  return std::make_unique<DirectorySink>(std::move(directory), std::move(options));
}

}  // namespace sluice::connectors::files
