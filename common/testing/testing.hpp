// For tests: the server or client that a test plays with a Socket, and the programs on the other side.
#pragma once

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/socket.hpp"
#include "common/testing/port.hpp"
#include "common/testing/process.hpp"

/// Whether a sanitizer is in this program: then it takes several times the time and the memory.
inline bool is_sanitized() {
  return dlsym(RTLD_DEFAULT, "__asan_init") != nullptr || dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
}

/// A listening socket on a free port of this machine.
inline Socket listening_on(const std::string& host = "127.0.0.1", int backlog = SOMAXCONN) {
  return listening_on(Address::to_listen_on(host, 0), backlog);
}

/// Whether this machine has ::1.
inline bool has_ipv6() {
  try {
    listening_on("::1");
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

/// The digits at the end of an address's text, or of a line that ends with one: `1234` of `127.0.0.1:1234`.
inline std::string port_of(std::string_view text) {
  return std::string(text.substr(text.rfind(':') + 1));
}

/// Everything that arrives until the peer closes the connection.
inline std::string read_all(Socket& socket) {
  std::string all;
  std::array<char, 65536> buffer;
  while (true) {
    const std::string_view bytes = socket.recv(buffer);
    if (bytes.empty()) return all;
    all += bytes;
  }
}

/// How a program ended, and all that it printed.
struct Outcome {
  int exit_code;
  std::string out;
  std::string error;

  bool operator==(const Outcome&) const = default;
};

/// Waits for the end of a program.
inline Outcome outcome_of(Process& process) {
  const int exit_code = process.wait();
  return {exit_code, process.rest(), process.error_rest()};
}

/// How GoogleTest shows an Outcome.
inline void PrintTo(const Outcome& outcome, std::ostream* stream) {
  *stream << "exit code " << outcome.exit_code << "\nstdout: " << outcome.out
          << "\nstderr: " << outcome.error;
}

/// The processor time of the programs that have ended, without the time that they waited for it: getrusage(2)
inline double processor_seconds_of_ended_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A program of the part under test, and its arguments: a command for Process.
inline std::vector<std::string> command(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), PROGRAMS + program);
  return arguments;
}

/// Starts a program of the part under test and waits for its end.
inline Outcome run(const std::string& program, const std::vector<std::string>& arguments) {
  Process process(command(program, arguments));
  return outcome_of(process);
}

/// The same with --port.
inline std::vector<std::string> with_port(const std::string& program, std::vector<std::string> arguments,
                                          const std::string& port) {
  arguments.insert(arguments.end(), {"--port", port});
  return command(program, arguments);
}

/// The part's server on a free port, once it listens.
struct RunningServer {
  explicit RunningServer(std::vector<std::string> arguments = {})
      : process(with_port("server", arguments, "0")) {}

  std::string port() const { return port_of(first_line); }

  Socket connect() const {
    return Socket::connect_to(Address::resolve("127.0.0.1", static_cast<std::uint16_t>(std::stoi(port()))));
  }

  Process process;
  std::string first_line = process.line();
};

/// The part's client, connected to a server that the test plays.
struct ConnectedClient {
  explicit ConnectedClient(Socket& listening, std::vector<std::string> arguments = {})
      : process(with_port("client", arguments, port_of(listening.local_address().text()))),
        connection(listening.accept().socket) {}

  Process process;
  Socket connection;
};
