#include "connectors/fake/connector.h"

#include <charconv>

#include "base/text.h"
#include "connectors/fake/fake_source.h"

namespace sluice::connectors::fake {
namespace {

Result<int64_t> ParseCount(const std::string& key, const std::string& text,
                           int64_t least) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least) {
    return Error(ErrorKind::kUserInput, "fake source: " + key + " is a number from " +
                                            std::to_string(least) + ": " + text);
  }
  return value;
}

Result<ReadFault::Kind> ParseFault(const std::string& word) {
  if (word == "error") return ReadFault::Kind::kError;
  if (word == "throw") return ReadFault::Kind::kThrow;
  if (word == "stall") return ReadFault::Kind::kStall;
  if (word == "end") return ReadFault::Kind::kEndEarly;
  return Error(ErrorKind::kUserInput,
               "fake source: fault is one of error, throw, stall, end: " + word);
}

Status ApplyKey(const std::string& key, const std::string& text, FakeTable* table,
                ReadFault* fault) {
  if (key == "rows") {
    SLUICE_ASSIGN(table->rows, ParseCount(key, text, 0));
  } else if (key == "splits") {
    SLUICE_ASSIGN(int64_t splits, ParseCount(key, text, 1));
    table->splits = static_cast<int>(std::min<int64_t>(splits, 9999));
  } else if (key == "seed") {
    SLUICE_ASSIGN(int64_t seed, ParseCount(key, text, 0));
    table->seed = static_cast<uint64_t>(seed);
  } else if (key == "schema") {
    SLUICE_ASSIGN(table->schema, NamedSchema(text));
  } else if (key == "fault") {
    SLUICE_ASSIGN(fault->kind, ParseFault(text));
    table->fault.emplace();
  } else if (key == "at") {
    SLUICE_ASSIGN(fault->at_row, ParseCount(key, text, -1));
  } else {
    return Error(
        ErrorKind::kUserInput,
        "fake source: the keys are rows, splits, seed, schema, fault, at: " + key);
  }
  return Status::OK();
}

Result<std::unique_ptr<connect::Source>> MakeSource(const connect::Link& link,
                                                    const connect::ReadOptions& options) {
  FakeTable model;
  model.batch_rows = std::min<int64_t>(options.batch_rows, 8192);
  ReadFault fault;
  for (const auto& [key, text] : link.uri.query) {
    SLUICE_TRY(ApplyKey(key, text, &model, &fault));
  }
  if (model.fault) model.fault = fault;
  std::vector<FakeTable> tables;
  std::string_view names =
      link.uri.path.empty() ? "orders" : std::string_view(link.uri.path);
  for (std::string_view name : SplitText(names, ',')) {
    tables.push_back(model);
    tables.back().name = std::string(name);
  }
  return std::make_unique<FakeSource>(std::move(tables));
}

}  // namespace

connect::Connector MakeConnector() {
  return {.name = "fake", .schemes = {"fake"}, .make_source = MakeSource};
}

}  // namespace sluice::connectors::fake
