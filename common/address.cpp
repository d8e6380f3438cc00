#include "common/address.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "common/text.hpp"

namespace {

// getaddrinfo and getnameinfo have error numbers of their own, with texts of their own.
class ResolverErrors : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int error) const override { return gai_strerror(error); }
};

// To be called next after the call, with a text that is ready: to put one together may change errno.
void check(int error, const char* what) {
  static const ResolverErrors resolver_errors;
  if (error == EAI_SYSTEM) throw std::system_error(errno, std::system_category(), what);
  if (error != 0) throw std::system_error(error, resolver_errors, what);
}

}  // namespace

std::vector<Address> Address::resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // else each address comes once for TCP, once for UDP
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const std::string service = std::to_string(port);
  const std::string what = fmt::format("cannot find host '{}'", printable(host));
  check(getaddrinfo(host.c_str(), service.c_str(), &hints, &first), what.c_str());
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(first, &freeaddrinfo);

  std::vector<Address> addresses;
  for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, entry->ai_addr, entry->ai_addrlen);
    addresses.emplace_back(storage, entry->ai_addrlen);
  }
  return addresses;
}

Address Address::to_listen_on(const std::string& host, std::uint16_t port) {
  const std::vector<Address> addresses = resolve(host, port);
  const auto ipv4 = std::find_if(addresses.begin(), addresses.end(),
                                 [](const Address& address) { return address.family() == AF_INET; });
  return ipv4 != addresses.end() ? *ipv4 : addresses.front();
}

std::string Address::text() const {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  check(getnameinfo(data(), size(), host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV),
        "cannot write an address as text");
  if (family() == AF_INET6) return fmt::format("[{}]:{}", host.data(), port.data());
  return fmt::format("{}:{}", host.data(), port.data());
}
