// Part 2, the check of the exercises at the end of docs/part2.md.
#include "part2_header/check/exercises.hpp"

#include <fmt/format.h>

#include <cctype>
#include <string>
#include <vector>

#include "common/text.hpp"

namespace {

using namespace std::string_literals;

// --- Exercise 1: a server that answers in capital letters ---

std::string capitals(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return text;
}

void expect_answer(Connection& client, const std::string& text) {
  const std::string expected = "the message " + python_bytes(capitals(text));
  if (client.message(expected) != capitals(text)) client.fail(expected);
}

void ask(Connection& client, const std::string& text) {
  client.send(with_header(text));
  expect_answer(client, text);
}

void ask_many_sizes(Student& server) {
  Connection& client = server.connect();
  for (const std::size_t size : {1U, 64U, 65U, 1'024U, 4'097U, 65'536U, 1'000'000U}) {
    const std::string text(size, random_word().front());
    client.send(with_header(text));
    const std::string expected = fmt::format("the message, {} bytes, in capital letters", size);
    if (client.message(expected) != capitals(text)) client.fail(expected);
  }
}

void ask_twice_at_once(Student& server) {
  Connection& client = server.connect();
  const std::string first = random_word();
  const std::string second = random_word() + "!";
  client.send(with_header(first) + with_header(second));
  expect_answer(client, first);
  expect_answer(client, second);
}

void ask_in_pieces(Student& server) {
  Connection& client = server.connect();
  for (std::size_t size = 1; size <= header_size + 2; ++size) {
    const std::string text = random_word();
    client.send_cut(with_header(text), size);
    expect_answer(client, text);
  }
}

void break_off(Student& server) {
  Connection& first = server.connect("the first client");
  ask(first, random_word());
  first.send("100       half");
  first.reset();
  ask(server.connect("the next client"), random_word());
}

// --- Exercise 2: a client for headers of four bytes ---

std::string with_binary_header(const std::string& body) {
  std::string message;
  for (const int shift : {24, 16, 8, 0}) message += static_cast<char>(body.size() >> shift & 0xff);
  return message + body;
}

// A word that cannot be known beforehand, filled up to the size of the body.
std::string body_of(std::size_t size) {
  std::string body = random_word();
  body.resize(size, '.');
  return body;
}

void send_sizes(Student& client) {
  Connection& server = client.accept();
  // 200 is negative in a signed byte, and 300 another number in the other byte order.
  for (const std::size_t size : {8U, 200U, 300U, 70'000U, 1'000'000U}) {
    const std::string body = body_of(size);
    server.send(with_binary_header(body));
    client.expect_screen(
        [&](const std::string& screen) { return screen.find(body) != std::string::npos; },
        "the body of " + std::to_string(size) + " bytes on the screen: '" + body.substr(0, 8) + "'...",
        2 * to_react);
  }
}

void send_two_at_once(Student& client) {
  const std::string first = body_of(8);
  const std::string second = body_of(20);
  client.accept().send(with_binary_header(first) + with_binary_header(second));
  client.expect_shown(first);
  client.expect_shown(second);
}

void cut_every_header(Student& client) {
  Connection& server = client.accept();
  for (std::size_t size = 1; size <= 6; ++size) {
    const std::string body = body_of(12);
    server.send_cut(with_binary_header(body), size);
    client.expect_shown(body);
  }
}

void send_lies(Student& client) {
  for (const std::string& header : {"\x7f\xff\xff\xff"s, "\xff\xff\xff\xff"s}) {
    Connection& server = client.accept();
    server.send(header + "Welcome");
    server.expect_dropped("a body of over a megabyte is refused");
    client.stop();
  }
}

void close_in_two_places(Student& client) {
  const std::string body = body_of(8);
  Connection& server = client.accept();
  server.send(with_binary_header(body));
  client.expect_shown(body);
  server.close();
  client.expect_exit("when the connection is closed between two messages", Student::Code::zero);
  client.stop();

  Connection& other = client.accept();
  other.send(with_binary_header(body).substr(0, 9));
  other.close();
  client.expect_exit("when the connection is closed inside a message", Student::Code::above_zero);
}

// --- Exercise 3: a server for lines ---

void measure(Connection& client, const std::string& line) {
  client.send(line + "\n");
  client.expect(std::to_string(line.size()) + "\n");
}

void send_lines(Student& server) {
  Connection& client = server.connect();
  for (const char* const line : {"hello", "", "a b"}) measure(client, line);
  measure(client, std::string(700, 'x') + random_word());
}

void send_lines_in_pieces(Student& server) {
  Connection& client = server.connect();
  client.send("one\nthree\n\nhalf");
  client.expect("3\n5\n0\n");
  client.send_one_by_one(" a line\nnext");
  client.expect("11\n");
  client.send("\n");
  client.expect("4\n");
}

void send_endless_line(Student& server) {
  Connection& client = server.connect("a client with an endless line");
  client.send(std::string(5'000, 'x'));
  client.expect_dropped("a line of over 1000 bytes is refused, and that is certain before its end has come");
  measure(server.connect("the next client"), "hello");
}

}  // namespace

std::vector<Exercise> exercises() {
  const std::string two_for_one = "docs/part2.md#it-takes-two-messages-for-one";
  const std::string piece = "docs/part2.md#it-takes-a-piece-of-the-header-for-the-header";
  const std::string length = "docs/part2.md#6-a-length-is-not-to-be-believed";
  const std::string framing = "docs/part2.md#why-messages-need-framing";
  const std::string client_section = "docs/part2.md#2-a-client-that-parses-the-header";
  return {
      {Side::server,
       {
           {"answers each message in capital letters, while the connection stays open", client_section,
            [](Student& server) {
              Connection& client = server.connect();
              for (int i = 0; i < 3; ++i) ask(client, "hello " + random_word());
            }},
           {"answers messages of 1 byte to a megabyte, which is allowed", client_section, ask_many_sizes},
           {"answers both messages that come in one piece", two_for_one, ask_twice_at_once},
           {"answers a message that comes in two pieces, wherever it is cut", piece, ask_in_pieces},
           {"answers a message without a body with another", client_section,
            [](Student& server) {
              Connection& client = server.connect();
              ask(client, "");
              ask(client, random_word());
            }},
           {"refuses a message of 2,000,000,000 bytes", length,
            [](Student& server) {
              Connection& client = server.connect();
              client.send("2000000000Welcome");
              client.expect_dropped("a body of over a megabyte is refused");
              ask(server.connect("the next client"), random_word());
            }},
           {"begins anew after a client that breaks off inside a message",
            "docs/part2.md#exercise-1-a-server-that-listens", break_off},
       }},
      {Side::client,
       {
           {"shows bodies of 8, 200, 300 and 70,000 bytes, and of a megabyte", framing, send_sizes},
           {"shows both messages that arrive in one piece", two_for_one, send_two_at_once},
           {"shows a message that arrives in two pieces, wherever it is cut", piece, cut_every_header},
           {"refuses lengths over a megabyte", length, send_lies},
           {"ends well between two messages, and with an error inside one", client_section,
            close_in_two_places},
       }},
      {Side::server,
       {
           {"answers each line with its number of bytes", framing, send_lines},
           {"counts bytes, not characters", "docs/part2.md#it-counts-characters",
            [](Student& server) { measure(server.connect(), "Gr\u00fc\u00dfe"); }},
           {"answers lines that come in any pieces", two_for_one, send_lines_in_pieces},
           {"takes a line of 1000 bytes", length,
            [](Student& server) { measure(server.connect(), std::string(1'000, 'x')); }},
           {"refuses a line without an end", length, send_endless_line},
           {"serves the next client when the first has left", "docs/part2.md#4-send-the-time",
            [](Student& server) {
              Connection& first = server.connect("the first client");
              measure(first, random_word());
              first.close();
              measure(server.connect("the next client"), random_word());
            }},
       }},
  };
}
