// Python's socket object, in C++, for all parts. In no namespace, like all of common/: it is not a library for others.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "common/address.hpp"

struct Accepted;

/// One end of a connection, or a listening socket: owns one descriptor and closes it when it goes out
/// of scope. It can be moved but not copied, so every descriptor has one owner and is closed once.
///
/// A method makes the system call that its comment names. What it adds: an interrupted call goes on; a failure is
/// a std::system_error with errno and a text that says what could not be done; a peer that has left is such an
/// error and never the signal SIGPIPE; a program started by this one does not inherit the descriptor.
class Socket {
 public:
  /// A new socket: `family` AF_INET or AF_INET6, `type` SOCK_STREAM for TCP. socket(2)
  Socket(int family, int type);

  /// Takes over a descriptor that another call has made; -1 makes a closed socket.
  static Socket adopt(int descriptor) noexcept { return Socket(descriptor); }

  /// Two sockets of this process that are connected to each other. socketpair(2)
  static std::pair<Socket, Socket> pair();

  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket other) noexcept {
    std::swap(descriptor_, other.descriptor_);  // what it had before is closed with `other`
    return *this;
  }
  ~Socket() { close(); }

  /// Closes now rather than at the end of the scope; has no effect if closed. close(2)
  void close() noexcept;

  /// The number by which the kernel knows the socket, for select(); -1 once closed.
  int descriptor() const noexcept { return descriptor_; }

  /// Ties the socket to an address of this machine; port 0 is any free port. bind(2)
  void bind(const Address& address);

  /// Makes it a listening socket: up to `backlog` connections wait for accept(). listen(2)
  void listen(int backlog = SOMAXCONN);

  /// Waits for a client, and returns its connected socket and its address. A client that is lost before it is
  /// accepted is not an error: the next one comes. accept(2), "Error handling"
  Accepted accept();

  /// accept() for a non-blocking socket: nothing if no client waits.
  std::optional<Accepted> try_accept();

  /// Connects to a listening socket. connect(2)
  void connect(const Address& address);

  /// Connects a new socket to the first of `addresses` that answers; if none does, throws the last one's
  /// error, and EDESTADDRREQ if there are none. (Python: socket.create_connection)
  static Socket connect_to(std::span<const Address> addresses);

  /// Gives `bytes` to the kernel, and returns how many it has taken: on a non-blocking socket as many as there is
  /// room for, perhaps none; else fewer than all only if a signal or an error has ended the wait for room. send(2)
  std::size_t try_send(std::string_view bytes);

  /// Sends all of `bytes`, with as many calls of send(2) as it takes, and waits for room in between, on a
  /// non-blocking socket too. (Python: sendall)
  void send_all(std::string_view bytes);

  /// Waits for bytes from the peer and puts them into `buffer`: as many as are there, at least one, at most
  /// buffer.size(). Returns the part of `buffer` that was filled; empty means that the peer has closed and
  /// no more will come. So an empty `buffer` is an error, EINVAL. recv(2)
  std::string_view recv(std::span<char> buffer);

  /// recv() for a non-blocking socket: nothing if no bytes are there yet.
  std::optional<std::string_view> try_recv(std::span<char> buffer);

  /// Waits until recv() has bytes, the end or an error for its caller, but no longer than `timeout` or 24 days; a
  /// negative one is no limit. Returns whether recv() has. poll(2)
  bool wait_readable(std::chrono::milliseconds timeout);

  /// Ends one direction or both at once, while the descriptor stays open: SHUT_WR is the half-close that
  /// tells the peer that no more bytes will come; SHUT_RDWR also ends a recv() that waits in another thread.
  /// Has no effect if the connection has ended already. shutdown(2)
  void shutdown(int how);

  /// Calls that would wait fail instead; the try_ methods are made for that. O_NONBLOCK in fcntl(2)
  void set_nonblocking();

  /// Lets a server bind its port again while old connections linger in TIME_WAIT. SO_REUSEADDR in socket(7)
  void set_reuse_address();

  /// Sends small messages at once rather than gathering them (Nagle's algorithm). TCP_NODELAY in tcp(7)
  void set_no_delay();

  /// The address that the socket is bound to, with the port that the kernel chose. getsockname(2)
  Address local_address() const;

 private:
  explicit Socket(int descriptor) noexcept;

  int descriptor_;
};

/// What accept() returns. (Python: the pair `clientsocket, address`)
struct Accepted {
  Socket socket;
  Address address;
};
