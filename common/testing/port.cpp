#include "common/testing/port.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace {

bool can_bind(const Address& address) {
  try {
    Socket(address.family(), SOCK_STREAM).bind(address);
    return true;
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::address_in_use) throw;
    return false;
  }
}

// One who listens, but takes nobody, leaves a client without an answer once his queue is full.
bool somebody_listens(const Address& address) {
  Socket socket(address.family(), SOCK_STREAM);
  socket.set_nonblocking();
  try {
    socket.connect(address);
    return true;
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::operation_in_progress) return false;
  }
  pollfd waiting{socket.descriptor(), POLLOUT, 0};
  if (::poll(&waiting, 1, 500) == 0) return true;
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &failure, &size);
  return failure == 0;
}

}  // namespace

ReservedPort::ReservedPort() : guard_(Socket::adopt(-1)) {
  // Below the ports that the kernel gives to clients. Hardly anybody uses the same number for UDP, so a UDP
  // socket keeps it, while TCP stays free for the server.
  constexpr int first = 20000;
  constexpr int count = 12000;
  const auto start = static_cast<int>(std::random_device{}() % count);
  for (int i = 0; i < count; ++i) {
    number_ = static_cast<std::uint16_t>(first + (start + i) % count);
    const Address address = Address::to_listen_on("127.0.0.1", number_);
    try {
      Socket guard(AF_INET, SOCK_DGRAM);
      guard.bind(address);
      Socket(AF_INET, SOCK_STREAM).bind(address);
      guard_ = std::move(guard);
      return;
    } catch (const std::system_error&) {
      // Taken: the next one.
    }
  }
  throw std::runtime_error("no free port");
}

ReservedPort::ReservedPort(std::uint16_t number) : guard_(AF_INET, SOCK_DGRAM), number_(number) {
  guard_.bind(Address::to_listen_on("127.0.0.1", number_));
}

PortState port_state(const Address& address) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!can_bind(address)) {
    if (!somebody_listens(address)) return PortState::lingering;
    if (std::chrono::steady_clock::now() > end) return PortState::taken;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return PortState::free;
}

std::string who_listens_on(std::uint16_t port) {
  std::string link;
  for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::array<std::string, 10> word;
      for (std::string& each : word) words >> each;
      const bool listens = word[3] == "0A";
      if (listens && word[1].ends_with(fmt::format(":{:04X}", port)))
        link = fmt::format("socket:[{}]", word[9]);
    }
  }
  namespace fs = std::filesystem;
  std::error_code hidden;  // of other people's processes the descriptors are not told
  for (fs::directory_iterator process("/proc", hidden), end; !link.empty() && process != end;
       process.increment(hidden)) {
    for (fs::directory_iterator entry(process->path() / "fd", hidden); entry != end;
         entry.increment(hidden)) {
      if (fs::read_symlink(entry->path(), hidden) != link) continue;
      std::string name;
      std::ifstream(process->path() / "comm") >> name;
      return fmt::format("{} (process {})", name, process->path().filename().string());
    }
  }
  return "another program";
}
