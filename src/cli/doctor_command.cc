#include <cstdio>

#include <fmt/format.h>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/import_request.h"
#include "cli/shared_options.h"

namespace sluice::cli {
namespace {

struct DoctorOptions {
  std::string password_file, password_env;
};

constexpr options::Row<DoctorOptions> kRows[] = {
    {.key = "password-file",
     .member = &DoctorOptions::password_file,
     .value = "FILE",
     .help = "file that holds the password"},
    {.key = "password-env",
     .member = &DoctorOptions::password_env,
     .value = "NAME",
     .help = "environment variable that holds the password"},
};

struct Fields {
  DoctorOptions doctor;
  LogOptions log;
  ReportOptions report;
};

std::string_view LevelName(connect::Finding::Level level) {
  switch (level) {
    case connect::Finding::Level::kOk:
      return "ok";
    case connect::Finding::Level::kWarning:
      return "warning";
    case connect::Finding::Level::kProblem:
      return "problem";
  }
  return "problem";
}

Result<int> RunDoctor(const std::string& url, const Fields& fields) {
  SLUICE_TRY(fields.log.Apply());
  SLUICE_ASSIGN(connect::Link link,
                MakeLink(url, fields.doctor.password_file, fields.doctor.password_env));
  SLUICE_ASSIGN(auto source, Connectors().OpenSource(link, {}));
  SLUICE_ASSIGN(connect::Diagnosis diagnosis, source->Diagnose());
  bool problem = false;
  Json findings = Json::array();
  std::string text = fmt::format("{}: {}\n", link.uri.ToString(), diagnosis.server);
  for (const connect::Finding& finding : diagnosis.findings) {
    problem |= finding.level == connect::Finding::Level::kProblem;
    Json one = {{"level", LevelName(finding.level)}, {"what", finding.what}};
    text += fmt::format("  {:<8} {}\n", LevelName(finding.level), finding.what);
    if (!finding.remedy.empty()) {
      one["remedy"] = finding.remedy;
      text += fmt::format("  {:<8} run: {}\n", "", finding.remedy);
    }
    findings.push_back(std::move(one));
  }
  int exit_code = problem ? kExitAuth : kExitOk;
  if (*fields.report.json) {
    PrintJson({{"ok", !problem},
               {"exit_code", exit_code},
               {"server", diagnosis.server},
               {"findings", std::move(findings)}});
  } else {
    text = RedactSecrets(std::move(text));
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  return exit_code;
}

}  // namespace

CliCommand MakeDoctorCommand() {
  auto fields = std::make_shared<Fields>();
  CliCommand cli;
  cli.command = {
      .name = "doctor",
      .positional = "URL",
      .summary = "Check a source: connection, version, rights, and what is missing",
      .details = "Exit code 5 when something is missing that an import needs.",
      .examples = {"sluice doctor mysql://app@127.0.0.1/shop --password-file pw"},
      .positional_min = 1,
      .positional_max = 1,
      .options = options::Bind<DoctorOptions>(kRows, &fields->doctor)};
  Append(ReportRows(&fields->report), &cli.command);
  Append(LogRows(&fields->log), &cli.command);
  cli.json = fields->report.json;
  cli.run = [fields](const std::vector<std::string>& words) {
    return RunDoctor(words[0], *fields);
  };
  return cli;
}

}  // namespace sluice::cli
