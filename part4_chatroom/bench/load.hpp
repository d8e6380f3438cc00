// What bench and soak share: a server that they start as a process of its own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/socket.hpp"

/// A process that serves a chat room on a port of its own. The destructor ends it.
class ServerProcess {
 public:
  /// What serves at the `--host` and `--port` of its command line: for ever, or as another program, exec(3).
  using Serve = std::function<void(const std::string& host, const std::string& port)>;

  /// Starts a process that calls `serve`. Its output goes nowhere. `port` 0 is any free port; throws
  /// std::system_error if the port is taken. fork(2)
  ServerProcess(const std::string& host, std::uint16_t port, const Serve& serve);

  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  /// A new connection to it; waits until it listens. Throws std::runtime_error if it has ended.
  Socket connect();

  /// What it has used since its start: seconds of processor time, bytes of memory now, open descriptors now.
  /// Nothing where there is no /proc: proc(5).
  std::optional<double> processor_seconds() const;
  std::optional<std::size_t> memory() const;
  std::optional<std::size_t> descriptors() const;

 private:
  Address address_;
  pid_t id_;
};

/// What becomes the chat server that lies beside the program `self` (argv[0]).
ServerProcess::Serve chat_server_beside(const std::string& self);

/// Lets this process and those that it starts have `count` descriptors at once, if that is allowed at all.
/// Throws std::runtime_error if it is not. setrlimit(2)
void allow_descriptors(std::size_t count);
