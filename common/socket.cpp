#include "common/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw std::system_error(error, std::system_category(), what);
}

// Calls `call` again as long as a signal interrupts it: EINTR in signal(7).
template <typename Call>
auto restarted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

// Waits until `event`, POLLIN or POLLOUT, has come, or `timeout` has passed, which -1 never does: true if it
// has.
bool wait_for(int descriptor, short event, std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  pollfd waiting{descriptor, event, 0};
  while (true) {
    const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
    if (ready != -1) return ready > 0;
    if (errno != EINTR) fail("cannot poll");
    if (timeout.count() < 0) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    timeout = std::max(left, std::chrono::milliseconds(0));  // a signal does not begin the wait anew
  }
}

// The one door behind which Linux and macOS differ: close on exec, and no SIGPIPE, for a new socket.
// Linux sets the first with the call that makes the socket, so that no other thread can fork between
// the two; macOS has no such call.
#ifdef __linux__
constexpr int no_signal = MSG_NOSIGNAL;
int new_socket(int family, int type) {
  return ::socket(family, type | SOCK_CLOEXEC, 0);
}
int new_pair(int* ends) {
  return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}
int accept_socket(int listening, sockaddr* address, socklen_t* size) {
  return ::accept4(listening, address, size, SOCK_CLOEXEC);
}
#else
constexpr int no_signal = 0;
int prepared(int descriptor) {
  const int on = 1;
  if (descriptor != -1) {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    ::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
  }
  return descriptor;
}
int new_socket(int family, int type) {
  return prepared(::socket(family, type, 0));
}
int new_pair(int* ends) {
  const int result = ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  if (result == 0) prepared(ends[0]), prepared(ends[1]);
  return result;
}
int accept_socket(int listening, sockaddr* address, socklen_t* size) {
  const int descriptor = prepared(::accept(listening, address, size));
  if (descriptor == -1 || *size > 0) return descriptor;
  ::close(descriptor);  // of a client that has left already, macOS tells no address
  errno = ECONNABORTED;
  return -1;
}
#endif

}  // namespace

Socket::Socket(int family, int type) : descriptor_(new_socket(family, type)) {
  if (descriptor_ == -1) fail("cannot make a socket");
}

std::pair<Socket, Socket> Socket::pair() {
  std::array<int, 2> ends{};
  if (new_pair(ends.data()) == -1) fail("cannot make a pair of sockets");
  return {Socket(ends[0]), Socket(ends[1])};
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void Socket::close() noexcept {
  // Never again after EINTR: Linux has closed the descriptor by then, and another thread may have been
  // given its number. close(2), "Dealing with error returns".
  if (descriptor_ != -1) ::close(std::exchange(descriptor_, -1));
}

void Socket::bind(const Address& address) {
  const std::string what = "cannot bind " + address.text();  // before the call, so that errno stays its own
  if (::bind(descriptor_, address.data(), address.size()) == -1) fail(what);
}

void Socket::listen(int backlog) {
  if (::listen(descriptor_, backlog) == 0) return;
  const int error = errno;  // EADDRINUSE: another socket that was bound to this address too has come first
  fail("cannot listen on " + local_address().text(), error);
}

Accepted Socket::accept() {
  if (auto accepted = try_accept()) return std::move(*accepted);
  fail("cannot accept");
}

std::optional<Accepted> Socket::try_accept() {
  while (true) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    const int descriptor = accept_socket(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size);
    if (descriptor != -1) return Accepted{Socket(descriptor), Address(storage, size)};
    if (would_block(errno)) return std::nullopt;
    // ECONNABORTED, EPROTO: that client has left while it waited; the next one may be there.
    if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) fail("cannot accept");
  }
}

void Socket::connect(const Address& address) {
  const std::string what = "cannot connect to " + address.text();
  if (::connect(descriptor_, address.data(), address.size()) == 0) return;
  if (errno != EINTR) fail(what);
  // An interrupted connect() goes on in the background and must not be called again: wait until it is
  // done, then ask how it went. EINPROGRESS in connect(2)
  wait_for(descriptor_, POLLOUT, std::chrono::milliseconds(-1));
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) == -1) fail(what);
  if (error != 0) fail(what, error);
}

Socket Socket::connect_to(std::span<const Address> addresses) {
  for (const Address& address : addresses.first(addresses.size() - 1)) {
    try {
      Socket socket(address.family(), SOCK_STREAM);
      socket.connect(address);
      return socket;
    } catch (const std::system_error&) {
      // The next address may answer; if none does, the error of the last is the one that is told.
    }
  }
  Socket socket(addresses.back().family(), SOCK_STREAM);
  socket.connect(addresses.back());
  return socket;
}

std::size_t Socket::send(std::string_view bytes) {
  const ssize_t sent = restarted([&] { return ::send(descriptor_, bytes.data(), bytes.size(), no_signal); });
  if (sent == -1) fail("cannot send");
  return static_cast<std::size_t>(sent);
}

std::size_t Socket::try_send(std::string_view bytes) {
  const ssize_t sent = restarted([&] { return ::send(descriptor_, bytes.data(), bytes.size(), no_signal); });
  if (sent == -1 && would_block(errno)) return 0;
  if (sent == -1) fail("cannot send");
  return static_cast<std::size_t>(sent);
}

void Socket::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t sent = try_send(bytes);
    bytes.remove_prefix(sent);
    if (sent == 0) wait_for(descriptor_, POLLOUT, std::chrono::milliseconds(-1));
  }
}

std::string_view Socket::recv(std::span<char> buffer) {
  if (const auto received = try_recv(buffer)) return *received;
  fail("cannot receive");
}

std::optional<std::string_view> Socket::try_recv(std::span<char> buffer) {
  const ssize_t received = restarted([&] { return ::recv(descriptor_, buffer.data(), buffer.size(), 0); });
  if (received == -1 && would_block(errno)) return std::nullopt;
  if (received == -1) fail("cannot receive");
  return std::string_view(buffer.data(), static_cast<std::size_t>(received));
}

bool Socket::wait_readable(std::chrono::milliseconds timeout) {
  return wait_for(descriptor_, POLLIN, timeout);
}

void Socket::shutdown(int how) {
  if (::shutdown(descriptor_, how) == -1 && errno != ENOTCONN) fail("cannot shut down");
}

void Socket::set_nonblocking() {
  const int flags = ::fcntl(descriptor_, F_GETFL);
  if (flags == -1 || ::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) == -1) fail("cannot set O_NONBLOCK");
}

void Socket::set_reuse_address() {
  set_option(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
}

void Socket::set_no_delay() {
  set_option(IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY");
}

void Socket::set_option(int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(descriptor_, level, option, &on, sizeof on) == -1) fail(std::string("cannot set ") + name);
}

Address Socket::local_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size) == -1) {
    fail("cannot tell the local address");
  }
  return Address(storage, size);
}
