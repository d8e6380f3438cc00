// Part 4, the check: what a server and a client of this part should do, whoever wrote them.
#include "common/check/check.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/text.hpp"
#include "part4_chatroom/check/exercises.hpp"
#include "part4_chatroom/check/guests.hpp"

namespace {

using std::chrono::milliseconds;

// --- The server: the check plays everybody in the room ---

void talk_among_three(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  Connection& carol = enter(server, "carol");
  wait_until_heard(alice, bob);
  wait_until_heard(alice, carol);
  const std::string text = random_word();
  alice.send(with_header(text));
  expect_heard(bob, "alice", text);
  expect_heard(carol, "alice", text);
}

// Alice and Bob talk; a guest comes; and Alice and Bob must be able to go on.
void talk_beside(Student& server, const std::function<void()>& guest) {
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  guest();
  server.wait(milliseconds(100));
  expect_talk(alice, bob);
}

void talk_to_somebody_else(Student& server) {
  talk_beside(server, [] {});  // what Alice hears first must be Bob's answer, not her own question
}

void say_much_at_once(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  std::string all;
  for (int i = 1; i <= 20; ++i) all += with_header("message " + std::to_string(i));
  alice.send(all);
  for (int i = 1; i <= 20; ++i) expect_heard(bob, "alice", "message " + std::to_string(i));
}

void say_byte_by_byte(Student& server) {
  Connection& bob = enter(server, "bob");
  Connection& alice = server.connect("alice");
  alice.send_one_by_one(with_header("alice"));
  wait_until_heard(alice, bob);
  alice.send_one_by_one(with_header("one byte after the other"));
  expect_heard(bob, "alice", "one byte after the other");
}

void say_letters_of_many_bytes(Student& server) {
  Connection& bob = enter(server, "bob");
  Connection& guest = enter(server, "Jürgen 你好");
  wait_until_heard(guest, bob);
  guest.send(with_header("Grüße, 你好"));
  expect_heard(bob, "Jürgen 你好", "Grüße, 你好");
}

void send_half(Student& server) {
  talk_beside(server, [&] {
    server.connect("a guest with half a header").send("5   ");
    enter(server, "a guest with half a message").send("10        half");
  });
}

void leave(Student& server) {
  talk_beside(server, [&] {
    server.connect("a guest that leaves without a name").close();
    enter(server, "a guest that leaves").close();
    Connection& guest = enter(server, "a guest that leaves inside a message");
    guest.send("10        half");
    guest.close();
  });
}

void break_off(Student& server) {
  talk_beside(server, [&] {
    server.connect("a guest without a name").reset();
    Connection& guest = enter(server, "a guest");
    server.wait(milliseconds(100));
    guest.reset();
  });
}

// The guest is gone, and somebody speaks, before the server can do anything: so it sends to one who has left. Alice
// has come before the guest and Bob after it, for a server that looks at all in that order must not find the
// guest's end first.
void break_off_while_others_speak(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& guest = enter(server, "a guest");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, guest);
  wait_until_heard(alice, bob);
  server.pause();
  alice.send(with_header(ping));
  bob.send(with_header(ping));
  guest.half_close_and_reset();
  server.resume();
  server.wait(milliseconds(100));
  expect_talk(alice, bob);
}

// Adds to a failure what its cause may be.
void with_hint(const std::string& hint, const std::function<void()>& action) {
  try {
    action();
  } catch (Mismatch& mismatch) {
    mismatch.came += "\n" + hint;
    throw;
  }
}

// First each newcomer comes at the moment at which another leaves. Then some leave and one comes while the program
// stands still, so that it finds all that at once; as many as have left follow. Not at once: the backlog may have no
// room for more than one.
void come_while_others_leave(Student& server) {
  constexpr std::size_t apart = 8;
  constexpr std::size_t together = 4;
  constexpr std::size_t rounds = 3;
  Connection& alice = enter(server, "alice");
  std::vector<Connection*> leaving;
  std::vector<Connection*> coming;
  const auto guest = [&](const std::string& who, std::size_t number) {
    Connection& connection = server.connect(who);
    connection.send(with_header(who + " " + std::to_string(number)));
    return &connection;
  };
  for (std::size_t i = 0; i < apart + rounds * together; ++i)
    leaving.push_back(guest("a guest who leaves", i));
  for (Connection* connection : leaving) wait_until_heard(alice, *connection);

  const auto come = [&] { coming.push_back(guest("a newcomer", coming.size())); };
  while (coming.size() < apart) {
    leaving[coming.size()]->close();
    come();
  }
  const std::string hint =
      "A server that closes a descriptor twice closes the newcomer, to whom the kernel has given its number.";
  for (std::size_t round = 0; round < rounds; ++round) {
    with_hint(hint, [&] { wait_until_heard(alice, *coming.back()); });  // nobody is left in the queue
    server.pause();
    for (std::size_t i = 0; i < together; ++i) leaving[coming.size() + i]->close();
    come();
    server.resume();
    server.wait(milliseconds(100));
    for (std::size_t i = 1; i < together; ++i) come();
  }

  with_hint(hint, [&] {
    for (Connection* newcomer : coming) wait_until_heard(alice, *newcomer);
    for (std::size_t i = 0; i < coming.size(); ++i) {
      const std::string word = random_word();
      coming[i]->send(with_header(word));
      expect_heard(alice, "a newcomer " + std::to_string(i), word);
    }
  });
}

void expect_restart(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  server.wait(milliseconds(100));
  server.stop();
  alice.close();
  bob.close();
  talk_to_somebody_else(server);
}

// From less than any buffer to the largest that is allowed, and with the longest name.
void say_in_many_sizes(Student& server) {
  const std::string name(64, 'n');
  Connection& alice = enter(server, name);
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  for (const std::size_t size : {1U, 63U, 64U, 65U, 1'000U, 1'024U, 4'097U, 8'192U, 60'000U, 65'536U}) {
    const std::string text(size, random_word().front());
    alice.send(with_header(text));
    expect_heard(bob, name, text);
  }
}

void sleep_meanwhile(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  server.expect_sleep("while nobody speaks");
  Connection& guest = enter(server, "a guest that leaves");
  wait_until_heard(alice, guest);
  guest.close();
  server.expect_sleep("when a guest has left");
  Connection& broken = enter(server, "a guest whose connection breaks");
  wait_until_heard(alice, broken);
  broken.reset();
  server.expect_sleep("when the connection of a guest is broken");
  server.connect("a guest with half a header").send("5   ");
  server.expect_sleep("beside a guest with half a header");
}

void sleep_beside_slow_reader(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& slow = server.connect_with_small_buffers("a guest that reads nothing");
  slow.send(with_header("slow"));
  wait_until_heard(alice, slow);
  const std::size_t enough = small_buffers_hold() + 100'000;
  for (std::size_t bytes = 0; bytes < enough; bytes += 10'000) {
    alice.send(with_header(std::string(10'000, 'x')));
  }
  server.expect_sleep("while it waits for a guest that reads nothing");
}

void send_other_bytes(Student& server) {
  talk_beside(server, [&] {
    Connection& guest = enter(server, "\xff\xfe");
    guest.send(with_header("\x80 is no UTF-8"));
  });
}

void expect_refusal(Student& server, const std::string& bytes, const std::string& why) {
  talk_beside(server, [&] {
    Connection& guest = enter(server, "a guest");
    guest.send(bytes);
    guest.expect_dropped(why);
  });
}

void read_nothing(Student& server) {
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  enter(server, "a guest that reads nothing: Ctrl-Z");
  server.wait(milliseconds(100));
  // More than the kernel keeps for somebody who does not read.
  const std::string text(60'000, 'x');
  for (int i = 0; i < 150; ++i) {
    alice.send(with_header(text));
    expect_heard(bob, "alice", text);
  }
}

// What is said to a guest who reads late is more than the kernel keeps for that guest, and less than an outbox may hold.
void read_late(Student& server) {
  const std::string text(10'000, 'x');
  Connection& alice = enter(server, "alice");
  Connection& bob = server.connect_with_small_buffers("bob");
  bob.send(with_header("bob"));
  wait_until_heard(alice, bob);
  // Not much more, so that a server which only waits for the slow reader has all that Alice has said.
  const std::size_t messages = small_buffers_hold() / text.size() + 5;
  for (std::size_t i = 0; i < messages; ++i) {
    alice.send(with_header(text));
    server.wait(milliseconds(30));  // it comes whole, and so it is only Bob who is slow
  }
  with_hint(
      "bob has read nothing for a while, so the kernel had no more room for him, and send() took less "
      "than\n"
      "it was given: a short write. What it did not take must wait, and be sent when there is room again.",
      [&] {
        for (std::size_t i = 0; i < messages; ++i) expect_heard(bob, "alice", text);
      });
}

// --- A crowd: more descriptors than a set of select() has room for ---

constexpr std::size_t crowd = 1'100;

// This process, and the program that it starts, need a descriptor for each guest.
void allow_descriptors(rlim_t least) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= least) return;
  limit.rlim_cur = least;
  if (::setrlimit(RLIMIT_NOFILE, &limit) == -1) throw CannotJudge();
}

// Guests come, one at a time, while alice and bob talk: so the queue of those who wait to be accepted does not fill up.
// A client that finds it full tries again only a second later.
void come_silently(Student& server, Connection& alice, Connection& bob, std::size_t& guests,
                   milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (; guests < crowd && std::chrono::steady_clock::now() < end; ++guests) {
    if (!server.connect_silently()) {
      alice.fail("silent guests are let in, or turned away", "the program accepts nobody any more");
    }
    const std::string text = fmt::format("{} guests", guests);
    alice.send(with_header(text));
    expect_heard(bob, "alice", text);
    // A program may accept in a thread of its own.
    if (guests % 40 == 0) server.wait(milliseconds(20));
  }
}

// FD_SET() past the end of a set changes what lies after it, which may show, or not: so the calls are watched. That
// makes them slow: a program that takes too long for it is not watched to the end.
void watch_sets(Student& server) {
  server.stop();
  server.program().trace_select();
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  std::size_t guests = 0;
  come_silently(server, alice, bob, guests, std::chrono::seconds(20));
  server.wait(milliseconds(100));
  if (!server.program().selected_beyond_set()) return;
  server.fail("no descriptor for select() that its sets have no room for",
              fmt::format("it has called select() for more than {} descriptors", FD_SETSIZE));
}

void serve_crowd(Student& server) {
  allow_descriptors(crowd + 200);
  std::size_t guests = 0;
  try {
    Connection& alice = enter(server, "alice");
    Connection& bob = enter(server, "bob");
    wait_until_heard(alice, bob);
    bool selects =
        false;  // asked before the crowd comes: a server whose sets it has overwritten may never wait again
    for (int tries = 0; tries < 10 && !selects; ++tries) {
      server.wait(milliseconds(50));
      selects = server.program().waits_in_select();
    }
    come_silently(server, alice, bob, guests, std::chrono::minutes(5));
    expect_talk(alice, bob);

    Connection& last = enter(server, "the last guest");
    const auto end = std::chrono::steady_clock::now() + to_react;
    while (!last.has_more(milliseconds(20)) && !last.has_ended()) {
      if (std::chrono::steady_clock::now() > end)
        last.fail("the guest that comes last is let in, or turned away");
      alice.send(with_header(ping));
    }
    expect_talk(alice, bob);
    if (selects) watch_sets(server);
  } catch (Mismatch& mismatch) {
    if (guests > 0) mismatch.came += fmt::format("\n{} silent guests have come", guests);
    if (guests > 900) {
      mismatch.came += fmt::format(
          ". A set of select() has room for descriptors below {} only:\n"
          "FD_SET() with a larger one writes past its end. Turn such a guest away, or use poll()",
          FD_SETSIZE);
    }
    throw;
  }
}

// --- Messages that follow each other closely: Nagle's algorithm ---

constexpr std::size_t exchanges = 15;

double median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// How long the second of two messages takes over a connection of the check itself: the first is received, but not
// acknowledged yet.
double delay_of_control(bool no_delay) {
  Socket listening_socket(AF_INET, SOCK_STREAM);
  listening_socket.bind(Address::to_listen_on("127.0.0.1", 0));
  listening_socket.listen();
  Socket receiver(AF_INET, SOCK_STREAM);
  receiver.connect(listening_socket.local_address());
  Socket sender = listening_socket.accept().socket;
  if (no_delay) sender.set_no_delay();

  std::array<char, 64> buffer;
  const auto pass = [&](std::string_view bytes) {
    sender.send_all(bytes);
    for (std::size_t received = 0; received < bytes.size();) received += receiver.recv(buffer).size();
  };
  std::vector<double> delays;
  for (std::size_t i = 0; i < exchanges; ++i) {
    delay_acknowledgement(receiver);
    pass(with_header("alice") + with_header("one"));
    const auto start = std::chrono::steady_clock::now();
    pass(with_header("alice") + with_header("two"));
    delays.push_back(milliseconds_since(start));
  }
  return median(delays);
}

double delay_of_program(Connection& alice, Connection& bob) {
  std::vector<double> delays;
  for (std::size_t i = 0; i < exchanges; ++i) {
    bob.delay_acknowledgement();
    alice.send(with_header("one"));
    expect_heard(bob, "alice", "one");
    const auto start = std::chrono::steady_clock::now();
    alice.send(with_header("two"));
    expect_heard(bob, "alice", "two");
    delays.push_back(milliseconds_since(start));
  }
  return median(delays);
}

// A machine that is busy is slow now and then; Nagle's algorithm always. So it must show three times.
void follow_closely(Student& server) {
  if (delay_of_control(false) < 20 * delay_of_control(true)) throw CannotJudge();
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob");
  wait_until_heard(alice, bob);
  double delay = 0;
  double with_nagle = 0;
  double without = 0;
  for (int tries = 0; tries < 3; ++tries) {
    delay = delay_of_program(alice, bob);
    with_nagle = delay_of_control(false);
    without = delay_of_control(true);
    if (std::abs(delay - without) < std::abs(delay - with_nagle)) return;
  }
  bob.fail("the second of two messages that follow each other as soon as alice has said it",
           fmt::format(
               "it takes {:.0f} ms, in the middle of {} times. A connection of this check takes {:.0f} ms, "
               "too, unless it\nhas set TCP_NODELAY: then {:.2f} ms. The second message waits until the "
               "first is acknowledged (Nagle's algorithm)",
               delay, exchanges, with_nagle, without));
}

// --- The client: the check plays the server, and whoever sits at the keyboard ---

bool asks_for_name(const Student& client) {
  std::string line = client.screen().substr(client.screen().rfind('\n') + 1);
  std::transform(line.begin(), line.end(), line.begin(), [](unsigned char c) { return std::tolower(c); });
  return line.find("name") != std::string::npos;
}

// Gives the client its name, unless the command has done so: before it connects, or after that.
Connection& enter(Student& client) {
  const std::string name = "alice";
  bool typed = false;
  const auto type_name_unless = [&](const std::function<bool()>& needless) {
    // A prompt without that word is answered too, but later; and a client that shows nothing may be starting.
    for (milliseconds time{0}; !asks_for_name(client); time += milliseconds(20)) {
      if (needless()) return;
      if (time > milliseconds(client.screen().empty() ? 4000 : 1000)) break;
    }
    client.type(name);
    typed = true;
  };
  type_name_unless([&] { return client.has_connected(milliseconds(20)) || client.exit_code(); });
  Connection& server = client.accept();
  if (!typed) type_name_unless([&] { return server.has_more(milliseconds(20)); });

  const std::string expected = typed ? python_bytes(name) + ", the name" : "a name of 1 to 64 bytes";
  const std::string said = server.message(expected + ", as the first message");
  if (typed ? said != name : said.empty() || said.size() > 64)
    server.fail(expected + ", as the first message");
  return server;
}

void expect_said(Student& client, Connection& server, const std::string& line) {
  client.type(line);
  const std::string expected = "the line that was typed, as a message: " + python_bytes(line);
  const std::string said = server.message(expected);
  if (said == line) return;
  const bool is_word = !said.empty() && said == line.substr(0, line.find(' '));
  server.fail(expected,
              is_word ? "that is its first word: std::cin >> stops at a space, std::getline() does not" : "");
}

std::string said_by(const std::string& name, const std::string& text) {
  return with_header(name) + with_header(text);
}

// Enter alone sends nothing, and makes a client that waits for the keyboard look at what has come.
void press_enter_unless(Student& client, const std::function<bool()>& needless) {
  for (milliseconds time{0}; time < milliseconds(500); time += milliseconds(50)) {
    if (needless()) return;
    client.wait(milliseconds(50));
  }
  if (!client.exit_code()) client.type("");
}

void expect_line(Student& client, const std::string& line) {
  press_enter_unless(client, [&] { return client.screen().find(line) != std::string::npos; });
  client.expect_shown(line);
}

void hear_many_sizes(Student& client) {
  Connection& server = enter(client);
  for (const std::size_t size : {1U, 65U, 1'024U, 8'192U, 65'536U}) {
    std::string text = std::string(std::max<std::size_t>(size, 8) - 8, '.') + random_word();
    text.resize(size, '.');
    server.send(said_by("bob", text));
    const std::string end = size < 10 ? "bob > " + text : text.substr(size - 8);
    press_enter_unless(client, [&] { return client.screen().find(end) != std::string::npos; });
    client.expect_shown(end);
  }
}

void send_in_pieces(Student& client) {
  Connection& server = enter(client);
  const std::string bytes = said_by("bob", "Grüße");
  std::size_t begin = 0;
  for (const std::size_t end : {std::size_t{4}, std::size_t{12}, bytes.size() - 5, bytes.size()}) {
    client.wait(milliseconds(100));
    if (!client.exit_code() && begin > 0) client.type("");
    client.wait(milliseconds(100));
    server.send(bytes.substr(begin, end - begin));
    begin = end;
  }
  expect_line(client, "bob > Grüße");
}

void show_no_command(Student& client) {
  const std::string title = "\x1b]0;" + random_word() + "\x07";  // of the terminal's window
  enter(client).send(said_by("bob" + title, "hi " + title) + said_by("bob", "next"));
  expect_line(client, "bob > next");
  client.expect_no_command(title);
}

// What comes after the newline looks like a line of Carol's.
void show_no_forged_line(Student& client) {
  const std::string forged = "carol > " + random_word();
  enter(client).send(said_by("bob", "hi\n" + forged) + said_by("bob\n" + forged, "hi") +
                     said_by("bob", "next"));
  expect_line(client, "bob > next");
  if (("\n" + client.screen()).find("\n" + forged) != std::string::npos) {
    client.fail(
        "no line that seems to be carol's: print \\n for the newline that a peer has sent, or leave it out",
        "a line on the screen that says: " + forged);
  }
}

// A client that waits for the keyboard and the room has to go on waiting for both, whichever came last.
void hear_and_say_in_turn(Student& client) {
  Connection& server = enter(client);
  for (int i = 0; i < 3; ++i) {
    const std::string text = random_word();
    server.send(said_by("bob", text));
    expect_line(client, "bob > " + text);
    expect_said(client, server, random_word());
  }
}

void close_room(Student& client) {
  Connection& server = enter(client);
  server.close();
  press_enter_unless(client, [&] { return client.exit_code().has_value(); });
  client.expect_exit("when the server has closed the connection");
}

void end_input(Student& client) {
  Connection& server = enter(client);
  expect_said(client, server, "bye");
  client.end_input();
  server.expect_end();
  client.expect_exit("at the end of the input", Student::Code::zero);
}

void send_lie(Student& client) {
  Connection& server = enter(client);
  server.send("2000000000bob");
  press_enter_unless(client, [&] { return client.exit_code().has_value(); });
  server.expect_dropped("over 64 KiB is refused");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string comes_in = "docs/part4.md#a-message-comes-in";
  const std::string goes_out = "docs/part4.md#a-message-goes-out";
  const std::string remembers = "docs/part4.md#what-the-server-remembers-for-each-client";
  const std::string guests = "docs/part4.md#5-guests-who-do-not-behave";
  const std::string length = "docs/part2.md#6-a-length-is-not-to-be-believed";
  const std::string characters = "docs/part2.md#it-counts-characters";
  const std::string client_section = "docs/part4.md#2-build-the-client";
  const std::string output = "docs/part4.md#3-check-the-output";

  const std::vector<Behaviour> for_servers = {
      {"passes on what one guest says to all others: the name, then the text", comes_in, talk_among_three},
      {"does not send it back to whoever said it", comes_in, talk_to_somebody_else},
      {"passes on twenty messages that arrive in one piece, in their order", comes_in, say_much_at_once},
      {"passes on a message that arrives byte by byte", remembers, say_byte_by_byte},
      {"counts bytes, not characters", characters, say_letters_of_many_bytes},
      {"does not wait for a guest who connects and says nothing", remembers,
       [](Student& server) { talk_beside(server, [&] { server.connect("a silent guest"); }); }},
      {"does not wait for guests who send half a header, or half a message", remembers, send_half},
      {"survives guests who leave", comes_in, leave},
      {"survives guests whose connection breaks", guests, break_off},
      {"survives a guest whose bytes are not UTF-8", guests, send_other_bytes},
      {"refuses a message of 70,000 bytes", length,
       [](Student& server) { expect_refusal(server, "70000     and so on", "over 64 KiB is refused"); }},
      {"refuses a header that is not a length", guests,
       [](Student& server) {
         expect_refusal(server, "GET / HTTP/1.1\r\n\r\n", "what came is not a length");
       }},
      {"survives a guest whose connection breaks while others speak: SIGPIPE, EPIPE",
       "docs/part1.md#a-client-that-leaves", break_off_while_others_speak},
      {"does not wait for a guest who reads nothing", goes_out, read_nothing},
      {"loses nothing of what is said to a guest who reads late", goes_out, read_late},
      {"keeps guests who come while others leave", "docs/part1.md#a-client-that-leaves",
       come_while_others_leave},
      {"still serves those inside when 1,100 silent guests come", "docs/part4.md#the-door", serve_crowd},
      {"passes on the second of two messages without a delay of 40 ms",
       "docs/part2.md#7-small-messages-and-40-milliseconds", follow_closely},
      {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once", expect_restart},
      {"passes on messages of 1 byte to 64 KiB, and a name of 64 bytes", comes_in, say_in_many_sizes},
      {"sleeps while nothing comes", "docs/part4.md#the-loop", sleep_meanwhile},
      {"sleeps while it waits for a guest who reads nothing", goes_out, sleep_beside_slow_reader},
  };
  const std::vector<Behaviour> for_clients = {
      {"says its name first", client_section, [](Student& client) { enter(client); }},
      {"sends each line that is typed as a message", client_section,
       [](Student& client) {
         Connection& server = enter(client);
         expect_said(client, server, "hello");
         expect_said(client, server, random_word() + " and " + random_word());
       }},
      {"counts bytes, not characters", characters,
       [](Student& client) { expect_said(client, enter(client), "Grüße,你好"); }},
      {"sends nothing for an empty line", client_section,
       [](Student& client) {
         Connection& server = enter(client);
         client.type("");
         expect_said(client, server, "next");
       }},
      {"shows what others say: bob > hi", output,
       [](Student& client) {
         const std::string text = "hi " + random_word();
         enter(client).send(said_by("bob", text));
         expect_line(client, "bob > " + text);
       }},
      {"shows all messages that arrive in one piece", client_section,
       [](Student& client) {
         enter(client).send(said_by("bob", "one") + said_by("carol", "two") + said_by("bob", "three"));
         for (const char* const line : {"bob > one", "carol > two", "bob > three"}) expect_line(client, line);
       }},
      {"shows a message that arrives in pieces, cut anywhere", client_section, send_in_pieces},
      {"goes on to hear and to say, in turn", "docs/part4.md#4-the-drawback-and-two-ways-to-fix-it",
       hear_and_say_in_turn},
      {"survives a message that is not UTF-8", guests,
       [](Student& client) {
         enter(client).send(said_by("\xff", "\x80") + said_by("bob", "hi"));
         expect_line(client, "bob > hi");
       }},
      {"refuses a message of 2,000,000,000 bytes", length, send_lie},
      {"sends no command of a message to the terminal", guests, show_no_command},
      {"lets no message forge a line of somebody else", guests, show_no_forged_line},
      {"ends when the server closes the connection", client_section, close_room},
      {"leaves politely at the end of the input", output, end_input},
      {"shows messages of 1 byte to 64 KiB", client_section, hear_many_sizes},
      {"sleeps while nothing comes", client_section,
       [](Student& client) {
         enter(client).send("3  ");
         client.expect_sleep("while nobody speaks");
       }},
  };
  return run_checks(argc, argv, {"part4", for_servers, for_clients, exercises()});
}
