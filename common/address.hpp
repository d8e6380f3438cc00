// A network address: a host and a port.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

/// An IPv4 or IPv6 address with a port. The system calls see it as `data()` and `size()`.
class Address {
 public:
  /// Every address that `host` has, in the order in which they should be tried. `host` is a name
  /// (`localhost`) or digits (`127.0.0.1`, `::1`). Throws std::system_error if there is none: getaddrinfo(3).
  static std::vector<Address> resolve(const std::string& host, std::uint16_t port);

  /// The one address of `host` that a server listens on: its first IPv4 address if it has any, else
  /// its first. Throws as resolve() does.
  static Address to_listen_on(const std::string& host, std::uint16_t port);

  /// A copy of what a system call has written: `size` bytes, sockaddr_storage's size at most.
  Address(const sockaddr_storage& storage, socklen_t size) noexcept : storage_(storage), size_(size) {}

  /// AF_INET or AF_INET6.
  int family() const noexcept { return storage_.ss_family; }

  /// `127.0.0.1:1234` or `[::1]:1234`: getnameinfo(3).
  std::string text() const;

  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return size_; }

 private:
  sockaddr_storage storage_;  // large enough for any family: sockaddr_storage in socket(7)
  socklen_t size_;
};
