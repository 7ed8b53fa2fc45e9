#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "catalog/catalog.h"

namespace sluice::catalog {

struct SqliteCatalogOptions {
  std::string path;             ///< catalog.db; created with its directory when absent
  std::string warehouse;        ///< directory or URI that holds <namespace>/<table>/
  std::string name = "sluice";  ///< catalog_name in the tables
  bool create = true;           ///< false: kNotFound when the file is absent
};

/// The Iceberg JDBC-catalog schema (iceberg_tables, iceberg_namespace_properties) in
/// SQLite, which PyIceberg's SqlCatalog and Java's JdbcCatalog open directly. Databases
/// without the column iceberg_type (schema V0) are read and written too.
Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const SqliteCatalogOptions& options,
                                                   Clock& clock, Random& random);

/// Metadata locations of the rows that are not tables of catalog `name`: tables of other
/// catalogs in the same database, and views. Their files must not be taken for orphans.
Result<std::vector<std::string>> ForeignMetadata(const std::string& path,
                                                 const std::string& name = "sluice");

/// warehouse/<namespace>/<table>, dots of the namespace as '/'.
std::string TableLocation(const std::string& warehouse, const TableIdent& ident);

}  // namespace sluice::catalog
