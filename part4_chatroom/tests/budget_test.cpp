// What the room spends on its guests: memory, places, time, and lines of a log that nobody reads.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/select.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "common/testing/port.hpp"
#include "part4_chatroom/tests/room.hpp"

namespace {

using Heard = std::pair<std::string, std::string>;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_sanitizer = true;
#elif defined(__has_feature)
constexpr bool has_sanitizer = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool has_sanitizer = false;
#endif

// `VmHWM`, the most memory that a process has ever had, or `VmRSS`, what it has now: MiB, proc_pid_status(5).
double mebibytes(const Room& room, const std::string& which) {
  std::ifstream file(fmt::format("/proc/{}/status", room.id()));
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  const std::size_t place = status.find(which + ":");
  return place == std::string::npos ? 0 : std::stod(status.substr(place + which.size() + 1)) / 1024;
}

// Each holds most of a message back, and reads nothing, while alice says to bob more than may wait for anybody.
TEST(Budget, OfAThousandWhoHoldBackAndReadNothingIs64Mebibytes) {
  if (has_sanitizer) GTEST_SKIP() << "a sanitizer takes memory of its own";
  if (allow_descriptors(4096) < FD_SETSIZE + 100) GTEST_SKIP() << "the limit of descriptors is too low here";
  Room room(no_others);
  if (mebibytes(room, "VmRSS") == 0) GTEST_SKIP() << "no /proc says how much memory a process has";
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  const double before = mebibytes(room, "VmRSS");
  std::list<Peer> crowd;
  for (int i = 0; i < 1000; ++i) {
    Peer& peer = crowd.emplace_back(small_socket(), room.port());
    peer.send(with_header(std::to_string(i)) + "65536     " + std::string(60'000, 'x'));
  }
  room.wait_for(fmt::format("Accept new connection from {} username:999", crowd.back().address()));
  const std::string text(65'536, 't');
  for (int i = 0; i < 60; ++i) {
    alice.say(text);
    ASSERT_EQ(bob.hear(), Heard("alice", text));
    room.wait_for("receive message from alice : " + text);  // a log that is not read in time loses lines
  }
  EXPECT_LT(mebibytes(room, "VmHWM"), 64);

  crowd.clear();
  Peer last = room.enter("last");  // all others have left before the server lets in this one
  alice.say("hello");
  EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
  EXPECT_EQ(last.hear(), Heard("alice", "hello"));
  EXPECT_LT(mebibytes(room, "VmRSS"), before + 32);  // what is free the allocator may keep for the next
}

TEST(Budget, OfPlacesIsFreeAgainWhenASilentCrowdHasSaidNoNameInTime) {
  if (allow_descriptors(4096) < FD_SETSIZE + 100) GTEST_SKIP() << "the limit of descriptors is too low here";
  Room room(no_others, "--patience 10");
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  std::list<Peer> crowd;
  for (std::size_t i = 0; i < FD_SETSIZE - own_descriptors - 2; ++i) crowd.emplace_back(room.port());
  Peer late(room.port());
  room.wait_for("Turned away " + late.address() + ": the room is full");
  alice.say("a full house");
  EXPECT_EQ(bob.hear(), Heard("alice", "a full house"));
  for (Peer& silent : crowd) EXPECT_EQ(silent.receive_rest(), "");
  Peer carol = room.enter("carol");
  carol.say("now there is a place");
  EXPECT_EQ(bob.hear(), Heard("carol", "now there is a place"));
}

// The name would be whole after six seconds; alice may be silent for as long as she likes.
TEST(Budget, OfTimeForANameIsNotStretchedByBytesOfIt) {
  Room room("true", "--patience 3");
  Peer alice = room.enter("alice");
  Peer slow(room.port());
  slow.send("60        ");
  const auto start = std::chrono::steady_clock::now();
  while (!slow.socket().wait_readable(std::chrono::milliseconds(100))) slow.send("x");
  EXPECT_EQ(slow.receive_rest(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, deadline);
  Peer bob = room.enter("bob");
  alice.say("I am still here");
  EXPECT_EQ(bob.hear(), Heard("alice", "I am still here"));
}

// Mallory floods with the messages that grow most on their way. One reads slowly and one reads nothing. Alice and
// bob are heard all the time, whoever reads hears all, and whoever does not is dropped.
TEST(Budget, OfWhatIsSaidLeavesAPlaceForThePoliteAndDropsNobodyWhoReads) {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  Peer slow(small_socket(), room.port());
  slow.say("slow");
  room.wait_for("Accept new connection from " + slow.address() + " username:slow");
  Peer sleeper(small_socket(), room.port());
  sleeper.say("sleeper");
  room.wait_for("Accept new connection from " + sleeper.address() + " username:sleeper");
  Peer mallory = room.enter(std::string(64, 'm'));

  std::atomic<bool> enough = false;
  auto flood = std::async(std::launch::async, [&] {
    std::string tiny;
    for (int i = 0; i < 1000; ++i) tiny += with_header("x");
    mallory.socket().set_nonblocking();
    std::string unsent;
    std::string unread(64 * 1024, '\0');
    while (!enough) {
      if (unsent.empty()) unsent = tiny;
      unsent.erase(0, mallory.socket().try_send(unsent));
      while (const auto bytes = mallory.socket().try_recv(unread)) {
        if (bytes->empty()) return false;
      }
    }
    return true;
  });
  auto slowly = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(
        std::chrono::seconds(2));  // as the kernel of a slow reader may look to the server
    while (!enough) {
      if (slow.receive(4096).empty()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // that it is slow is what is tested
    }
    return true;
  });
  const auto listen_to = [&](Peer& peer, std::string name) {
    return std::async(std::launch::async, [&peer, name = std::move(name)] {
      while (peer.hear() != Heard(name, "bye")) continue;
    });
  };
  auto bob_hears = listen_to(bob, "alice");
  auto alice_hears = listen_to(alice, "bob");
  const std::shared_ptr<void> at_the_end(nullptr, [&](void*) { enough = true; });  // whatever may throw
  const auto is_sleeper_gone = [&] {  // as long as it is there, nobody else may have its name
    Peer other(room.port());
    other.say("sleeper");
    return !other.receive(1).empty();
  };
  for (int words = 0; words < 80 || !is_sleeper_gone(); ++words) {
    alice.say("hello");
    bob.say("hello");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the pace of somebody who talks
  }
  alice.say("bye");
  bob.say("bye");
  bob_hears.get();
  alice_hears.get();
  enough = true;
  EXPECT_TRUE(flood.get());
  EXPECT_TRUE(slowly.get());
}

// The room talks on, whatever becomes of its log.
void expect_talk(std::uint16_t port) {
  Peer alice(port);
  alice.say("alice");
  Peer bob(port);
  bob.say("bob");
  while (!alice.socket().wait_readable(std::chrono::milliseconds(20))) bob.say("hello");
  const std::string text(65'536, 't');
  for (int i = 0; i < 60; ++i) {
    bob.say(text);
    Heard heard;
    do heard = alice.hear();
    while (heard == Heard("bob", "hello"));
    ASSERT_EQ(heard, Heard("bob", text));
  }
}

TEST(Budget, OfTheLogDoesNotStopARoomWhoseLogNobodyReads) {
  Process server(command("server", {"--port", "0"}));
  expect_talk(static_cast<std::uint16_t>(std::stoi(port_of(server.line()))));
  server.signal(SIGINT);
  EXPECT_EQ(server.wait(), 128 + SIGINT);
}

TEST(Budget, OfTheLogDoesNotStopARoomOnAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this machine has no /dev/full";
  const ReservedPort port;
  Process server({"bash", "-c", fmt::format("exec \"$0\" --port {} > /dev/full 2>&1", port.number()),
                  PROGRAMS "server"});
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    try {
      Peer(port.number());
      break;
    } catch (const std::system_error&) {  // it is starting
      if (std::chrono::steady_clock::now() > end) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  expect_talk(port.number());
  server.signal(SIGINT);
  EXPECT_EQ(server.wait(), 128 + SIGINT);
}

// `ulimit -f 1`: a file may have 1 KiB, and whoever writes more gets SIGXFSZ.
TEST(Budget, OfTheLogDoesNotStopARoomWhoseLogFileIsFull) {
  Process server({"bash", "-c",
                  "file=$(mktemp) && ulimit -f 1 && { \"$0\" --port 0 > \"$file\" & } && "
                  "until grep listening \"$file\"; do sleep 0.01; done; rm \"$file\"; wait $!",
                  PROGRAMS "server"});
  expect_talk(static_cast<std::uint16_t>(std::stoi(port_of(server.line()))));
}

}  // namespace
