// drain_mariadb HOST PORT USER PASSWORD DATABASE QUERY...   one connection per query;
// text protocol, packets are counted and thrown away. The library logs in and sends; the
// answer is read from its socket.
#include <mysql.h>

#include "benchmarks/drain.h"

namespace sluice::benchmarks {
namespace {

Drained Drain(char** login, const std::string& query) {
  MYSQL* connection = mysql_init(nullptr);
  my_bool plain = 0;
  mysql_optionsv(connection, MYSQL_OPT_SSL_ENFORCE, &plain);
  if (!mysql_real_connect(connection, login[0], login[2], login[3], login[4],
                          static_cast<unsigned>(std::atoi(login[1])), nullptr, 0) ||
      mysql_send_query(connection, query.data(), query.size()) != 0) {
    std::fprintf(stderr, "%s\n", mysql_error(connection));
    std::exit(1);
  }
  // Column count, that many definitions, an end packet, rows, an end packet.
  SocketReader reader(static_cast<int>(mysql_get_socket(connection)));
  int64_t rows = 0;
  int ends = 0;
  bool first = true;
  while (ends < 2) {
    const unsigned char* head = reader.Take(5);
    size_t length = head[0] | head[1] << 8 | head[2] << 16;
    unsigned char kind = head[4];
    if (kind == 0xff && !first) std::exit(1);
    if (kind == 0xfe && length < 9) {
      ++ends;
    } else if (ends == 1) {
      ++rows;
    }
    reader.Skip(length - 1);
    first = false;
  }
  return {rows, reader.total()};  // the process ends: the connection is not used again
}

}  // namespace
}  // namespace sluice::benchmarks

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  mysql_library_init(0, nullptr, nullptr);
  std::vector<std::string> queries(argv + 6, argv + argc);
  return sluice::benchmarks::DrainAll(queries, [&](const std::string& query) {
    return sluice::benchmarks::Drain(argv + 1, query);
  });
}
