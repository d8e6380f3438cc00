// Part 4, step 3: each guest has an inbox, and no call waits for one guest. But a slow reader loses bytes.
#include <fmt/format.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <list>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"

struct Client {
  Socket socket;
  std::string address;
  std::string name = "";           // empty until the first message, which is the name
  MessageReader inbox{64 * 1024};  // bytes that have come and are not a whole message yet
  bool leaves = false;
};

// What goes wrong with one client ends that client's connection, and nothing else.
template <typename Action>
void guarded(Client& client, Action action) {
  try {
    action();
  } catch (const std::runtime_error& error) {  // std::system_error and FramingError
    report(client.address + ": " + error.what());
    client.leaves = true;
  }
}

void receive_from(Client& client, std::list<Client>& clients) {
  std::array<char, 64 * 1024> buffer;
  const auto bytes = client.socket.try_recv(buffer);
  if (!bytes) return;
  if (bytes->empty()) client.leaves = true;
  client.inbox.push(*bytes);
  while (const auto message = client.inbox.next()) {
    if (client.name.empty()) {
      if (message->empty()) throw std::runtime_error("has an empty name");
      client.name = *message;
      fmt::print("Accept new connection from {} username:{}\n", client.address, printable(client.name));
      continue;
    }
    fmt::print("receive message from {} : {}\n", printable(client.name), printable(*message));
    const std::string words = with_header(client.name) + with_header(*message);
    for (Client& other : clients) {
      if (&other == &client || other.name.empty() || other.leaves) continue;
      guarded(other, [&] { other.socket.try_send(words); });
    }
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
    server_socket.set_nonblocking();
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
        if (!FD_ISSET(client.socket.descriptor(), &readable) || client.leaves) continue;
        guarded(client, [&] { receive_from(client, clients); });
      }
      for (const Client& client : clients) {
        if (client.leaves) fmt::print("Closed connection from {}\n", printable(client.name));
      }
      std::erase_if(clients, [](const Client& client) { return client.leaves; });

      if (FD_ISSET(server_socket.descriptor(), &readable)) {
        auto accepted = server_socket.try_accept();
        if (!accepted) continue;
        accepted->socket.set_nonblocking();
        clients.push_back({std::move(accepted->socket), accepted->address.text()});
      }
    }
  });
}
