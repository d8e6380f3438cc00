// Part 4, the server: a chat room that waits for all at once, and for nobody alone. docs/part4.md builds it.
#include <fmt/format.h>
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"
#include "part4_chatroom/talk.hpp"

struct ChatRoom {
  Socket listening_socket;
  Clock::duration time_for_a_name;
  std::list<Client> clients = {};
  Talk talk = {};
  std::string log = "";  // the lines of this round
  Log out{STDOUT_FILENO};
  Log errors{STDERR_FILENO};
  Clock::time_point now = Clock::now();
  Clock::time_point door_opens = now;
  std::string buffer = std::string(16 * 1024, '\0');

  void serve_one_round() {
    // select() changes the sets: going in, they name the sockets that matter; coming out, those that are ready.
    fd_set readable;
    fd_set writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    if (now >= door_opens) FD_SET(listening_socket.descriptor(), &readable);
    int highest = listening_socket.descriptor();
    bool is_timed = now < door_opens || out.is_behind() || errors.is_behind();
    for (const Client& client : clients) {
      if (talk.may_speak(client)) FD_SET(client.socket.descriptor(), &readable);
      if (talk.unheard(client) > 0) FD_SET(client.socket.descriptor(), &writable);
      is_timed = is_timed || client.name.empty() || talk.unheard(client) > 0;
      highest = std::max(highest, client.socket.descriptor());
    }
    timeval tick{0, 250'000};
    if (::select(highest + 1, &readable, &writable, nullptr, is_timed ? &tick : nullptr) == -1)
      throw std::system_error(errno, std::system_category(), "cannot select");

    now = Clock::now();
    bool somebody_waits = false;
    for (Client& client : clients) {
      if (!FD_ISSET(client.socket.descriptor(), &readable)) continue;
      if (!talk.may_speak(client)) somebody_waits = true;
      if (talk.may_speak(client)) guarded(client, [&] { receive_from(client); });
    }
    for (Client& client : clients) guarded(client, [&] { send_to(client); });
    if (FD_ISSET(listening_socket.descriptor(), &readable)) accept_client();
    keep_inboxes_small();
    if (somebody_waits) clients.splice(clients.end(), clients, clients.begin());  // the next one begins
    std::erase_if(clients, [](const Client& client) { return client.leaves; });
    talk.look_around(clients, now);
    print_log();
  }

  // What goes wrong with one client ends that client's connection, and nothing else.
  template <typename Action>
  void guarded(Client& client, Action action) {
    if (client.leaves) return;
    try {
      action();
    } catch (const std::runtime_error& error) {  // std::system_error and FramingError
      print_log(error_line(client.who + ": " + error.what()));
      leave(client);
    }
  }

  void leave(Client& client) {
    log += fmt::format("Closed connection from {}\n", client.who);
    client.leaves = true;  // and is removed later: a loop is going through the list
  }

  void receive_from(Client& client) {
    const auto bytes = client.socket.try_recv(buffer);
    if (!bytes) return;
    if (bytes->empty() && !client.inbox.inside_message()) return leave(client);
    if (bytes->empty()) throw std::runtime_error("closed the connection inside a message");
    client.inbox.push(*bytes);
    while (const auto message = client.inbox.next()) {
      client.began = now;
      if (client.name.empty()) {
        enter(client, *message);
      } else if (!message->empty()) {
        log += fmt::format("receive message from {} : {}\n", client.who, printable(*message));
        talk.say(client, with_header(client.name) + with_header(*message));
      }
    }
    if (!client.inbox.inside_message()) client.inbox = MessageReader(largest_message);  // gives memory back
  }

  void enter(Client& client, std::string_view name) {
    if (name.empty() || name.size() > largest_name)
      throw std::runtime_error(fmt::format("a name has 1 to {} bytes, not {}", largest_name, name.size()));
    for (const Client& other : clients) {
      if (!other.leaves && other.name == name)
        throw std::runtime_error("its name is taken: " + printable(name));
    }
    log += fmt::format("Accept new connection from {} username:{}\n", client.who, printable_name(name));
    client.name = name;
    client.who = printable_name(name);
    client.socket.set_no_delay();
    talk.join(client);
  }

  void send_to(Client& client) {
    talk.send_to(client, now);
    if (talk.is_too_far_behind(client))
      throw std::runtime_error(fmt::format("does not read: over {} bytes wait for it", Talk::largest));
    if (client.name.empty() && now - client.came >= time_for_a_name) throw std::runtime_error("says no name");
    if (!client.inbox.inside_message()) client.began = now;
  }

  // Whoever has been in the middle of a message for the longest time makes room for the others.
  void keep_inboxes_small() {
    std::size_t memory = 0;
    for (const Client& client : clients) memory += client.inbox.memory();
    while (memory > most_in_inboxes) {
      Client& slowest = *std::min_element(clients.begin(), clients.end(),
                                          [](const Client& a, const Client& b) { return a.began < b.began; });
      memory -= slowest.inbox.memory();
      guarded(slowest, [] { throw std::runtime_error("no memory for the rest of its message"); });
      slowest.began = Clock::time_point::max();
    }
  }

  void accept_client() {
    try {
      auto accepted = listening_socket.try_accept();
      if (!accepted) return;
      Client client(std::move(accepted->socket), accepted->address.text());
      if (client.socket.descriptor() < last_place()) return clients.push_back(std::move(client));
      log += fmt::format("Turned away {}: the room is full\n", client.who);
    } catch (const std::system_error& error) {  // the machine has no descriptor left, or no memory
      print_log(error_line(error.what()));
      door_opens = now + std::chrono::seconds(1);
    }
  }

  void print_log(std::string_view error = "") {
    out.print(std::exchange(log, {}));
    errors.print(error);
  }

  // The last descriptor that fits into a set, or that the process may have, is for those who are turned away.
  static int last_place() {
    return static_cast<int>(std::min<std::size_t>(FD_SETSIZE, std::size_t(::sysconf(_SC_OPEN_MAX)))) - 1;
  }
};

int main(int argc, char** argv) {
  const Usage usage = {"Passes on what each client says to all others.",
                       {{"--patience", "SECONDS", "10", "how long a client may take to say its name"}}};
  return run_program(argc, argv, usage, [](const Options& options) {
    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket listening_socket(address.family(), SOCK_STREAM);
    listening_socket.set_reuse_address();
    listening_socket.bind(address);
    listening_socket.listen();
    listening_socket.set_nonblocking();
    if (listening_socket.descriptor() >= ChatRoom::last_place())
      throw std::runtime_error("too many descriptors are open for select()");
    ChatRoom room{std::move(listening_socket), options.seconds("--patience")};
    room.out.print(fmt::format("listening on {}\n", room.listening_socket.local_address().text()));
    while (true) room.serve_one_round();
  });
}
