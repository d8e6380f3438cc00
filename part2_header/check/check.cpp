// Part 2, the check: what a server and a client of this part should do, whoever wrote them.
#include "common/check/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "part2_header/check/exercises.hpp"

namespace {

constexpr std::string_view welcome = "22        Welcome to the server!";

// The time comes every three seconds; and a server that sleeps meanwhile learns only from the second time
// that it sends that its client has left.
constexpr std::chrono::seconds to_send_time{10};
constexpr std::chrono::seconds to_notice{15};

// --- The server ---

double expect_time(Connection& client) {
  const std::string expected = "a message such as 'The time is 1795334619.3903866', with the time of now";
  const std::string prefix = "The time is ";
  const std::string body = client.message(expected, to_send_time);
  const std::string digits = body.substr(std::min(prefix.size(), body.size()));
  if (!body.starts_with(prefix) || digits.empty() ||
      digits.find_first_not_of("0123456789.") != std::string::npos) {
    client.fail(expected);
  }
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const double time = std::strtod(digits.c_str(), nullptr);
  if (std::abs(now.count() - time) > 60) client.fail(expected, "that is not the time");
  return time;
}

void expect_times(Student& server) {
  Connection& client = server.connect();
  client.expect(welcome);
  const double first = expect_time(client);
  const double second = expect_time(client);
  if (second < first) client.fail("a later time", "the time has gone back");
}

void sleep_between_times(Student& server) {
  Connection& client = server.connect();
  client.expect(welcome);
  server.expect_sleep("until it is time to send the time");
}

void expect_restart(Student& server) {
  Connection& client = server.connect();
  client.expect(welcome);
  server.stop();
  client.close();
  server.connect("the next client").expect(welcome);
}

// --- The client ---

// A client shows the bodies. Whatever else it prints, header and body together are not a message.
void expect_body(Student& client, const std::string& body) {
  client.expect_shown(body);
  const std::string glued = with_header(body);
  if (client.screen().find(glued) != std::string::npos) {
    client.fail("the body of the message on the screen, without its header", "'" + glued + "' on the screen");
  }
}

void send_message(Student& client, const std::string& message, const std::string& body) {
  Connection& server = client.accept();
  server.send(message);
  expect_body(client, body);
}

void send_two_at_once(Student& client) {
  const std::string first = "hello " + random_word();
  const std::string second = "and " + random_word();
  client.accept().send(with_header(first) + with_header(second));
  expect_body(client, first);
  expect_body(client, second);
}

void cut_every_header(Student& client) {
  Connection& server = client.accept();
  for (std::size_t size = 1; size <= header_size; ++size) {
    const std::string body = "cut after byte " + std::to_string(size);
    server.send_cut(with_header(body), size);
    expect_body(client, body);
  }
}

void send_one_by_one(Student& client) {
  Connection& server = client.accept();
  server.send_one_by_one("7         Grüße");
  expect_body(client, "Grüße");
}

void count_bytes(Student& client) {
  Connection& server = client.accept();
  server.send("7         Grüße");
  expect_body(client, "Grüße");
  server.send("2         ok");
  expect_body(client, "ok");
}

// From less than any buffer to the largest message that is allowed.
void send_many_sizes(Student& client) {
  Connection& server = client.accept();
  for (const std::size_t size :
       {1U, 15U, 64U, 65U, 255U, 256U, 1'000U, 1'024U, 4'097U, 65'536U, 100'000U, 1'048'576U}) {
    std::string body = random_word() + std::string(std::max<std::size_t>(size, 16) - 16, '.') + random_word();
    body.resize(size);
    server.send(with_header(body));
    const std::string end = body.substr(body.size() - std::min<std::size_t>(body.size(), 8));
    client.expect_screen(
        [&](const std::string& screen) { return screen.find(end) != std::string::npos; },
        fmt::format("all of a message of {} bytes on the screen, which ends in '{}'", size, end),
        2 * to_react);
  }
}

void send_empty_message(Student& client) {
  Connection& server = client.accept();
  server.send("0         ");
  client.wait(std::chrono::milliseconds(300));
  server.send("4         next");
  expect_body(client, "next");
}

void send_control_characters(Student& client) {
  Connection& server = client.accept();
  const std::string title = "\x1b]0;" + random_word() + "\x07";  // of the terminal's window
  server.send(with_header("hello " + title));
  expect_body(client, "hello ");
  client.wait(std::chrono::milliseconds(100));
  client.expect_no_command(title);
}

// A client that has shown a message: from here on, silence is not that of a client that does nothing at all.
Connection& accept_reader(Student& client) {
  Connection& server = client.accept();
  const std::string body = "hello " + random_word();
  server.send(with_header(body));
  expect_body(client, body);
  return server;
}

// How a client ends: its exit code, and what it prints then.
std::pair<std::optional<int>, std::string> end_of(Student& client, std::string_view last_bytes,
                                                  Student::Code code = Student::Code::any) {
  Connection& server = client.accept();
  server.send(welcome);
  expect_body(client, "Welcome to the server!");
  server.send(last_bytes);
  client.wait(std::chrono::milliseconds(200));
  const std::size_t before = client.screen().size();
  server.close();
  client.expect_exit("when the connection is closed", code);
  return {client.exit_code(), client.screen().substr(before)};
}

void close_inside_message(Student& client) {
  const auto normal = end_of(client, "");
  client.stop();
  if (end_of(client, "22        Welcome") == normal) {
    client.fail("an error: the rest of a message is lost", "the same end as that between two messages");
  }
}

void send_lie(Student& client, std::string_view bytes, const std::string& why) {
  Connection& server = accept_reader(client);
  server.send(bytes);
  server.expect_dropped(why);
  client.expect_exit("with an error");
}

void send_no_length(Student& client) {
  send_lie(client, "hello worldhello world", "what came is not a length");
  client.stop();
  send_lie(client, "-1        hello world", "no message has a negative length");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Behaviour> for_servers = {
      {"sends the welcome after a header of ten bytes", "docs/part2.md#the-header-byte-by-byte",
       [](Student& server) { server.connect().expect(welcome); }},
      {"then sends the time, again and again", "docs/part2.md#4-send-the-time", expect_times},
      {"serves the next client when the first has left", "docs/part2.md#4-send-the-time",
       [](Student& server) {
         Connection& first = server.connect("the first client");
         first.expect(welcome);
         first.close();
         server.connect("the next client").expect(welcome, to_notice);
       }},
      {"survives a client whose connection breaks", "docs/part2.md#4-send-the-time",
       [](Student& server) {
         Connection& first = server.connect("the first client");
         first.expect(welcome);
         first.reset();
         server.connect("the next client").expect(welcome, to_notice);
       }},
      {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once", expect_restart},
      {"sleeps between two messages", "docs/part2.md#4-send-the-time", sleep_between_times},
  };
  const std::vector<Behaviour> for_clients = {
      {"shows a message while the connection stays open", "docs/part2.md#2-a-client-that-parses-the-header",
       [](Student& client) {
         const std::string body = "Welcome " + random_word();
         send_message(client, with_header(body), body);
       }},
      {"shows both messages that arrive in one piece", "docs/part2.md#it-takes-two-messages-for-one",
       send_two_at_once},
      {"shows a message whose header is cut in two, wherever that is",
       "docs/part2.md#it-takes-a-piece-of-the-header-for-the-header", cut_every_header},
      {"shows a message that arrives byte by byte",
       "docs/part2.md#it-takes-a-piece-of-the-header-for-the-header", send_one_by_one},
      {"counts bytes, not characters", "docs/part2.md#it-counts-characters", count_bytes},
      {"takes spaces on either side of the digits", "docs/part2.md#the-header-byte-by-byte",
       [](Student& client) {
         const std::string body = random_word();
         send_message(client, " 8        " + body, body);
       }},
      {"shows messages of 1 byte to 1 MiB, which is allowed",
       "docs/part2.md#2-a-client-that-parses-the-header", send_many_sizes},
      {"goes on after a message without a body", "docs/part2.md#2-a-client-that-parses-the-header",
       send_empty_message},
      {"ends well when the connection is closed between two messages",
       "docs/part2.md#2-a-client-that-parses-the-header",
       [](Student& client) { end_of(client, "", Student::Code::zero); }},
      {"reports a connection that is closed inside a message",
       "docs/part2.md#2-a-client-that-parses-the-header", close_inside_message},
      {"refuses a message of 2,000,000,000 bytes", "docs/part2.md#6-a-length-is-not-to-be-believed",
       [](Student& client) { send_lie(client, "2000000000Welcome", "a body of over 1 MiB is refused"); }},
      {"refuses a header that is not a length", "docs/part2.md#6-a-length-is-not-to-be-believed",
       send_no_length},
      {"sends no command of a message to the terminal", "docs/part1.md#recv", send_control_characters},
      {"sleeps while nothing comes", "docs/part1.md#recv",
       [](Student& client) {
         accept_reader(client).send("5   ");
         client.expect_sleep("while the server has sent half a header");
       }},
  };
  return run_checks(argc, argv, {"part2", for_servers, for_clients, exercises()});
}
