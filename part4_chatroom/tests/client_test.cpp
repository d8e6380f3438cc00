// The three clients, typed to and listened to as a person would, on a terminal and through a pipe.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <future>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "part4_chatroom/tests/fake_server.hpp"
#include "part4_chatroom/tests/room.hpp"

namespace {

using Heard = std::pair<std::string, std::string>;

struct Kind {
  std::string program;
  Process::Stdio stdio;
};

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  return info.param.program + (info.param.stdio == Process::Stdio::terminal ? "_terminal" : "_pipe");
}

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.program;
}

class AnyClient : public testing::TestWithParam<Kind> {
 protected:
  bool on_terminal() const { return GetParam().stdio == Process::Stdio::terminal; }

  // The client that shows messages only after Enter.
  bool waits_for_enter() const { return GetParam().program == "client"; }

  std::string line_end() const { return on_terminal() ? "\r\n" : "\n"; }

  // How a line that was typed looks: a terminal shows it, a pipe does not.
  std::string echo(const std::string& typed) const { return (on_terminal() ? typed : "") + line_end(); }

  // The client's program in the room at `port`; without a name it asks for one.
  Process start(std::uint16_t port, const std::string& name = "") const {
    std::vector<std::string> arguments = {"--port", std::to_string(port)};
    if (!name.empty()) arguments.insert(arguments.end(), {"--name", name});
    return Process(command(GetParam().program, arguments), GetParam().stdio);
  }

  // Waits until `text` is on the screen. Where that takes Enter, presses it until then.
  void shows(Process& client, const std::string& text) const {
    if (!waits_for_enter()) {
      client.until(text);
      return;
    }
    const auto end = std::chrono::steady_clock::now() + deadline;
    std::string screen;
    while (screen.find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("the client shows only " + screen);
      client.type("\n");
      screen += client.until("alice > ") + "alice > ";
    }
  }

  // All that the client shows until it ends by itself. Where that takes Enter, presses it until then.
  std::string until_end(Process& client) const {
    try {
      while (waits_for_enter()) {
        client.type("\n");
        client.until("alice > ");
      }
    } catch (const std::runtime_error&) {  // no prompt any more: the client has ended
    }
    return client.rest();
  }
};

class Client : public AnyClient {};         // on a terminal and through a pipe
class ClientInPipes : public AnyClient {};  // where stderr can be told from stdout

TEST_P(Client, AsksForANameAndThenShowsThePrompt) {
  Room room;
  Process alice = start(room.port());
  EXPECT_EQ(alice.until("Username: "), "");
  alice.type("alice\n");
  EXPECT_EQ(alice.until("alice > "), echo("alice"));
  EXPECT_TRUE(room.log_line().ends_with(" username:alice"));
}

TEST_P(Client, TakesTheNameFromItsOption) {
  Room room;
  Process alice = start(room.port(), "alice");
  EXPECT_EQ(alice.until("alice > "), "");
  EXPECT_TRUE(room.log_line().ends_with(" username:alice"));
}

TEST_P(Client, SendsWhatIsTypedAndPromptsAgain) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  alice.until("alice > ");
  alice.type("hello bob\n");
  EXPECT_EQ(alice.until("alice > "), echo("hello bob"));
  EXPECT_EQ(bob.hear(), Heard("alice", "hello bob"));
  alice.type("你好\n");
  EXPECT_EQ(alice.until("alice > "), echo("你好"));
  EXPECT_EQ(bob.hear(), Heard("alice", "你好"));
}

TEST_P(Client, SendsNothingForAnEmptyLine) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  alice.until("alice > ");
  alice.type("\n\n\nhello\n");
  EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
}

TEST_P(Client, ShowsWhatOthersSay) {
  Room room;
  Process alice = start(room.port(), "alice");
  alice.until("alice > ");
  EXPECT_TRUE(room.log_line().ends_with(" username:alice"));
  Peer bob = room.enter("bob");
  bob.say("hi");
  shows(alice, "bob > hi" + line_end());
  bob.say("你好");
  shows(alice, "bob > 你好" + line_end());
}

TEST_P(Client, GivesAMessageItsOwnLineAndThePromptBack) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  socket.send_all(with_header("bob") + with_header("hi"));
  if (waits_for_enter()) {
    std::string shown;
    while (shown.empty() || shown == line_end()) {
      alice.type("\n");
      shown = alice.until("alice > ");
    }
    EXPECT_EQ(shown, line_end() + "bob > hi" + line_end());
  } else {
    EXPECT_EQ(alice.until("alice > "), (on_terminal() ? "\r\x1b[K" : "\n") + ("bob > hi" + line_end()));
  }
  alice.type("hello\n");
  EXPECT_EQ(alice.until("alice > "), echo("hello"));
}

TEST_P(Client, ShowsMessagesInPiecesAndManyInOnePiece) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  socket.set_no_delay();
  for (const char byte : with_header("bob") + with_header("one")) socket.send_all({&byte, 1});
  shows(alice, "bob > one" + line_end());
  std::string segment;
  for (int i = 0; i < 1000; ++i) segment += with_header("bob") + with_header(std::to_string(i));
  socket.send_all(segment);
  shows(alice, "bob > 999" + line_end());
}

TEST_P(Client, ShowsControlCharactersAndInvalidBytesEscaped) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  socket.send_all(with_header("b\nob") + with_header("\x1b[2J\xff\r\nalice > lies"));
  shows(alice, "b\\nob > \\x1b[2J\\xff\\r\\nalice > lies" + line_end());
}

TEST_P(Client, ShowsEmptyTextsAndTheLargest) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  const std::string largest(65536, 't');
  socket.send_all(with_header("bob") + with_header(""));
  shows(alice, "bob > " + line_end());
  socket.send_all(with_header("bob") + with_header(largest));
  shows(alice, "bob > " + largest + line_end());
}

TEST_P(Client, LeavesAtTheEndOfTheInput) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  alice.until("alice > ");
  alice.type("goodbye\n");
  EXPECT_EQ(alice.until("alice > "), echo("goodbye"));
  alice.close_input();
  EXPECT_EQ(bob.hear(), Heard("alice", "goodbye"));
  room.wait_for("Closed connection from alice");
  EXPECT_EQ(alice.rest(), line_end());
  EXPECT_EQ(alice.wait(), 0);
  EXPECT_EQ(room.stop(), 128 + SIGINT);
  EXPECT_EQ(room.errors(), "");
}

TEST_P(Client, EndsWhenTheServerClosesTheConnection) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  socket.close();
  EXPECT_EQ(until_end(alice), line_end() + "connection closed by the server" + line_end());
  EXPECT_EQ(alice.wait(), 0);
}

TEST_P(Client, EndsWhenTheServerIsKilled) {
  RunningServer server;
  Process alice = start(static_cast<std::uint16_t>(std::stoi(server.port())), "alice");
  alice.until("alice > ");
  EXPECT_TRUE(server.process.line().ends_with("username:alice"));
  server.process.signal(SIGKILL);
  EXPECT_EQ(server.process.wait(), 128 + SIGKILL);
  EXPECT_EQ(until_end(alice), line_end() + "connection closed by the server" + line_end());
  EXPECT_EQ(alice.wait(), 0);
}

TEST_P(Client, ShowsWhatTheServerSaidBeforeItClosed) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  socket.send_all(with_header("bob") + with_header("last words"));
  shows(alice, "bob > last words" + line_end());
  socket.close();
  until_end(alice);
  EXPECT_EQ(alice.wait(), 0);
}

TEST_P(Client, EndsQuietlyWithCtrlC) {
  Room room;
  Process alice = start(room.port(), "alice");
  alice.until("alice > ");
  if (on_terminal()) {
    alice.type("\x03");
  } else {
    alice.signal(SIGINT);
  }
  EXPECT_EQ(alice.wait(), 128 + SIGINT);
  const std::string rest = alice.rest();
  EXPECT_TRUE(rest.empty() || (on_terminal() && rest == "^C"))
      << rest;  // the terminal's echo may come too late
  room.wait_for("Closed connection from alice");
}

TEST_P(Client, EndsAtTheEndOfTheInputInsteadOfAName) {
  Process alice = start(1);  // it does not come to a connection
  alice.until("Username: ");
  alice.close_input();
  EXPECT_EQ(alice.wait(), 1);
  const std::string error = GetParam().program + ": the input ended before a name was typed" + line_end();
  EXPECT_EQ(alice.rest(), on_terminal() ? "\r\n" + error : "\n");
  EXPECT_EQ(alice.error_rest(), on_terminal() ? "" : error);
}

TEST_P(ClientInPipes, RefusesNamesThatTheRoomWouldRefuse) {
  const std::string too_long(65, 'x');
  for (const std::string& name : {std::string(), too_long}) {
    Process alice = start(1);
    alice.until("Username: ");
    alice.type(name + "\n");
    EXPECT_EQ(alice.error_line(), GetParam().program + ": a name has 1 to 64 bytes");
    EXPECT_EQ(alice.wait(), 1);
  }
  Process alice = start(1, too_long);
  EXPECT_EQ(alice.error_line(), GetParam().program + ": --name: a name has 1 to 64 bytes");
  EXPECT_EQ(alice.wait(), 2);
}

TEST_P(ClientInPipes, ReportsThatNoServerListens) {
  Socket bound(AF_INET, SOCK_STREAM);  // but it does not listen
  bound.bind(Address::to_listen_on("127.0.0.1", 0));
  const std::string address = bound.local_address().text();
  Process alice = start(static_cast<std::uint16_t>(std::stoi(port_of(address))), "alice");
  EXPECT_EQ(alice.error_line(),
            GetParam().program + ": cannot connect to " + address + ": Connection refused");
  EXPECT_EQ(alice.wait(), 1);
}

TEST_P(ClientInPipes, SendsALastLineWithoutItsEnd) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  alice.type("goodbye");
  alice.close_input();
  EXPECT_EQ(bob.hear(), Heard("alice", "goodbye"));
  EXPECT_EQ(alice.wait(), 0);
  EXPECT_EQ(alice.error_rest(), "");
}

TEST_P(ClientInPipes, SendsThousandsOfLinesInTheirOrder) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += std::to_string(i) + "\n";
  alice.type(lines);
  alice.close_input();
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(bob.hear(), Heard("alice", std::to_string(i)));
  EXPECT_EQ(alice.wait(), 0);
}

TEST_P(ClientInPipes, SendsTheLargestMessageAndRefusesALargerOne) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  const std::string error = GetParam().program + ": a message has at most 65536 bytes: this one is not sent";
  const std::string largest(65536, 'x');
  for (const std::string& line : {largest + "x\n", largest + "xx\r\n", largest + largest + "\n"}) {
    alice.type(line);
    EXPECT_EQ(alice.error_line(), error);
  }
  alice.type(largest + "\n" + largest + "\r\n");
  EXPECT_EQ(bob.hear(), Heard("alice", largest));
  EXPECT_EQ(bob.hear(), Heard("alice", largest));
  alice.close_input();
  EXPECT_EQ(alice.wait(), 0);
  EXPECT_EQ(alice.error_rest(), "");
}

// The limit counts while the line comes, and each byte of it is looked at once. A client that searched all of it
// again for each piece took 16 seconds of the processor for half of this.
TEST_P(ClientInPipes, RefusesALineWithoutAnEndOnceAndSkipsItInLinearTime) {
  const double before = processor_seconds_of_ended_children();
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  alice.type(std::string(100'000, 'x'));
  EXPECT_EQ(alice.error_line(),
            GetParam().program + ": a message has at most 65536 bytes: this one is not sent");
  const std::string megabyte(1'000'000, 'x');
  for (int i = 0; i < 64; ++i) alice.type(megabyte);
  alice.type("\nhello\n");
  EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
  alice.close_input();
  EXPECT_EQ(alice.wait(), 0);
  EXPECT_EQ(alice.error_rest(), "");
  EXPECT_LT(processor_seconds_of_ended_children() - before, 5);
}

TEST_P(ClientInPipes, TakesTheEndsOfLinesOfWindows) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port());
  alice.type("alice\r\nhello\r\n\r\na\rb\r\n");
  EXPECT_EQ(bob.hear(), Heard("alice", "hello"));
  EXPECT_EQ(bob.hear(), Heard("alice", "a\rb"));
}

TEST_P(ClientInPipes, SendsBytesThatAreNotText) {
  Room room;
  Peer bob = room.enter("bob");
  Process alice = start(room.port(), "alice");
  const std::string text("\xff\0\x1b[2J", 6);
  alice.type(text + "\n");
  EXPECT_EQ(bob.hear(), Heard("alice", text));
}

TEST_P(ClientInPipes, ShowsItsOwnNameEscapedInThePrompt) {
  FakeServer server;
  Process alice = start(server.port());
  alice.type("\x1b[2J\xff\n");
  server.welcome("\x1b[2J\xff");
  alice.until("\\x1b[2J\\xff > ");
}

TEST_P(ClientInPipes, EndsWithAnErrorWhenTheServerLies) {
  const std::string name = with_header("bob");
  const std::string closed = "the server closed the connection inside a message";
  const std::vector<std::pair<std::string, std::string>> lies = {
      {"hello hell", "the header b'hello hell' is not a length"},
      {"-1        ", "the header b'-1        ' is not a length"},
      {"65537     ", "a message of 65537 bytes is over the limit of 65536"},
      {name + "9999999999", "a message of 9999999999 bytes is over the limit of 65536"},
      {"5   ", closed},
      {"5         bo", closed},
      {name, closed},
      {name + "5         he", closed},
  };
  for (const auto& [bytes, error] : lies) {
    FakeServer server;
    Process alice = start(server.port(), "alice");
    Socket socket = server.welcome("alice");
    alice.until("alice > ");
    socket.send_all(bytes);
    socket.shutdown(SHUT_WR);
    EXPECT_EQ(until_end(alice), "\n") << bytes;
    EXPECT_EQ(alice.error_rest(), GetParam().program + ": " + error + "\n");
    EXPECT_EQ(alice.wait(), 1);
  }
}

TEST_P(ClientInPipes, EndsWithAnErrorWhenTheServerResets) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.until("alice > ");
  reset(socket);
  until_end(alice);
  EXPECT_EQ(alice.error_line(), GetParam().program + ": cannot receive: Connection reset by peer");
  EXPECT_EQ(alice.wait(), 1);
}

// A client that closes while bytes still come resets the connection, and a reset may take what was said with it.
TEST_P(ClientInPipes, LeavesWithoutAResetWhileOthersTalk) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.type("goodbye\n");
  alice.close_input();
  EXPECT_EQ(read_all(socket), with_header("goodbye"));
  for (int i = 0; i < 500; ++i) socket.send_all(with_header("bob") + with_header("and another thing"));
  socket.close();
  EXPECT_EQ(alice.wait(), 0);
  EXPECT_EQ(alice.error_rest(), "");
}

TEST_P(ClientInPipes, LeavesAServerThatNeverCloses) {
  FakeServer server;
  Process alice = start(server.port(), "alice");
  Socket socket = server.welcome("alice");
  alice.type("goodbye\n");
  alice.close_input();
  EXPECT_EQ(alice.wait(), 0);
}

// `client` shows what comes until nothing more comes, so a server that never pauses keeps it from its keyboard.
TEST_P(ClientInPipes, CanBeEndedWhileTheServerFloods) {
  FakeServer server;
  Process alice({"sh", "-c", "exec \"$0\" --name alice --port \"$1\" >/dev/null",
                 PROGRAMS + GetParam().program, std::to_string(server.port())});
  Socket socket = server.welcome("alice");
  auto flood = std::async(std::launch::async, [&] {
    std::string messages;
    for (int i = 0; i < 1000; ++i) messages += with_header("bob") + with_header("hi");
    while (true) socket.send_all(messages);
  });
  alice.type("hello\n");
  std::array<char, 64> buffer;
  EXPECT_TRUE(socket.wait_readable(deadline));
  EXPECT_EQ(socket.recv(buffer), with_header("hello"));
  if (waits_for_enter()) {
    alice.signal(SIGINT);
  } else {
    alice.close_input();
  }
  EXPECT_EQ(alice.wait(), waits_for_enter() ? 128 + SIGINT : 0);
  EXPECT_EQ(alice.error_rest(), "");
  socket.shutdown(SHUT_RDWR);  // else it would go on asking for room at a client that is gone
  EXPECT_THROW(flood.get(), std::system_error);
}

constexpr auto pipes = Process::Stdio::pipes;
constexpr auto terminal = Process::Stdio::terminal;

INSTANTIATE_TEST_SUITE_P(, Client,
                         testing::Values(Kind{"client", pipes}, Kind{"client", terminal},
                                         Kind{"client_threads", pipes}, Kind{"client_threads", terminal},
                                         Kind{"client_select", pipes}, Kind{"client_select", terminal}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(, ClientInPipes,
                         testing::Values(Kind{"client", pipes}, Kind{"client_threads", pipes},
                                         Kind{"client_select", pipes}),
                         name_of);

}  // namespace
