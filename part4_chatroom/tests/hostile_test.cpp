// The room with people who do not behave. Whatever one of them does, two others still talk.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "part4_chatroom/tests/room.hpp"

namespace {

using Heard = std::pair<std::string, std::string>;

// Two who behave, in a room with others.
struct Party {
  Room room;
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  std::list<Peer> strangers;  // they stay connected until the end of the test
  int mallories = 0;

  Peer& stranger() { return strangers.emplace_back(room.port()); }

  // A stranger who has said a name: mallory, mallory 2, mallory 3 and so on.
  Peer& mallory() {
    const std::string name = mallories++ == 0 ? "mallory" : fmt::format("mallory {}", mallories);
    return strangers.emplace_back(room.enter(name));
  }

  // Alice and bob hear that mallory says `text`.
  void hears(const std::string& text) {
    EXPECT_EQ(alice.hear(), Heard("mallory", text));
    EXPECT_EQ(bob.hear(), Heard("mallory", text));
  }

  // The server has closed the connection, and the log says so.
  void dropped(Peer& peer, const std::string& who) {
    EXPECT_EQ(peer.receive_rest(), "");
    room.wait_for("Closed connection from " + who);
  }

  void still_talk() {
    alice.say("still there?");
    EXPECT_EQ(bob.hear(), Heard("alice", "still there?"));
    bob.say("yes");
    EXPECT_EQ(alice.hear(), Heard("bob", "yes"));
  }
};

// Alice says `text` eight times; returns how many mallories are dropped meanwhile. A log that is not read in time loses
// lines, and these may be long: it is read up to here.
int drops_while_alice_says(Party& party, const std::string& text) {
  for (int i = 0; i < 8; ++i) {
    party.alice.say(text);
    EXPECT_EQ(party.bob.hear(), Heard("alice", text));
  }
  int drops = 0;
  for (int lines = 0; lines < 8;) {
    const std::string line = party.room.log_line();
    if (line.starts_with("receive message from alice")) ++lines;
    if (line.starts_with("Closed connection from mallory")) ++drops;
  }
  return drops;
}

struct Misbehaviour {
  std::string name;
  std::function<void(Party&)> happens;
};

void PrintTo(const Misbehaviour& misbehaviour, std::ostream* out) {
  *out << misbehaviour.name;
}

class Hostile : public testing::TestWithParam<Misbehaviour> {};

TEST_P(Hostile, LeavesTheOthersTalking) {
  Party party;
  party.still_talk();
  GetParam().happens(party);
  party.still_talk();
  EXPECT_EQ(party.room.stop(), 128 + SIGINT);  // it was running until now
}

std::string name_of(const testing::TestParamInfo<Misbehaviour>& info) {
  return info.param.name;
}

// Guests that stop somewhere in a message, and stay. Nobody waits for the rest.
std::vector<Misbehaviour> stops() {
  return {
      {"SaysNothing", [](Party& party) { party.stranger(); }},
      {"StopsInsideTheFirstHeader", [](Party& party) { party.stranger().send("7   "); }},
      {"StopsBeforeTheName", [](Party& party) { party.stranger().send("7         "); }},
      {"StopsInsideTheName", [](Party& party) { party.stranger().send("7         mal"); }},
      {"StopsInsideAHeader", [](Party& party) { party.mallory().send("5    "); }},
      {"StopsBeforeTheText", [](Party& party) { party.mallory().send("5         "); }},
      {"StopsInsideAText", [](Party& party) { party.mallory().send("65536     hello"); }},
      {"StopsAfterAText",
       [](Party& party) {
         party.mallory().send(with_header("hello") + "5     ");
         party.hears("hello");
       }},
      {"TwoHundredSayNothing",
       [](Party& party) {
         for (int i = 0; i < 200; ++i) party.stranger();
       }},
  };
}

// A header that is none ends the connection of who has sent it.
std::vector<Misbehaviour> bad_headers() {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"OfLetters", "hello hell"},
      {"OfSpaces", "          "},
      {"WithMinus", "-1        "},
      {"WithPlus", "+5        "},
      {"WithUnderscore", "1_0       "},
      {"InHexadecimal", "0x10      "},
      {"WithFraction", "5.0       "},
      {"WithExponent", "1e3       "},
      {"OfTwoNumbers", "5 5       "},
      {"WithTabs", "\t5        "},
      {"WithLineEnd", "5\n        "},
      {"WithNul", "5\0\0\0\0\0\0\0\0\0"s},
      {"OfArabicDigits", "٥        "},
      {"OfInvalidUtf8", "\xff\xfe\xfd      5"},
      {"OfAnHttpRequest", "GET / HTTP/1.1\r\n\r\n"},
      {"OfATlsClient", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
      {"OfAByteOverTheLimit", "65537     "},
      {"OfTenNines", "9999999999"},
  };
  std::vector<Misbehaviour> all;
  for (const auto& [name, bad_header] : headers) {
    all.push_back({"FirstHeader" + name, [header = bad_header](Party& party) {
                     Peer& stranger = party.stranger();
                     const std::string address = stranger.address();
                     stranger.send(header);
                     party.dropped(stranger, address);
                   }});
    all.push_back({"Header" + name, [header = bad_header](Party& party) {
                     Peer& mallory = party.mallory();
                     mallory.send(with_header("hello") + header);
                     party.hears("hello");  // what came before the bad header counts
                     party.dropped(mallory, "mallory");
                   }});
  }
  return all;
}

std::vector<Misbehaviour> bad_names() {
  const auto refused = [](const std::string& name) {
    return [name](Party& party) {
      Peer& stranger = party.stranger();
      const std::string address = stranger.address();
      stranger.say(name);
      party.dropped(stranger, address);
    };
  };
  // Names of any bytes are passed on as they are; the log shows them escaped.
  const auto shown = [](const std::string& name, const std::string& in_log) {
    return [name, in_log](Party& party) {
      Peer& stranger = party.stranger();
      stranger.say(name);
      party.room.wait_for("Accept new connection from " + stranger.address() + " username:" + in_log);
      stranger.say("hello");
      EXPECT_EQ(party.bob.hear(), Heard(name, "hello"));
      EXPECT_EQ(party.alice.hear(), Heard(name, "hello"));
      party.room.wait_for("receive message from " + in_log + " : hello");
      stranger.socket().close();
      party.room.wait_for("Closed connection from " + in_log);
    };
  };
  const std::string largest(64, 'n');
  return {
      {"NameIsEmpty", refused("")},
      {"NameIsAByteTooLong", refused(largest + "n")},
      {"NameIsOfTheLargestMessage", refused(std::string(65536, 'n'))},
      {"NameIsAsLongAsItMayBe", shown(largest, largest)},
      {"NameIsInvalidUtf8", shown("\xff\xc3", "\\xff\\xc3")},
      {"NameClearsTheScreen", shown("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H")},
      {"NameForgesALine", shown("x\nClosed connection from alice", "x\\nClosed connection from alice")},
      {"NameLooksLikeANameAndAText", shown("bob : hi", "bob \\x3a hi")},
      {"NameIsOfSpaces", shown("   ", "\\x20 \\x20")},
      {"NameIsNul", shown(std::string(1, '\0'), "\\x00")},
      {"NameIsTaken", refused("alice")},
  };
}

std::vector<Misbehaviour> bad_texts() {
  const auto shown = [](const std::string& text, const std::string& in_log) {
    return [text, in_log](Party& party) {
      party.mallory().say(text);
      party.hears(text);
      party.room.wait_for("receive message from mallory : " + in_log);
    };
  };
  const std::string largest(65536, 't');
  return {
      {"TextIsAsLongAsItMayBe", shown(largest, largest)},
      {"TextIsInvalidUtf8", shown("a\xffz", "a\\xffz")},
      {"TextIsCutInsideACharacter", shown("a\xe4\xbd", "a\\xe4\\xbd")},
      {"TextIsOverlongUtf8", shown("\xc0\xaf", "\\xc0\\xaf")},
      {"TextIsASurrogate", shown("\xed\xa0\x80", "\\xed\\xa0\\x80")},
      {"TextIsNul", shown(std::string(1, '\0'), "\\x00")},
      {"TextRingsTheBell", shown("\a\b\x7f", "\\x07\\x08\\x7f")},
      {"TextSetsTheTitle", shown("\x1b]0;root\a", "\\x1b]0;root\\x07")},
      {"TextHasC1Controls", shown("\xc2\x9b"
                                  "2J",
                                  "\\xc2\\x9b2J")},
      {"TextForgesALine",
       shown("x\r\nreceive message from bob : lies", "x\\r\\nreceive message from bob : lies")},
      {"TextIsAFormat", shown("{} %s %n {0}", "{} %s %n {0}")},
      {"TextIsAMessage", shown("5         alice", "5         alice")},
  };
}

std::vector<Misbehaviour> endings() {
  using Ending = std::function<void(Peer&)>;
  const std::vector<std::pair<std::string, Ending>> ways = {
      {"Closes", [](Peer& peer) { peer.socket().close(); }},
      {"HalfCloses", [](Peer& peer) { peer.socket().shutdown(SHUT_WR); }},
      {"ShutsDown", [](Peer& peer) { peer.socket().shutdown(SHUT_RDWR); }},
      {"Resets", [](Peer& peer) { peer.reset(); }},
  };
  const std::vector<std::pair<std::string, std::string>> stages = {
      {"AtOnce", ""},
      {"InsideTheFirstHeader", "7    "},
      {"InsideTheName", "7         mal"},
      {"AfterTheName", with_header("mallory")},
      {"InsideAHeader", with_header("mallory") + "5    "},
      {"InsideAText", with_header("mallory") + "50000     hello"},
      {"AfterAText", with_header("mallory") + with_header("hello")},
  };
  std::vector<Misbehaviour> all;
  for (const auto& [way, ending] : ways) {
    for (const auto& [stage, sent] : stages) {
      all.push_back({way + stage, [end = ending, bytes = sent](Party& party) {
                       Peer& stranger = party.stranger();
                       const std::string address = stranger.address();
                       std::string who = address;
                       stranger.send(bytes);
                       if (bytes.starts_with(with_header("mallory"))) {
                         who = "mallory";
                         party.room.wait_for("Accept new connection from " + address + " username:mallory");
                       }
                       if (bytes.ends_with(with_header("hello"))) party.hears("hello");
                       end(stranger);
                       party.room.wait_for("Closed connection from " + who);
                     }});
    }
  }
  return all;
}

std::vector<Misbehaviour> crowds_and_floods() {
  return {
      {"SendsItsNameByteByByte",
       [](Party& party) {
         Peer& stranger = party.stranger();
         for (const char byte : with_header("mallory")) stranger.send({&byte, 1});
         party.room.wait_for("Accept new connection from " + stranger.address() + " username:mallory");
       }},
      {"SendsATextByteByByte",
       [](Party& party) {
         Peer& mallory = party.mallory();
         for (const char byte : with_header(std::string(500, 'x'))) mallory.send({&byte, 1});
         party.hears(std::string(500, 'x'));
       }},
      {"SendsThousandsOfMessagesAtOnce",
       [](Party& party) {
         std::string segment;
         for (int i = 0; i < 3000; ++i) segment += with_header(std::to_string(i));
         party.mallory().send(segment);
         for (int i = 0; i < 3000; ++i) party.hears(std::to_string(i));
       }},
      {"SendsThousandsOfEmptyTextsAtOnce",
       [](Party& party) {
         std::string segment;
         for (int i = 0; i < 5000; ++i) segment += with_header("");
         party.mallory().send(segment + with_header("hello"));
         party.hears("hello");  // and nothing before it
       }},
      {"FloodsWithLargeMessages",
       [](Party& party) {
         Peer& mallory = party.mallory();
         const std::string text(65536, 'x');
         for (int i = 0; i < 100; ++i) {
           mallory.say(text);
           party.hears(text);
         }
       }},
      {"FloodsBeforeItsName",
       [](Party& party) {
         Peer& stranger = party.stranger();
         std::string flood = with_header("mallory");
         for (int i = 0; i < 1000; ++i) flood += with_header("flood");
         stranger.send(flood);
         for (int i = 0; i < 1000; ++i) party.hears("flood");
       }},
      {"GoesOnAfterItWasDropped",
       [](Party& party) {
         Peer& mallory = party.mallory();
         mallory.send("nonsense  ");
         party.dropped(mallory, "mallory");
         // The first of these brings a reset, and the one after that fails for it.
         EXPECT_THROW(while (true) mallory.say("and another thing"), std::system_error);
       }},
      {"SendsUrgentData",
       [](Party& party) {
         Peer& mallory = party.mallory();
         ASSERT_EQ(::send(mallory.socket().descriptor(), "!", 1, MSG_OOB), 1);
         mallory.say("hello");
         party.hears("hello");
       }},
      {"ReadsNothing",
       [](Party& party) {
         party.mallory();
         const std::string text(65536, 'x');
         std::size_t said = 0;
         // Far more than the kernel holds for a connection; the drop comes long before.
         for (int dropped = 0; said < 64 * 1024 * 1024 && dropped == 0; said += 8 * text.size()) {
           dropped = drops_while_alice_says(party, text);
         }
         EXPECT_GT(said, 1024u * 1024);
         EXPECT_LT(said, 64u * 1024 * 1024);
       }},
      {"FiveHundredConnectAndClose",
       [](Party& party) {
         for (int i = 0; i < 500; ++i) Peer(party.room.port());
       }},
      {"FiveHundredConnectAndReset",
       [](Party& party) {
         for (int i = 0; i < 500; ++i) Peer(party.room.port()).reset();
       }},
      {"FiveHundredSayANameAndReset",
       [](Party& party) {
         for (int i = 0; i < 500; ++i) {
           Peer peer(party.room.port());
           peer.say("mallory");
           peer.reset();
         }
       }},
      // While alice speaks to 40, they leave one after the other, some with a reset: at some of them the
      // server writes to a connection that is not there any more.
      {"LeaveInTheMiddleOfABroadcast",
       [](Party& party) {
         for (int i = 0; i < 40; ++i) party.mallory();
         bool polite = false;
         for (Peer& stranger : party.strangers) {
           for (int i = 0; i < 5; ++i) party.alice.say("are you leaving?");
           polite = !polite;
           polite ? stranger.socket().close() : stranger.reset();
         }
         for (int i = 0; i < 200; ++i) {
           ASSERT_EQ(party.bob.hear(), Heard("alice", "are you leaving?"));
         }
         std::set<std::string> still_there;
         for (int i = 2; i <= 40; ++i)
           still_there.insert(fmt::format("Closed connection from mallory {}", i));
         while (!still_there.empty()) still_there.erase(party.room.log_line());  // in whatever order
       }},
  };
}

INSTANTIATE_TEST_SUITE_P(Stops, Hostile, testing::ValuesIn(stops()), name_of);
INSTANTIATE_TEST_SUITE_P(Headers, Hostile, testing::ValuesIn(bad_headers()), name_of);
INSTANTIATE_TEST_SUITE_P(Names, Hostile, testing::ValuesIn(bad_names()), name_of);
INSTANTIATE_TEST_SUITE_P(Texts, Hostile, testing::ValuesIn(bad_texts()), name_of);
INSTANTIATE_TEST_SUITE_P(Endings, Hostile, testing::ValuesIn(endings()), name_of);
INSTANTIATE_TEST_SUITE_P(Floods, Hostile, testing::ValuesIn(crowds_and_floods()), name_of);

// Of who sends without a pause one piece is taken in a round, and the others have their turn between any two.
TEST(HostileCrowd, ThatFloodsLeavesTheOthersTheirTurn) {
  Party party;
  std::atomic<bool> enough = false;
  const auto flood = [&](Peer peer) {
    peer.socket().set_nonblocking();
    const std::string text = with_header(std::string(1000, 'x'));
    std::string unsent;
    std::array<char, 64 * 1024> unread;
    while (!enough) {
      if (unsent.empty()) unsent = text;
      unsent.erase(0, peer.socket().try_send(unsent));
      while (const auto bytes = peer.socket().try_recv(unread)) {
        if (bytes->empty()) throw std::runtime_error("the room has closed the connection");
      }
    }
  };
  const auto hear = [](Peer& peer) {
    Heard heard;
    do heard = peer.hear();
    while (heard.first.starts_with("mallory"));
    return heard;
  };
  // All come in before the first floods: the log loses lines then.
  std::vector<Peer> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(party.room.enter("mallory " + std::to_string(i)));
  std::vector<std::future<void>> crowd;
  for (Peer& peer : peers) crowd.push_back(std::async(std::launch::async, flood, std::move(peer)));
  const std::shared_ptr<void> at_the_end(nullptr, [&](void*) { enough = true; });  // whatever may throw
  for (int i = 0; i < 20; ++i) {
    const std::string text = "still there? " + std::to_string(i);
    party.alice.say(text);
    EXPECT_EQ(hear(party.bob), Heard("alice", text));
    party.bob.say(text);
    EXPECT_EQ(hear(party.alice), Heard("bob", text));
  }
  enough = true;
  for (auto& end : crowd) end.get();
  EXPECT_EQ(party.room.stop(), 128 + SIGINT);
}

// In their messages a text takes eleven bytes, and after the long name that the room puts before it 85. All of
// that is there before the room looks, and alice and bob, who speak last, hear each other when all of it has been said.
TEST(HostileCrowd, ThatFloodsAtOnceIsNotTooMuchForThoseWhoRead) {
  Room room;
  std::list<Peer> crowd;
  for (int i = 10; i < 50; ++i) crowd.push_back(room.enter(std::string(62, 'm') + std::to_string(i)));
  Peer alice = room.enter("alice");
  Peer bob = room.enter("bob");
  std::string flood;
  for (int i = 0; i < 6000; ++i) flood += with_header("x");
  ::kill(room.id(), SIGSTOP);
  for (Peer& peer : crowd) peer.send(flood);
  alice.say("still there?");
  bob.say("yes");
  ::kill(room.id(), SIGCONT);

  const auto hear_friend = [](Peer& peer) {
    Heard heard;
    do heard = peer.hear();
    while (heard.first.size() == 64);
    return heard;
  };
  auto heard_by_alice = std::async(std::launch::async, hear_friend, std::ref(alice));
  EXPECT_EQ(hear_friend(bob), Heard("alice", "still there?"));
  EXPECT_EQ(heard_by_alice.get(), Heard("bob", "yes"));
  EXPECT_EQ(room.stop(), 128 + SIGINT);
}

// What one says is heard by those who read, while others, who have stopped reading, do not hold it up.
TEST(HostileCrowd, OfSleepersIsDroppedOneByOne) {
  Party party;
  for (int i = 0; i < 10; ++i) party.mallory();
  const std::string text(65536, 'x');
  int dropped = 0;
  for (int said = 0; dropped < 10; said += 8) {
    ASSERT_LT(said, 1000);
    dropped += drops_while_alice_says(party, text);
  }
  party.still_talk();
}

std::string name_of(const Peer& guest) {
  return "guest " + guest.address();
}

// Connects until the server has turned `more` people away; returns how many stay.
std::size_t fill(Room& room, std::list<Peer>& guests, std::size_t more) {
  for (std::size_t turned_away = 0; turned_away < more;) {
    Peer& guest = guests.emplace_back(room.port());
    const std::string address = guest.address();
    guest.say(name_of(guest));
    const std::string line = room.log_line();
    if (line == "Turned away " + address + ": the room is full") {
      EXPECT_EQ(guest.receive_rest(), "");
      guests.pop_back();
      ++turned_away;
    } else if (line != "Accept new connection from " + address + " username:" + name_of(guest)) {
      throw std::runtime_error("the server has printed: " + line);
    }
  }
  return guests.size();
}

void talk_and_make_room(Room& room, std::list<Peer>& guests) {
  guests.front().say("hello");
  for (Peer& guest : guests) {
    if (&guest == &guests.front()) continue;
    ASSERT_EQ(guest.hear(), Heard(name_of(guests.front()), "hello"));
  }
  guests.back().say("here");
  const std::string last = name_of(guests.back());
  ASSERT_EQ(guests.front().hear(), Heard(last, "here"));

  guests.pop_back();
  room.wait_for("receive message from " + last + " : here");
  room.wait_for("Closed connection from " + last);
  room.enter("late");
  EXPECT_EQ(room.stop(), 128 + SIGINT);
}

TEST(FullRoom, OfSelectTurnsTheRestAwayAndTalksOn) {
  if (allow_descriptors(4096) < FD_SETSIZE + 100) {
    GTEST_SKIP() << "the limit of descriptors is too low here for more connections than FD_SETSIZE";
  }
  Room room(no_others);
  std::list<Peer> guests;
  EXPECT_EQ(fill(room, guests, 30), FD_SETSIZE - own_descriptors);
  talk_and_make_room(room, guests);
}

TEST(FullRoom, OfTheProcessTurnsTheRestAwayAndTalksOn) {
  Room room(no_others + "; ulimit -n 20");
  std::list<Peer> guests;
  EXPECT_EQ(fill(room, guests, 100), 20 - own_descriptors);
  talk_and_make_room(room, guests);
}

// Allows the server no descriptor of `most` or over from now on: prlimit(1). False where there is no such command.
bool limit_descriptors(const Room& room, int most) {
  Process command({"prlimit", fmt::format("--pid={}", room.id()), fmt::format("--nofile={}:", most)});
  return command.wait() == 0;
}

// Under a limit below what it has open, the reserve does not help the server either: as when the whole machine
// has no descriptors (ENFILE) or no memory (ENOBUFS, ENOMEM).
TEST(FullRoom, OfTheMachineKeepsTheRestWaitingAndTalksOn) {
  Party party;
  if (!limit_descriptors(party.room, 3)) GTEST_SKIP() << "this machine has no prlimit";
  std::list<Peer> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.emplace_back(party.room.port()).say(fmt::format("late {}", i));
    party.still_talk();
  }
  ASSERT_TRUE(limit_descriptors(party.room, 20));
  int number = 0;
  for (Peer& peer : waiting) {
    party.room.wait_for(
        fmt::format("Accept new connection from {} username:late {}", peer.address(), number++));
  }
  party.alice.say("welcome");
  for (Peer& peer : waiting) EXPECT_EQ(peer.hear(), Heard("alice", "welcome"));
  // From now on those who are too many are turned away again.
  std::list<Peer> guests;
  for (std::size_t i = 0; i < 20 - own_descriptors - 7; ++i)
    guests.push_back(party.room.enter(fmt::format("guest {}", i)));
  EXPECT_EQ(fill(party.room, guests, 10), 20 - own_descriptors - 7);
  EXPECT_EQ(party.room.stop(), 128 + SIGINT);
  const std::string errors = party.room.errors();
  EXPECT_TRUE(errors.starts_with("server: cannot accept: Too many open files\n")) << errors;
  EXPECT_LT(std::count(errors.begin(), errors.end(), '\n'), 100);  // a server that spins prints thousands
}

// Were one descriptor lost, however its guest has ended, one place would be missing.
TEST(FullRoom, HasAllItsPlacesAgainAfterGuestsOfEveryEnding) {
  Room room(no_others + "; ulimit -n 20");
  const std::vector<std::function<void(Peer&)>> endings = {
      [](Peer& guest) { guest.socket().close(); },
      [](Peer& guest) { guest.socket().shutdown(SHUT_WR); },
      [](Peer& guest) { guest.reset(); },
      [](Peer& guest) {
        guest.send("1000      half a message");
        guest.socket().close();
      },
      [](Peer& guest) { guest.send("no length "); },
  };
  for (int round = 0; round < 10; ++round) {
    for (const auto& end : endings) {
      Peer stranger(room.port());
      const std::string address = stranger.address();
      end(stranger);
      room.wait_for("Closed connection from " + address);
      Peer guest = room.enter("guest");
      end(guest);
      room.wait_for("Closed connection from guest");
    }
    std::list<Peer> guests;
    ASSERT_EQ(fill(room, guests, 10), 20 - own_descriptors);
    while (!guests.empty()) {
      const std::string last = name_of(guests.back());
      guests.pop_back();
      room.wait_for("Closed connection from " + last);
    }
  }
}

// As many descriptors open as select() can take, before a socket has been made.
const std::string too_many = "for n in {3..1100}; do eval \"exec $n</dev/null\"; done";

TEST(FullRoom, OfDescriptorsBeforeTheServerStartsIsAnError) {
  if (allow_descriptors(4096) < FD_SETSIZE + 100) GTEST_SKIP() << "the limit of descriptors is too low here";
  Process server({"bash", "-c", too_many + "; exec \"$0\" --port 0", PROGRAMS "server"});
  EXPECT_EQ(server.error_rest(), "server: too many descriptors are open for select()\n");
  EXPECT_EQ(server.wait(), 1);
}

TEST(FullRoom, OfDescriptorsBeforeTheClientStartsIsAnError) {
  if (allow_descriptors(4096) < FD_SETSIZE + 100) GTEST_SKIP() << "the limit of descriptors is too low here";
  Room room;
  Process client({"bash", "-c", too_many + "; exec \"$0\" --name alice --port " + std::to_string(room.port()),
                  PROGRAMS "client_select"});
  EXPECT_EQ(client.error_rest(), "client_select: too many descriptors are open for select()\n");
  EXPECT_EQ(client.wait(), 1);
}

TEST(FullRoom, DoesNotSpin) {
  const double before = processor_seconds_of_ended_children();
  Room room(no_others + "; ulimit -n 20");
  std::list<Peer> guests;
  fill(room, guests, 10);
  std::list<Peer> waiting;
  for (int i = 0; i < 20; ++i) waiting.emplace_back(room.port());
  // Nothing is said to the guests for half a second; a server that spins is busy all that time.
  EXPECT_FALSE(guests.front().socket().wait_readable(std::chrono::milliseconds(500)));
  room.stop();
  EXPECT_LT(processor_seconds_of_ended_children() - before, 0.25);
}

}  // namespace
