// Part 3, the check of the exercises at the end of docs/part3.md.
#include "part3_objects/check/exercises.hpp"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <vector>

#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

using namespace std::string_literals;

// A number that differs from run to run, and that a float holds without rounding.
double random_number() {
  const std::string word = random_word();
  return 26 * (word[0] - 'a') + (word[1] - 'a') + 0.5;
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

// --- Exercise 1: a client that adds up ---

// A sum is shown as 6, 6.0 or 6.00, on a line of its own.
void expect_sum(Student& client, double sum) {
  const std::string wanted = fmt::format("the sum is {}", sum);
  client.expect_screen(
      [&](const std::string& screen) {
        std::istringstream lines(screen);
        for (std::string line; std::getline(lines, line) && !lines.eof();) {
          if (!line.starts_with(wanted)) continue;
          const std::string rest = line.substr(wanted.size());
          if (rest.find_first_not_of(wanted.find('.') == std::string::npos ? ".0" : "0") ==
              std::string::npos) {
            return true;
          }
        }
        return false;
      },
      fmt::format("'{}' on a line of the screen", wanted));
}

void send_numbers(Student& client, const Object& object, double sum) {
  client.accept().send(with_header(dumps(object)));
  expect_sum(client, sum);
}

void send_two_at_once(Student& client) {
  const double first = random_number();
  const double second = random_number() + 1000;
  client.accept().send(with_header(dumps(List{{first, 1}})) + with_header(dumps(second)));
  expect_sum(client, first + 1);
  expect_sum(client, second);
}

// --- Exercise 2: a server that turns lists round ---

void turn_round(Connection& client, const std::vector<Object>& items) {
  client.send(with_header(dumps(List{items})));
  expect_object(client, List{{items.rbegin(), items.rend()}});
}

void send_every_type(Student& server) {
  turn_round(server.connect(),
             {None(), true, -300, 0.5, "Gr\u00fc\u00dfe", Bytes{"\xff\n"}, Tuple{{1, List{{2, 3}}}},
              Dict{{"key", List{{4, 5}}}}, List{{random_word(), random_word()}}});
}

// What pickle.dumps([1, 'two', b'\xff'], 2) returns in Python.
void send_protocol_2(Student& server) {
  Connection& client = server.connect();
  client.send(with_header(
      "\x80\2]q\0(K\1X\3\0\0\0twoq\1c_codecs\nencode\nq\2X\2\0\0\0\xc3\xbfq\3X\6\0\0\0latin1q\4\x86q\5Rq\6e."s));
  expect_object(client, List{{Bytes{"\xff"}, "two", 1}});
}

void expect_refusal(Student& server, const std::string& pickle, const std::string& why) {
  Connection& client = server.connect("a client that is refused");
  client.send(with_header(pickle));
  client.expect_dropped(why);
  turn_round(server.connect("the next client"), {1, random_word()});
}

// --- Exercise 3: a server that calculates ---

void ask(Connection& client, const std::string& operation, const std::vector<Object>& numbers,
         double result) {
  client.send(with_header(dumps(Dict{{"operation", operation}, {"numbers", List{numbers}}})));
  expect_object(client, Dict{{"result", result}});
}

void ask_for_sum(Connection& client) {
  const double number = random_number();
  ask(client, "sum", {number, 1.25, -0.75}, number + 0.5);
}

// After a question that is wrong, the next one is answered all the same.
void ask_wrongly(Connection& client, const Object& question, const std::string& word) {
  client.send(with_header(dumps(question)));
  const std::string expected = "the answer {'error': ...} to " + repr(question) +
                               (word.empty() ? "" : ", with the word '" + word + "'");
  const Object answer = receive(client, expected);
  const Dict* const dict = std::get_if<Dict>(&answer.value);
  const Object* const error = dict != nullptr ? dict->find("error") : nullptr;
  const std::string* const text = error != nullptr ? std::get_if<std::string>(&error->value) : nullptr;
  if (text == nullptr || text->find(word) == std::string::npos)
    client.fail(expected, "that is " + repr(answer));
  ask_for_sum(client);
}

void miss_fields(Student& server) {
  Connection& client = server.connect();
  ask_wrongly(client, Dict{{"operation", "sum"}}, "numbers");
  ask_wrongly(client, Dict{{"numbers", List{{1.5}}}}, "operation");
}

void send_wrong_types(Student& server) {
  Connection& client = server.connect();
  ask_wrongly(client, Dict{{"operation", 7}, {"numbers", List{{1.5}}}}, "operation");
  ask_wrongly(client, Dict{{"operation", "sum"}, {"numbers", "1.5"}}, "numbers");
  ask_wrongly(client, Dict{{"operation", "sum"}, {"numbers", List{{1.5, "two"}}}}, "");
  ask_wrongly(client, List{{"sum", 1.5}}, "");
}

}  // namespace

std::vector<Exercise> exercises() {
  const std::string objects = "docs/part3.md#objects-in-c";
  const std::string own_struct = "docs/part3.md#5-a-struct-of-your-own";
  const std::string danger = "docs/part3.md#6-a-strangers-bytes";
  const std::string two_for_one = "docs/part2.md#it-takes-two-messages-for-one";
  return {
      {Side::client,
       {
           {"adds up the numbers of a list", objects,
            [](Student& client) {
              const double number = random_number();
              send_numbers(client, List{{1, 2.25, -0.75, number}}, number + 2.5);
            }},
           {"adds up numbers wherever they are, but not keys", objects,
            [](Student& client) {
              const double number = random_number();
              send_numbers(
                  client,
                  Dict{{1, Tuple{{number, List{{10, List{{20}}}}}}}, {"two", Dict{{2, 0.25}}}, {3, 4}},
                  number + 34.25);
            }},
           {"does not count True, None and '5'", objects,
            [](Student& client) {
              const double number = random_number();
              send_numbers(client, List{{true, None(), "5", Bytes{"6"}, number}}, number);
            }},
           {"finds a sum for each of two objects that arrive in one piece", two_for_one, send_two_at_once},
       }},
      {Side::server,
       {
           {"sends back a list with its last object first", objects,
            [](Student& server) {
              Connection& client = server.connect();
              for (int i = 0; i < 3; ++i) turn_round(client, {1, random_word(), 3.5});
            }},
           {"leaves every object in the list as it is", objects, send_every_type},
           {"sends back an empty list", objects, [](Student& server) { turn_round(server.connect(), {}); }},
           {"reads what Python writes at protocol 2", danger, send_protocol_2},
           {"drops a client whose object is not a list", own_struct,
            [](Student& server) { expect_refusal(server, dumps("text"), "a str is not a list"); }},
           {"drops a client whose bytes name code", danger,
            [](Student& server) {
              expect_refusal(server, "\x80\4cbuiltins\nlist\n)R.", "that calls a function of Python: list()");
            }},
       }},
      {Side::server,
       {
           {"answers with the sum", own_struct,
            [](Student& server) {
              Connection& client = server.connect();
              for (int i = 0; i < 3; ++i) ask_for_sum(client);
              ask(client, "sum", {}, 0);
            }},
           {"answers with the largest", own_struct,
            [](Student& server) {
              Connection& client = server.connect();
              const double number = random_number();
              ask(client, "largest", {-1.5, number, number - 1}, number);
              ask(client, "largest", {-number - 2, -number - 1}, -number - 1);
            }},
           {"says which field is missing, and goes on", own_struct, miss_fields},
           {"says so when something has the wrong type, and goes on", own_struct, send_wrong_types},
           {"says so when it does not know the operation, and goes on", own_struct,
            [](Student& server) {
              const std::string operation = random_word();
              ask_wrongly(server.connect(), Dict{{"operation", operation}, {"numbers", List{{1.5}}}},
                          operation);
            }},
           {"says that an empty list has no largest number, and goes on", own_struct,
            [](Student& server) {
              ask_wrongly(server.connect(), Dict{{"operation", "largest"}, {"numbers", List()}}, "");
            }},
           {"drops a client whose bytes name code", danger,
            [](Student& server) {
              Connection& client = server.connect("a client that is refused");
              client.send(with_header("\x80\4cbuiltins\nlist\n)R."));
              client.expect_dropped("that calls a function of Python: list()");
              ask_for_sum(server.connect("the next client"));
            }},
       }},
  };
}
