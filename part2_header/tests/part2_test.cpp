#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/message.hpp"
#include "common/socket.hpp"
#include "common/testing/process.hpp"
#include "common/testing/testing.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::size_t mebibyte = 1024 * 1024;
const std::string welcome = with_header("Welcome to the server!");
const std::string closed = "connection closed by the server\n";

// What the client prints for a message with this header.
std::string shown(const std::string& header, const std::string& body) {
  return "new message length: b'" + header + "'\nfull message received\n" + body + "\n";
}

std::string shown(const std::string& body) {
  return shown(fmt::format("{:<10}", body.size()), body);
}

// The next message of a connection, with its header; empty if the connection ends instead.
class Inbox {
 public:
  explicit Inbox(Socket& connection) : connection_(connection) {}

  std::string next() {
    std::array<char, 1024> buffer;
    while (true) {
      if (const auto body = reader_.next()) return with_header(*body);
      const std::string_view bytes = connection_.recv(buffer);
      if (bytes.empty()) return "";
      reader_.push(bytes);
    }
  }

 private:
  Socket& connection_;
  MessageReader reader_{mebibyte};
};

const std::string time_text = "The time is ";

// The seconds in one of the server's messages with the time, as Python's int() and float() would read them.
double time_in(const std::string& message) {
  EXPECT_EQ(message.substr(header_size, time_text.size()), time_text);
  return std::stod(message.substr(header_size + time_text.size()));
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// ---- The client with servers that this test plays

TEST(Client, ShowsBothMessagesOfOneSegment) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.send_all(with_header("Welcome to the server!") + with_header("The time is 1.5"));
  client.connection.close();
  EXPECT_EQ(outcome_of(client.process), (Outcome{0,
                                                 "new message length: b'22        '\n"
                                                 "full message received\n"
                                                 "Welcome to the server!\n"
                                                 "new message length: b'15        '\n"
                                                 "full message received\n"
                                                 "The time is 1.5\n"
                                                 "connection closed by the server\n",
                                                 ""}));
}

TEST(Client, ShowsTheHeaderBeforeTheBodyIsThere) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.send_all("5         ");
  EXPECT_EQ(client.process.line(), "new message length: b'5         '");
  client.connection.send_all("hello");
  EXPECT_EQ(client.process.line(), "full message received");
  EXPECT_EQ(client.process.line(), "hello");
}

TEST(Client, ShowsAMessageWhoseHeaderIsCutInTwo) {
  for (std::size_t cut = 1; cut < header_size; ++cut) {
    // The first message and the piece of the second header are one or two times the 16 bytes of the client's
    // recv(). So when the first message is shown, the client has received that piece and nothing else.
    const std::string first((2 * 16 - header_size - cut) % 16, 'x');
    const std::string second = with_header("hello");
    Socket listening = listening_on();
    ConnectedClient client(listening);
    client.connection.send_all(with_header(first) + second.substr(0, cut));
    EXPECT_EQ(client.process.until(shown(first)), "");
    client.connection.send_all(second.substr(cut));
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process), (Outcome{0, shown("hello") + closed, ""})) << "cut at " << cut;
  }
}

TEST(Client, ShowsMessagesThatComeByteByByte) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.set_no_delay();
  for (const char byte : with_header("hello") + with_header("") + with_header("你好")) {
    client.connection.send_all({&byte, 1});
  }
  client.connection.close();
  EXPECT_EQ(outcome_of(client.process),
            (Outcome{0, shown("hello") + shown("") + shown("你好") + closed, ""}));
}

TEST(Client, ShowsThousandsOfMessagesThatComeAtOnce) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  std::string sent;
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    sent += with_header(std::to_string(i));
    expected += shown(std::to_string(i));
  }
  client.connection.send_all(sent);
  client.connection.close();
  EXPECT_TRUE(outcome_of(client.process) == (Outcome{0, expected + closed, ""}));
}

TEST(Client, ShowsTextOfEveryScriptWhoseLengthIsCountedInBytes) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.send_all("11        Grüße 你3         €0         ");
  client.connection.close();
  EXPECT_EQ(outcome_of(client.process), (Outcome{0,
                                                 shown("11        ", "Grüße 你") + shown("3         ", "€") +
                                                     shown("0         ", "") + closed,
                                                 ""}));
}

TEST(Client, TakesSpacesOnEitherSideOfTheLength) {
  for (const std::string header : {" 5        ", "         5", "5         ", "0000000005"}) {
    Socket listening = listening_on();
    ConnectedClient client(listening);
    client.connection.send_all(header + "hello");
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process), (Outcome{0, shown(header, "hello") + closed, ""}));
  }
}

TEST(Client, ShowsControlCharactersAndObeysNone) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.send_all(with_header("\x1b[2J\nfull message received\r\xff\xc2\x9b"));
  client.connection.close();
  EXPECT_EQ(
      outcome_of(client.process),
      (Outcome{0, shown("30        ", R"(\x1b[2J\nfull message received\r\xff\xc2\x9b)") + closed, ""}));
}

TEST(Client, EndsNormallyWhenTheServerClosesBetweenMessages) {
  for (const std::string& sent : {std::string(), with_header("hello"), with_header("")}) {
    Socket listening = listening_on();
    ConnectedClient client(listening);
    client.connection.send_all(sent);
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process).exit_code, 0);
  }
}

TEST(Client, ReportsThatTheServerHasClosedInsideAMessage) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"5", ""},
      {"22       ", ""},
      {"22        ", "new message length: b'22        '\n"},
      {"22        Welcome to the server", "new message length: b'22        '\n"},
      {welcome + "1", shown("Welcome to the server!")},
      {"6         hello", "new message length: b'6         '\n"},  // claims more than it sends
      {"3         hello", shown("3         ", "hel")},             // claims less: `lo` begins a header
      {"1048576   hello", "new message length: b'1048576   '\n"},
  };
  for (const auto& [sent, out] : cases) {
    Socket listening = listening_on();
    ConnectedClient client(listening);
    client.connection.send_all(sent);
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process),
              (Outcome{1, out, "client: the server closed the connection inside a message\n"}))
        << sent;
  }
}

TEST(Client, RefusesABadHeaderInOneLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"          ", "the header b'          ' is not a length"},
      {"-1        ", "the header b'-1        ' is not a length"},
      {"+5        ", "the header b'+5        ' is not a length"},
      {"1_000     ", "the header b'1_000     ' is not a length"},
      {"0x10      ", "the header b'0x10      ' is not a length"},
      {"5 5       ", "the header b'5 5       ' is not a length"},
      {"\t5        ", R"(the header b'\t5        ' is not a length)"},
      {"5\n        ", R"(the header b'5\n        ' is not a length)"},
      {"5.0       ", "the header b'5.0       ' is not a length"},
      {"\xef\xbc\x95       ", R"(the header b'\xef\xbc\x95       ' is not a length)"},
      {std::string(10, '\0'), R"(the header b'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' is not a length)"},
      {"\x1b[2J'\"    ", R"(the header b'\x1b[2J\'"    ' is not a length)"},
      {"HTTP/1.1 4", "the header b'HTTP/1.1 4' is not a length"},
      {"1048577   ", "a message of 1048577 bytes is over the limit of 1048576"},
      {"9999999999", "a message of 9999999999 bytes is over the limit of 1048576"},
  };
  for (const auto& [header, text] : cases) {
    Socket listening = listening_on();
    ConnectedClient client(listening);
    client.connection.send_all(welcome + header);  // and stays: the client does not wait for the body
    EXPECT_EQ(outcome_of(client.process),
              (Outcome{1, shown("Welcome to the server!"), "client: " + text + "\n"}));
  }
}

TEST(Client, ShowsTheLargestMessageThatIsAllowed) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  const std::string largest(mebibyte, 'x');
  client.connection.send_all(with_header(largest) + with_header("and one more"));
  client.connection.close();
  EXPECT_TRUE(outcome_of(client.process) ==
              (Outcome{0, shown(largest) + shown("and one more") + closed, ""}));
}

TEST(Client, ReportsThatTheServerHasReset) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.send_all(welcome);
  client.process.until("Welcome to the server!\n");
  reset(client.connection);
  EXPECT_EQ(outcome_of(client.process),
            (Outcome{1, "", "client: cannot receive: Connection reset by peer\n"}));
}

TEST(Client, EndsQuietlyWithCtrlCWhileItWaits) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.process.signal(SIGINT);
  EXPECT_EQ(outcome_of(client.process), (Outcome{128 + SIGINT, "", ""}));
}

TEST(Client, EndsWhenNobodyReadsWhatItPrints) {
  Socket listening = listening_on();
  Process client({"sh", "-c", "\"$0\" --port \"$1\" | head -n 1", PROGRAMS "client",
                  port_of(listening.local_address().text())});
  Socket connection = listening.accept().socket;
  const auto send_for_ever = [&] {
    while (true) connection.send_all(with_header("hello"));
  };
  EXPECT_THROW(send_for_ever(), std::system_error);  // until the client has left
  EXPECT_EQ(outcome_of(client), (Outcome{0, "new message length: b'5         '\n",
                                         "client: cannot print to stdout: Broken pipe\n"}));
}

// ---- The server

TEST(Server, SendsAWelcomeAndThenTheTime) {
  RunningServer server({"--interval", "0", "--updates", "3"});
  EXPECT_EQ(server.first_line, "listening on 127.0.0.1:" + server.port());
  const double before = now();
  Socket client = server.connect();
  EXPECT_EQ(server.process.line(),
            "connection from " + client.local_address().text() + " has been established!");
  Inbox inbox(client);
  EXPECT_EQ(inbox.next(), welcome);
  double last = before;
  for (int i = 0; i < 3; ++i) {
    const double time = time_in(inbox.next());
    EXPECT_GE(time, last);
    last = time;
  }
  EXPECT_LE(last, now());
  EXPECT_EQ(inbox.next(), "");
}

TEST(Server, WritesTheTimeAsPythonDoes) {
  const RunningServer server({"--interval", "0", "--updates", "200"});
  Socket client = server.connect();
  Inbox inbox(client);
  inbox.next();
  for (int i = 0; i < 200; ++i) {
    const std::string message = inbox.next();
    const std::string digits = message.substr(header_size + time_text.size());
    EXPECT_EQ(digits.find_first_not_of("0123456789."), std::string::npos) << digits;
    const std::size_t point = digits.find('.');
    ASSERT_NE(point, std::string::npos) << digits;  // `1795334619.0` when the second is whole
    EXPECT_GT(digits.size(), point + 1) << digits;
    EXPECT_EQ(fmt::format("{:#}", std::stod(digits)), digits);  // the fewest digits that identify this double
  }
}

TEST(Server, SendsTheHeaderAsPythonDoes) {
  const RunningServer server({"--interval", "0", "--updates", "1"});
  Socket client = server.connect();
  const std::string bytes = read_all(client);
  EXPECT_EQ(bytes.substr(0, 32), "22        Welcome to the server!");
  EXPECT_EQ(bytes.substr(32, header_size), fmt::format("{:<10}", bytes.size() - 42));
}

TEST(Server, OnlyWelcomesWithoutUpdates) {
  const RunningServer server({"--updates", "0"});
  Socket client = server.connect();
  EXPECT_EQ(read_all(client), welcome);
}

TEST(Server, NeverEndsWithoutANumberOfUpdates) {
  const RunningServer server({"--interval", "0"});
  Socket client = server.connect();
  Inbox inbox(client);
  for (int i = 0; i < 1'000; ++i) ASSERT_NE(inbox.next(), "");
}

TEST(Server, WaitsForTheIntervalBeforeEachTime) {
  const RunningServer server({"--interval=0.02", "--updates=3"});
  const auto begin = std::chrono::steady_clock::now();
  Socket client = server.connect();
  EXPECT_NE(read_all(client).find(time_text), std::string::npos);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 3 * 20ms);
}

TEST(Server, ServesTheNextClientAsSoonAsOneHasLeft) {
  RunningServer server({"--interval", "3600"});
  for (int i = 0; i < 3; ++i) {
    Socket client = server.connect();
    EXPECT_EQ(Inbox(client).next(), welcome);  // and then nothing for an hour
  }
  Socket last = server.connect();
  EXPECT_EQ(Inbox(last).next(), welcome);
  server.process.signal(SIGINT);
  EXPECT_EQ(outcome_of(server.process).error, "");  // leaving is not an error
}

TEST(Server, ServesTheNextClientAsSoonAsOneHasReset) {
  RunningServer server({"--interval", "3600"});
  Socket client = server.connect();
  EXPECT_EQ(Inbox(client).next(), welcome);
  const std::string address = client.local_address().text();
  reset(client);
  EXPECT_EQ(server.process.error_line(), "server: " + address + ": cannot receive: Connection reset by peer");
  Socket last = server.connect();
  EXPECT_EQ(Inbox(last).next(), welcome);
}

TEST(Server, ServesTheNextClientAfterOneThatLeavesWhileTheTimeIsSent) {
  RunningServer server({"--interval", "0"});
  for (int i = 0; i < 5; ++i) {
    Socket client = server.connect();
    Inbox inbox(client);
    for (int messages = 0; messages < 3; ++messages) inbox.next();
    const std::string address = client.local_address().text();
    if (i % 2 == 0) reset(client);
    client.close();
    const std::string error = server.process.error_line();
    EXPECT_EQ(error.rfind("server: " + address + ": cannot send: ", 0), 0U) << error;
  }
}

TEST(Server, ServesTheNextClientAfterOneThatReadsNothingHasLeft) {
  const RunningServer server({"--interval", "0"});
  Socket silent = server.connect();
  Socket next = server.connect();
  next.set_nonblocking();
  EXPECT_TRUE(silent.wait_readable(10s));
  std::array<char, 1024> buffer;
  EXPECT_EQ(next.try_recv(buffer), std::nullopt);  // one client at a time
  silent.close();
  ASSERT_TRUE(next.wait_readable(10s));
  EXPECT_TRUE(next.try_recv(buffer)->starts_with(welcome));
}

TEST(Server, DropsWhatAClientSends) {
  const RunningServer server({"--interval", "3600"});
  Socket client = server.connect();
  client.send_all(std::string(8 * mebibyte, 'x'));  // returns only if the server takes it in
  EXPECT_EQ(Inbox(client).next(), welcome);
}

TEST(Server, SendsTheTimeToAClientThatSendsWithoutEnd) {
  const RunningServer server({"--interval", "0.01"});
  Socket client = server.connect();
  client.set_nonblocking();
  Inbox inbox(client);
  const std::string flood(65536, 'x');
  std::array<char, 1024> buffer;
  std::string received;
  while (received.size() < 200) {
    client.try_send(flood);
    if (const auto bytes = client.try_recv(buffer)) received += *bytes;
  }
  EXPECT_NE(received.find(time_text), std::string::npos);
}

TEST(Server, GoesOnWhenAClientResetsBeforeItIsAccepted) {
  RunningServer server({"--interval", "3600"});
  Socket first = server.connect();
  EXPECT_EQ(Inbox(first).next(), welcome);  // the others queue up after this one
  Socket second = server.connect();
  reset(second);
  Socket third = server.connect();
  first.close();
  EXPECT_EQ(Inbox(third).next(), welcome);
}

TEST(Server, ReportsThatItsPortIsTaken) {
  const RunningServer server;
  EXPECT_EQ(
      run("server", {"--port", server.port()}),
      (Outcome{1, "", "server: cannot bind 127.0.0.1:" + server.port() + ": Address already in use\n"}));
}

TEST(Server, RefusesWrongOptions) {
  const std::string seconds = "': not a number of seconds from 0 to 86400";
  const std::string count = "': not a whole number from 0 to 9223372036854775807";
  for (const auto& [argument, text] : std::vector<std::pair<std::string, std::string>>{
           {"--interval=x", "--interval 'x" + seconds},
           {"--interval=-1", "--interval '-1" + seconds},
           {"--interval=86401", "--interval '86401" + seconds},
           {"--interval=", "--interval '" + seconds},
           {"--interval=nan", "--interval 'nan" + seconds},
           {"--updates=x", "--updates 'x" + count},
           {"--updates=-1", "--updates '-1" + count},
           {"--updates=1.5", "--updates '1.5" + count},
           {"--updates=9223372036854775808", "--updates '9223372036854775808" + count},
           {"--updates", "--updates needs a value: N"}}) {
    EXPECT_EQ(run("server", {"--port=0", argument}), (Outcome{2, "", "server: " + text + "\n"}));
  }
}

TEST(Server, EndsQuietlyWithCtrlCWhileAClientIsThere) {
  RunningServer server({"--interval", "3600"});
  Socket client = server.connect();
  EXPECT_EQ(Inbox(client).next(), welcome);
  server.process.line();
  server.process.signal(SIGINT);
  EXPECT_EQ(outcome_of(server.process), (Outcome{128 + SIGINT, "", ""}));
}

// ---- Both

TEST(ClientAndServer, ShowTheOriginalsLines) {
  const RunningServer server({"--interval", "0", "--updates", "2"});
  Process client(command("client", {"--port", server.port()}));
  EXPECT_EQ(client.line(), "new message length: b'22        '");
  EXPECT_EQ(client.line(), "full message received");
  EXPECT_EQ(client.line(), "Welcome to the server!");
  for (int i = 0; i < 2; ++i) {
    const std::string length = client.line();
    EXPECT_EQ(client.line(), "full message received");
    const std::string time = client.line();
    EXPECT_EQ(time.rfind(time_text, 0), 0U) << time;
    EXPECT_EQ(length, fmt::format("new message length: b'{:<10}'", time.size()));
  }
  EXPECT_EQ(outcome_of(client), (Outcome{0, closed, ""}));
}

TEST(ClientAndServer, TalkOverIPv6) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  const RunningServer server({"--host", "::1", "--updates", "0"});
  EXPECT_EQ(server.first_line, "listening on [::1]:" + server.port());
  EXPECT_EQ(run("client", {"--host", "::1", "--port", server.port()}),
            (Outcome{0, shown("Welcome to the server!") + closed, ""}));
}

}  // namespace
