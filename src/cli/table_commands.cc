#include <cstdio>

#include <fmt/format.h>

#include "base/secret.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/result_output.h"
#include "cli/shared_options.h"
#include "table/scan.h"

namespace sluice::cli {
namespace {

struct ViewOptions {
  bool snapshots = false;
  bool files = false;
};

constexpr options::Row<ViewOptions> kRows[] = {
    {.key = "snapshots",
     .member = &ViewOptions::snapshots,
     .value = "",
     .help = "only the snapshots, oldest first"},
    {.key = "files",
     .member = &ViewOptions::files,
     .value = "",
     .help = "only the data files of the current snapshot"},
};

struct Fields {
  ViewOptions view;
  LakeOptions lake;
  LogOptions log;
  ReportOptions report;
};

int64_t Total(const table::Snapshot* snapshot, const std::string& key) {
  if (!snapshot) return 0;
  auto found = snapshot->summary.find(key);
  return found == snapshot->summary.end() ? -1 : std::atoll(found->second.c_str());
}

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string Counted(int64_t count) { return count < 0 ? "unknown" : CountText(count); }

std::string Sized(int64_t bytes) { return bytes < 0 ? "unknown" : BytesText(bytes); }

Json TableToJson(const catalog::TableIdent& ident, const catalog::LoadedTable& loaded) {
  const table::Snapshot* current = loaded.metadata.CurrentSnapshot();
  Json json;
  json["table"] = ident.ToString();
  json["rows"] = Total(current, "total-records");
  json["files"] = Total(current, "total-data-files");
  json["bytes"] = Total(current, "total-files-size");
  json["snapshots"] = loaded.metadata.snapshots.size();
  json["current_snapshot_id"] = current ? Json(current->snapshot_id) : Json();
  json["updated"] = TimeText(loaded.metadata.last_updated_ms);
  json["location"] = loaded.metadata.location;
  return json;
}

Result<int> RunTables(const std::vector<std::string>& words, const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  SLUICE_ASSIGN(Lake lake, OpenLake(fields.lake.Directory(), false));
  std::vector<std::string> namespaces = words;
  if (namespaces.empty()) {
    SLUICE_ASSIGN(namespaces, lake.catalog->ListNamespaces());
  }
  Json tables = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name_space : namespaces) {
    SLUICE_ASSIGN(auto idents, lake.catalog->ListTables(name_space));
    for (const catalog::TableIdent& ident : idents) {
      SLUICE_ASSIGN(auto loaded, lake.catalog->LoadTable(ident));
      const table::Snapshot* current = loaded.metadata.CurrentSnapshot();
      rows.push_back({ident.ToString(), Counted(Total(current, "total-records")),
                      Counted(Total(current, "total-data-files")),
                      Sized(Total(current, "total-files-size")),
                      std::to_string(loaded.metadata.snapshots.size()),
                      TimeText(loaded.metadata.last_updated_ms)});
      tables.push_back(TableToJson(ident, loaded));
    }
  }
  if (*fields.report.json) {
    PrintJson({{"ok", true}, {"exit_code", 0}, {"tables", std::move(tables)}});
  } else {
    Print(AlignedTable({"table", "rows", "files", "size", "snapshots", "updated"}, rows,
                       {false, true, true, true, true, false}));
  }
  return kExitOk;
}

Json SnapshotsToJson(const table::TableMetadata& metadata) {
  Json snapshots = Json::array();
  for (const table::Snapshot& snapshot : metadata.snapshots) {
    Json one;
    one["snapshot_id"] = snapshot.snapshot_id;
    one["parent_snapshot_id"] =
        snapshot.parent_snapshot_id ? Json(*snapshot.parent_snapshot_id) : Json();
    one["time"] = TimeText(snapshot.timestamp_ms);
    for (const auto& [key, value] : snapshot.summary) one["summary"][key] = value;
    snapshots.push_back(std::move(one));
  }
  return snapshots;
}

std::string SnapshotsText(const table::TableMetadata& metadata) {
  std::vector<std::vector<std::string>> rows;
  for (const table::Snapshot& snapshot : metadata.snapshots) {
    auto operation = snapshot.summary.find("operation");
    rows.push_back(
        {std::to_string(snapshot.snapshot_id), TimeText(snapshot.timestamp_ms),
         operation == snapshot.summary.end() ? "" : operation->second,
         Counted(std::max<int64_t>(Total(&snapshot, "added-records"), 0)),
         Counted(Total(&snapshot, "total-records")),
         Counted(Total(&snapshot, "total-data-files")),
         snapshot.snapshot_id == metadata.current_snapshot_id ? "current" : ""});
  }
  return AlignedTable(
      {"snapshot", "time", "operation", "added rows", "rows", "files", ""}, rows,
      {true, false, false, true, true, true, false});
}

Json FilesToJson(const table::ScanPlan& plan) {
  Json files = Json::array();
  for (const table::ScanTask& task : plan.tasks) {
    files.push_back({{"path", task.file.path},
                     {"rows", task.file.record_count},
                     {"bytes", task.file.file_bytes},
                     {"delete_files", task.deletes.size()}});
  }
  return files;
}

std::string FilesText(const table::ScanPlan& plan, const std::string& location) {
  std::vector<std::vector<std::string>> rows;
  for (const table::ScanTask& task : plan.tasks) {
    std::string path = task.file.path;
    if (path.rfind(location + "/", 0) == 0) path = path.substr(location.size() + 1);
    rows.push_back({std::move(path), CountText(task.file.record_count),
                    BytesText(task.file.file_bytes)});
  }
  return AlignedTable({"file", "rows", "size"}, rows, {false, true, true});
}

std::string OverviewText(const catalog::TableIdent& ident,
                         const catalog::LoadedTable& loaded) {
  const table::TableMetadata& metadata = loaded.metadata;
  const table::Snapshot* current = metadata.CurrentSnapshot();
  std::string text = fmt::format(
      "{}\n  location   {}\n  format     Apache Iceberg v{}\n  rows       {}\n  files    "
      "  {} "
      "({})\n  snapshots  {}\n  updated    {}\n",
      ident.ToString(), metadata.location, metadata.format_version,
      Counted(Total(current, "total-records")),
      Counted(Total(current, "total-data-files")),
      Sized(Total(current, "total-files-size")), metadata.snapshots.size(),
      TimeText(metadata.last_updated_ms));
  std::string partitions;
  for (const table::PartitionField& field : metadata.DefaultSpec().fields) {
    const types::Field* source = metadata.CurrentSchema().FindById(field.source_id);
    partitions += fmt::format("{}{}({})", partitions.empty() ? "" : ", ",
                              field.transform.ToString(), source ? source->name : "?");
  }
  if (!partitions.empty()) text += "  partitions " + partitions + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const types::Field& field : metadata.CurrentSchema().columns.fields) {
    rows.push_back({std::to_string(field.id), field.name, types::TypeText(*field.type),
                    field.required ? "not null" : "", field.doc});
  }
  return text + "\n" +
         AlignedTable({"id", "column", "type", "", "from"}, rows,
                      {true, false, false, false, false});
}

Result<int> RunTable(const std::string& name, const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  SLUICE_ASSIGN(catalog::TableIdent ident, catalog::TableIdent::Parse(name));
  SLUICE_ASSIGN(Lake lake, OpenLake(fields.lake.Directory(), false));
  SLUICE_ASSIGN(auto loaded, lake.catalog->LoadTable(ident));
  const table::TableMetadata& metadata = loaded.metadata;
  SLUICE_ASSIGN(auto plan, table::PlanScan(metadata, metadata.CurrentSnapshot(), {}));
  bool all = !fields.view.snapshots && !fields.view.files;
  if (*fields.report.json) {
    Json json = {{"ok", true}, {"exit_code", 0}};
    json.update(TableToJson(ident, loaded));
    json["metadata_location"] = loaded.metadata_location;
    if (all) json["schema"] = metadata.CurrentSchema().ToJson();
    if (all) json["partition_spec"] = metadata.DefaultSpec().ToJson();
    if (all || fields.view.snapshots) json["snapshots"] = SnapshotsToJson(metadata);
    if (all || fields.view.files) json["data_files"] = FilesToJson(plan);
    PrintJson(json);
    return kExitOk;
  }
  if (all) Print(OverviewText(ident, loaded) + "\n");
  if (all || fields.view.snapshots) Print(SnapshotsText(metadata));
  if (all) Print("\n");
  if (all || fields.view.files) Print(FilesText(plan, metadata.location));
  return kExitOk;
}

CliCommand Make(options::Command command, const std::shared_ptr<Fields>& fields) {
  CliCommand cli;
  cli.command = std::move(command);
  Append(LakeRows(&fields->lake), &cli.command);
  Append(ReportRows(&fields->report), &cli.command);
  Append(LogRows(&fields->log), &cli.command);
  cli.json = fields->report.json;
  return cli;
}

}  // namespace

CliCommand MakeTablesCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli = Make({.name = "tables",
                         .positional = "[NAMESPACE]",
                         .summary = "List the lake's tables",
                         .positional_max = 1},
                        fields);
  cli.run = [fields](const std::vector<std::string>& words) {
    return RunTables(words, *fields);
  };
  return cli;
}

CliCommand MakeTableCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli = Make({.name = "table",
                         .positional = "NAMESPACE.TABLE",
                         .summary = "Show a table: columns, snapshots, files, sizes",
                         .positional_min = 1,
                         .positional_max = 1,
                         .options = options::Bind<ViewOptions>(kRows, &fields->view)},
                        fields);
  cli.run = [fields](const std::vector<std::string>& words) {
    return RunTable(words[0], *fields);
  };
  return cli;
}

}  // namespace sluice::cli
