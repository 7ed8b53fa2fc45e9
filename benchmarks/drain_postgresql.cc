// drain_postgresql CONNINFO FORMATS QUERY...   one connection per query; extended
// protocol, FORMATS has a 't' or 'b' per column (numerics are cheapest for the server as
// text, all others in binary). libpq logs in; the rest is sent to and read from its
// socket, messages are counted and thrown away.
#include <fcntl.h>
#include <libpq-fe.h>

#include "benchmarks/drain.h"

namespace sluice::benchmarks {
namespace {

void Append16(size_t value, std::string* out) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

std::string Message(char kind, const std::string& body) {
  std::string message(1, kind);
  Append16((body.size() + 4) >> 16, &message);
  Append16((body.size() + 4) & 0xffff, &message);
  return message + body;
}

std::string Request(const std::string& query, const std::string& formats) {
  const std::string empty(1, '\0');
  std::string none, bind = empty + empty;
  Append16(0, &none);
  bind += none + none;
  Append16(formats.size(), &bind);
  for (char format : formats) Append16(format == 'b', &bind);
  return Message('P', empty + query + empty + none) + Message('B', bind) +
         Message('E', empty + std::string(4, '\0')) + Message('S', "");
}

Drained Drain(const char* conninfo, const std::string& formats,
              const std::string& query) {
  PGconn* connection = PQconnectdb(conninfo);
  if (PQstatus(connection) != CONNECTION_OK) {
    std::fprintf(stderr, "%s\n", PQerrorMessage(connection));
    std::exit(1);
  }
  std::string request = Request(query, formats);
  if (write(PQsocket(connection), request.data(), request.size()) !=
      static_cast<ssize_t>(request.size())) {
    std::exit(1);
  }
  fcntl(PQsocket(connection), F_SETFL,
        fcntl(PQsocket(connection), F_GETFL) & ~O_NONBLOCK);
  SocketReader reader(PQsocket(connection));
  int64_t rows = 0;
  for (;;) {
    const unsigned char* head = reader.Take(5);
    char kind = static_cast<char>(head[0]);
    size_t length =
        static_cast<size_t>(head[1]) << 24 | head[2] << 16 | head[3] << 8 | head[4];
    reader.Skip(length - 4);
    if (kind == 'D') ++rows;
    if (kind == 'E') {
      std::fprintf(stderr, "the server refused the query\n");
      std::exit(1);
    }
    if (kind == 'Z') return {rows, reader.total()};
  }
}

}  // namespace
}  // namespace sluice::benchmarks

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  std::vector<std::string> queries(argv + 3, argv + argc);
  return sluice::benchmarks::DrainAll(queries, [&](const std::string& query) {
    return sluice::benchmarks::Drain(argv[1], argv[2], query);
  });
}
