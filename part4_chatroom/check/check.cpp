// Part 4, the check: what a server and a client of this part should do, and the programs of its exercises, whoever
// wrote them. It plays everybody in the room, and whoever sits at the keyboard.
#include "common/check/check.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/select.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "common/testing/port.hpp"
#include "common/text.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Sections that explain several behaviours.
const std::string comes_in = "docs/part4.md#a-message-comes-in";
const std::string goes_out = "docs/part4.md#a-message-goes-out";
const std::string remembers = "docs/part4.md#what-the-server-remembers-for-each-client";
const std::string loop = "docs/part4.md#the-loop";
const std::string misbehaving = "docs/part4.md#5-guests-who-do-not-behave";
const std::string client_section = "docs/part4.md#2-build-the-client";
const std::string output = "docs/part4.md#3-check-the-output";
const std::string client_leaves = "docs/part1.md#a-client-that-leaves";
const std::string length = "docs/part2.md#6-a-length-is-not-to-be-believed";
const std::string characters = "docs/part2.md#it-counts-characters";

// --- The server, and those in its room ---

// What a guest says again and again until another hears it.
const std::string ping = "Do you hear me?";

void say(Connection& guest, const std::string& text) {
  guest.send(with_header(text));
}

// Connects to the server, and says `name`.
Connection& enter(Student& server, const std::string& name,
                  Student::Buffers buffers = Student::Buffers::usual) {
  Connection& guest = server.connect(name, buffers);
  say(guest, name);
  return guest;
}

// A server need not say when it has let somebody in.
void wait_until_heard(Connection& speaker, Connection& listener) {
  for (int tries = 0; tries < 25; ++tries) {
    say(speaker, ping);
    if (listener.has_more(milliseconds(200))) return;
  }
  listener.fail("two messages: the name of another guest, and what that guest has said");
}

// Adds to a failure what its cause may be.
void with_hint(const std::string& hint, const std::function<void()>& action) {
  try {
    action();
  } catch (Mismatch& mismatch) {
    if (!hint.empty()) mismatch.came += "\n" + hint;
    throw;
  }
}

// Pings are passed over, and what strangers say.
void expect_heard(Connection& listener, const std::string& name, const std::string& text) {
  const std::string expected =
      "two messages, " + python_bytes(name) + " and " +
      (text.size() <= 100 ? python_bytes(text) : fmt::format("{} bytes of '{}'", text.size(), text[0]));
  std::string passed_over;
  while (true) {
    std::vector<std::string> heard;
    with_hint(passed_over, [&] { heard = listener.messages(2, expected); });
    if (heard[0] == name && heard[1] == text) return;
    const bool from_friend = heard[0] == "alice" || heard[0] == "bob" || heard[0] == "carol";
    if (from_friend && heard[1] != ping)
      listener.fail(expected, "that came as what " + heard[0] + " has said");
    if (!from_friend)
      passed_over = fmt::format("before that {} and {}", shown_bytes(heard[0]), shown_bytes(heard[1]));
  }
}

// What one says, another hears.
void expect_passed_on(Connection& speaker, Connection& listener, const std::string& text) {
  say(speaker, text);
  expect_heard(listener, speaker.who(), text);
}

// Each hears what the other says.
void expect_talk(Connection& alice, Connection& bob) {
  expect_passed_on(alice, bob, random_word());
  expect_passed_on(bob, alice, random_word());
}

// Enters as another who hears Alice.
Connection& join(Student& server, Connection& alice, const std::string& name) {
  Connection& guest = enter(server, name);
  wait_until_heard(alice, guest);
  return guest;
}

// What begins with two who are in the room, and hear each other.
using Scene = std::function<void(Student& server, Connection& alice, Connection& bob)>;

Run in_room(const Scene& scene, const std::string& name_of_alice = "alice") {
  return [=](Student& server) {
    Connection& alice = enter(server, name_of_alice);
    Connection& bob = join(server, alice, "bob");
    scene(server, alice, bob);
  };
}

const Run talk = in_room([](Student&, Connection& alice, Connection& bob) { expect_talk(alice, bob); });

// Others come, and Alice and Bob must be able to go on.
Run talk_beside(const std::function<void(Student& server)>& others) {
  return in_room([=](Student& server, Connection& alice, Connection& bob) {
    others(server);
    server.wait(milliseconds(100));
    expect_talk(alice, bob);
  });
}

Run refuse(const std::string& bytes, const std::string& why) {
  return talk_beside([=](Student& server) {
    Connection& guest = enter(server, "a guest");
    guest.send(bytes);
    guest.expect_dropped(why);
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
  say(alice, ping);
  say(bob, ping);
  guest.half_close_and_reset();
  server.resume();
  server.wait(milliseconds(100));
  expect_talk(alice, bob);
}

// First each newcomer comes at the moment at which another leaves. Then some leave and one comes while the program
// stands still, so that it finds all that at once; as many as have left follow. Not at once: the backlog may have no
// room for more than one.
// Those who leave only half-close: a server that has not noticed it yet is not told of it by a reset when it sends.
void come_while_others_leave(Student& server) {
  constexpr std::size_t apart = 8;
  constexpr std::size_t together = 4;
  constexpr std::size_t rounds = 3;
  Connection& alice = enter(server, "alice");
  std::vector<Connection*> leaving;
  std::vector<Connection*> coming;
  const auto guest = [&](const std::string& who, std::size_t number) {
    Connection& connection = server.connect(who);
    say(connection, fmt::format("{} {}", who, number));
    return &connection;
  };
  while (leaving.size() < apart + rounds * together)
    leaving.push_back(guest("a guest who leaves", leaving.size()));
  for (Connection* connection : leaving) wait_until_heard(alice, *connection);

  const auto come = [&] { coming.push_back(guest("a newcomer", coming.size())); };
  while (coming.size() < apart) {
    leaving[coming.size()]->half_close();
    come();
  }
  with_hint(
      "A server that closes a descriptor twice closes the newcomer, to whom the kernel has given its number.",
      [&] {
        for (std::size_t round = 0; round < rounds; ++round) {
          wait_until_heard(alice, *coming.back());  // nobody is left in the queue
          server.pause();
          for (std::size_t i = 0; i < together; ++i) leaving[coming.size() + i]->half_close();
          come();
          server.resume();
          server.wait(milliseconds(100));
          for (std::size_t i = 1; i < together; ++i) come();
        }
        for (Connection* newcomer : coming) wait_until_heard(alice, *newcomer);
        for (std::size_t i = 0; i < coming.size(); ++i) {
          const std::string word = random_word();
          say(*coming[i], word);
          expect_heard(alice, "a newcomer " + std::to_string(i), word);
        }
      });
}

// What is said to a guest who reads late is more than the kernel keeps for that guest, and less than an outbox may hold.
void read_late(Student& server) {
  const std::string text(10'000, 'x');
  Connection& alice = enter(server, "alice");
  Connection& bob = enter(server, "bob", Student::Buffers::small);
  wait_until_heard(alice, bob);
  // Not much more, so that a server which only waits for the slow reader has all that Alice has said.
  const std::size_t messages = small_buffers_hold() / text.size() + 5;
  for (std::size_t i = 0; i < messages; ++i) {
    say(alice, text);
    server.wait(milliseconds(30));  // it comes whole, and so it is only Bob who is slow
  }
  with_hint(
      "bob has read nothing for a while, so the kernel had no more room for him, and send() took less "
      "than\nit was given: a short write. What it did not take must wait, and be sent when there is room "
      "again.",
      [&] {
        for (std::size_t i = 0; i < messages; ++i) expect_heard(bob, "alice", text);
      });
}

// --- A crowd: more descriptors than a set of select() has room for ---

constexpr std::size_t crowd = 1'100;

// Guests come, one at a time, while Alice and Bob talk: so the queue of those who wait to be accepted does not fill up.
// A client that finds it full tries again only a second later.
void serve_crowd(Student& server, Connection& alice, Connection& bob) {
  std::size_t guests = 0;
  const Connection* newest = nullptr;
  try {
    for (const auto end = Clock::now() + std::chrono::minutes(5); guests < crowd && Clock::now() < end;
         ++guests) {
      newest = &server.connect("a silent guest");
      expect_passed_on(alice, bob, fmt::format("{} guests", guests));
      if (guests % 40 == 0) server.wait(milliseconds(20));  // a program may accept in a thread of its own
    }
    expect_talk(alice, bob);
    // Those whom a thread of the server accepts may wait for it.
    for (const auto end = Clock::now() + std::chrono::minutes(1);
         server.waits_to_be_accepted(*newest) && Clock::now() < end;) {
      server.wait(milliseconds(20));
    }

    Connection& last = enter(server, "the last guest");
    const auto end = Clock::now() + to_react;
    while (!last.has_more(milliseconds(20)) && !last.has_ended()) {
      if (Clock::now() > end) last.fail("the guest that comes last is let in, or turned away");
      say(alice, ping);
    }
    expect_talk(alice, bob);
    if (!server.selected_beyond_set()) return;
    server.fail("no descriptor for select() that its sets have no room for",
                fmt::format("it has called select() for more than {} descriptors", FD_SETSIZE));
  } catch (Mismatch& mismatch) {
    if (guests > 0) mismatch.came += fmt::format("\n{} silent guests have come", guests);
    if (guests > 900) {
      mismatch.came += fmt::format(
          ". If it calls select(): a set has room for descriptors below {} only, and\n"
          "FD_SET() with a larger one writes past its end. Turn such a guest away, or use poll()",
          FD_SETSIZE);
    }
    throw;
  }
}

// --- Messages that follow each other closely: Nagle's algorithm ---

constexpr std::size_t exchanges = 15;

// How long the second of two messages takes, in ms, when the first has been received, but not acknowledged yet: sorted.
std::vector<double> delays_of([[maybe_unused]] const Socket& receiver,
                              const std::function<void(const std::string& text)>& pass,
                              [[maybe_unused]] int acknowledges_at_once = 0) {
  std::vector<double> delays;
  for (std::size_t i = 0; i < exchanges; ++i) {
#ifdef TCP_QUICKACK
    // 0 lets the kernel acknowledge late, as it may at any time. tcp(7); a system without that does as it likes.
    ::setsockopt(receiver.descriptor(), IPPROTO_TCP, TCP_QUICKACK, &acknowledges_at_once, sizeof(int));
#endif
    pass("one");
    const auto start = Clock::now();
    pass("two");
    delays.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(delays.begin(), delays.end());
  return delays;
}

constexpr std::size_t middle = exchanges / 2;

// The same over a connection of the check itself, in the middle.
double delay_of_control(bool no_delay) {
  Socket listening_socket = listening_on(Address::to_listen_on("127.0.0.1", 0));
  Socket receiver(AF_INET, SOCK_STREAM);
  receiver.connect(listening_socket.local_address());
  Socket sender = listening_socket.accept().socket;
  if (no_delay) sender.set_no_delay();
  const auto pass = [&](const std::string& text) {
    std::array<char, 64> buffer;
    const std::string bytes = with_header("alice") + with_header(text);
    sender.send_all(bytes);
    for (std::size_t received = 0; received < bytes.size();) received += receiver.recv(buffer).size();
  };
  return delays_of(receiver, pass)[middle];
}

// A machine that is busy is slow now and then; Nagle's algorithm always. So it must show three times.
void follow_closely(Student& server, Connection& alice, Connection& bob) {
  if (delay_of_control(false) < 20 * delay_of_control(true)) throw CannotJudge();
  double of_program = 0;
  double with_nagle = 0;
  double without = 0;
  const auto pass = [&](const std::string& text) { expect_passed_on(alice, bob, text); };
  for (int tries = 0; tries < 3; ++tries) {
    of_program = delays_of(bob.socket(), pass)[middle];
#ifdef TCP_QUICKACK
    // It may think as long as it likes: that is the least that a message takes when all is acknowledged at once.
    of_program -= delays_of(bob.socket(), pass, 1).front();
#endif
    with_nagle = delay_of_control(false);
    without = delay_of_control(true);
    if (std::abs(of_program - without) < std::abs(of_program - with_nagle)) return;
  }
  if (server.load(milliseconds(300)) > 0.5) return;  // it never sleeps, and is late for that
  bob.fail("the second of two messages that follow each other as soon as alice has said it",
           fmt::format(
               "it takes {:.0f} ms, in the middle of {} times. A connection of this check takes {:.0f} ms, "
               "too, unless it\nhas set TCP_NODELAY: then {:.2f} ms. The second message waits until the "
               "first is acknowledged (Nagle's algorithm)",
               of_program, exchanges, with_nagle, without));
}

const std::vector<Behaviour> servers = {
    {"passes on what one guest says to all others: the name, then the text", comes_in,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       Connection& carol = join(server, alice, "carol");
       const std::string text = random_word();
       expect_passed_on(alice, bob, text);
       expect_heard(carol, "alice", text);
     })},
    // What Alice hears first must be Bob's answer, not her own question.
    {"does not send it back to whoever said it", comes_in, talk},
    {"passes on twenty messages that arrive in one piece, in their order", comes_in,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       std::string all;
       for (int i = 1; i <= 20; ++i) all += with_header(fmt::format("message {}", i));
       alice.send(all);
       for (int i = 1; i <= 20; ++i) expect_heard(bob, "alice", fmt::format("message {}", i));

       // And what two say at the same time: each text comes after the name of whoever has said it.
       Connection& carol = join(server, alice, "carol");
       for (Connection* const guest : {&alice, &carol}) {
         all.clear();
         for (int i = 1; i <= 100; ++i) all += with_header(fmt::format("{} {}", guest->who(), i));
         guest->send(all);
       }
       for (int count = 0; count < 200;) {
         const std::string expected = "two messages: the name of a guest, and what that guest has said";
         const std::vector<std::string> heard = bob.messages(2, expected);
         if (heard[1] == ping) continue;
         if (!heard[1].starts_with(heard[0] + " "))
           bob.fail(expected,
                    "they do not belong together. Two threads that send to one guest have to take turns");
         ++count;
       }
     })},
    {"passes on a message that arrives byte by byte", remembers,
     [](Student& server) {
       Connection& bob = enter(server, "bob");
       Connection& alice = server.connect("alice");
       alice.send_one_by_one(with_header("alice"));
       wait_until_heard(alice, bob);
       alice.send_one_by_one(with_header("one byte after the other"));
       expect_heard(bob, "alice", "one byte after the other");
     }},
    {"counts bytes, not characters", characters,
     in_room(
         [](Student&, Connection& guest, Connection& bob) { expect_passed_on(guest, bob, "Grüße, 你好"); },
         "Jürgen 你好")},
    {"does not wait for a guest who connects and says nothing", remembers,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       Connection& silent = server.connect("a silent guest");
       server.wait(milliseconds(100));
       expect_talk(alice, bob);
       if (silent.has_more(milliseconds(100)))
         silent.fail("nothing: whoever has said no name is not in the room yet");
     })},
    {"does not wait for guests who send half a header, or half a message", remembers,
     talk_beside([](Student& server) {
       server.connect("a guest with half a header").send("5   ");
       enter(server, "a guest with half a message").send("10        half");
     })},
    {"survives guests who leave", comes_in, talk_beside([](Student& server) {
       server.connect("a guest that leaves without a name").close();
       enter(server, "a guest that leaves").close();
       Connection& guest = enter(server, "a guest that leaves inside a message");
       guest.send("10        half");
       guest.close();
       Connection& last = enter(server, "the last guest that leaves");
       last.half_close();
       last.expect_dropped("that guest has left");
     })},
    {"survives guests whose connection breaks", misbehaving, talk_beside([](Student& server) {
       server.connect("a guest without a name").reset();
       Connection& guest = enter(server, "a guest");
       server.wait(milliseconds(100));
       guest.reset();
     })},
    {"survives a guest whose bytes are not UTF-8", misbehaving,
     talk_beside([](Student& server) { say(enter(server, "\xff\xfe"), "\x80 is no UTF-8"); })},
    {"refuses a message of 70,000 bytes", length, refuse("70000     and so on", "over 64 KiB is refused")},
    {"refuses a header that is not a length", misbehaving,
     refuse("GET / HTTP/1.1\r\n\r\n", "what came is not a length")},
    {"survives a guest whose connection breaks while others speak: SIGPIPE, EPIPE", client_leaves,
     break_off_while_others_speak},
    {"does not wait for a guest who reads nothing", goes_out,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       enter(server, "a guest that reads nothing: Ctrl-Z");
       server.wait(milliseconds(100));
       // More than the kernel keeps for somebody who does not read.
       for (int i = 0; i < 150; ++i) expect_passed_on(alice, bob, std::string(60'000, 'x'));
     })},
    {"loses nothing of what is said to a guest who reads late", goes_out, read_late},
    {"keeps guests who come while others leave", client_leaves, come_while_others_leave},
    {"still serves those inside when 1,100 silent guests come", "docs/part4.md#the-door",
     [](Student& server) {
       // This process, and the program that it starts, need a descriptor for each guest.
       rlimit limit{};
       ::getrlimit(RLIMIT_NOFILE, &limit);
       limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, crowd + 200);
       if (::setrlimit(RLIMIT_NOFILE, &limit) == -1) throw CannotJudge();
       // FD_SET() past the end of a set changes what lies after it, which may show, or not: so the calls are watched.
       server.trace_select();
       in_room(serve_crowd)(server);
     }},
    {"can be ended and started again at once", "docs/part1.md#start-it-again-at-once",
     in_room([](Student& server, Connection& alice, Connection& bob) {
       server.wait(milliseconds(100));
       server.stop();
       alice.close();
       bob.close();
       talk(server);
     })},
    // From less than any buffer to the largest that is allowed, and with the longest name.
    {"passes on messages of 1 byte to 64 KiB, and a name of 64 bytes", comes_in,
     in_room(
         [](Student&, Connection& guest, Connection& bob) {
           for (const std::size_t size :
                {1U, 63U, 64U, 65U, 1'000U, 1'024U, 4'097U, 8'192U, 60'000U, 65'536U}) {
             expect_passed_on(guest, bob, std::string(size, random_word().front()));
           }
         },
         std::string(64, 'n'))},
    {"sleeps while nothing comes", loop, in_room([](Student& server, Connection& alice, Connection&) {
       server.expect_sleep("while nobody speaks");
       join(server, alice, "a guest that leaves").close();
       server.expect_sleep("when a guest has left");
       join(server, alice, "a guest whose connection breaks").reset();
       server.expect_sleep("when the connection of a guest is broken");
       server.connect("a guest with half a header").send("5   ");
       server.expect_sleep("beside a guest with half a header");
     })},
    {"sleeps while it waits for a guest who reads nothing", goes_out,
     [](Student& server) {
       Connection& alice = enter(server, "alice");
       Connection& slow = enter(server, "a guest that reads nothing", Student::Buffers::small);
       wait_until_heard(alice, slow);
       const std::size_t enough = small_buffers_hold() + 100'000;
       for (std::size_t bytes = 0; bytes < enough; bytes += 10'000) say(alice, std::string(10'000, 'x'));
       server.expect_sleep("while it waits for a guest that reads nothing");
     }},
    // After those: a server that never sleeps gets its turn late on a busy machine, and what it sends is late, too.
    {"passes on the second of two messages without a delay of 40 ms",
     "docs/part2.md#7-small-messages-and-40-milliseconds", in_room(follow_closely)},
};

// --- The client ---

bool asks_for_name(const Student& client) {
  const std::string line = client.screen().substr(client.screen().rfind('\n') + 1);
  return std::regex_search(line, std::regex("name", std::regex::icase));
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
  server.fail(
      expected,
      is_word ? "that is its first word: std::cin >> stops at a space, as scanf() in C and next() in Java do"
              : "");
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

Run in_chat(const std::function<void(Student& client, Connection& server)>& scene) {
  return [=](Student& client) { scene(client, enter(client)); };
}

const std::vector<Behaviour> clients = {
    {"says its name first", client_section, [](Student& client) { enter(client); }},
    {"sends each line that is typed as a message", client_section,
     in_chat([](Student& client, Connection& server) {
       expect_said(client, server, "hello");
       expect_said(client, server, random_word() + " and " + random_word());
       expect_said(client, server, std::string(500, 'x') + " " + random_word());
     })},
    {"counts bytes, not characters", characters,
     [](Student& client) { expect_said(client, enter(client), "Grüße,你好"); }},
    {"sends nothing for an empty line", client_section, in_chat([](Student& client, Connection& server) {
       client.type("");
       expect_said(client, server, "next");
     })},
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
    {"shows a message that arrives in pieces, cut anywhere", client_section,
     in_chat([](Student& client, Connection& server) {
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
     })},
    // A client that waits for the keyboard and the room has to go on waiting for both, whichever came last.
    {"goes on to hear and to say, in turn", "docs/part4.md#4-the-drawback-and-two-ways-to-fix-it",
     in_chat([](Student& client, Connection& server) {
       for (int i = 0; i < 3; ++i) {
         const std::string text = random_word();
         server.send(said_by("bob", text));
         expect_line(client, "bob > " + text);
         expect_said(client, server, random_word());
       }
     })},
    {"survives a message that is not UTF-8", misbehaving,
     [](Student& client) {
       enter(client).send(said_by("\xff", "\x80") + said_by("bob", "hi"));
       expect_line(client, "bob > hi");
     }},
    {"refuses a message of 2,000,000,000 bytes", length, in_chat([](Student& client, Connection& server) {
       server.send("2000000000bob");
       press_enter_unless(client, [&] { return client.exit_code().has_value(); });
       server.expect_dropped("over 64 KiB is refused");
     })},
    {"sends no command of a message to the terminal", misbehaving,
     [](Student& client) {
       const std::string title = "\x1b]0;" + random_word() + "\x07";  // of the terminal's window
       enter(client).send(said_by("bob" + title, "hi " + title) + said_by("bob", "next"));
       expect_line(client, "bob > next");
       client.expect_no_command(title);
     }},
    {"lets no message forge a line of somebody else", misbehaving,
     [](Student& client) {
       // What comes after the newline looks like a line of Carol's.
       const std::string forged = "carol > " + random_word();
       enter(client).send(said_by("bob", "hi\n" + forged) + said_by("bob\n" + forged, "hi") +
                          said_by("bob", "next"));
       expect_line(client, "bob > next");
       if (("\n" + client.screen()).find("\n" + forged) == std::string::npos) return;
       client.fail(
           "no line that seems to be carol's: print \\n for the newline that a peer has sent, or leave it "
           "out",
           "a line on the screen that says: " + forged);
     }},
    {"ends when the server closes the connection", client_section,
     [](Student& client) {
       enter(client).close();
       press_enter_unless(client, [&] { return client.exit_code().has_value(); });
       client.expect_exit("when the server has closed the connection");
     }},
    {"leaves politely at the end of the input", output, in_chat([](Student& client, Connection& server) {
       expect_said(client, server, "bye");
       // A line editor that takes the terminal over for the next line loses a Ctrl-D that has come before that.
       client.wait(milliseconds(200));
       client.end_input();
       if (!server.has_more(milliseconds(1000)) && !server.has_ended()) client.end_input();
       server.expect_end();
       server.close();  // a client may wait for that
       client.expect_exit("at the end of the input", Student::Code::zero);
     })},
    {"shows messages of 1 byte to 64 KiB", client_section, in_chat([](Student& client, Connection& server) {
       for (const std::size_t size : {1U, 65U, 1'024U, 8'192U, 65'536U}) {
         std::string text = std::string(std::max<std::size_t>(size, 8) - 8, '.') + random_word();
         text.resize(size, '.');
         server.send(said_by("bob", text));
         expect_line(client, size < 10 ? "bob > " + text : text.substr(size - 8));
       }
     })},
    {"sleeps while nothing comes", client_section,
     [](Student& client) {
       enter(client).send("3  ");
       client.expect_sleep("while nobody speaks");
     }},
};

// --- Exercise 1: no name twice ---

// Whether somebody who has said the name alice is in the room, and not turned away.
bool is_let_in(Connection& alice, Connection& bob) {
  for (int tries = 0; tries < 50 && !alice.has_ended(); ++tries) {
    say(bob, ping);
    if (alice.has_more(milliseconds(100))) return true;
  }
  return false;
}

// The server may learn that the first Alice has left when the second is there already, so she tries again.
void free_name(Student& server, Connection& alice, Connection& bob) {
  alice.close();
  for (int tries = 0; tries < 5; ++tries) {
    server.wait(milliseconds(100));
    Connection& next = enter(server, "alice");
    if (is_let_in(next, bob)) return expect_talk(next, bob);
    next.close();
  }
  bob.fail("a new alice is let in, since the first has left", "she hears nobody");
}

// The next Alice is at the door already, and says her name when the one before has just left: a server finds both at
// once. Which it takes first may hang on who has come first, so every second time the next one comes before the last.
void free_name_at_once(Student& server, Connection& alice, Connection& bob) {
  Connection* last = &alice;
  Connection* next = nullptr;
  for (int tries = 0; tries < 6; ++tries) {
    if (tries % 2 == 0) next = &server.connect("the next alice");
    server.wait(milliseconds(100));
    server.pause();
    last->close();
    say(*next, "alice");
    server.resume();
    if (is_let_in(*next, bob)) return;
    server.wait(milliseconds(100));
    if (tries % 2 == 0) next = &server.connect("the next alice");
    last = &enter(server, "alice");
    if (!is_let_in(*last, bob)) break;
  }
  server.fail("a new alice is let in as soon as the first has left",
              "she is turned away if she says her name when the server finds that the first has gone. Does "
              "it look for\nnames among those whom it has only marked, to remove them later?");
}

const std::vector<Behaviour> no_name_twice = {
    {"turns away a second alice, while the first goes on talking", comes_in,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       for (int i = 0; i < 3; ++i) {
         Connection& other = enter(server, "alice");
         other.expect_dropped("there is an alice in the room already");
         other.close();
       }
       expect_talk(alice, bob);
     })},
    {"lets an alice in when the first has left", loop, in_room(free_name)},
    {"lets an alice in that says her name when the first has just left", loop, in_room(free_name_at_once)},
    {"lets in others", comes_in, in_room([](Student& server, Connection& alice, Connection& bob) {
       Connection& other = enter(server, "alice " + random_word());
       wait_until_heard(other, bob);
       expect_talk(alice, bob);
     })},
};

// --- Exercise 2: private messages ---

const std::vector<Behaviour> private_messages = {
    {"passes on to bob what is said to bob", goes_out,
     in_room([](Student&, Connection& alice, Connection& bob) {
       const std::string secret = "nobody else knows " + random_word();
       say(alice, "/to bob " + secret);
       expect_heard(bob, "alice", secret);
       expect_talk(alice, bob);
     })},
    {"passes it on to nobody else", goes_out,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       // A server may compare no more letters than the shorter name has.
       Connection& bobby = join(server, alice, "bobby");
       const std::string for_bob = random_word();
       const std::string for_bobby = random_word();
       say(alice, "/to bob " + for_bob);
       say(alice, "/to bobby " + for_bobby);
       expect_heard(bob, "alice", for_bob);
       expect_heard(bobby, "alice", for_bobby);
       expect_passed_on(alice, bob, random_word());
     })},
    {"answers a guest that speaks to somebody who is not there", goes_out,
     in_room([](Student&, Connection& alice, Connection& bob) {
       const std::string nobody = random_word();
       say(alice, "/to " + nobody + " hello");
       expect_heard(alice, "server", "there is no " + nobody);
       say(alice, "next");
       const std::string expected = "two messages, b'alice' and b'next'";
       std::vector<std::string> heard;
       do heard = bob.messages(2, expected);
       while (heard[1] == ping);
       if (heard[0] == "server") bob.fail(expected, "the answer is for alice alone");
     })},
    {"passes on what is for bob in the order in which it was said", goes_out,
     in_room([](Student&, Connection& alice, Connection& bob) {
       alice.send(with_header("first") + with_header("/to bob second") + with_header("third"));
       for (const char* const text : {"first", "second", "third"}) expect_heard(bob, "alice", text);
     })},
    {"passes on to all what only begins similarly", comes_in,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       Connection& carol = join(server, alice, "carol");
       for (const std::string& text : {"/today is " + random_word(), "say /to bob " + random_word()}) {
         expect_passed_on(alice, bob, text);
         expect_heard(carol, "alice", text);
       }
       say(alice, "/to bob");  // that may mean anything
       Connection& dave = join(server, alice, "dave");
       expect_passed_on(alice, dave, random_word());
     })},
};

// --- Exercise 3: a deadline at the door ---

const std::string deadline_section = "docs/part4.md#exercise-3-a-deadline-at-the-door";
const std::string deadline = "it has said no name for two seconds";

const std::vector<Behaviour> deadline_at_the_door = {
    {"drops a guest that says no name, even if nothing else happens", deadline_section,
     [](Student& server) { server.connect("a silent guest").expect_dropped(deadline); }},
    {"drops a guest that says it byte by byte, and too slowly", deadline_section,
     [](Student& server) {
       // After six seconds the name would be whole, and the guest in the
       Connection& guest = server.connect("a slow guest");
       for (const char& byte : with_header("14 letters now")) {
         guest.send({&byte, 1});
         server.wait(milliseconds(250));
       }
       guest.expect_dropped(deadline);
     }},
    {"lets guests stay that have a name and say nothing", deadline_section,
     in_room([](Student& server, Connection& alice, Connection& bob) {
       for (int i = 0; i < 3; ++i) {
         const auto start = Clock::now();
         Connection& guest = server.connect("a guest who takes a second");
         server.wait(milliseconds(1000));
         if (Clock::now() > start + milliseconds(1500)) continue;
         say(guest, fmt::format("guest {}", i));
         wait_until_heard(alice, guest);
       }
       Connection& guest = server.connect("a silent guest");
       server.wait(milliseconds(3000));
       expect_talk(alice, bob);
       guest.expect_dropped(deadline);
     })},
};

}  // namespace

int main(int argc, char** argv) {
  return run_checks(argc, argv, "part4",
                    {{"server", Side::server, servers},
                     {"client", Side::client, clients},
                     {"1", Side::server, no_name_twice},
                     {"2", Side::server, private_messages},
                     {"3", Side::server, deadline_at_the_door}});
}
