// The door to epoll and kqueue.
#include "common/watcher.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using Owners = std::vector<void*>;

// Two sockets that are connected, the near one watched.
struct WatcherTest : testing::Test {
  std::pair<Socket, Socket> ends = Socket::pair();
  Socket& near = ends.first;
  Socket& far = ends.second;
  Watcher watcher = {};

  void watch(bool readable, bool writable) { watcher.watch(near.descriptor(), &near, readable, writable); }
};

TEST_F(WatcherTest, ReturnsTheOwnerAsLongAsBytesAreLeft) {
  watch(true, false);
  EXPECT_EQ(watcher.wait(0), Owners{});
  far.send_all("two");
  std::string buffer(2, '\0');
  EXPECT_EQ(watcher.wait(-1), Owners{&near});
  EXPECT_EQ(near.recv(buffer), "tw");
  EXPECT_EQ(watcher.wait(-1), Owners{&near});
  EXPECT_EQ(near.recv(buffer), "o");
  EXPECT_EQ(watcher.wait(0), Owners{});
  far.close();
  EXPECT_EQ(watcher.wait(-1), Owners{&near});
}

TEST_F(WatcherTest, WakesUpForRoomToSendAndReturnsNobody) {
  near.set_nonblocking();
  const std::string much(100'000, 'x');
  while (near.try_send(much) > 0) continue;
  watch(false, true);
  EXPECT_EQ(watcher.wait(0), Owners{});
  std::string all(1'000'000, '\0');
  far.set_nonblocking();
  while (far.try_recv(all)) continue;
  EXPECT_EQ(watcher.wait(-1), Owners{});  // and does not wait for ever
}

TEST_F(WatcherTest, ReportsNothingOfWhatItWatchesNoMore) {
  watch(true, true);
  far.send_all("x");
  watch(false, false);
  EXPECT_EQ(watcher.wait(0), Owners{});
  far.close();
  EXPECT_EQ(watcher.wait(0), Owners{});  // not even the end
  watch(true, false);
  EXPECT_EQ(watcher.wait(-1), Owners{&near});
}

TEST_F(WatcherTest, WatchesANewSocketOnTheDescriptorOfAClosedOne) {
  watch(true, false);
  watch(false, false);
  const int descriptor = near.descriptor();
  near.close();
  auto [other, peer] = Socket::pair();
  ASSERT_EQ(other.descriptor(), descriptor);
  watcher.watch(descriptor, &other, true, false);
  peer.send_all("x");
  EXPECT_EQ(watcher.wait(-1), Owners{&other});
}

}  // namespace
