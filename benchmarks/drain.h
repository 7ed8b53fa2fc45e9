#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace sluice::benchmarks {

struct Drained {
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// Reads a socket through one large buffer.
class SocketReader final {
 public:
  explicit SocketReader(int socket) : socket_(socket), buffer_(1 << 20) {}

  /// The next `count` bytes, at most 16; ends the program when the server goes away.
  const unsigned char* Take(size_t count) {
    while (end_ - begin_ < count) Fill();
    const unsigned char* bytes = buffer_.data() + begin_;
    begin_ += count;
    total_ += static_cast<int64_t>(count);
    return bytes;
  }

  void Skip(size_t count) {
    total_ += static_cast<int64_t>(count);
    while (end_ - begin_ < count) {
      count -= end_ - begin_;
      begin_ = end_;
      Fill();
    }
    begin_ += count;
  }

  int64_t total() const { return total_; }

 private:
  void Fill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    ssize_t got = read(socket_, buffer_.data() + end_, buffer_.size() - end_);
    if (got <= 0) {
      std::fprintf(stderr, "the server closed the connection\n");
      std::exit(1);
    }
    end_ += static_cast<size_t>(got);
  }

  int socket_;
  std::vector<unsigned char> buffer_;
  size_t begin_ = 0, end_ = 0;
  int64_t total_ = 0;
};

/// Runs one thread per query and prints {"rows", "bytes", "seconds", "cpu_seconds"}.
inline int DrainAll(const std::vector<std::string>& queries,
                    const std::function<Drained(const std::string&)>& drain) {
  auto begun = std::chrono::steady_clock::now();
  std::vector<Drained> drained(queries.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < queries.size(); ++i) {
    threads.emplace_back([&, i] { drained[i] = drain(queries[i]); });
  }
  Drained sum;
  for (size_t i = 0; i < queries.size(); ++i) {
    threads[i].join();
    sum.rows += drained[i].rows;
    sum.bytes += drained[i].bytes;
  }
  double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  std::printf(
      "{\"rows\": %lld, \"bytes\": %lld, \"seconds\": %.3f, \"cpu_seconds\": %.3f}\n",
      static_cast<long long>(sum.rows), static_cast<long long>(sum.bytes), seconds, cpu);
  return 0;
}

}  // namespace sluice::benchmarks
