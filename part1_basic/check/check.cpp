// Part 1, the check: what a server and a client of this part should do, and the programs of its exercises, whoever
// wrote them.
#include "common/check/check.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using std::chrono::milliseconds;

constexpr std::string_view welcome = "welcome to the server!";

void expect_welcome(Connection& client) {
  client.expect(welcome);
  client.expect_end();
}

const std::vector<Behaviour> servers = {
    {"sends the welcome, 22 bytes, and closes the connection", "docs/part1.md#send-and-close",
     serve(expect_welcome)},
    {"serves one client after the other", "docs/part1.md#accept-a-second-socket",
     [](Student& server) {
       for (int i = 0; i < 3; ++i) expect_welcome(server.connect());
     }},
    {"serves five clients that come at the same moment", "docs/part1.md#listen-the-backlog",
     serve_at_once(5, expect_welcome)},
    {"does not wait for a client that says nothing and stays", "docs/part1.md#send-and-close",
     [](Student& server) {
       server.connect("a silent client");
       expect_welcome(server.connect());
     }},
    {"survives clients that leave before they are served", "docs/part1.md#a-client-that-leaves",
     survive(&Connection::reset, expect_welcome)},
    {"survives clients whose connection breaks while it sends: SIGPIPE, EPIPE",
     "docs/part1.md#a-client-that-leaves", survive(&Connection::half_close_and_reset, expect_welcome)},
    {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once",
     restart(expect_welcome)},
    {"sleeps while nobody comes", "docs/part1.md#accept-a-second-socket",
     sleep_between_clients(expect_welcome)},
};

// A client may show each piece that it receives on a line of its own. One that has ended well after the first piece of
// two has called recv() once, as in the section "8 instead of 1024".
void expect_printed(Student& client, const std::string& text, const std::string& first_piece = "") {
  client.expect_screen(
      [&](std::string screen) {
        std::erase(screen, '\n');
        const bool was_one_recv = !first_piece.empty() && client.exit_code() == 0;
        return screen.find(was_one_recv ? first_piece : text) != std::string::npos;
      },
      "'" + text + "' on the screen");
}

Run print(const std::string& text) {
  return [=](Student& client) {
    Connection& server = client.accept();
    server.send(text);
    server.close();
    expect_printed(client, text);
  };
}

Run end_with_connection(std::string_view text) {
  return [=](Student& client) {
    Connection& server = client.accept();
    client.wait(milliseconds(200));
    if (client.exit_code()) client.fail("a client that waits for what the server sends", "it does not wait");
    server.send(text);
    server.close();
    client.expect_exit("when the server has closed the connection");
  };
}

const std::vector<Behaviour> clients = {
    {"prints the whole welcome", "docs/part1.md#8-instead-of-1024", print(std::string(welcome))},
    {"prints what the server sends, whatever it is", "docs/part1.md#recv", print("hello " + random_word())},
    {"prints what comes in two pieces", "docs/part1.md#the-whole-stream",
     [](Student& client) {
       Connection& server = client.accept();
       const std::string first = "hello " + random_word();
       const std::string both = first + " and " + random_word();
       server.send(first);
       client.wait(milliseconds(500));
       server.send(both.substr(first.size()));
       server.close();
       expect_printed(client, both, first);
     }},
    {"prints characters of more than one byte", "docs/part1.md#the-whole-stream", print("hello 你好")},
    {"ends when the server has closed the connection", "docs/part1.md#several-times",
     end_with_connection(welcome)},
    {"ends when the server closes without a word", "docs/part1.md#several-times", end_with_connection("")},
    {"sends no command of the server's to the terminal", "docs/part1.md#recv",
     // What comes after the first word is what a terminal takes for a command.
     [](Student& client) {
       const std::string title = "\x1b]0;" + random_word() + "\x07";  // of its window
       Connection& server = client.accept();
       const std::string word = random_word();
       server.send(word + title + "\n");
       server.close();
       expect_printed(client, word);
       client.expect_no_command(title);
     }},
    {"fails when nobody listens", "docs/part1.md#connect",
     [](Student& client) {
       client.start();
       client.wait_for_end(to_start);
       client.expect_exit("with an error, since nobody listens there", Student::Code::above_zero);
     }},
    {"sleeps while nothing comes", "docs/part1.md#recv",
     [](Student& client) {
       client.accept();
       client.expect_sleep("while the server says nothing");
     }},
};

// --- Exercise 1: a server that sends each client its address ---

void expect_own_address(Connection& client) {
  client.expect("you are " + client.address() + "\n");
}

const std::vector<Behaviour> own_address = {
    {"sends a client its address and port, and closes the connection", "docs/part1.md#accept-a-second-socket",
     [](Student& server) {
       Connection& client = server.connect();
       expect_own_address(client);
       client.expect_end();
     }},
    {"sends each of three clients its own", "docs/part1.md#accept-a-second-socket",
     serve_at_once(3, expect_own_address)},
    {"survives clients that leave before they are served", "docs/part1.md#a-client-that-leaves",
     survive(&Connection::reset, expect_own_address)},
};

// --- Exercise 2: a client that counts the pieces ---

const std::vector<Behaviour> pieces = {
    {"reports the size of each piece when it comes, and the total at the end", "docs/part1.md#several-times",
     // Each piece is sent when the client has shown the one before, so that no two can come as one.
     [](Student& client) {
       Connection& server = client.accept();
       std::size_t sum = 0;
       for (int i = 0; i < 3; ++i) {
         const std::size_t size = 2 + std::random_device()() % 900;
         const std::size_t before = client.screen().size();
         server.send(std::string(size, 'x'));
         client.expect_screen(
             [&](const std::string& screen) {
               return ("\n" + screen.substr(before)).find(fmt::format("\n{} bytes\n", size)) !=
                      std::string::npos;
             },
             fmt::format("'{} bytes' on a line of the screen", size));
         sum += size;
       }
       server.close();
       client.expect_shown(fmt::format("{} bytes in 3 pieces", sum));
     }},
    {"counts a million bytes, in whatever pieces they come", "docs/part1.md#the-whole-stream",
     [](Student& client) {
       constexpr std::size_t million = 1'000'000;
       Connection& server = client.accept();
       server.send(std::string(million, 'x'));
       server.close();
       client.expect_shown(fmt::format("{} bytes in ", million));
       client.expect_exit("when the server has closed the connection");

       // Each line that is a number and "bytes", and the last one, which has a second number.
       std::size_t lines_with_bytes = 0;
       std::size_t sum = 0;
       std::size_t counted = 0;
       std::istringstream lines(client.screen());
       for (std::string line; std::getline(lines, line);) {
         std::istringstream words(line);
         std::size_t bytes = 0;
         std::string unit, in;
         if (!(words >> bytes >> unit) || !unit.starts_with("byte")) continue;
         if (words >> in >> counted) break;
         ++lines_with_bytes;
         sum += bytes;
       }
       if (sum == million && counted == lines_with_bytes) return;
       client.fail(
           "a line such as '512 bytes' for each piece, and in the end as many pieces and bytes as that",
           fmt::format("{} such lines, with {} bytes in all, and then: {} pieces", lines_with_bytes, sum,
                       counted));
     }},
    {"reports that nothing has come", "docs/part1.md#several-times",
     [](Student& client) {
       client.accept().close();
       client.expect_shown("0 bytes in 0 pieces");
       client.expect_exit("when the server has closed the connection");
     }},
};

// --- Exercise 3: an echo ---

void expect_echo(Connection& client, const std::string& bytes) {
  client.send(bytes);
  client.expect(bytes);
}

void expect_echo_of_a_word(Connection& client) {
  expect_echo(client, random_word());
}

const std::vector<Behaviour> echo = {
    {"sends back what has come, while the connection stays open", "docs/part1.md#exercise-3-an-echo-server",
     serve(expect_echo_of_a_word, 3)},
    {"closes when the client has ended its direction, and all is sent back",
     "docs/part1.md#exercise-3-an-echo-server",
     [](Student& server) {
       Connection& client = server.connect();
       const std::string word = random_word();
       client.send(word);
       client.half_close();
       client.expect(word);
       client.expect_end();
     }},
    {"sends back every byte as it is", "docs/part1.md#the-whole-stream",
     [](Student& server) {
       std::string bytes;
       for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
       expect_echo(server.connect(), bytes);
     }},
    {"sends back a megabyte", "docs/part1.md#send-takes-less-than-you-give-it",
     [](Student& server) {
       const std::string bytes = random_word() + std::string(64 * 1024 - 16, 'x') + random_word();
       serve([&](Connection& client) { expect_echo(client, bytes); }, 16)(server);
     }},
    {"survives a client whose connection breaks", "docs/part1.md#a-client-that-leaves",
     serve_after(&Connection::reset, expect_echo_of_a_word)},
};

}  // namespace

int main(int argc, char** argv) {
  return run_checks(argc, argv, "part1",
                    {{"server", Side::server, servers},
                     {"client", Side::client, clients},
                     {"1", Side::server, own_address},
                     {"2", Side::client, pieces},
                     {"3", Side::server, echo}});
}
