#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "table/metadata.h"
#include "table/update.h"

namespace sluice::catalog {

/// "landing.orders": a namespace of one or more levels joined by '.', and a name.
struct TableIdent {
  std::string name_space;
  std::string name;
  bool operator==(const TableIdent&) const = default;
  auto operator<=>(const TableIdent&) const = default;
  std::string ToString() const { return name_space + "." + name; }
  /// Fails with kUserInput when there is no namespace or a part is empty or has a bad
  /// character.
  static Result<TableIdent> Parse(std::string_view text);
};

struct LoadedTable {
  table::TableMetadata metadata;
  std::string metadata_location;  ///< URI
};

/// Name -> table, and the one compare-and-swap that makes a commit. Thread-safe; several
/// processes may use one catalog at a time.
class Catalog {
 public:
  virtual ~Catalog() = default;

  virtual Result<std::vector<std::string>> ListNamespaces() = 0;
  /// Creating one that exists is no error.
  virtual Status CreateNamespace(const std::string& name_space) = 0;
  /// Sorted by name. Fails with kNotFound for an unknown namespace.
  virtual Result<std::vector<TableIdent>> ListTables(const std::string& name_space) = 0;
  /// Fails with kNotFound naming the table and near names.
  virtual Result<LoadedTable> LoadTable(const TableIdent& ident) = 0;
  /// Writes the metadata under its location and enters the table; the namespace is
  /// created. `metadata` comes from table::NewTable, changed by table::ApplyUpdates or
  /// not. Fails with kAlreadyExists.
  virtual Result<LoadedTable> CreateTable(const TableIdent& ident,
                                          const table::TableMetadata& metadata) = 0;
  /// Checks the requirements against the current metadata, applies the updates, swaps.
  /// One try: kConflict when a requirement fails or somebody else swapped first (nothing
  /// changed), kCommitUnknown when the answer was lost.
  virtual Result<LoadedTable> CommitTable(
      const TableIdent& ident, const std::vector<table::Requirement>& requirements,
      const std::vector<table::Update>& updates) = 0;
  /// Takes the name out of the catalog; files stay (see gc). Fails with kNotFound.
  virtual Status DropTable(const TableIdent& ident) = 0;
};

}  // namespace sluice::catalog
