#pragma once

#include "connect/registry.h"

namespace sluice::connectors::mysql {

/// The connector for MariaDB (10.3 and later) and MySQL (5.7 and later), schemes "mysql"
/// and "mariadb". URL: mysql://user@host:port/database?NAME=VALUE with
///   socket=PATH     a unix socket instead of host and port
///   ssl=MODE        disabled | preferred | required | verify (default: preferred over a
///   network,
///                   disabled on the loopback and on a socket)
///   ssl-ca=PATH     certificates that `verify` trusts
///   connect-timeout=SECONDS (default 10)
/// make_source does not connect; the first call that needs a connection does.
connect::Connector MakeMysqlConnector();

}  // namespace sluice::connectors::mysql
