// Part 3, the check: what a server and a client of this part should do, whoever wrote them.
#include "common/check/check.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "part3_objects/check/exercises.hpp"
#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

using namespace std::string_literals;

const Object greeting = Dict{{1, "Hey"}, {2, "There"}};

// --- The server ---

void expect_greeting(Connection& client) {
  const std::string expected = "a message with the pickle of " + repr(greeting);
  const std::string body = client.message(expected);
  try {
    const Object object = loads(body);
    if (!(object == greeting)) client.fail(expected, "that is " + repr(object));
  } catch (const PickleError& error) {
    client.fail(expected, error.what());
  }
}

// The client that leaves comes while the program is stopped, so that it has certainly left when the program goes on.
// There is only one: the backlog may have no room for more.
void survive_clients_that_leave(Student& server) {
  Connection& first = server.connect("the first client");
  expect_greeting(first);
  first.close();
  server.pause();
  server.connect("a client that leaves").reset();
  server.resume();
  expect_greeting(server.connect("the next client"));
}

void sleep_between_clients(Student& server) {
  Connection& first = server.connect("the first client");
  expect_greeting(first);
  server.expect_sleep("beside a client that says nothing");
  first.close();
  server.expect_sleep("when the client has left");
}

void expect_restart(Student& server) {
  Connection& client = server.connect();
  expect_greeting(client);
  server.stop();
  client.close();
  expect_greeting(server.connect("the next client"));
}

// --- The client ---

Object random_greeting() {
  return Dict{{1, random_word()}, {2, random_word()}};
}

bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
  const auto is_word = [&](std::size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_');
  };
  return (at == 0 || !is_word(at - 1)) && !is_word(at + size);
}

// Whether `key` comes within 20 bytes before `value`, each as a word of its own.
bool shows_entry(std::string_view screen, std::string_view key, std::string_view value) {
  constexpr std::size_t nearby = 20;
  for (std::size_t at = 0; (at = screen.find(value, at)) != std::string_view::npos; ++at) {
    if (!stands_alone(screen, at, value.size())) continue;
    for (std::size_t back = key.size() + 1; back <= std::min(at, key.size() + nearby); ++back) {
      if (screen.substr(at - back, key.size()) == key && stands_alone(screen, at - back, key.size()))
        return true;
    }
  }
  return false;
}

// A client may write an object as it likes: {1: 'Hey'}, 1 => "Hey", map[1:Hey]. But key and value are close to
// each other, and the key is a number: in the bytes of the pickle, which it shows too, it is not.
void expect_object(Student& client, const Object& object) {
  client.expect_screen(
      [&](const std::string& screen) {
        for (const auto& [key, value] : std::get<Dict>(object.value).entries()) {
          if (!shows_entry(screen, str(key), str(value))) return false;
        }
        return true;
      },
      "the decoded object on the screen: " + repr(object));
}

void send_object(Student& client, const Object& object) {
  client.accept().send(with_header(dumps(object)));
  expect_object(client, object);
}

// What pickle.dumps({1: first, 2: second}, protocol) returns in Python for two words of eight letters.
std::string python_pickle(const std::string& first, const std::string& second, char protocol) {
  if (protocol < 4) {
    return "\x80"s + protocol + "}q\0(K\1X\10\0\0\0"s + first + "q\1K\2X\10\0\0\0"s + second + "q\2u.";
  }
  return "\x80"s + protocol + "\x95\x1f\0\0\0\0\0\0\0}\x94(K\1\x8c\10"s + first + "\x94K\2\x8c\10" + second +
         "\x94u.";
}

void send_every_protocol(Student& client) {
  for (const char protocol : {'\2', '\3', '\4', '\5'}) {
    const std::string first = random_word();
    const std::string second = random_word();
    client.accept().send(with_header(python_pickle(first, second, protocol)));
    expect_object(client, Dict{{1, first}, {2, second}});
    client.stop();
  }
}

void send_two_at_once(Student& client) {
  const Object first = random_greeting();
  const Object second = random_greeting();
  client.accept().send(with_header(dumps(first)) + with_header(dumps(second)));
  expect_object(client, first);
  expect_object(client, second);
}

void send_one_by_one(Student& client) {
  const Object object = random_greeting();
  client.accept().send_one_by_one(with_header(dumps(object)));
  expect_object(client, object);
}

// A client that has shown an object: from here on, silence is not that of a client that does nothing at all.
Connection& accept_reader(Student& client) {
  Connection& server = client.accept();
  const Object object = random_greeting();
  server.send(with_header(dumps(object)));
  expect_object(client, object);
  return server;
}

void send_every_type(Student& client) {
  const Object everything =
      List{{None(), true, 300, -1.5, "text", Bytes{"\xff\n"}, Tuple{{1, List()}}, Dict{{"key", Tuple()}}}};
  const Object after = random_greeting();
  Connection& server = client.accept();
  server.send(with_header(dumps(everything)));
  client.wait(std::chrono::milliseconds(200));
  server.send(with_header(dumps(after)));
  expect_object(client, after);
}

// The largest has a body of 1 MiB, which is allowed. Each ends with an entry that is looked for.
void send_many_sizes(Student& client) {
  Connection& server = client.accept();
  for (const std::size_t size : {100U, 255U, 1'024U, 4'097U, 65'536U, 1'048'576U}) {
    const std::string last = random_word();
    const auto pickled = [&](std::size_t filling) {
      return dumps(Dict{{1, std::string(filling, '.')}, {2, last}});
    };
    std::string body;
    for (std::size_t filling = size - 30; body.empty() || body.size() > size; --filling)
      body = pickled(filling);
    server.send(with_header(body));
    client.expect_screen([&](const std::string& screen) { return shows_entry(screen, "2", last); },
                         "an object on the screen whose pickle has " + std::to_string(body.size()) +
                             " bytes, and whose last entry is 2: '" + last + "'",
                         2 * to_react);
  }
}

// A pickle that calls open(path, 'w'): harmless, but so any function of Python could be called.
std::string opening_pickle(const std::string& path) {
  const auto text = [](const std::string& utf8) {
    return "X"s + static_cast<char>(utf8.size()) + "\0\0\0"s + utf8;
  };
  return "\x80\2cio\nopen\n" + text(path) + text("w") + "\x86R.";
}

void send_code(Student& client) {
  namespace fs = std::filesystem;
  std::string folder = fs::temp_directory_path() / ("check-" + std::string(6, 'X'));
  if (::mkdtemp(folder.data()) == nullptr) throw std::system_error(errno, std::system_category(), "mkdtemp");
  const fs::path file = fs::path(folder) / "made-by-a-pickle";

  Connection& server = accept_reader(client);
  server.send(with_header(opening_pickle(file)));
  server.close();
  for (int i = 0; i < 50 && !client.exit_code(); ++i) client.wait(std::chrono::milliseconds(100));
  const bool was_made = fs::exists(file);
  fs::remove_all(folder);
  if (was_made) {
    server.fail("the client refuses the message, which holds not data but a call of a function: open('" +
                    file.string() + "', 'w')",
                "the client has called it: there was such a file");
  }
}

void send_lie(Student& client) {
  Connection& server = accept_reader(client);
  server.send("2000000000\x80\4");
  server.expect_dropped("a body of over 1 MiB is refused");
}

void send_deep_nest(Student& client) {
  constexpr std::size_t depth = 100'000;
  Connection& server = accept_reader(client);
  server.send(with_header("\x80\4" + std::string(depth, ']') + std::string(depth - 1, 'a') + "."));
  server.close();
  client.expect_exit("without a crash, although 100,000 lists are nested");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string format = "docs/part3.md#1-pickle";
  const std::string server_section = "docs/part3.md#2-create-the-server";
  const std::string client_section = "docs/part3.md#3-create-the-client";
  const std::string danger = "docs/part3.md#6-a-strangers-bytes";
  const std::string two_for_one = "docs/part2.md#it-takes-two-messages-for-one";

  const std::vector<Behaviour> for_servers = {
      {"sends {1: 'Hey', 2: 'There'} as a pickle after a header", server_section,
       [](Student& server) { expect_greeting(server.connect()); }},
      {"serves the next client when the first has left", server_section,
       [](Student& server) {
         Connection& first = server.connect("the first client");
         expect_greeting(first);
         first.close();
         expect_greeting(server.connect("the next client"));
       }},
      {"survives clients that leave before they are served", "docs/part1.md#a-client-that-leaves",
       survive_clients_that_leave},
      {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once", expect_restart},
      {"sleeps while nobody comes", "docs/part1.md#accept-a-second-socket", sleep_between_clients},
  };
  const std::vector<Behaviour> for_clients = {
      {"shows the greeting decoded", client_section, [](Student& client) { send_object(client, greeting); }},
      {"shows another dict decoded", client_section,
       [](Student& client) { send_object(client, random_greeting()); }},
      {"reads what Python writes at protocols 2 to 5", format, send_every_protocol},
      {"shows both objects that arrive in one piece", two_for_one, send_two_at_once},
      {"shows an object that arrives byte by byte",
       "docs/part2.md#it-takes-a-piece-of-the-header-for-the-header", send_one_by_one},
      {"shows objects of 100 bytes to 1 MiB, which is allowed", client_section, send_many_sizes},
      {"goes on after an object with every type in it", format, send_every_type},
      {"ends well when the connection is closed between two messages", client_section,
       [](Student& client) {
         accept_reader(client).close();
         client.expect_exit("when the connection is closed between two messages", Student::Code::zero);
       }},
      {"refuses a message of 2,000,000,000 bytes", "docs/part2.md#6-a-length-is-not-to-be-believed",
       send_lie},
      {"runs no code that a message names", danger, send_code},
      {"does not crash when lists are nested 100,000 deep", danger, send_deep_nest},
      {"sleeps while nothing comes", "docs/part1.md#recv",
       [](Student& client) {
         accept_reader(client).send("5   ");
         client.expect_sleep("while the server has sent half a header");
       }},
  };
  return run_checks(argc, argv, {"part3", for_servers, for_clients, exercises()});
}
