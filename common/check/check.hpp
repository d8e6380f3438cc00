// The check of each part: what it asks of a learner's program, and what behaviours of several parts and exercises run.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/check/student.hpp"

/// What a behaviour runs: throws Mismatch, or CannotJudge; in a process of its own.
using Run = std::function<void(Student&)>;

/// What a part asks for.
struct Behaviour {
  std::string title;    // "serves the next client when the first has left"
  std::string section;  // where it is explained: "docs/part1.md#send-and-close"
  Run run;
  std::string number = "";  // "server:3", the third that is asked of a server: the check counts them
};

/// All that is asked of a program that the reader writes: a server or a client of the part, or the program of an
/// exercise at the end of its page.
struct Exercise {
  std::string name;  // "server", "client", "1", "2", "3"
  Side side;
  std::vector<Behaviour> behaviours;
};

/// The main() of a part's check: runs the program of `--server COMMAND` or `--client COMMAND` through its behaviours,
/// side by side where each can have a port of its own, and reports each; with `--exercise N`, those of an exercise.
/// `exercises` are those of a server and a client, and then of the exercises in the order of the part's page.
/// Returns the exit code: 0 if all are right.
int run_checks(int argc, char** argv, const std::string& part, std::vector<Exercise> exercises);

// --- Of a server ---

/// What a client that is served expects.
using Service = std::function<void(Connection& client)>;
/// How a client leaves: &Connection::close.
using Leave = void (Connection::*)();

/// One client asks for it, again and again.
inline Run serve(const Service& service, int times = 1) {
  return [=](Student& server) {
    Connection& client = server.connect();
    for (int i = 0; i < times; ++i) service(client);
  };
}

/// All clients connect before the first of them expects anything.
inline Run serve_at_once(int clients, const Service& service) {
  return [=](Student& server) {
    std::vector<Connection*> all;
    for (int i = 1; i <= clients; ++i) all.push_back(&server.connect(fmt::format("client {}", i)));
    for (Connection* client : all) service(*client);
  };
}

inline Run serve_after(Leave leave, const Service& service) {
  return [=](Student& server) {
    Connection& first = server.connect("the first client");
    service(first);
    (first.*leave)();
    service(server.connect("the next client"));
  };
}

/// The client that leaves comes while the program is stopped, so that it has certainly left when the program goes on.
/// There is only one: the backlog may have no room for more.
inline Run survive(Leave leave, const Service& service) {
  return [=](Student& server) {
    Connection& first = server.connect("the first client");
    service(first);
    first.close();
    server.pause();
    (server.connect("a client that leaves").*leave)();
    server.resume();
    service(server.connect("the next client"));
  };
}

/// The server is ended while it has a client.
inline Run restart(const Service& service) {
  return [=](Student& server) {
    Connection& client = server.connect();
    service(client);
    server.stop();
    client.close();
    service(server.connect("the next client"));
  };
}

inline Run sleep_between_clients(const Service& service) {
  return [=](Student& server) {
    Connection& client = server.connect();
    service(client);
    server.expect_sleep("beside a client that says nothing");
    client.close();
    server.expect_sleep("when a client has left");
  };
}

/// A client is dropped for what it has sent; `why` says why it should be. The next one is served.
inline Run refuse(const std::string& bytes, const std::string& why, const Service& service) {
  return [=](Student& server) {
    Connection& client = server.connect("a client that is refused");
    client.send(bytes);
    client.expect_dropped(why);
    client.close();  // a server may wait for that
    Connection& next = server.connect("the next client");
    service(next);
    next.close();
  };
}

// --- Of a client ---

/// A message for a client, and what shows that the client has understood it.
struct Message {
  std::string bytes;
  std::function<void(Student& client)> expect_shown;
};
/// Makes messages that differ, so that none is taken for the one before.
using NewMessage = std::function<Message()>;

/// A client that has shown the message: from here on, silence is not that of a client that does nothing at all.
inline Connection& accept_reader(Student& client, const Message& message) {
  Connection& server = client.accept();
  server.send(message.bytes);
  message.expect_shown(client);
  return server;
}

inline Run show(const NewMessage& message) {
  return [=](Student& client) { accept_reader(client, message()); };
}

inline Run show_two_at_once(const NewMessage& message) {
  return [=](Student& client) {
    const Message first = message();
    const Message second = message();
    client.accept().send(first.bytes + second.bytes);
    first.expect_shown(client);
    second.expect_shown(client);
  };
}

inline Run show_one_by_one(const NewMessage& message) {
  return [=](Student& client) {
    const Message sent = message();
    client.accept().send_one_by_one(sent.bytes);
    sent.expect_shown(client);
  };
}

/// Each of the messages comes in two pieces, the first of 1, 2, ... `last_cut` bytes.
inline Run show_cut(std::size_t last_cut, const NewMessage& message) {
  return [=](Student& client) {
    Connection& server = client.accept();
    for (std::size_t size = 1; size <= last_cut; ++size) {
      const Message sent = message();
      server.send_cut(sent.bytes, size);
      sent.expect_shown(client);
    }
  };
}

inline Run show_sizes(const std::vector<std::size_t>& sizes,
                      const std::function<Message(std::size_t size)>& message) {
  return [=](Student& client) {
    Connection& server = client.accept();
    for (const std::size_t size : sizes) {
      const Message sent = message(size);
      server.send(sent.bytes);
      sent.expect_shown(client);
    }
  };
}

inline Run end_between_messages(const NewMessage& message) {
  return [=](Student& client) {
    accept_reader(client, message()).close();
    client.expect_exit("when the connection is closed between two messages", Student::Code::zero);
  };
}

/// The program gives up for each of these; `why` says why it should.
inline Run refuse_each(const std::vector<std::string>& lies, const std::string& why,
                       const NewMessage& message) {
  return [=](Student& client) {
    for (const std::string& lie : lies) {
      Connection& server = accept_reader(client, message());
      server.send(lie);
      server.expect_dropped(why);
      server.close();  // a client may wait for that
      client.expect_exit("with an error");
      client.stop();
    }
  };
}

inline Run sleep_inside_header(const NewMessage& message) {
  return [=](Student& client) {
    accept_reader(client, message()).send("5   ");
    client.expect_sleep("while the server has sent half a header");
  };
}
