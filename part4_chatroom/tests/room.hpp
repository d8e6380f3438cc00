// For tests: the server as a process, and one who talks to it byte by byte, as no program of ours would.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "common/message.hpp"
#include "common/socket.hpp"
#include "common/testing/process.hpp"
#include "common/testing/testing.hpp"

/// No wait of a test is longer; one that is throws.
inline constexpr std::chrono::seconds deadline{30};

/// One who has connected to the room: a bare socket, with which a test may send what it likes.
class Peer {
 public:
  /// Connects to a server on this machine. Says nothing yet.
  explicit Peer(std::uint16_t port) : Peer(Socket(AF_INET, SOCK_STREAM), port) {}

  /// The same with a socket that the test has made.
  Peer(Socket socket, std::uint16_t port) : socket_(std::move(socket)) {
    socket_.connect(Address::to_listen_on("127.0.0.1", port));
    socket_.set_no_delay();
  }

  /// Sends bytes as they are.
  void send(std::string_view bytes) { socket_.send_all(bytes); }
  /// Sends a message of the protocol; the first is the name.
  void say(std::string_view text) { send(with_header(text)); }

  /// The next two messages from the room: who said what.
  std::pair<std::string, std::string> hear() {
    std::string name = next();
    return {std::move(name), next()};
  }

  /// At most `size` of the bytes that come, as they are; empty once the server has closed or reset the
  /// connection.
  std::string receive(std::size_t size) {
    if (!socket_.wait_readable(deadline)) throw std::runtime_error("the room sends nothing");
    std::string bytes(size, '\0');
    try {
      bytes.resize(socket_.recv(bytes).size());
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::connection_reset) throw;
      bytes.clear();
    }
    return bytes;
  }

  /// All that still comes until the server has closed or reset the connection.
  std::string receive_rest() {
    std::string all;
    while (true) {
      const std::string bytes = receive(64 * 1024);
      if (bytes.empty()) return all;
      all += bytes;
    }
  }

  /// Closes so that the server gets a reset and not an end.
  void reset() { ::reset(socket_); }

  std::string address() const { return socket_.local_address().text(); }
  Socket& socket() { return socket_; }

 private:
  std::string next() {
    while (true) {
      if (const auto message = inbox_.next()) return std::string(*message);
      const std::string bytes = receive(64 * 1024);
      if (bytes.empty()) throw std::runtime_error("the room has closed the connection");
      inbox_.push(bytes);
    }
  }

  Socket socket_;
  MessageReader inbox_{64 * 1024};
};

/// A socket with a small receive buffer, so that what its owner does not read waits in the server: in the program, since
/// the kernel makes its own buffer larger for large segments only.
inline Socket small_socket() {
  Socket socket(AF_INET, SOCK_STREAM);
  const int buffer = 4096;
  const int segment = 1000;
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  return socket;
}

/// Lets this test have `wanted` descriptors, if that is allowed: how many it may have.
inline rlim_t allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(limit.rlim_max, wanted);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

/// The server's own descriptors: stdin, stdout, stderr, the listening socket, and the one for whoever is turned away.
inline constexpr std::size_t own_descriptors = 5;

/// What whoever runs this test has open besides is closed, so that the server starts with no others.
inline const std::string no_others = "for n in {3..255}; do eval \"exec $n>&-\"; done";

/// The chat server as a process. A thread reads its log all the time.
class Room {
 public:
  /// `shell` is what bash does before the server starts in its place, such as `ulimit -n 20`; `options` are more of
  /// the server's, which waits long for a name unless they say otherwise, and `program` is another server of this part.
  explicit Room(const std::string& shell = "true", const std::string& options = "",
                const std::string& program = "server")
      : server_(
            {"bash", "-c", shell + "; exec \"$0\" --port 0 --patience 300 " + options, PROGRAMS + program}) {
    const std::string line = server_.line();
    port_ = static_cast<std::uint16_t>(std::stoi(port_of(line)));
    reader_ = std::thread([this] { read_log(); });
  }

  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { stop(); }

  /// Ends the server, as Ctrl-C does: its exit code as Process::wait() returns it.
  int stop() {
    if (reader_.joinable()) {
      server_.signal(SIGINT);
      reader_.join();
    }
    return server_.wait();
  }

  std::uint16_t port() const { return port_; }
  pid_t id() const { return server_.id(); }

  /// Connects, says `name`, and waits until the server has let it in.
  Peer enter(std::string_view name) {
    Peer peer(port_);
    peer.say(name);
    wait_for("Accept new connection from " + peer.address() + " username:" + std::string(name));
    return peer;
  }

  /// The next line of the log; throws if none comes in time.
  std::string log_line() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, deadline, [this] { return !log_.empty() || log_ended_; }) || log_.empty()) {
      throw std::runtime_error("no more lines in the server's log");
    }
    std::string line = std::move(log_.front());
    log_.pop_front();
    return line;
  }

  /// Goes on to the line `wanted` of the log.
  void wait_for(std::string_view wanted) {
    std::string seen;
    while (true) {
      std::string line;
      try {
        line = log_line();
      } catch (const std::runtime_error&) {
        throw std::runtime_error("the server has not printed '" + std::string(wanted) + "' but:\n" + seen);
      }
      if (line == wanted) return;
      seen += line.substr(0, 200) + "\n";
    }
  }

  /// What the server has written to stderr; to be called after stop().
  std::string errors() { return server_.error_rest(); }

 private:
  void read_log() {
    try {
      while (true) {
        std::string line = server_.line();
        const std::lock_guard lock(mutex_);
        log_.push_back(std::move(line));
        changed_.notify_one();
      }
    } catch (const std::runtime_error&) {  // the server has ended
      const std::lock_guard lock(mutex_);
      log_ended_ = true;
      changed_.notify_one();
    }
  }

  Process server_;
  std::uint16_t port_ = 0;
  std::thread reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> log_;
  bool log_ended_ = false;
};
