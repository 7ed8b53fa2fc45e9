#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connectors/mysql/session.h"

struct st_mysql_stmt;

namespace sluice::connectors::mysql {

/// One column of a result as the server announces it.
struct WireField {
  std::string name;
  int type = 0;         ///< enum_field_types
  unsigned flags = 0;   ///< NOT_NULL_FLAG and so on
  uint64_t length = 0;  ///< display length in bytes
  int decimals = 0;
  int charset = 0;       ///< number of the collation; 63 is binary
  std::string extended;  ///< MariaDB: "uuid", "inet6", "point", ...; else empty
  std::string format;    ///< MariaDB: "json"; else empty
};

/// One prepared statement whose rows stream by in the binary protocol (COM_STMT_EXECUTE),
/// one packet per row, held one at a time. The session must outlive it and do nothing
/// else meanwhile.
class Statement final {
 public:
  enum class Got { kRow, kEnd, kError };
  struct Packet {
    const uint8_t* data = nullptr;
    size_t size = 0;
  };

  /// Fails like any statement: kNotFound, kAuth, kUserInput for SQL that is wrong.
  static Result<std::unique_ptr<Statement>> Prepare(Session* session,
                                                    std::string_view sql,
                                                    std::string_view doing);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  const std::vector<WireField>& fields() const { return fields_; }

  Status Execute(std::string_view doing);
  /// The next row; its bytes live until the next call. After kError ask
  /// session->LastError.
  Got Next(Packet* packet);
  /// True between Execute and kEnd or kError: rows are still under way.
  bool streaming() const { return streaming_; }

 private:
  Statement(Session* session, st_mysql_stmt* statement)
      : session_(session), statement_(statement) {}

  Session* session_;
  st_mysql_stmt* statement_;
  std::vector<WireField> fields_;
  bool streaming_ = false;
};

}  // namespace sluice::connectors::mysql
