// The server over select(), and changed so that it waits with poll(), and with epoll or kqueue: the same room.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/select.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "part4_chatroom/tests/room.hpp"

namespace {

using Heard = std::pair<std::string, std::string>;

class Backend : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() != "server" && std::system("command -v patch >/dev/null") != 0)
      GTEST_SKIP() << "this machine has no patch(1), which makes this server";
  }
};

// A room over the backend of the test.
struct BackendRoom : Room {
  explicit BackendRoom(const std::string& program, const std::string& options = "")
      : Room("true", options, program) {}
};

TEST_P(Backend, PassesOnToAllButTheSpeaker) {
  BackendRoom room(GetParam());
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  Peer carol = room.enter("carol");
  alice.say("one");
  EXPECT_EQ(bob.hear(), Heard("alice", "one"));
  EXPECT_EQ(carol.hear(), Heard("alice", "one"));
  bob.say("two");
  EXPECT_EQ(alice.hear(), Heard("bob", "two"));
  EXPECT_EQ(carol.hear(), Heard("bob", "two"));
}

TEST_P(Backend, DropsASlowReaderAndNobodyElse) {
  BackendRoom room(GetParam());
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  Peer sleeper(small_socket(), room.port());
  sleeper.say("sleeper");
  room.wait_for("Accept new connection from " + sleeper.address() + " username:sleeper");
  const std::string text(65'536, 'x');
  constexpr std::size_t far_too_much = 64 * 1024 * 1024;  // for the kernel and the server together
  std::size_t said = 0;
  bool dropped = false;
  while (said < far_too_much && !dropped) {
    alice.say(text);
    ASSERT_EQ(bob.hear(), Heard("alice", text));
    said += text.size();
    // The log is read as it goes: the server waits for nobody who reads it, and leaves out what is too much.
    std::string line = room.log_line();
    while (!line.starts_with("receive message from alice")) {
      dropped = dropped || line == "Closed connection from sleeper";
      line = room.log_line();
    }
  }
  EXPECT_GT(said, 1024U * 1024);
  EXPECT_TRUE(dropped);
  EXPECT_LT(sleeper.receive_rest().size(), said);
  bob.say("still here");
  EXPECT_EQ(alice.hear(), Heard("bob", "still here"));
}

TEST_P(Backend, LosesNothingOfWhatAReaderTakesLate) {
  BackendRoom room(GetParam());
  Peer alice = room.enter("alice");
  Peer late(small_socket(), room.port());
  late.say("late");
  room.wait_for("Accept new connection from " + late.address() + " username:late");
  std::vector<std::string> said;
  for (int i = 0; i < 12; ++i) alice.say(said.emplace_back(std::to_string(i) + std::string(60'000, 'x')));
  for (const std::string& text : said) ASSERT_EQ(late.hear(), Heard("alice", text));
}

TEST_P(Backend, EndsTheConnectionOfABadHeaderAlone) {
  BackendRoom room(GetParam());
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  Peer stranger(room.port());
  const std::string address = stranger.address();
  stranger.send("no length ");
  EXPECT_EQ(stranger.receive_rest(), "");
  room.wait_for("Closed connection from " + address);
  Peer mallory = room.enter("mallory");
  mallory.send(with_header("hello") + "9999999999");
  EXPECT_EQ(alice.hear(), Heard("mallory", "hello"));
  EXPECT_EQ(bob.hear(), Heard("mallory", "hello"));
  EXPECT_EQ(mallory.receive_rest(), "");
  room.wait_for("Closed connection from mallory");
  alice.say("still here");
  EXPECT_EQ(bob.hear(), Heard("alice", "still here"));
}

TEST_P(Backend, TurnsAwayWhoSaysNoNameInTime) {
  BackendRoom room(GetParam(), "--patience 4");
  Peer alice = room.enter("alice");
  Peer silent(room.port());
  Peer half(room.port());
  half.send("5   ");
  EXPECT_EQ(silent.receive_rest(), "");
  EXPECT_EQ(half.receive_rest(), "");
  room.enter("bob").say("hello");
  EXPECT_EQ(alice.hear(), Heard("bob", "hello"));
}

TEST_P(Backend, GoesOnAfterItWasStopped) {
  BackendRoom room(GetParam());
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  for (int i = 0; i < 3; ++i) {
    ::kill(room.id(), SIGSTOP);
    ::kill(room.id(), SIGCONT);
    alice.say("hello");
    EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
  }
  EXPECT_EQ(room.stop(), 128 + SIGINT);
}

// The kernel gives the next guest the descriptor of who has just left.
TEST_P(Backend, TakesInWhoComesOnTheDescriptorOfWhoHasLeft) {
  BackendRoom room(GetParam());
  Peer bob = room.enter("bob");
  for (int i = 0; i < 20; ++i) {
    Peer alice = room.enter("alice");
    alice.say("back again");
    EXPECT_EQ(bob.hear(), Heard("alice", "back again"));
    bob.say("welcome");
    EXPECT_EQ(alice.hear(), Heard("bob", "welcome"));
    i % 2 == 0 ? alice.socket().close() : alice.reset();
    room.wait_for("Closed connection from alice");
    Peer silent(room.port());
    const std::string address = silent.address();
    silent.socket().close();
    room.wait_for("Closed connection from " + address);
  }
}

// The name of a test: `epoll` of beyond_select/server_epoll.
std::string call_of(const testing::TestParamInfo<std::string>& info) {
  return info.param == "server" ? "select" : info.param.substr(info.param.rfind('_') + 1);
}

const std::string poll_server = "beyond_select/server_poll";
const std::string epoll_server = "beyond_select/server_epoll";

INSTANTIATE_TEST_SUITE_P(Over, Backend, testing::Values("server", poll_server, epoll_server), call_of);

class LargeRoom : public Backend {};

TEST_P(LargeRoom, PassesTheCheckOfThePart) {
  Process check({PROGRAMS "check", "--server", "'" PROGRAMS + GetParam() + "' --host {host} --port {port}"});
  const std::string report = check.rest();
  EXPECT_EQ(check.wait(), 0) << report;
}

TEST_P(LargeRoom, HasPlacesForMoreGuestsThanASetOfSelectHasBits) {
  constexpr std::size_t idle = 300;
  if (allow_descriptors(4096) < FD_SETSIZE + idle + 100)
    GTEST_SKIP() << "the limit of descriptors is too low here";
  BackendRoom room(GetParam());
  std::list<Peer> guests;
  for (std::size_t i = 0; i < idle; ++i) guests.emplace_back(room.port());  // which say nothing
  while (guests.size() < FD_SETSIZE + idle) guests.push_back(room.enter(fmt::format("{}", guests.size())));
  guests.back().say("hello");
  std::size_t number = 0;
  for (Peer& guest : guests) {
    if (number++ < idle || &guest == &guests.back()) continue;
    ASSERT_EQ(guest.hear(), Heard(fmt::format("{}", FD_SETSIZE + idle - 1), "hello"));
  }
  guests.front().say("alice");  // now one of those who were silent says a name
  room.wait_for("Accept new connection from " + guests.front().address() + " username:alice");
  guests.front().say("me too");
  EXPECT_EQ(guests.back().hear(), Heard("alice", "me too"));
}

INSTANTIATE_TEST_SUITE_P(Over, LargeRoom, testing::Values(poll_server, epoll_server), call_of);

}  // namespace
