#include "connectors/mysql/statement.h"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

namespace sluice::connectors::mysql {
namespace {

constexpr uint8_t kEndMark =
    0xfe;  // first byte of EOF and of the OK packet that replaces it

std::string Attribute(const MYSQL_FIELD& field, mariadb_field_attr_t which) {
  MARIADB_CONST_STRING value{};
  if (mariadb_field_attr(&value, &field, which) != 0) return {};
  return std::string(value.str, value.length);
}

WireField FieldFrom(const MYSQL_FIELD& field) {
  return {std::string(field.name, field.name_length),
          static_cast<int>(field.type),
          field.flags,
          field.length,
          static_cast<int>(field.decimals),
          static_cast<int>(field.charsetnr),
          Attribute(field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME),
          Attribute(field, MARIADB_FIELD_ATTR_FORMAT_NAME)};
}

Status StatementError(Session* session, MYSQL_STMT* statement, std::string_view doing) {
  ServerError error{mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement),
                    mysql_stmt_error(statement)};
  const bool lost = error.code >= CR_MIN_ERROR && error.code < 3000;
  if (lost || error.code == ER_CONNECTION_KILLED || error.code == ER_SERVER_SHUTDOWN) {
    session->MarkDead();
  }
  return ErrorFrom(error, session->endpoint(), doing);
}

}  // namespace

Result<std::unique_ptr<Statement>> Statement::Prepare(Session* session,
                                                      std::string_view sql,
                                                      std::string_view doing) {
  MYSQL_STMT* raw = mysql_stmt_init(session->handle());
  if (raw == nullptr) return session->LastError(doing);
  std::unique_ptr<Statement> statement(new Statement(session, raw));
  if (mysql_stmt_prepare(raw, sql.data(), sql.size()) != 0) {
    return StatementError(session, raw, doing);
  }
  if (mysql_stmt_param_count(raw) != 0) {
    return Error(
        ErrorKind::kUserInput,
        "the SQL has a parameter mark (?), which has no value here; write the value");
  }
  MYSQL_RES* metadata = mysql_stmt_result_metadata(raw);
  if (metadata == nullptr) {
    return Error(
        ErrorKind::kUserInput,
        "the SQL gives no rows; only a SELECT (or WITH, VALUES, SHOW) can be read");
  }
  const unsigned count = mysql_num_fields(metadata);
  const MYSQL_FIELD* fields = mysql_fetch_fields(metadata);
  for (unsigned i = 0; i < count; ++i) statement->fields_.push_back(FieldFrom(fields[i]));
  mysql_free_result(metadata);
  return statement;
}

Statement::~Statement() {
  // The library would wait for rows of a stream that it believes to be open.
  session_->handle()->status = MYSQL_STATUS_READY;
  mysql_stmt_close(statement_);
}

Status Statement::Execute(std::string_view doing) {
  if (mysql_stmt_execute(statement_) != 0)
    return StatementError(session_, statement_, doing);
  streaming_ = true;
  return Status::OK();
}

Statement::Got Statement::Next(Packet* packet) {
  MYSQL* mysql = session_->handle();
  const unsigned long size = mysql_net_read_packet(mysql);
  if (size == packet_error) [[unlikely]] {
    streaming_ = false;
    mysql->status = MYSQL_STATUS_READY;
    return Got::kError;
  }
  const uint8_t* data = mysql->net.read_pos;
  if (size > 0 && data[0] == kEndMark) [[unlikely]] {
    streaming_ = false;
    mysql->status = MYSQL_STATUS_READY;
    return Got::kEnd;
  }
  *packet = {data, size};
  return Got::kRow;
}

}  // namespace sluice::connectors::mysql
