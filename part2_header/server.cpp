// Part 2, the server: sends a welcome and then the time, each as a message with a header. See docs/part2.md.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <system_error>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// Waits for `interval`, as time.sleep() does in the original, but no longer than the client stays: false if
// it has left. What it sends meanwhile is not for this server, and is dropped.
bool client_stays(Socket& client_socket, std::chrono::milliseconds interval) {
  const Clock::time_point end = Clock::now() + interval;
  std::array<char, 1024> unwanted;
  for (auto left = interval; left.count() > 0;
       left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now())) {
    if (client_socket.wait_readable(left) && client_socket.recv(unwanted).empty()) return false;
  }
  return true;
}

void send_time(Socket& client_socket) {
  const std::chrono::duration<double> since_1970 = std::chrono::system_clock::now().time_since_epoch();
  client_socket.send_all(with_header(fmt::format("The time is {:#}", since_1970.count())));
}

}  // namespace

int main(int argc, char** argv) {
  const Usage usage = {
      "Sends a welcome to the client, and then the time, again and again.",
      {{"--interval", "SECONDS", "3", "how long to wait before each update"},
       {"--updates", "N", "", "how many updates to send before closing; no limit if not given"}},
  };
  return run_program(argc, argv, usage, [](const Options& options) {
    constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();
    const std::chrono::milliseconds interval = options.seconds("--interval");
    const std::int64_t updates =
        options.text("--updates").empty() ? no_end : options.number("--updates", 0, no_end);

    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket listening_socket(address.family(), SOCK_STREAM);
    listening_socket.set_reuse_address();
    listening_socket.bind(address);
    listening_socket.listen(5);
    fmt::print("listening on {}\n", listening_socket.local_address().text());

    while (true) {
      auto [client_socket, client_address] = listening_socket.accept();
      fmt::print("connection from {} has been established!\n", client_address.text());
      try {
        client_socket.send_all(with_header("Welcome to the server!"));
        for (std::int64_t sent = 0; sent < updates && client_stays(client_socket, interval); ++sent) {
          send_time(client_socket);
        }
      } catch (const std::system_error& error) {
        report(client_address.text() + ": " + error.what());
      }
    }
  });
}
