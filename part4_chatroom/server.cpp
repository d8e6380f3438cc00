// Part 4, the server: a chat room. One thread serves everybody, because it waits for all of them at once, in
// select(), and never for one of them alone. docs/part4.md explains it step by step.
#include <fmt/format.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"

namespace {

constexpr std::size_t largest_name = 64;
constexpr std::size_t largest_message = 64 * 1024;
constexpr std::size_t largest_outbox = 1024 * 1024;

// So that a storm of connections does not keep those who are in the room from talking.
constexpr int most_accepted_in_a_round = 128;

// So that what many say at once is not too much for the outbox of one who reads all the time.
constexpr std::size_t enough_said_in_a_round = 256 * 1024;

// Somebody in the room, or at the door: who has not said a name yet hears nothing and is not heard.
struct Client {
  Socket socket;
  std::string address;
  std::string name = "";                 // empty until the first message, which is the name
  MessageReader inbox{largest_message};  // bytes that have come and are not a whole message yet
  std::string outbox = "";               // bytes that the kernel had no room for yet
  std::size_t own_begin = 0;             // where in what has been said in this round its own words begin,
  std::size_t own_end = 0;               // and where they end: they are for the others only
  bool leaves = false;

  // Until it has a name, a client is known by its address.
  std::string who() const { return name.empty() ? address : printable(name); }
};

class ChatRoom {
 public:
  explicit ChatRoom(Socket listening_socket) : listening_socket_(std::move(listening_socket)) {
    if (!fits_select(listening_socket_))
      throw std::runtime_error("too many descriptors are open for select()");
  }

  // Waits until something can be done, and does it: select(2).
  void serve_one_round() {
    // select() changes the sets that it is given: going in, they name the sockets that matter; coming out,
    // those that are ready. So they are made anew for each round.
    fd_set readable;
    fd_set writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    const bool door_is_shut = std::exchange(door_is_shut_, false);
    if (!door_is_shut) FD_SET(listening_socket_.descriptor(), &readable);
    int highest = listening_socket_.descriptor();
    for (const Client& client : clients_) {
      FD_SET(client.socket.descriptor(), &readable);
      if (!client.outbox.empty()) FD_SET(client.socket.descriptor(), &writable);
      highest = std::max(highest, client.socket.descriptor());
    }
    timeval a_second{1, 0};
    if (::select(highest + 1, &readable, &writable, nullptr, door_is_shut ? &a_second : nullptr) == -1) {
      if (errno == EINTR) return;
      throw std::system_error(errno, std::system_category(), "cannot select");
    }

    auto next = clients_.begin();
    for (; next != clients_.end() && said_.size() < enough_said_in_a_round; ++next) {
      Client& client = *next;
      if (client.leaves || !FD_ISSET(client.socket.descriptor(), &readable)) continue;
      guarded(client, [&] { receive_from(client); });
    }
    for (Client& client : clients_) {
      if (!client.leaves && !client.name.empty()) guarded(client, [&] { send_to(client); });
    }
    std::rotate(clients_.begin(), next, clients_.end());  // who had to wait is the first in the next round
    said_.clear();
    said_.shrink_to_fit();  // so that one flood does not take memory for ever
    std::erase_if(clients_, [](const Client& client) { return client.leaves; });
    if (FD_ISSET(listening_socket_.descriptor(), &readable)) accept_clients();
    print_log();
  }

 private:
  // What goes wrong with one client ends that client's connection, and nothing else.
  template <typename Action>
  void guarded(Client& client, Action action) {
    try {
      action();
    } catch (const std::runtime_error& error) {  // std::system_error and FramingError
      print_log();
      report(client.who() + ": " + error.what());
      leave(client);
    }
  }

  void leave(Client& client) {
    if (!std::exchange(client.leaves, true)) log_ += fmt::format("Closed connection from {}\n", client.who());
  }

  // Takes one piece of what has come, however much more there is: the others have their turn before the next.
  void receive_from(Client& client) {
    const auto bytes = client.socket.try_recv(buffer_);
    if (!bytes) return;
    if (bytes->empty()) {
      if (client.inbox.inside_message()) throw std::runtime_error("closed the connection inside a message");
      return leave(client);
    }
    client.inbox.push(*bytes);

    client.own_begin = client.own_end = said_.size();
    while (const auto message = client.inbox.next()) {
      if (client.name.empty()) {
        enter(client, *message);
        continue;
      }
      log_ += fmt::format("receive message from {} : {}\n", printable(client.name), printable(*message));
      said_ += with_header(client.name) + with_header(*message);
      client.own_end = said_.size();
    }
  }

  void enter(Client& client, std::string_view name) {
    if (name.empty() || name.size() > largest_name) {
      throw std::runtime_error(fmt::format("a name has 1 to {} bytes, not {}", largest_name, name.size()));
    }
    client.name = name;
    log_ += fmt::format("Accept new connection from {} username:{}\n", client.address, printable(name));
  }

  // Gives the kernel what waits for the client and what the others have said in this round, with one send(),
  // however many have spoken. What the kernel has no room for waits; who lets too much wait is dropped.
  void send_to(Client& client) {
    const std::string_view before = std::string_view(said_).substr(0, client.own_begin);
    const std::string_view after = std::string_view(said_).substr(client.own_end);
    client.own_begin = client.own_end = 0;
    if (!client.outbox.empty() || !before.empty()) {
      client.outbox.append(before).append(after);
      client.outbox.erase(0, client.socket.try_send(client.outbox));
      if (client.outbox.empty()) client.outbox.shrink_to_fit();
    } else if (!after.empty()) {
      client.outbox = after.substr(client.socket.try_send(after));  // mostly all of it, and nothing is copied
    }
    if (client.outbox.size() > largest_outbox) {
      throw std::runtime_error(fmt::format("does not read: over {} bytes wait for it", largest_outbox));
    }
  }

  void accept_clients() {
    for (int i = 0; i < most_accepted_in_a_round; ++i) {
      auto accepted = accept_client();
      if (!accepted) return;
      auto& [socket, address] = *accepted;
      if (!fits_select(socket)) {
        turn_away(address);
        continue;
      }
      Client& client = clients_.emplace_back(Client{std::move(socket), address.text()});
      guarded(client, [&] {
        client.socket.set_nonblocking();
        client.socket.set_no_delay();
      });
    }
  }

  // A process may have only so many descriptors. When there is none for a client, accept() fails, and the
  // client waits on: select() would say `readable` again at once, for ever. So one descriptor is kept in
  // reserve, with which that client is accepted and turned away. If that fails too, the whole machine is short
  // of descriptors or memory: who is at the door waits a while, and those in the room talk on.
  std::optional<Accepted> accept_client() {
    try {
      if (reserve_.descriptor() == -1) reserve_ = Socket(AF_INET, SOCK_STREAM);
      return listening_socket_.try_accept();
    } catch (const std::system_error&) {
      reserve_.close();
    }
    try {
      if (const auto accepted = listening_socket_.try_accept()) turn_away(accepted->address);
    } catch (const std::system_error& error) {
      print_log();
      report(error.what());
      door_is_shut_ = true;
    }
    return std::nullopt;
  }

  void turn_away(const Address& address) {
    log_ += fmt::format("Turned away {}: the room is full\n", address.text());
  }

  // FD_SET would write past the end of the set.
  static bool fits_select(const Socket& socket) { return socket.descriptor() < FD_SETSIZE; }

  // The lines of a round go out together: a write(2) for each would cost as much as one more client.
  void print_log() {
    if (!log_.empty()) fmt::print("{}", std::exchange(log_, {}));
  }

  Socket listening_socket_;
  Socket reserve_{AF_INET, SOCK_STREAM};
  bool door_is_shut_ = false;  // in the next round nobody is accepted
  std::vector<Client> clients_;
  std::string said_;  // in this round, as the others receive it
  std::string log_;   // the lines of this round
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace

int main(int argc, char** argv) {
  const Usage usage = {"Passes on what each client says to all others.", {}};
  return run_program(argc, argv, usage, [](const Options& options) {
    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket listening_socket(address.family(), SOCK_STREAM);
    listening_socket.set_reuse_address();
    listening_socket.bind(address);
    listening_socket.listen();
    listening_socket.set_nonblocking();
    fmt::print("listening on {}\n", listening_socket.local_address().text());

    ChatRoom room(std::move(listening_socket));
    while (true) room.serve_one_round();
  });
}
