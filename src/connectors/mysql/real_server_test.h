#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connect/registry.h"
#include "connect/source.h"
#include "connectors/mysql/session.h"

namespace sluice::connectors::mysql::testing {

/// The MariaDB server of the tests: that of SLUICE_TEST_MARIADB (a URL of database
/// `shop`) with SLUICE_TEST_MARIADB_PASSWORD, else one that this program starts once by
/// tests/services/mariadb.sh in a temporary directory and stops at its end.
std::string ServerUrl();
Secret ServerPassword();

/// `ServerUrl()` for another account or with parameters.
connect::Link LinkAs(const std::string& user, const std::string& password,
                     const std::string& parameters = "");
connect::Link ServerLink();

/// Another server, with further arguments, for as long as the object lives.
class ExtraServer final {
 public:
  explicit ExtraServer(const std::string& arguments);
  ~ExtraServer();
  connect::Link Link() const;

 private:
  std::string directory_, url_;
};

/// A session that may write; every statement must succeed.
class Writer final {
 public:
  Writer();
  void Run(const std::string& sql);
  Session::Rows Query(const std::string& sql);
  std::string One(const std::string& sql);
  Session* session() { return session_.get(); }

 private:
  std::unique_ptr<Session> session_;
};

std::unique_ptr<connect::Source> MakeSource(const connect::Link& link,
                                            const connect::ReadOptions& options);
std::unique_ptr<connect::Source> MakeSource(const connect::ReadOptions& options);

connect::Selection Table(const std::string& name);
connect::Selection SelectionOf(const std::string& query);

/// Reads a split to its end.
Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> ReadSplit(
    connect::Source* source, const connect::Split& split);
/// Plans and reads everything; one chunked table.
Result<std::shared_ptr<arrow::Table>> ReadAll(connect::Source* source,
                                              const connect::Selection& selection);

}  // namespace sluice::connectors::mysql::testing
