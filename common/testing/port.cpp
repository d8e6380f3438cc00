#include "common/testing/port.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace {

namespace fs = std::filesystem;

bool can_bind(const Address& address) {
  try {
    Socket(address.family(), SOCK_STREAM).bind(address);
    return true;
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::address_in_use) throw;
    return false;
  }
}

// A server that listens but accepts nobody leaves a client without an answer once its queue is full.
bool somebody_listens(const Address& address) {
  Socket socket(address.family(), SOCK_STREAM);
  try {
    connect_until(socket, address, std::chrono::steady_clock::now() + std::chrono::milliseconds(500));
    return true;
  } catch (const std::system_error& error) {
    return error.code() == std::errc::timed_out;
  }
}

// A line of /proc/net/tcp: proc(5). Other systems have none.
struct Entry {
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::string state;
  std::string inode;  // 0 if no program has the socket
};

constexpr const char* listening = "0A";

// All entries, or those of the sockets that listen: each table has these first (the kernel's proc_net_tcp.rst), and
// after a busy hour some thousands of connections follow.
std::vector<Entry> tcp_entries(bool only_listening) {
  std::vector<Entry> entries;
  for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);  // the names of the columns
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::array<std::string, 10> word;
      for (std::string& each : word) words >> each;
      const auto port = [](const std::string& address) {
        return static_cast<std::uint16_t>(
            std::strtoul(address.substr(address.find(':') + 1).c_str(), nullptr, 16));
      };
      if (!words || (only_listening && word[3] != listening)) break;
      entries.push_back({port(word[1]), port(word[2]), word[3], word[9]});
    }
  }
  return entries;
}

// The ports of the sockets that listen, by the names that /proc/PID/fd has for the sockets.
using Listening = std::map<std::string, std::uint16_t>;

Listening listening_sockets() {
  Listening sockets;
  for (const Entry& entry : tcp_entries(true))
    sockets[fmt::format("socket:[{}]", entry.inode)] = entry.local_port;
  return sockets;
}

std::vector<std::uint16_t> ports_of(pid_t process, const Listening& sockets) {
  std::vector<std::uint16_t> ports;
  std::error_code hidden;  // other people's processes do not show their descriptors
  for (fs::directory_iterator entry(fmt::format("/proc/{}/fd", process), hidden), end; entry != end;
       entry.increment(hidden)) {
    const auto found = sockets.find(fs::read_symlink(entry->path(), hidden).string());
    if (found != sockets.end()) ports.push_back(found->second);
  }
  return ports;
}

}  // namespace

Socket listening_on(const Address& address, int backlog) {
  Socket socket(address.family(), SOCK_STREAM);
  socket.set_reuse_address();
  socket.bind(address);
  socket.listen(backlog);
  return socket;
}

void connect_until(Socket& socket, const Address& address, std::chrono::steady_clock::time_point end) {
  socket.set_nonblocking();
  try {
    socket.connect(address);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::operation_in_progress) throw;
    pollfd waiting{socket.descriptor(), POLLOUT, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    int failure = ETIMEDOUT;
    socklen_t size = sizeof failure;
    if (::poll(&waiting, 1, std::max(static_cast<int>(left.count()), 0)) > 0)
      ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) throw std::system_error(failure, std::system_category());
  }
}

void reset(Socket& socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.close();
}

std::uint16_t port_of(const Address& address) {
  const std::string text = address.text();
  return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
}

ReservedPort::ReservedPort() : guard_(Socket::adopt(-1)) {
  // Below the ports that the kernel gives to clients. Hardly anybody uses the same number for UDP, so a UDP
  // socket keeps it, while TCP stays free for the server.
  constexpr int first = 20000;
  constexpr int count = 12000;
  const auto start = static_cast<int>(std::random_device{}() % count);
  for (int i = 0; i < count; ++i) {
    number_ = static_cast<std::uint16_t>(first + (start + i) % count);
    // A check listens on the port of the two bytes in the other order too, which has to be neither a client's nor
    // one of these: from 1024 to 19,836.
    if (number_ % 256 < 4 || number_ % 256 > 77) continue;
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

std::vector<std::uint16_t> ports_of(const std::vector<pid_t>& processes) {
  const Listening sockets = listening_sockets();
  std::vector<std::uint16_t> ports;
  for (const pid_t process : processes)
    std::ranges::copy(ports_of(process, sockets), std::back_inserter(ports));
  return ports;
}

std::string who_listens_on(std::uint16_t port) {
  const Listening sockets = listening_sockets();
  std::error_code hidden;
  for (fs::directory_iterator entry("/proc", hidden), end; entry != end; entry.increment(hidden)) {
    const std::string process = entry->path().filename().string();
    if (process.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::vector<std::uint16_t> ports = ports_of(std::stoi(process), sockets);
    if (std::find(ports.begin(), ports.end(), port) == ports.end()) continue;
    std::string name;
    std::ifstream(entry->path() / "comm") >> name;
    return fmt::format("{} (process {})", name, process);
  }
  return "another program";
}

bool waits_in_queue(std::uint16_t server, std::uint16_t client) {
  const std::vector<Entry> entries = tcp_entries(false);
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.local_port == server && entry.remote_port == client && entry.inode == "0" &&
           (entry.state == "01" || entry.state == "08");  // ESTABLISHED, CLOSE_WAIT
  });
}
