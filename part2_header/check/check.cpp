// Part 2, the check: what a server and a client of this part should do, and the programs of its exercises, whoever
// wrote them.
#include "common/check/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/text.hpp"

namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

// Sections that explain several behaviours.
const std::string client_section = "docs/part2.md#2-a-client-that-parses-the-header";
const std::string two_for_one = "docs/part2.md#it-takes-two-messages-for-one";
const std::string piece = "docs/part2.md#it-takes-a-piece-of-the-header-for-the-header";
const std::string length = "docs/part2.md#6-a-length-is-not-to-be-believed";
const std::string time_section = "docs/part2.md#4-send-the-time";

// --- The server ---

constexpr std::string_view welcome = "22        Welcome to the server!";

// The time comes every three seconds; and a server that sleeps meanwhile learns only from the second time
// that it sends that its client has left.
constexpr std::chrono::seconds to_send_time{10};
constexpr std::chrono::seconds to_notice{15};

void expect_welcome(Connection& client) {
  client.expect(welcome, to_notice);
}

double expect_time(Connection& client) {
  const std::string expected = "a message such as 'The time is 1795334619.3903866', with the time of now";
  const std::string body = client.message(expected, to_send_time);
  std::smatch match;
  if (!std::regex_match(body, match, std::regex("The time is ([0-9.]+)"))) client.fail(expected);
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const double time = std::strtod(match.str(1).c_str(), nullptr);
  if (std::abs(now.count() - time) > 60) client.fail(expected, "that is not the time");
  return time;
}

const std::vector<Behaviour> servers = {
    {"sends the welcome after a header of ten bytes", "docs/part2.md#the-header-byte-by-byte",
     [](Student& server) { server.connect().expect(welcome); }},
    {"then sends the time, again and again", time_section,
     [](Student& server) {
       Connection& client = server.connect();
       client.expect(welcome);
       const double first = expect_time(client);
       const double second = expect_time(client);
       if (second < first) client.fail("a later time", "the time has gone back");
     }},
    {"serves the next client when the first has left", time_section,
     serve_after(&Connection::close, expect_welcome)},
    {"survives a client whose connection breaks", time_section,
     serve_after(&Connection::reset, expect_welcome)},
    {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once",
     restart(expect_welcome)},
    {"sleeps between two messages", time_section,
     [](Student& server) {
       Connection& client = server.connect();
       client.expect(welcome);
       const auto expect_pause = [&] {
         for (int messages = 1; client.has_more(milliseconds(1)); ++messages) {
           expect_time(client);
           if (messages == 100) client.fail("a pause between two messages", "a hundred came without one");
         }
       };
       // A server that never pauses is busy until the buffers of the kernel are full, and then sleeps, in send().
       try {
         server.expect_sleep("until it is time to send the time");
       } catch (const Mismatch&) {
         expect_pause();
         throw;
       }
       expect_pause();
     }},
};

// --- The client ---

// A client shows the body. It may print what it has received, but header and body together are not a message.
Message message(const std::string& body) {
  return {with_header(body), [=](Student& client) {
            client.expect_shown(body);
            const std::string glued = with_header(body);
            if (client.screen().find(glued) == std::string::npos) return;
            client.expect_screen(
                [&](std::string screen) {
                  for (std::size_t at = 0; (at = screen.find(glued, at)) != std::string::npos;)
                    screen.erase(at, glued.size());
                  return screen.find(body) != std::string::npos;
                },
                "the body of the message on the screen, without its header");
          }};
}

Message new_message() {
  return message("hello " + random_word());
}

Message message_of_size(std::size_t size) {
  std::string body = random_word() + std::string(std::max<std::size_t>(size, 16) - 16, '.') + random_word();
  body.resize(size);
  return {with_header(body), [=](Student& client) {
            const std::string end = body.substr(size - std::min<std::size_t>(size, 8));
            client.expect_screen(
                [&](const std::string& screen) { return screen.find(end) != std::string::npos; },
                fmt::format("all of a message of {} bytes on the screen, which ends in '{}'", size, end),
                2 * to_react);
          }};
}

struct Ending {
  std::optional<int> exit_code;
  std::string last_words;  // what the client prints when the connection is closed
  std::string screen;      // all that it has printed, without the body of the last message
};

// How a client ends when `header` and `body` are all that has come of a last message of 22 bytes.
Ending ending_after(Student& client, const std::string& header, const std::string& body) {
  Connection& server = accept_reader(client, message("Welcome to the server!"));
  server.send(header + body);
  if (body.size() == 22) client.expect_shown(body);
  client.wait(milliseconds(200));
  const std::size_t before = client.screen().size();
  server.close();
  client.expect_exit("when the connection is closed");
  std::string screen = client.screen();
  const std::string last_words = screen.substr(before);
  if (const std::size_t at = screen.rfind(body); at != std::string::npos) screen.erase(at, body.size());
  return {client.exit_code(), last_words, screen};
}

const std::vector<Behaviour> clients = {
    {"shows a message while the connection stays open", client_section, show(new_message)},
    {"shows both messages that arrive in one piece", two_for_one, show_two_at_once(new_message)},
    {"shows a message whose header is cut in two, wherever that is", piece,
     show_cut(header_size, new_message)},
    {"shows a message that arrives byte by byte", piece, show_one_by_one([] { return message("Grüße"); })},
    {"counts bytes, not characters", "docs/part2.md#it-counts-characters",
     [](Student& client) {
       Connection& server = accept_reader(client, message("Grüße"));
       const Message next = new_message();
       server.send(next.bytes);
       next.expect_shown(client);
     }},
    {"takes spaces on either side of the digits", "docs/part2.md#the-header-byte-by-byte",
     [](Student& client) {
       const std::string body = random_word();
       accept_reader(client, {" 8        " + body, message(body).expect_shown});
     }},
    // From less than any buffer to the largest message that is allowed.
    {"shows messages of 1 byte to 1 MiB, which is allowed", client_section,
     show_sizes({1, 15, 64, 65, 255, 256, 1'000, 1'024, 4'097, 65'536, 100'000, 1'048'576}, message_of_size)},
    {"goes on after a message without a body", client_section,
     [](Student& client) {
       Connection& server = client.accept();
       server.send(with_header(""));
       client.wait(milliseconds(300));
       const Message next = new_message();
       server.send(next.bytes);
       next.expect_shown(client);
     }},
    {"ends well when the connection is closed between two messages", client_section,
     end_between_messages(new_message)},
    {"reports a connection that is closed inside a message", client_section,
     [](Student& client) {
       const Ending normal = ending_after(client, "22        ", "Welcome to our server!");
       const std::string expected = "an error: the rest of a message is lost";
       for (const auto& [header, body] : {std::pair{"22        ", "Welcome"}, std::pair{"22", ""}}) {
         client.stop();
         const Ending cut = ending_after(client, header, body);
         if (cut.exit_code != normal.exit_code) continue;
         if (cut.last_words == normal.last_words)
           client.fail(expected, "the same end as that between two messages");
         if (cut.screen == normal.screen)
           client.fail(expected, "the 7 bytes of the 22 that have come, as if they were the message");
       }
     }},
    {"refuses a message of 2,000,000,000 bytes", length,
     refuse_each({"2000000000Welcome"}, "a body of over 1 MiB is refused", new_message)},
    {"refuses a header that is not a length", length,
     [](Student& client) {
       refuse_each({"hello worldhello world"}, "what came is not a length", new_message)(client);
       refuse_each({"-1        hello world"}, "no message has a negative length", new_message)(client);
     }},
    {"sends no command of a message to the terminal", "docs/part1.md#recv",
     [](Student& client) {
       const std::string title = "\x1b]0;" + random_word() + "\x07";  // of the terminal's window
       const std::string word = random_word();
       client.accept().send(with_header(word + title));
       client.expect_shown(word);
       client.expect_no_command(title);
     }},
    {"sleeps while nothing comes", "docs/part1.md#recv", sleep_inside_header(new_message)},
};

// --- Exercise 1: a server that answers in capital letters ---

std::string capitals(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return text;
}

void expect_answer(Connection& client, const std::string& text) {
  const std::string expected = text.size() < 100
                                   ? "the message " + python_bytes(capitals(text))
                                   : fmt::format("the message, {} bytes, in capital letters", text.size());
  if (client.message(expected) != capitals(text)) client.fail(expected);
}

void ask(Connection& client, const std::string& text) {
  client.send(with_header(text));
  expect_answer(client, text);
}

void ask_something(Connection& client) {
  ask(client, "hello " + random_word());
}

const std::vector<Behaviour> capital_letters = {
    {"answers each message in capital letters, while the connection stays open", client_section,
     serve(ask_something, 3)},
    {"answers messages of 1 byte to a megabyte, which is allowed", client_section,
     serve([](Connection& client) {
       for (const std::size_t size : {1U, 64U, 65U, 1'024U, 4'097U, 65'536U, 1'000'000U})
         ask(client, std::string(size, random_word().front()));
       // In capital letters or not: those are no letters of ASCII.
       client.send(with_header("Grüße"));
       client.message("an answer to " + python_bytes("Grüße"));
       ask_something(client);
     })},
    {"answers both messages that come in one piece", two_for_one, serve([](Connection& client) {
       const std::string first = random_word();
       const std::string second = random_word() + "!";
       client.send(with_header(first) + with_header(second));
       expect_answer(client, first);
       expect_answer(client, second);
     })},
    {"answers a message that comes in two pieces, wherever it is cut", piece, serve([](Connection& client) {
       for (std::size_t size = 1; size <= header_size + 2; ++size) {
         const std::string text = random_word();
         client.send_cut(with_header(text), size);
         expect_answer(client, text);
       }
     })},
    {"answers a message without a body with another", client_section, serve([](Connection& client) {
       ask(client, "");
       ask_something(client);
     })},
    {"refuses a message of 2,000,000,000 bytes, and a header that is not a length", length,
     [](Student& server) {
       refuse("2000000000Welcome", "a body of over a megabyte is refused", ask_something)(server);
       refuse("hello worldhello world", "what came is not a length", ask_something)(server);
     }},
    {"begins anew after a client that breaks off inside a message",
     "docs/part2.md#exercise-1-a-server-that-listens",
     [](Student& server) {
       Connection& first = server.connect("the first client");
       ask_something(first);
       first.send("100       half");
       first.reset();
       Connection& next = server.connect("the next client");
       ask_something(next);
       next.half_close();
       next.expect_dropped("the client has left");
     }},
};

// --- Exercise 2: a client for headers of four bytes ---

std::string with_binary_header(const std::string& body) {
  std::string header;
  for (const int shift : {24, 16, 8, 0}) header += static_cast<char>(body.size() >> shift & 0xff);
  return header + body;
}

// A word that cannot be known beforehand, filled up to the size of the body.
Message binary_message(std::size_t size) {
  std::string body = random_word();
  body.resize(size, '.');
  return {with_binary_header(body), [=](Student& client) {
            client.expect_screen(
                [&](const std::string& screen) { return screen.find(body) != std::string::npos; },
                fmt::format("the body of {} bytes on the screen: '{}'...", size, body.substr(0, 8)),
                2 * to_react);
          }};
}

Message new_binary_message() {
  return binary_message(12);
}

const std::vector<Behaviour> four_bytes = {
    // 200 is negative in a signed byte, and 300 another number in the other byte order.
    {"shows bodies of 8, 200, 300 and 70,000 bytes, and of a megabyte", "docs/part2.md#exercise-2-four-bytes",
     show_sizes({8, 200, 300, 70'000, 1'000'000}, binary_message)},
    {"shows both messages that arrive in one piece", two_for_one, show_two_at_once(new_binary_message)},
    {"shows a message that arrives in two pieces, wherever it is cut", piece,
     show_cut(6, new_binary_message)},
    {"refuses lengths over a megabyte", length,
     refuse_each({"\x7f\xff\xff\xffWelcome"s, "\xff\xff\xff\xff\0\0\0\0"s},
                 "a body of over a megabyte is refused", new_binary_message)},
    {"ends well between two messages, and with an error inside one", client_section,
     [](Student& client) {
       end_between_messages(new_binary_message)(client);
       for (const std::size_t size : {9U, 2U}) {
         client.stop();
         Connection& server = client.accept();
         server.send(new_binary_message().bytes.substr(0, size));
         server.close();
         client.expect_exit("when the connection is closed inside a message", Student::Code::above_zero);
       }
     }},
};

// --- Exercise 3: a server for lines ---

void measure(Connection& client, const std::string& line) {
  client.send(line + "\n");
  client.expect(std::to_string(line.size()) + "\n");
}

void measure_a_word(Connection& client) {
  measure(client, random_word());
}

const std::vector<Behaviour> lines = {
    {"answers each line with its number of bytes", "docs/part2.md#why-messages-need-framing",
     serve([](Connection& client) {
       for (const char* const line : {"hello", "", "a b"}) measure(client, line);
       measure(client, std::string(700, 'x') + random_word());
     })},
    {"counts bytes, not characters", "docs/part2.md#it-counts-characters",
     serve([](Connection& client) { measure(client, "Grüße"); })},
    {"answers lines that come in any pieces", two_for_one, serve([](Connection& client) {
       client.send("one\nthree\n\nhalf");
       client.expect("3\n5\n0\n");
       client.send_one_by_one(" a line\nnext");
       client.expect("11\n");
       client.send("\n");
       client.expect("4\n");
       std::string many, answers;
       for (int i = 0; i < 500; ++i) many += "abc\n", answers += "3\n";
       client.send(many);
       client.expect(answers);
     })},
    {"takes a line of 1000 bytes, and refuses one of 1001", length,
     [](Student& server) {
       Connection& client = server.connect();
       measure(client, std::string(1'000, 'x'));
       client.close();
       refuse(std::string(1'001, 'x') + "\n", "a line of over 1000 bytes is refused", measure_a_word)(server);
     }},
    {"refuses a line without an end", length,
     refuse(std::string(5'000, 'x'),
            "a line of over 1000 bytes is refused, and that is certain before its end has come",
            measure_a_word)},
    {"serves the next client when the first has left", time_section,
     serve_after(&Connection::close, measure_a_word)},
};

}  // namespace

int main(int argc, char** argv) {
  return run_checks(argc, argv, "part2",
                    {{"server", Side::server, servers},
                     {"client", Side::client, clients},
                     {"1", Side::server, capital_letters},
                     {"2", Side::client, four_bytes},
                     {"3", Side::server, lines}});
}
