// Part 4, the check of the exercises at the end of docs/part4.md. It plays everybody in the room.
#include "part4_chatroom/check/exercises.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "part4_chatroom/check/guests.hpp"

namespace {

using std::chrono::milliseconds;

struct Room {
  explicit Room(Student& server)
      : alice(enter(server, "alice")), bob(enter(server, "bob")), carol(enter(server, "carol")) {
    wait_until_heard(alice, bob);
    wait_until_heard(alice, carol);
  }
  Connection& alice;
  Connection& bob;
  Connection& carol;
};

// --- Exercise 1: no name twice ---

void take_name(Student& server) {
  const Room room(server);
  enter(server, "alice").expect_dropped("there is an alice in the room already");
  expect_talk(room.alice, room.bob);
}

// Whether somebody who has said the name alice is in the room, and not turned away.
bool is_let_in(Connection& alice, Connection& bob) {
  for (int tries = 0; tries < 10 && !alice.has_ended(); ++tries) {
    bob.send(with_header(ping));
    if (alice.has_more(milliseconds(100))) return true;
  }
  return false;
}

// The server may learn that the first Alice has left when the second is there already, so she tries again.
void free_name(Student& server) {
  const Room room(server);
  room.alice.close();
  for (int tries = 0; tries < 5; ++tries) {
    server.wait(milliseconds(100));
    Connection& alice = enter(server, "alice");
    if (is_let_in(alice, room.bob)) return expect_talk(alice, room.bob);
    alice.close();
  }
  room.bob.fail("a new alice is let in, since the first has left", "she hears nobody");
}

// The next Alice is at the door already, and says her name when the one before has just left: a server finds both at
// once, the end of the first one first. One that takes them in another order has several chances.
void free_name_at_once(Student& server) {
  const Room room(server);
  Connection* last = &room.alice;
  for (int tries = 0; tries < 5; ++tries) {
    Connection& next = server.connect("the next alice");
    server.wait(milliseconds(100));
    server.pause();
    last->close();
    next.send(with_header("alice"));
    server.resume();
    if (is_let_in(next, room.bob)) return;
    server.wait(milliseconds(100));
    last = &enter(server, "alice");
    if (!is_let_in(*last, room.bob)) break;
  }
  server.fail("a new alice is let in as soon as the first has left",
              "she is turned away if she says her name when the server finds that the first has gone. Does "
              "it look for\n"
              "names among those whom it has only marked, to remove them later?");
}

// --- Exercise 2: private messages ---

void say_to_bob(Student& server) {
  const Room room(server);
  const std::string secret = "nobody else knows " + random_word();
  room.alice.send(with_header("/to bob " + secret));
  expect_heard(room.bob, "alice", secret);
  expect_talk(room.alice, room.bob);
}

void keep_from_carol(Student& server) {
  const Room room(server);
  const std::string secret = random_word();
  room.alice.send(with_header("/to bob " + secret));
  expect_heard(room.bob, "alice", secret);
  const std::string news = random_word();
  room.alice.send(with_header(news));
  expect_heard(room.carol, "alice", news);
}

void say_to_nobody(Student& server) {
  const Room room(server);
  const std::string nobody = random_word();
  room.alice.send(with_header("/to " + nobody + " hello"));
  expect_heard(room.alice, "server", "there is no " + nobody);
  expect_talk(room.alice, room.bob);
}

void keep_order(Student& server) {
  const Room room(server);
  room.alice.send(with_header("first") + with_header("/to bob second") + with_header("third"));
  for (const char* const text : {"first", "second", "third"}) expect_heard(room.bob, "alice", text);
}

void say_something_similar(Student& server) {
  const Room room(server);
  const std::string text = "/today is " + random_word();
  room.alice.send(with_header(text));
  expect_heard(room.bob, "alice", text);
  expect_heard(room.carol, "alice", text);
}

// --- Exercise 3: a deadline at the door ---

const std::string deadline = "it has said no name for two seconds";

// After six seconds the name would be whole, and the guest in the room.
void trickle(Student& server) {
  Connection& guest = server.connect("a slow guest");
  for (const char& byte : with_header("14 letters now")) {
    guest.send({&byte, 1});
    server.wait(milliseconds(250));
  }
  guest.expect_dropped(deadline);
}

void stay_silent(Student& server) {
  const Room room(server);
  Connection& guest = server.connect("a silent guest");
  server.wait(milliseconds(3000));
  expect_talk(room.alice, room.bob);
  guest.expect_dropped(deadline);
}

}  // namespace

std::vector<Exercise> exercises() {
  const std::string comes_in = "docs/part4.md#a-message-comes-in";
  const std::string goes_out = "docs/part4.md#a-message-goes-out";
  const std::string loop = "docs/part4.md#the-loop";
  const std::string select = "docs/part4.md#exercise-3-a-deadline-at-the-door";
  return {
      {Side::server,
       {
           {"turns away a second alice, while the first goes on talking", comes_in, take_name},
           {"lets an alice in when the first has left", loop, free_name},
           {"lets an alice in that says her name when the first has just left", loop, free_name_at_once},
           {"lets in others", comes_in,
            [](Student& server) {
              const Room room(server);
              Connection& alice = enter(server, "alice " + random_word());
              wait_until_heard(alice, room.bob);
              expect_talk(room.alice, room.bob);
            }},
       }},
      {Side::server,
       {
           {"passes on to bob what is said to bob", goes_out, say_to_bob},
           {"passes it on to nobody else", goes_out, keep_from_carol},
           {"answers a guest that speaks to somebody who is not there", goes_out, say_to_nobody},
           {"passes on what is for bob in the order in which it was said", goes_out, keep_order},
           {"passes on to all what only begins similarly", comes_in, say_something_similar},
       }},
      {Side::server,
       {
           {"drops a guest that says no name, even if nothing else happens", select,
            [](Student& server) { server.connect("a silent guest").expect_dropped(deadline); }},
           {"drops a guest that says it byte by byte, and too slowly", select, trickle},
           {"lets guests stay that have a name and say nothing", select, stay_silent},
       }},
  };
}
