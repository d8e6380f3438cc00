// Behaviours that several parts and exercises ask for. Each takes what its programs say, and returns what a Behaviour
// runs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/check/student.hpp"

using Run = std::function<void(Student&)>;

// --- Of a server ---

/// What a client that is served expects.
using Service = std::function<void(Connection& client)>;
/// How a client leaves: &Connection::close.
using Leave = void (Connection::*)();

/// One client asks for it, again and again.
Run serve(const Service& service, int times = 1);
Run serve_in_turn(int clients, const Service& service);
/// All clients connect before the first of them expects anything.
Run serve_at_once(int clients, const Service& service);
Run serve_after(Leave leave, const Service& service);
/// A client leaves before it can be served.
Run survive(Leave leave, const Service& service);
/// The server is ended while it has a client, and started again.
Run restart(const Service& service);
Run sleep_between_clients(const Service& service);
/// A client is dropped for what it has sent; `why` says why it should be. The next one is served.
Run refuse(const std::string& bytes, const std::string& why, const Service& service);

// --- Of a client ---

/// A message for a client, and what shows that the client has understood it.
struct Message {
  std::string bytes;
  std::function<void(Student& client)> expect_shown;
};
/// Makes messages that differ, so that none is taken for the one before.
using NewMessage = std::function<Message()>;

/// A client that has shown the message: from here on, silence is not that of a client that does nothing at all.
Connection& accept_reader(Student& client, const Message& message);

Run show(const NewMessage& message);
Run show_two_at_once(const NewMessage& message);
Run show_one_by_one(const NewMessage& message);
/// Each of the messages comes in two pieces, the first of 1, 2, ... `last_cut` bytes.
Run show_cut(std::size_t last_cut, const NewMessage& message);
Run show_sizes(const std::vector<std::size_t>& sizes,
               const std::function<Message(std::size_t size)>& message);
Run end_between_messages(const NewMessage& message);
/// The program drops the connection for each of these; `why` says why it should.
Run refuse_each(const std::vector<std::string>& lies, const std::string& why, const NewMessage& message);
Run sleep_inside_header(const NewMessage& message);
