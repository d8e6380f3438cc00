// Part 4, step 1: a chat room of what parts 1 to 3 teach. It serves one guest at a time; the next one waits.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include "common/program.hpp"
#include "common/socket.hpp"

constexpr std::size_t header_length = 10;

// A message as it came. (Python: a dictionary with "header" and "data")
struct Message {
  std::string header;
  std::string data;
};

std::optional<Message> receive_message(Socket& client_socket) {
  std::array<char, 64 * 1024> buffer;
  try {
    const std::string header(client_socket.recv(std::span(buffer).first(header_length)));
    if (header.empty()) return std::nullopt;
    const std::size_t length = std::min<std::size_t>(std::stoul(header), buffer.size());
    return Message{header, std::string(client_socket.recv(std::span(buffer).first(length)))};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

int main(int argc, char** argv) {
  const Usage usage = {"Listens to one client after the other.", {}};
  return run_program(argc, argv, usage, [](const Options& options) {
    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket server_socket(address.family(), SOCK_STREAM);
    server_socket.set_reuse_address();
    server_socket.bind(address);
    server_socket.listen();
    fmt::print("listening on {}\n", server_socket.local_address().text());

    while (true) {
      auto [client_socket, client_address] = server_socket.accept();
      const auto user = receive_message(client_socket);
      if (!user) continue;
      fmt::print("Accept new connection from {} username:{}\n", client_address.text(), user->data);

      while (const auto message = receive_message(client_socket)) {
        fmt::print("receive message from {} : {}\n", user->data, message->data);
      }
      fmt::print("Closed connection from {}\n", user->data);
    }
  });
}
