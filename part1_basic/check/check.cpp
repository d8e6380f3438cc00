// Part 1, the check: what a server and a client of this part should do, whoever wrote them.
#include "common/check/check.hpp"

#include <string>
#include <string_view>

#include "part1_basic/check/exercises.hpp"

namespace {

constexpr std::string_view welcome = "welcome to the server!";

Connection& expect_welcome(Student& server) {
  Connection& client = server.connect();
  client.expect(welcome);
  client.expect_end();
  return client;
}

std::string without_line_ends(std::string text) {
  std::erase(text, '\n');
  return text;
}

// A client may show each piece that it receives on a line of its own.
void expect_screen_with(Student& client, const std::string& text) {
  client.expect_screen(
      [&](const std::string& screen) { return without_line_ends(screen).find(text) != std::string::npos; },
      "'" + text + "' on the screen");
}

void send_and_close(Student& client, const std::string& text) {
  Connection& server = client.accept();
  server.send(text);
  server.close();
  expect_screen_with(client, text);
}

// A client that calls recv() once ends with the first piece, as in the section "8 instead of 1024", though perhaps
// only when the second has been sent. All others must go on until the end.
void send_two_pieces(Student& client) {
  Connection& server = client.accept();
  const std::string first = "hello " + random_word();
  const std::string both = first + " and " + random_word();
  server.send(first);
  client.wait(std::chrono::milliseconds(500));
  server.send(both.substr(first.size()));
  server.close();
  client.expect_screen(
      [&](const std::string& screen) {
        const bool has_ended = client.exit_code() == 0;
        return without_line_ends(screen).find(has_ended ? first : both) != std::string::npos;
      },
      "'" + both + "' on the screen");
}

void expect_end_with_connection(Student& client, std::string_view text) {
  Connection& server = client.accept();
  client.wait(std::chrono::milliseconds(200));
  if (client.exit_code()) client.fail("a client that waits for what the server sends", "it does not wait");
  server.send(text);
  server.close();
  client.expect_exit("when the server has closed the connection");
}

void expect_failure_without_server(Student& client) {
  client.start();
  client.expect_exit("with an error, since nobody listens there", Student::Code::above_zero);
}

// The client that leaves comes while the program is stopped, so that it has certainly left when the program goes on.
// There is only one: the backlog may have no room for more.
void survive(Student& server, const std::string& who, void (Connection::*leave)()) {
  expect_welcome(server).close();
  server.pause();
  (server.connect(who).*leave)();
  server.resume();
  expect_welcome(server);
}

// The first line of what a client shows is harmless. After it comes what a terminal takes for a command: to
// change the title of its window.
void send_control_characters(Student& client) {
  Connection& server = client.accept();
  const std::string title = random_word();
  server.send("hello \x1b]0;" + title + "\x07\n");
  server.close();
  expect_screen_with(client, "hello ");
  client.wait(std::chrono::milliseconds(200));
  client.expect_no_command("\x1b]0;" + title + "\x07");
}

void sleep_between_clients(Student& server) {
  expect_welcome(server).close();
  server.expect_sleep("when a client has left");
  server.connect("a silent client").expect(welcome);
  server.expect_sleep("beside a client that says nothing");
}

void expect_restart(Student& server) {
  expect_welcome(server).close();
  server.stop();
  server.connect("the next client").expect(welcome);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Behaviour> for_servers = {
      {"sends the welcome, 22 bytes, and closes the connection", "docs/part1.md#send-and-close",
       expect_welcome},
      {"serves one client after the other", "docs/part1.md#accept-a-second-socket",
       [](Student& server) {
         for (int i = 0; i < 3; ++i) expect_welcome(server);
       }},
      {"serves five clients that come at the same moment", "docs/part1.md#listen-the-backlog",
       [](Student& server) {
         std::vector<Connection*> clients;
         for (int i = 0; i < 5; ++i) clients.push_back(&server.connect("client " + std::to_string(i + 1)));
         for (Connection* client : clients) client->expect(welcome);
       }},
      {"does not wait for a client that says nothing and stays", "docs/part1.md#send-and-close",
       [](Student& server) {
         server.connect("a silent client");
         expect_welcome(server);
       }},
      {"survives clients that leave before they are served", "docs/part1.md#a-client-that-leaves",
       [](Student& server) { survive(server, "a client that leaves", &Connection::reset); }},
      {"survives clients whose connection breaks while it sends: SIGPIPE, EPIPE",
       "docs/part1.md#a-client-that-leaves",
       [](Student& server) {
         survive(server, "a client that breaks off", &Connection::half_close_and_reset);
       }},
      {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once", expect_restart},
      {"sleeps while nobody comes", "docs/part1.md#accept-a-second-socket", sleep_between_clients},
  };
  const std::vector<Behaviour> for_clients = {
      {"prints the whole welcome", "docs/part1.md#8-instead-of-1024",
       [](Student& client) { send_and_close(client, std::string(welcome)); }},
      {"prints what the server sends, whatever it is", "docs/part1.md#recv",
       [](Student& client) { send_and_close(client, "hello " + random_word()); }},
      {"prints what comes in two pieces", "docs/part1.md#the-whole-stream", send_two_pieces},
      {"prints characters of more than one byte", "docs/part1.md#the-whole-stream",
       [](Student& client) { send_and_close(client, "hello 你好"); }},
      {"ends when the server has closed the connection", "docs/part1.md#several-times",
       [](Student& client) { expect_end_with_connection(client, welcome); }},
      {"ends when the server closes without a word", "docs/part1.md#several-times",
       [](Student& client) { expect_end_with_connection(client, ""); }},
      {"sends no command of the server's to the terminal", "docs/part1.md#recv", send_control_characters},
      {"fails when nobody listens", "docs/part1.md#connect", expect_failure_without_server},
      {"sleeps while nothing comes", "docs/part1.md#recv",
       [](Student& client) {
         client.accept();
         client.expect_sleep("while the server says nothing");
       }},
  };
  return run_checks(argc, argv, {"part1", for_servers, for_clients, exercises()});
}
