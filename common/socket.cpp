#include "common/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace {

[[noreturn]] void fail(int error, const char* what, const Address* address = nullptr) {
  throw std::system_error(error, std::system_category(),
                          address == nullptr ? what : fmt::format("{} {}", what, address->text()));
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

// Waits for `event`, POLLIN or POLLOUT, and at most `timeout`, which is no limit if it is negative: true if it came.
bool wait_for(int descriptor, short event, std::chrono::milliseconds timeout) {
  if (descriptor == -1) fail(EBADF, "cannot wait");  // poll() would leave it out
  using std::chrono::milliseconds;
  timeout =
      std::clamp<milliseconds>(timeout, milliseconds(-1), std::chrono::hours(24 * 24));  // poll() has int
  const auto end = std::chrono::steady_clock::now() + timeout;
  pollfd waiting{descriptor, event, 0};
  while (true) {
    const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
    if (ready != -1) return ready > 0;
    if (errno != EINTR) fail(errno, "cannot wait");
    if (timeout.count() < 0) continue;
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    timeout = std::max(left, milliseconds(0));  // a signal does not begin the wait anew
  }
}

void switch_on(int descriptor, int level, int option, const char* error) {
  const int on = 1;
  if (::setsockopt(descriptor, level, option, &on, sizeof on) == -1) fail(errno, error);
}

// Everything in which systems differ. With SOCK_CLOEXEC, a socket is made and closed on exec in one call, so that
// no other thread can fork between the two; macOS has no such call.
#ifdef SOCK_CLOEXEC
constexpr int close_on_exec = SOCK_CLOEXEC;
int accept_socket(int listening, sockaddr* address, socklen_t* size) {
  return ::accept4(listening, address, size, SOCK_CLOEXEC);
}
#else
constexpr int close_on_exec = 0;
int accept_socket(int listening, sockaddr* address, socklen_t* size) {
  return ::accept(listening, address, size);
}
#endif

// SIGPIPE is declined for good (macOS, FreeBSD), or with each send() (Linux, OpenBSD).
#ifdef SO_NOSIGPIPE
constexpr int no_signal = 0;
#else
constexpr int no_signal = MSG_NOSIGNAL;
#endif

// Errors of the connection that was to be accepted, and not of the listening socket: "Error handling" in accept(2).
// It names EOPNOTSUPP too, but that is also, and for ever, the answer to a socket that cannot listen.
bool is_of_one_connection(int error) {
#ifdef ENONET
  if (error == ENONET) return true;
#endif
  return error == ECONNABORTED || error == EPROTO || error == ENOPROTOOPT || error == ENETDOWN ||
         error == ENETUNREACH || error == EHOSTDOWN || error == EHOSTUNREACH;
}

}  // namespace

Socket::Socket(int family, int type) : Socket(::socket(family, type | close_on_exec, 0)) {
  if (descriptor_ == -1) fail(errno, "cannot make a socket");
}

Socket::Socket(int descriptor) noexcept : descriptor_(descriptor) {
  if (descriptor == -1) return;  // and leave errno as it is
#ifndef SOCK_CLOEXEC
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
#endif
#ifdef SO_NOSIGPIPE
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

std::pair<Socket, Socket> Socket::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | close_on_exec, 0, ends.data()) == -1) {
    fail(errno, "cannot make a pair of sockets");
  }
  return {Socket(ends[0]), Socket(ends[1])};
}

void Socket::close() noexcept {
  // Never again after EINTR: Linux has closed the descriptor by then, and another thread may have been
  // given its number. close(2), "Dealing with error returns".
  if (descriptor_ != -1) ::close(std::exchange(descriptor_, -1));
}

void Socket::bind(const Address& address) {
  if (::bind(descriptor_, address.data(), address.size()) == -1) fail(errno, "cannot bind", &address);
}

void Socket::listen(int backlog) {
  if (::listen(descriptor_, backlog) == 0) return;
  const int error = errno;  // EADDRINUSE: another socket that was bound to this address too has come first
  const Address address = local_address();
  fail(error, "cannot listen on", &address);
}

Accepted Socket::accept() {
  if (auto accepted = try_accept()) return std::move(*accepted);
  fail(EAGAIN, "cannot accept");
}

std::optional<Accepted> Socket::try_accept() {
  while (true) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    const int descriptor = accept_socket(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size);
    if (descriptor != -1) {
      Socket socket(descriptor);
      if (size == 0) continue;  // macOS knows no address of a client that has left already
      return Accepted{std::move(socket), Address(storage, size)};
    }
    if (would_block(errno)) return std::nullopt;
    if (errno != EINTR && !is_of_one_connection(errno)) fail(errno, "cannot accept");
  }
}

void Socket::connect(const Address& address) {
  if (::connect(descriptor_, address.data(), address.size()) == 0) return;
  if (errno != EINTR) fail(errno, "cannot connect to", &address);
  // An interrupted connect() goes on in the background and must not be called again: wait until it is
  // done, then ask how it went. EINPROGRESS in connect(2)
  wait_for(descriptor_, POLLOUT, std::chrono::milliseconds(-1));
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) == -1) error = errno;
  if (error != 0) fail(error, "cannot connect to", &address);
}

Socket Socket::connect_to(std::span<const Address> addresses) {
  std::system_error last_error(EDESTADDRREQ, std::system_category(), "cannot connect");
  for (const Address& address : addresses) {
    try {
      Socket socket(address.family(), SOCK_STREAM);
      socket.connect(address);
      return socket;
    } catch (const std::system_error& error) {
      last_error = error;  // the next address may answer
    }
  }
  throw last_error;
}

std::size_t Socket::try_send(std::string_view bytes) {
  const ssize_t sent = restarted([&] { return ::send(descriptor_, bytes.data(), bytes.size(), no_signal); });
  if (sent == -1 && !would_block(errno)) fail(errno, "cannot send");
  return static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
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
  fail(EAGAIN, "cannot receive");
}

std::optional<std::string_view> Socket::try_recv(std::span<char> buffer) {
  if (buffer.empty()) fail(EINVAL, "cannot receive into an empty buffer");
  const ssize_t received = restarted([&] { return ::recv(descriptor_, buffer.data(), buffer.size(), 0); });
  if (received == -1 && would_block(errno)) return std::nullopt;
  if (received == -1) fail(errno, "cannot receive");
  return std::string_view(buffer.data(), static_cast<std::size_t>(received));
}

bool Socket::wait_readable(std::chrono::milliseconds timeout) {
  return wait_for(descriptor_, POLLIN, timeout);
}

void Socket::shutdown(int how) {
  if (::shutdown(descriptor_, how) == -1 && errno != ENOTCONN) fail(errno, "cannot shut down");
}

void Socket::set_nonblocking() {
  const int flags = ::fcntl(descriptor_, F_GETFL);
  if (flags == -1 || ::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) == -1)
    fail(errno, "cannot set O_NONBLOCK");
}

void Socket::set_reuse_address() {
  switch_on(descriptor_, SOL_SOCKET, SO_REUSEADDR, "cannot set SO_REUSEADDR");
}

void Socket::set_no_delay() {
  switch_on(descriptor_, IPPROTO_TCP, TCP_NODELAY, "cannot set TCP_NODELAY");
}

Address Socket::local_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size) == -1) {
    fail(errno, "cannot get the local address");
  }
  return Address(storage, size);
}
