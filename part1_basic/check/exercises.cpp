// Part 1, the check of the exercises at the end of docs/part1.md.
#include "part1_basic/check/exercises.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

// --- Exercise 1: a server that sends each client its address ---

void expect_own_address(Connection& client) {
  client.expect("you are " + client.address() + "\n");
}

void serve_three(Student& server) {
  std::vector<Connection*> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(&server.connect("client " + std::to_string(i + 1)));
  for (Connection* client : clients) expect_own_address(*client);
}

// --- Exercise 2: a client that counts the pieces ---

std::string line_of(std::size_t bytes) {
  return fmt::format("\n{} bytes\n", bytes);
}

// Each piece is sent when the client has shown the one before, so that no two can come as one.
void send_three_pieces(Student& client) {
  Connection& server = client.accept();
  std::random_device random;
  std::size_t sum = 0;
  for (int i = 0; i < 3; ++i) {
    const std::size_t size = 2 + random() % 900;
    const std::size_t before = client.screen().size();
    server.send(std::string(size, 'x'));
    client.expect_screen(
        [&](const std::string& screen) {
          return ("\n" + screen.substr(before)).find(line_of(size)) != std::string::npos;
        },
        fmt::format("'{} bytes' on a line of the screen", size));
    sum += size;
  }
  server.close();
  client.expect_shown(fmt::format("{} bytes in 3 pieces", sum));
}

void send_million(Student& client) {
  constexpr std::size_t million = 1'000'000;
  Connection& server = client.accept();
  server.send(std::string(million, 'x'));
  server.close();
  client.expect_shown(fmt::format("{} bytes in ", million));
  client.expect_exit("when the server has closed the connection");

  // Each line that is a number and "bytes", and the last one, which has a second number.
  std::size_t pieces = 0;
  std::size_t sum = 0;
  std::size_t counted = 0;
  std::istringstream lines(client.screen());
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::size_t bytes = 0;
    std::string unit, in;
    if (!(words >> bytes >> unit) || !unit.starts_with("byte")) continue;
    if (words >> in >> counted) break;
    ++pieces;
    sum += bytes;
  }
  if (sum != million || counted != pieces) {
    client.fail(
        "a line such as '512 bytes' for each piece, and in the end as many pieces and bytes as that",
        fmt::format("{} such lines, with {} bytes in all, and then: {} pieces", pieces, sum, counted));
  }
}

void send_nothing(Student& client) {
  client.accept().close();
  client.expect_shown("0 bytes in 0 pieces");
  client.expect_exit("when the server has closed the connection");
}

// --- Exercise 3: an echo ---

void expect_echo(Connection& client, const std::string& bytes) {
  client.send(bytes);
  client.expect(bytes);
}

void half_close(Student& server) {
  Connection& client = server.connect();
  const std::string word = random_word();
  client.send(word);
  client.half_close();
  client.expect(word);
  client.expect_end();
}

void send_every_byte(Student& server) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  expect_echo(server.connect(), bytes);
}

void send_megabyte(Student& server) {
  Connection& client = server.connect();
  const std::string bytes = random_word() + std::string(64 * 1024 - 16, 'x') + random_word();
  for (int i = 0; i < 16; ++i) expect_echo(client, bytes);
}

void break_off(Student& server) {
  Connection& first = server.connect("the first client");
  expect_echo(first, random_word());
  first.reset();
  expect_echo(server.connect("the next client"), random_word());
}

}  // namespace

std::vector<Exercise> exercises() {
  const std::string accept = "docs/part1.md#accept-a-second-socket";
  const std::string send = "docs/part1.md#a-client-that-leaves";
  const std::string stream = "docs/part1.md#the-whole-stream";
  return {
      {Side::server,
       {
           {"sends a client its address and port, and closes the connection", accept,
            [](Student& server) {
              Connection& client = server.connect();
              expect_own_address(client);
              client.expect_end();
            }},
           {"sends each of three clients its own", accept, serve_three},
           {"survives clients that leave before they are served", send,
            [](Student& server) {
              for (int i = 0; i < 3; ++i) server.connect("a client that leaves").reset();
              expect_own_address(server.connect("the next client"));
            }},
       }},
      {Side::client,
       {
           {"reports the size of each piece when it comes, and the total at the end",
            "docs/part1.md#several-times", send_three_pieces},
           {"counts a million bytes, in whatever pieces they come", stream, send_million},
           {"reports that nothing has come", "docs/part1.md#several-times", send_nothing},
       }},
      {Side::server,
       {
           {"sends back what has come, while the connection stays open",
            "docs/part1.md#exercise-3-an-echo-server",
            [](Student& server) {
              Connection& client = server.connect();
              for (int i = 0; i < 3; ++i) expect_echo(client, random_word());
            }},
           {"closes when the client has ended its direction, and all is sent back",
            "docs/part1.md#exercise-3-an-echo-server", half_close},
           {"sends back every byte as it is", stream, send_every_byte},
           {"sends back a megabyte", "docs/part1.md#send-takes-less-than-you-give-it", send_megabyte},
           {"survives a client whose connection breaks", send, break_off},
       }},
  };
}
