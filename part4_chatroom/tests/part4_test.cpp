// The room with people who behave: who hears what, in which order, and what the log says.
#include <gtest/gtest.h>

#include <csignal>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "part4_chatroom/tests/room.hpp"

namespace {

using Heard = std::pair<std::string, std::string>;

TEST(Room, PassesOnWhatOneSaysToTheOther) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  alice.say("hello");
  EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
  bob.say("你好");
  EXPECT_EQ(alice.hear(), Heard("bob", "你好"));
}

TEST(Room, PassesOnToAllButTheSpeaker) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  Peer carol = room.enter("carol");
  alice.say("one");
  EXPECT_EQ(bob.hear(), Heard("alice", "one"));
  EXPECT_EQ(carol.hear(), Heard("alice", "one"));
  bob.say("two");
  EXPECT_EQ(alice.hear(), Heard("bob", "two"));  // and not first what she has said herself
  EXPECT_EQ(carol.hear(), Heard("bob", "two"));
}

TEST(Room, SendsTheNameAndTheTextAsTwoMessages) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  alice.say("hello");
  alice.socket().shutdown(SHUT_WR);
  room.wait_for("Closed connection from alice");
  bob.socket().shutdown(SHUT_WR);
  EXPECT_EQ(bob.receive_rest(), "5         alice5         hello");
}

TEST(Room, LogsWhoComesSpeaksAndLeaves) {
  Room room;
  {
    Peer alice(room.port());
    alice.say("alice");
    EXPECT_EQ(room.log_line(), "Accept new connection from " + alice.address() + " username:alice");
    alice.say("hello");
    EXPECT_EQ(room.log_line(), "receive message from alice : hello");
  }
  EXPECT_EQ(room.log_line(), "Closed connection from alice");
  EXPECT_EQ(room.stop(), 128 + SIGINT);
  EXPECT_EQ(room.errors(), "");
}

// stdout and stderr are two pipes, but on a terminal they are one, and there the order counts.
TEST(Room, LogsAnErrorBehindWhatCameBeforeIt) {
  Process server(command("server", {"--port", "0"}), Process::Stdio::terminal);
  Peer mallory(static_cast<std::uint16_t>(std::stoi(port_of(server.line()))));
  const std::string address = mallory.address();
  mallory.send(with_header("mallory") + with_header("hello") + "nonsense  ");
  EXPECT_EQ(server.line(), "Accept new connection from " + address + " username:mallory");
  EXPECT_EQ(server.line(), "receive message from mallory : hello");
  EXPECT_EQ(server.line(), "server: mallory: the header b'nonsense  ' is not a length");
  EXPECT_EQ(server.line(), "Closed connection from mallory");
}

TEST(Room, TellsALeaveInsideAMessageFromOneBetweenTwo) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  alice.send("5         he");
  alice.socket().close();
  room.wait_for("Closed connection from alice");
  bob.say("hello");
  bob.socket().close();
  room.wait_for("Closed connection from bob");
  room.stop();
  EXPECT_EQ(room.errors(), "server: alice: closed the connection inside a message\n");
}

TEST(Room, TakesTheHeadersOfThePythonClient) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  bob.send(" 5        hello");  // Python: f"{5 :< {10}}"
  EXPECT_EQ(alice.hear(), Heard("bob", "hello"));
}

TEST(Room, SaysNothingToWhoHasNotSaidANameYet) {
  Room room;
  Peer silent(room.port());
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  alice.say("before");
  EXPECT_EQ(bob.hear(), Heard("alice", "before"));
  silent.say("carol");
  room.wait_for("Accept new connection from " + silent.address() + " username:carol");
  alice.say("after");
  EXPECT_EQ(silent.hear(), Heard("alice", "after"));
}

TEST(Room, RefusesANameThatSomebodyInTheRoomHas) {
  Room room;
  Peer one = room.enter("alice");
  Peer bob = room.enter("bob");
  Peer two(room.port());
  two.say("alice");
  EXPECT_EQ(two.receive_rest(), "");
  room.wait_for("Closed connection from " + two.address());
  one.say("I am alice");
  EXPECT_EQ(bob.hear(), Heard("alice", "I am alice"));
  const std::string error = "server: " + two.address() + ": its name is taken: alice\n";
  room.stop();
  EXPECT_EQ(room.errors(), error);
}

TEST(Room, PassesOnNoEmptyMessage) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  alice.send(with_header("") + with_header("one") + with_header("") + with_header("two"));
  EXPECT_EQ(bob.hear(), Heard("alice", "one"));
  EXPECT_EQ(bob.hear(), Heard("alice", "two"));
  EXPECT_EQ(room.log_line(), "receive message from alice : one");
  EXPECT_EQ(room.log_line(), "receive message from alice : two");
}

// Alice has spoken before the newcomer's name comes, and the room finds both at the same time.
TEST(Room, LetsANewcomerHearOnlyWhatIsSaidAfterItsName) {
  Room room;
  Peer alice = room.enter("alice");
  Peer carol(room.port());
  carol.send("5   ");
  Peer bob = room.enter("bob");  // so that carol has been accepted
  ::kill(room.id(), SIGSTOP);
  alice.say("before");
  carol.send("      carol");
  ::kill(room.id(), SIGCONT);
  EXPECT_EQ(bob.hear(), Heard("alice", "before"));
  room.wait_for("Accept new connection from " + carol.address() + " username:carol");
  alice.say("after");
  EXPECT_EQ(carol.hear(), Heard("alice", "after"));
}

TEST(Room, TakesInAgainWhoHasLeft) {
  Room room;
  Peer bob = room.enter("bob");
  for (int i = 0; i < 3; ++i) {
    Peer alice = room.enter("alice");
    alice.say("back again");
    EXPECT_EQ(bob.hear(), Heard("alice", "back again"));
    alice.socket().close();
    room.wait_for("Closed connection from alice");
  }
}

TEST(Room, PassesOnWhatWasSaidJustBeforeLeaving) {
  Room room;
  Peer bob = room.enter("bob");
  {
    Peer alice(room.port());
    alice.send(with_header("alice") + with_header("hello") + with_header("goodbye"));
  }
  EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
  EXPECT_EQ(bob.hear(), Heard("alice", "goodbye"));
}

// All 100 talk at once. The log shows in which order the server has heard them, and everybody must have heard
// just that, without what they have said themselves.
TEST(Room, TellsAHundredThatTalkAtOnceTheSameInTheSameOrder) {
  constexpr std::size_t people = 100;
  constexpr std::size_t messages = 5;
  Room room;
  std::vector<Peer> peers;
  for (std::size_t i = 0; i < people; ++i) peers.push_back(room.enter("peer" + std::to_string(i)));
  for (std::size_t i = 0; i < messages; ++i) {
    for (Peer& peer : peers) peer.say("message " + std::to_string(i));
  }

  std::vector<Heard> log;
  while (log.size() < people * messages) {
    const std::string line = room.log_line();
    const std::string begin = "receive message from ";
    const std::size_t colon = line.find(" : ");
    ASSERT_TRUE(line.starts_with(begin) && colon != std::string::npos) << line;
    log.emplace_back(line.substr(begin.size(), colon - begin.size()), line.substr(colon + 3));
  }
  for (std::size_t i = 0; i < people; ++i) {
    const std::string name = "peer" + std::to_string(i);
    std::vector<Heard> said;
    std::vector<Heard> expected;
    for (const Heard& heard : log) (heard.first == name ? said : expected).push_back(heard);
    ASSERT_EQ(said.size(), messages);
    for (std::size_t j = 0; j < messages; ++j) ASSERT_EQ(said[j].second, "message " + std::to_string(j));

    std::vector<Heard> heard;
    while (heard.size() < expected.size()) heard.push_back(peers[i].hear());
    ASSERT_EQ(heard, expected) << name;
  }
}

// A text in which no part of the stream looks like another.
std::string text_number(std::size_t number, std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(number) + "." + std::to_string(text.size()) + " ";
  text.resize(size);
  return text;
}

constexpr std::size_t limit = 1024 * 1024;

// Alice talks until somebody who does not read is dropped.
struct Sleeper {
  std::string said;      // what it should have heard by then,
  std::size_t last = 0;  // where in that the message begins that was too much,
  std::string received;  // and what the kernel had taken for it: it still came

  Sleeper(Room& room, Peer& alice, Peer& bob) {
    Peer peer(small_socket(), room.port());
    peer.say("sleeper");
    room.wait_for("Accept new connection from " + peer.address() + " username:sleeper");
    for (bool dropped = false; !dropped;) {
      const std::string text = text_number(said.size(), 60'000);
      alice.say(text);
      EXPECT_EQ(bob.hear(), Heard("alice", text));
      last = said.size();
      said += with_header("alice") + with_header(text);

      // Once somebody else has come in, the round in which the sleeper may have been dropped is over.
      Peer next(room.port());
      next.say("next");
      std::string line;
      while (!line.ends_with("username:next")) {
        line = room.log_line();
        if (line == "Closed connection from sleeper") dropped = true;
      }
    }
    received = peer.receive_rest();
  }
};

TEST(SlowReader, IsDroppedWhenOverAMebibyteWaitsForItAndNotBefore) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  const Sleeper sleeper(room, alice, bob);
  EXPECT_EQ(sleeper.said.substr(0, sleeper.received.size()), sleeper.received);
  EXPECT_GT(sleeper.said.size() - sleeper.received.size(), limit);
  EXPECT_LE(sleeper.last - sleeper.received.size(), limit);
}

TEST(SlowReader, LosesNoByteWhileItKeepsReading) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  // So much that the kernel is full, and half of what may wait in the server waits there.
  const std::size_t most_unread = Sleeper(room, alice, bob).received.size() + limit / 2;

  Peer slow(small_socket(), room.port());
  slow.say("slow");
  room.wait_for("Accept new connection from " + slow.address() + " username:slow");
  std::string expected;
  std::string received;
  const auto read = [&](std::size_t size) {
    const std::string bytes = slow.receive(size);
    if (bytes.empty()) throw std::runtime_error("the room has dropped a guest who reads");
    received += bytes;
  };
  while (expected.size() < 2 * most_unread) {
    const std::string text = text_number(expected.size(), 60'000);
    alice.say(text);
    expected += with_header("alice") + with_header(text);
    // A kernel that is short of memory has taken less: then more waits in the server, and Alice is read more slowly.
    while (expected.size() - received.size() > most_unread ||
           !bob.socket().wait_readable(std::chrono::milliseconds(10)))
      read(4000);
    ASSERT_EQ(bob.hear(), Heard("alice", text));
  }
  // From now on nobody says anything: what waits must come without that.
  while (received.size() < expected.size()) read(64 * 1024);
  EXPECT_TRUE(received == expected);
  slow.say("I have all of it");
  EXPECT_EQ(alice.hear(), Heard("slow", "I have all of it"));
}

}  // namespace
