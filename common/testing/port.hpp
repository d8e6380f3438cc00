// Ports of this machine: which are free, which programs have the others, and connections to them.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/address.hpp"
#include "common/socket.hpp"

/// A listening socket on an address, which may name port 0.
Socket listening_on(const Address& address, int backlog = SOMAXCONN);

/// Makes `socket` non-blocking and connects it before `end`. Throws std::system_error, ETIMEDOUT if nobody answers.
void connect_until(Socket& socket, const Address& address, std::chrono::steady_clock::time_point end);

/// Closes with a reset, as the kernel does for a program that ends with bytes unread: SO_LINGER in socket(7)
void reset(Socket& socket);

std::uint16_t port_of(const Address& address);

/// A port of 127.0.0.1 for a server that is not running yet: nobody listens on it, and no other ReservedPort,
/// in any process, gets it as long as this one lives.
class ReservedPort {
 public:
  /// Throws std::runtime_error if there is none.
  ReservedPort();
  /// The port `number`, whoever listens on it. Throws std::system_error if another ReservedPort has it.
  explicit ReservedPort(std::uint16_t number);

  std::uint16_t number() const { return number_; }

 private:
  Socket guard_;
  std::uint16_t number_ = 0;
};

enum class PortState {
  free,
  lingering,  // nobody listens, but the kernel remembers old connections: TIME_WAIT in tcp(7)
  taken,
};

/// Whether a server could listen on `address`. Gives a server that has just been killed time to release it.
PortState port_state(const Address& address);

/// The ports on which these processes listen, as far as they can be known: proc(5)
std::vector<std::uint16_t> ports_of(const std::vector<pid_t>& processes);

/// The name and the id of the process that listens on a port, as far as they can be known: proc(5)
std::string who_listens_on(std::uint16_t port);

/// Whether the connection from port `client` is still in the queue of the server on port `server`, which has not
/// called accept() for it. False where that cannot be known: proc(5)
bool waits_in_queue(std::uint16_t server, std::uint16_t client);
