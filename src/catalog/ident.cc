#include <vector>

#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/names_internal.h"
#include "catalog/sqlite_catalog.h"

namespace sluice::catalog {
namespace {

// Names become directories and parts of URIs, so what would end or bend those is not
// taken.
constexpr std::string_view kBadCharacters = "/\\?#%";
constexpr size_t kPartBytesMax = 200;

Status CheckPart(std::string_view part, std::string_view text) {
  auto bad = [&](const std::string& why) {
    return Error(ErrorKind::kUserInput,
                 why + "; name a table as namespace.table, as in landing.orders: " +
                     std::string(text));
  };
  if (part.empty()) return bad("a part of the name is empty");
  if (Trim(part) != part) return bad("a part of the name begins or ends with a blank");
  if (part.size() > kPartBytesMax) {
    return bad("a part of the name is longer than " + std::to_string(kPartBytesMax) +
               " bytes");
  }
  for (char c : part) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return bad("the name has a control character");
    if (kBadCharacters.find(c) != std::string_view::npos) {
      return bad(std::string("the name has a '") + c + "'");
    }
  }
  return Status::OK();
}

}  // namespace

Status internal::CheckNamespace(std::string_view name_space) {
  for (std::string_view level : SplitText(name_space, '.')) {
    SLUICE_TRY(CheckPart(level, name_space));
  }
  return Status::OK();
}

Result<TableIdent> TableIdent::Parse(std::string_view text) {
  size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) {
    return Error(ErrorKind::kUserInput,
                 "a table needs a namespace, as in landing.orders: " + std::string(text));
  }
  for (std::string_view part : SplitText(text, '.')) SLUICE_TRY(CheckPart(part, text));
  return TableIdent{.name_space = std::string(text.substr(0, dot)),
                    .name = std::string(text.substr(dot + 1))};
}

std::string TableLocation(const std::string& warehouse, const TableIdent& ident) {
  std::string location = warehouse;
  while (location.ends_with('/')) location.pop_back();
  for (std::string_view level : SplitText(ident.name_space, '.')) {
    location += "/" + std::string(level);
  }
  return location + "/" + ident.name;
}

}  // namespace sluice::catalog
