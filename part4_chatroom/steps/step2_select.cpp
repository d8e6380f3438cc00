// Part 4, step 2: the Python original, line by line. select() waits for all guests, recv() and send() for one.
#include <fmt/format.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <exception>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/program.hpp"
#include "common/socket.hpp"

constexpr std::size_t header_length = 10;

// A message as it came. (Python: a dictionary with "header" and "data")
struct Message {
  std::string header;
  std::string data;
};

struct Client {
  Socket socket;
  Message user;
  bool leaves = false;
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
  const Usage usage = {"Passes on what each client says to all others.", {}};
  return run_program(argc, argv, usage, [](const Options& options) {
    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket server_socket(address.family(), SOCK_STREAM);
    server_socket.set_reuse_address();
    server_socket.bind(address);
    server_socket.listen();
    fmt::print("listening on {}\n", server_socket.local_address().text());

    std::list<Client> clients;
    while (true) {
      fd_set readable;
      FD_ZERO(&readable);
      FD_SET(server_socket.descriptor(), &readable);
      int highest = server_socket.descriptor();
      for (const Client& client : clients) {
        FD_SET(client.socket.descriptor(), &readable);
        highest = std::max(highest, client.socket.descriptor());
      }
      ::select(highest + 1, &readable, nullptr, nullptr, nullptr);

      for (Client& client : clients) {
        if (!FD_ISSET(client.socket.descriptor(), &readable)) continue;
        const auto message = receive_message(client.socket);
        if (!message) {
          fmt::print("Closed connection from {}\n", client.user.data);
          client.leaves = true;
          continue;
        }
        fmt::print("receive message from {} : {}\n", client.user.data, message->data);
        for (Client& other : clients) {
          if (&other != &client)
            other.socket.send_all(client.user.header + client.user.data + message->header + message->data);
        }
      }
      std::erase_if(clients, [](const Client& client) { return client.leaves; });

      if (FD_ISSET(server_socket.descriptor(), &readable)) {
        auto [client_socket, client_address] = server_socket.accept();
        const auto user = receive_message(client_socket);
        if (!user) continue;
        fmt::print("Accept new connection from {} username:{}\n", client_address.text(), user->data);
        clients.push_back({std::move(client_socket), *user});
      }
    }
  });
}
