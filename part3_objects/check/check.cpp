// Part 3, the check: what a server and a client of this part should do, and the programs of its exercises, whoever
// wrote them.
#include "common/check/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

using namespace std::string_literals;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Sections that explain several behaviours.
const std::string format = "docs/part3.md#1-pickle";
const std::string server_section = "docs/part3.md#2-create-the-server";
const std::string client_section = "docs/part3.md#3-create-the-client";
const std::string objects = "docs/part3.md#objects-in-c";
const std::string own_struct = "docs/part3.md#5-a-struct-of-your-own";
const std::string danger = "docs/part3.md#6-a-strangers-bytes";
const std::string two_for_one = "docs/part2.md#it-takes-two-messages-for-one";
const std::string piece = "docs/part2.md#it-takes-a-piece-of-the-header-for-the-header";

std::string pickled(const Object& object) {
  return with_header(dumps(object));
}

Object receive(Connection& connection, const std::string& expected) {
  const std::string body = connection.message(expected);
  try {
    return loads(body);
  } catch (const PickleError& error) {
    connection.fail(expected, error.what());
  }
}

void expect_object(Connection& connection, const Object& object) {
  const std::string expected = "a message with the pickle of " + repr(object);
  const Object came = receive(connection, expected);
  if (!(came == object)) connection.fail(expected, "that is " + repr(came));
}

// --- The server ---

const Object greeting = Dict{{1, "Hey"}, {2, "There"}};

void expect_greeting(Connection& client) {
  expect_object(client, greeting);
}

const std::vector<Behaviour> servers = {
    {"sends {1: 'Hey', 2: 'There'} as a pickle after a header", server_section, serve(expect_greeting)},
    {"serves the next client when the first has left", server_section,
     serve_after(&Connection::close, expect_greeting)},
    {"survives clients that leave before they are served", "docs/part1.md#a-client-that-leaves",
     survive(&Connection::reset, expect_greeting)},
    {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once",
     restart(expect_greeting)},
    {"sleeps while nobody comes", "docs/part1.md#accept-a-second-socket",
     sleep_between_clients(expect_greeting)},
};

// --- The client ---

// Whether `key` comes within 20 bytes before `value`, each as a word of its own, and 1n in JavaScript is 1. A regular
// expression takes its time for a screen of a megabyte: so it looks only where the value is.
bool shows_entry(const std::string& screen, const std::string& key, const std::string& value) {
  const std::regex entry("\\b" + key + "n?\\b[\\s\\S]{1,20}\\b" + value + "\\b");
  const std::size_t before = 1 + key.size() + 1 + 20;
  for (std::size_t at = 0; (at = screen.find(value, at)) != std::string::npos; ++at) {
    const std::size_t begin = at - std::min(at, before);
    if (std::regex_search(screen.substr(begin, at - begin + value.size() + 1), entry)) return true;
  }
  return false;
}

// A client may write an object as it likes: {1: 'Hey'}, 1 => "Hey", map[1:Hey]. But key and value are close to
// each other, and the key is a number: in the bytes of the pickle, which it shows too, it is not.
Message message(const Dict& dict) {
  return {pickled(dict), [=](Student& client) {
            client.expect_screen(
                [&](const std::string& screen) {
                  return std::all_of(dict.entries().begin(), dict.entries().end(), [&](const auto& entry) {
                    return shows_entry(screen, str(entry.first), str(entry.second));
                  });
                },
                "the decoded object on the screen: " + repr(dict));
          }};
}

Message new_message() {
  return message({{1, random_word()}, {2, random_word()}});
}

// An object whose pickle has so many bytes, or hardly less, and ends with an entry that is looked for.
Message message_of_size(std::size_t size) {
  const std::string last = random_word();
  std::string body;
  for (std::size_t filling = size - 30; body.empty() || body.size() > size; --filling)
    body = dumps(Dict{{1, std::string(filling, '.')}, {2, last}});
  return {
      with_header(body), [=](Student& client) {
        client.expect_screen(
            [&](const std::string& screen) { return shows_entry(screen, "2", last); },
            fmt::format("an object on the screen whose pickle has {} bytes, and whose last entry is 2: '{}'",
                        body.size(), last),
            2 * to_react);
      }};
}

// What pickle.dumps({1: first, 2: second}, protocol) returns in Python for two words of eight letters.
std::string python_pickle(const std::string& first, const std::string& second, char protocol) {
  if (protocol < 4) {
    return "\x80"s + protocol + "}q\0(K\1X\10\0\0\0"s + first + "q\1K\2X\10\0\0\0"s + second + "q\2u.";
  }
  return "\x80"s + protocol + "\x95\x1f\0\0\0\0\0\0\0}\x94(K\1\x8c\10"s + first + "\x94K\2\x8c\10" + second +
         "\x94u.";
}

// A pickle that calls open(path, 'w'): harmless, but so any function of Python could be called.
std::string opening_pickle(const std::string& path) {
  const auto text = [](const std::string& utf8) {
    return "X"s + static_cast<char>(utf8.size()) + "\0\0\0"s + utf8;
  };
  return "\x80\2cio\nopen\n" + text(path) + text("w") + "\x86R.";
}

void send_code(Student& client) {
  const fs::path file = fs::temp_directory_path() / ("made-by-a-pickle-" + random_word());
  Connection& server = accept_reader(client, new_message());
  server.send(with_header(opening_pickle(file)));
  server.close();
  for (int i = 0; i < 50 && !client.exit_code(); ++i) client.wait(milliseconds(100));
  if (!fs::remove(file)) return;
  server.fail("the client refuses the message, which holds not data but a call of a function: open('" +
                  file.string() + "', 'w')",
              "the client has called it: there was such a file");
}

const std::vector<Behaviour> clients = {
    {"shows the greeting decoded", client_section, show([] {
       return message({{1, "Hey"}, {2, "There"}});
     })},
    {"shows another dict decoded", client_section, show(new_message)},
    {"reads what Python writes at protocols 2 to 5", format,
     [](Student& client) {
       for (const char protocol : {'\2', '\3', '\4', '\5'}) {
         const std::string first = random_word();
         const std::string second = random_word();
         accept_reader(client, {with_header(python_pickle(first, second, protocol)),
                                message({{1, first}, {2, second}}).expect_shown});
         client.stop();
       }
     }},
    {"shows both objects that arrive in one piece", two_for_one, show_two_at_once(new_message)},
    {"shows an object that arrives byte by byte", piece, show_one_by_one(new_message)},
    {"shows objects of 100 bytes to 1 MiB, which is allowed", client_section,
     show_sizes({100, 255, 1'024, 4'097, 65'536, 1'048'576}, message_of_size)},
    {"goes on after an object with every type in it", format,
     [](Student& client) {
       Connection& server = client.accept();
       server.send(pickled(List{
           {None(), true, 300, -1.5, "text", Bytes{"\xff\n"}, Tuple{{1, List()}}, Dict{{"key", Tuple()}}}}));
       client.wait(milliseconds(200));
       const Message next = new_message();
       server.send(next.bytes);
       next.expect_shown(client);
     }},
    {"ends well when the connection is closed between two messages", client_section,
     end_between_messages(new_message)},
    {"refuses a message of 2,000,000,000 bytes", "docs/part2.md#6-a-length-is-not-to-be-believed",
     refuse_each({"2000000000\x80\4"}, "a body of over 1 MiB is refused", new_message)},
    {"runs no code that a message names", danger, send_code},
    {"does not crash when lists are nested 100,000 deep", danger,
     [](Student& client) {
       constexpr std::size_t depth = 100'000;
       Connection& server = accept_reader(client, new_message());
       server.send(with_header("\x80\4" + std::string(depth, ']') + std::string(depth - 1, 'a') + "."));
       server.close();
       client.expect_exit("without a crash, although 100,000 lists are nested");
     }},
    {"sleeps while nothing comes", "docs/part1.md#recv", sleep_inside_header(new_message)},
};

// A number that differs from run to run, and that a float holds without rounding.
double random_number() {
  const std::string word = random_word();
  return 26 * (word[0] - 'a') + (word[1] - 'a') + 0.5;
}

// --- Exercise 1: a client that adds up ---

// A sum is shown as 6, 6.0 or 6.00, on a line of its own.
Message to_add(const Object& object, double sum) {
  return {pickled(object), [=](Student& client) {
            const std::string wanted = fmt::format("the sum is {}", sum);
            const std::string zeros = wanted.find('.') == std::string::npos ? "[.0]*" : "0*";
            const std::string digits = std::regex_replace(wanted, std::regex("[.]"), "[.]");
            const std::regex line("(^|\n)" + digits + zeros + "\n");
            client.expect_screen([&](const std::string& screen) { return std::regex_search(screen, line); },
                                 fmt::format("'{}' on a line of the screen", wanted));
          }};
}

const std::vector<Behaviour> adding_up = {
    {"adds up the numbers of a list", objects, show([] {
       const double number = random_number();
       return to_add(List{{1, 2.25, -0.75, number}}, number + 2.5);
     })},
    {"adds up numbers wherever they are, but not keys", objects, show([] {
       const double number = random_number();
       return to_add(Dict{{1, Tuple{{number, List{{10, List{{20}}}}}}}, {"two", Dict{{2, 0.25}}}, {3, 4}},
                     number + 34.25);
     })},
    {"does not count True, None and '5'", objects, show([] {
       const double number = random_number();
       return to_add(List{{true, None(), "5", Bytes{"6"}, number}}, number);
     })},
    {"finds a sum for each of two objects that arrive in one piece", two_for_one, show_two_at_once([] {
       const double number = random_number();
       return to_add(number, number);
     })},
    {"finds the sum for an object that arrives byte by byte", piece, show_one_by_one([] {
       const double number = random_number();
       return to_add(List{{number, 1.5}}, number + 1.5);
     })},
};

// --- Exercise 2: a server that turns lists round ---

// The same message twice in one piece, and then in two, cut inside the header and inside the body.
void take_in_pieces(Connection& client, const std::string& message, const Object& answer) {
  client.send(message + message);
  for (int i = 0; i < 2; ++i) expect_object(client, answer);
  for (const std::size_t size : {std::size_t{3}, header_size + 3}) {
    client.send_cut(message, size);
    expect_object(client, answer);
  }
}

void turn_round(Connection& client, const std::vector<Object>& items) {
  client.send(pickled(List{items}));
  expect_object(client, List{{items.rbegin(), items.rend()}});
}

void turn_something_round(Connection& client) {
  turn_round(client, {1, random_word(), 3.5});
}

const std::vector<Behaviour> turned_round = {
    {"sends back a list with its last object first", objects, serve(turn_something_round, 3)},
    {"leaves every object in the list as it is", objects, serve([](Connection& client) {
       turn_round(client, {None(), true, -300, 0.5, "Grüße", Bytes{"\xff\n"}, Tuple{{1, List{{2, 3}}}},
                           Dict{{"key", List{{4, 5}}}}, List{{random_word(), random_word()}}});
     })},
    {"sends back an empty list", objects, serve([](Connection& client) { turn_round(client, {}); })},
    {"takes lists that come in any pieces", two_for_one, serve([](Connection& client) {
       take_in_pieces(client, pickled(List{{1, "two"}}), List{{"two", 1}});
     })},
    // What pickle.dumps([1, 'two', b'\xff'], 2) returns in Python.
    {"reads what Python writes at protocol 2", danger, serve([](Connection& client) {
       client.send(with_header(
           "\x80\2]q\0(K\1X\3\0\0\0twoq\1c_codecs\nencode\nq\2X\2\0\0\0\xc3\xbfq\3X\6\0\0\0latin1q\4\x86q\5Rq\6e."s));
       expect_object(client, List{{Bytes{"\xff"}, "two", 1}});
     })},
    {"drops a client whose object is not a list", own_struct,
     [](Student& server) {
       refuse(pickled("text"), "a str is not a list", turn_something_round)(server);
       refuse(with_header(""), "a body of no bytes holds no object", turn_something_round)(server);
     }},
    {"drops a client whose bytes name code", danger,
     refuse(with_header("\x80\4cbuiltins\nlist\n)R."), "that calls a function of Python: list()",
            turn_something_round)},
};

// --- Exercise 3: a server that calculates ---

Dict question(const Object& operation, const Object& numbers) {
  return {{"operation", operation}, {"numbers", numbers}};
}

void ask(Connection& client, const std::string& operation, const std::vector<Object>& numbers,
         double result) {
  client.send(pickled(question(operation, List{numbers})));
  expect_object(client, Dict{{"result", result}});
}

void ask_for_sum(Connection& client) {
  const double number = random_number();
  ask(client, "sum", {number, 1.25, -0.75}, number + 0.5);
}

// After a question that is wrong, the next one is answered all the same.
void ask_wrongly(Connection& client, const Object& wrong, const std::string& word = "") {
  client.send(pickled(wrong));
  const std::string expected =
      "the answer {'error': ...} to " + repr(wrong) + (word.empty() ? "" : ", with the word '" + word + "'");
  const Object answer = receive(client, expected);
  const Dict* const dict = std::get_if<Dict>(&answer.value);
  const Object* const error = dict != nullptr ? dict->find("error") : nullptr;
  const std::string* const text = error != nullptr ? std::get_if<std::string>(&error->value) : nullptr;
  if (text == nullptr || text->find(word) == std::string::npos)
    client.fail(expected, "that is " + repr(answer));
  ask_for_sum(client);
}

const std::vector<Behaviour> calculator = {
    {"answers with the sum", own_struct, serve([](Connection& client) {
       for (int i = 0; i < 3; ++i) ask_for_sum(client);
       ask(client, "sum", {}, 0);
     })},
    {"answers with the largest", own_struct, serve([](Connection& client) {
       const double number = random_number();
       ask(client, "largest", {-1.5, number, number - 1}, number);
       ask(client, "largest", {-number - 2, -number - 1}, -number - 1);
     })},
    {"takes questions that come in any pieces", two_for_one, serve([](Connection& client) {
       take_in_pieces(client, pickled(question("sum", List{{1.5, 2.5}})), Dict{{"result", 4.0}});
     })},
    {"says which field is missing, and goes on", own_struct, serve([](Connection& client) {
       ask_wrongly(client, Dict{{"operation", "sum"}}, "numbers");
       ask_wrongly(client, Dict{{"numbers", List{{1.5}}}}, "operation");
     })},
    {"says so when something has the wrong type, and goes on", own_struct, serve([](Connection& client) {
       ask_wrongly(client, question(7, List{{1.5}}), "operation");
       ask_wrongly(client, question("sum", "1.5"), "numbers");
       ask_wrongly(client, question("sum", List{{1.5, "two"}}));
       ask_wrongly(client, List{{"sum", 1.5}});
     })},
    {"says so when it does not know the operation, and goes on", own_struct, serve([](Connection& client) {
       const std::string operation = random_word();
       ask_wrongly(client, question(operation, List{{1.5}}), operation);
     })},
    {"says that an empty list has no largest number, and goes on", own_struct,
     serve([](Connection& client) { ask_wrongly(client, question("largest", List())); })},
    {"drops a client whose bytes name code", danger,
     refuse(with_header("\x80\4cbuiltins\nlist\n)R."), "that calls a function of Python: list()",
            ask_for_sum)},
};

}  // namespace

int main(int argc, char** argv) {
  return run_checks(argc, argv, "part3",
                    {{"server", Side::server, servers},
                     {"client", Side::client, clients},
                     {"1", Side::client, adding_up},
                     {"2", Side::server, turned_round},
                     {"3", Side::server, calculator}});
}
