#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/socket.hpp"
#include "common/testing/process.hpp"
#include "common/testing/testing.hpp"

namespace {

const std::string welcome = "welcome to the server!";
const std::string end_of_loop =
    "the server has closed; the Python original would go on printing nothing for ever\n";

// The line that the server prints for this client.
std::string line_for(const Socket& client) {
  return "connection from " + client.local_address().text() + " has been established!";
}

// Stops a program, so that it sees nothing of what happens next until SIGCONT lets it go on.
void stop(Process& process) {
  process.signal(SIGSTOP);
  ASSERT_EQ(::waitpid(process.id(), nullptr, WUNTRACED), process.id());
}

// ---- The server

TEST(Server, PrintsFirstWhereItListens) {
  const RunningServer server;
  EXPECT_EQ(server.first_line, "listening on 127.0.0.1:" + server.port());
  EXPECT_NE(server.port(), "0");
  const RunningServer named({"--host", "localhost"});
  EXPECT_EQ(named.first_line, "listening on 127.0.0.1:" + named.port());
}

TEST(Server, WelcomesEveryClientAndCloses) {
  RunningServer server;
  for (int i = 0; i < 3; ++i) {
    Socket client = server.connect();
    EXPECT_EQ(server.process.line(), line_for(client));
    EXPECT_EQ(read_all(client), welcome);
  }
}

TEST(Server, WelcomesClientsInTheOrderInWhichTheyConnected) {
  RunningServer server;
  stop(server.process);
  std::vector<Socket> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(server.connect());
  server.process.signal(SIGCONT);
  for (Socket& client : clients) {
    EXPECT_EQ(server.process.line(), line_for(client));
    EXPECT_EQ(read_all(client), welcome);
  }
}

TEST(Server, RunsBesideAnother) {
  const RunningServer one;
  const RunningServer other;
  EXPECT_NE(one.port(), other.port());
  Socket client_of_one = one.connect();
  Socket client_of_other = other.connect();
  EXPECT_EQ(read_all(client_of_one), welcome);
  EXPECT_EQ(read_all(client_of_other), welcome);
}

TEST(Server, ReportsThatItsPortIsTaken) {
  const RunningServer server;
  EXPECT_EQ(
      run("server", {"--port", server.port()}),
      (Outcome{1, "", "server: cannot bind 127.0.0.1:" + server.port() + ": Address already in use\n"}));
}

TEST(Server, StartsAgainAtOnceOnTheSamePort) {
  std::string port;
  {
    RunningServer server;
    port = server.port();
    Socket client = server.connect();
    EXPECT_EQ(read_all(client), welcome);  // the server has closed first: TIME_WAIT is on its side
    client.close();
    server.process.signal(SIGINT);
    server.process.wait();
  }
  Process again(command("server", {"--port", port}));
  EXPECT_EQ(again.line(), "listening on 127.0.0.1:" + port);
}

TEST(Server, GoesOnWhenAClientResetsBeforeItIsAccepted) {
  RunningServer server;
  stop(server.process);
  for (int i = 0; i < 3; ++i) {
    Socket client = server.connect();
    reset(client);
  }
  Socket last = server.connect();
  server.process.signal(SIGCONT);
  EXPECT_EQ(read_all(last), welcome);
}

TEST(Server, GoesOnWhenAClientResetsAfterItIsAccepted) {
  RunningServer server;
  for (int i = 0; i < 20; ++i) {
    Socket client = server.connect();
    server.process.line();
    reset(client);
  }
  Socket last = server.connect();
  EXPECT_EQ(read_all(last), welcome);
}

TEST(Server, NamesTheClientThatHasLeftInOneLine) {
  RunningServer server;
  stop(server.process);
  Socket client = server.connect();
  const std::string address = client.local_address().text();
  reset(client);
  server.process.signal(SIGCONT);
  EXPECT_EQ(server.process.error_line().rfind("server: " + address + ": cannot send: ", 0), 0U);
}

TEST(Server, GoesOnWhenNobodyCanReadItsErrors) {
  Process process({"sh", "-c", "exec \"$0\" --port 0 2>&-", PROGRAMS "server"});
  const auto port = static_cast<std::uint16_t>(std::stoi(port_of(process.line())));
  const std::vector<Address> addresses = Address::resolve("127.0.0.1", port);
  stop(process);
  for (int i = 0; i < 3; ++i) {
    Socket client = Socket::connect_to(addresses);
    reset(client);
  }
  Socket last = Socket::connect_to(addresses);
  process.signal(SIGCONT);
  EXPECT_EQ(read_all(last), welcome);
}

TEST(Server, DoesNotWaitForAClientThatReadsNothing) {
  const RunningServer server;
  const Socket silent = server.connect();
  Socket next = server.connect();
  EXPECT_EQ(read_all(next), welcome);
}

TEST(Server, DoesNotWaitForAClientThatSendsWithoutEnd) {
  const RunningServer server;
  Socket flooding = server.connect();
  const auto flood = [&] {
    while (true) flooding.send_all(std::string(65536, 'x'));
  };
  EXPECT_THROW(flood(), std::system_error);  // because the server closes
  Socket next = server.connect();
  EXPECT_EQ(read_all(next), welcome);
}

// The server needs five descriptors and may have eight, so if each client cost one, it would soon fail.
TEST(Server, LosesNoDescriptorHoweverAClientEnds) {
  Process process({"bash", "-c",
                   "for n in {3..255}; do eval \"exec $n>&-\"; done; ulimit -n 8; exec \"$0\" --port 0",
                   PROGRAMS "server"});
  const auto port = static_cast<std::uint16_t>(std::stoi(port_of(process.line())));
  const std::vector<Address> addresses = Address::resolve("127.0.0.1", port);
  for (int i = 0; i < 10; ++i) {
    Socket polite = Socket::connect_to(addresses);
    EXPECT_EQ(read_all(polite), welcome);
    Socket closing = Socket::connect_to(addresses);
    closing.close();
    Socket resetting = Socket::connect_to(addresses);
    reset(resetting);
    stop(process);
    Socket gone = Socket::connect_to(addresses);
    reset(gone);
    process.signal(SIGCONT);
  }
  Socket last = Socket::connect_to(addresses);
  EXPECT_EQ(read_all(last), welcome);
}

TEST(Server, EndsQuietlyWithCtrlC) {
  Process server(command("server", {"--port", "0"}), Process::Stdio::terminal);
  server.line();
  server.type("\x03");
  EXPECT_EQ(server.wait(), 128 + SIGINT);
  const std::string rest = server.rest();
  EXPECT_TRUE(rest.empty() || rest == "^C") << rest;  // the terminal's own echo, if it was in time
}

TEST(Server, RefusesWrongOptionsAndHosts) {
  const std::vector<std::pair<std::vector<std::string>, Outcome>> cases = {
      {{"--port", "65536"}, {2, "", "server: --port '65536': not a whole number from 0 to 65535\n"}},
      {{"--port=http"}, {2, "", "server: --port 'http': not a whole number from 0 to 65535\n"}},
      {{"--buffer", "8"}, {2, "", "server: unknown option '--buffer' (--help lists them)\n"}},
      {{"1234"}, {2, "", "server: unknown option '1234' (--help lists them)\n"}},
      {{"--host"}, {2, "", "server: --host needs a value: HOST\n"}},
      {{"--host=192.0.2.1", "--port=0"},
       {1, "", "server: cannot bind 192.0.2.1:0: Cannot assign requested address\n"}},
  };
  for (const auto& [arguments, expected] : cases) EXPECT_EQ(run("server", arguments), expected);
  const Outcome unknown = run("server", {"--host", "nobody.invalid"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_EQ(unknown.error.rfind("server: cannot find host 'nobody.invalid': ", 0), 0U) << unknown.error;
}

// ---- The client with the server

TEST(Client, ReadsTheWelcomeInEveryWayAndWithEveryBuffer) {
  const RunningServer server;
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "welcome to the server!\n"},
      {{"--buffer", "8"}, "welcome \n"},
      {{"--buffer=22"}, "welcome to the server!\n"},
      {{"--read=loop"}, "welcome to the server!\n" + end_of_loop},
      {{"--read=loop", "--buffer=8"}, "welcome \nto the s\nerver!\n" + end_of_loop},
      {{"--read=stream"}, "welcome to the server!\n"},
      {{"--read=stream", "--buffer=8"}, "welcome to the server!\n"},
      {{"--read=stream", "--buffer=1"}, "welcome to the server!\n"},
      {{"--buffer=1048576"}, "welcome to the server!\n"},
      {{"--host=localhost"}, "welcome to the server!\n"},
  };
  for (auto [arguments, out] : cases) {
    arguments.insert(arguments.end(), {"--port", server.port()});
    EXPECT_EQ(run("client", arguments), (Outcome{0, out, ""}));
  }
}

TEST(Client, ReadsTheWelcomeOverIPv6) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  RunningServer server({"--host", "::1"});
  EXPECT_EQ(server.first_line, "listening on [::1]:" + server.port());
  EXPECT_EQ(run("client", {"--host", "::1", "--port", server.port()}), (Outcome{0, welcome + "\n", ""}));
  const std::string line = server.process.line();
  EXPECT_EQ(line.rfind("connection from [::1]:", 0), 0U) << line;
}

// ---- The client with servers that the test plays

TEST(Client, StopsAfterOneRecvWhenReadingOnce) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.send_all("first");
  EXPECT_EQ(outcome_of(client.process), (Outcome{0, "first\n", ""}));  // though the connection is open
}

TEST(Client, PrintsEachPieceWhenReadingInALoop) {
  Socket listening = listening_on();
  ConnectedClient client(listening, {"--read", "loop"});
  for (const std::string piece : {"one", "two and a half", " "}) {
    client.connection.send_all(piece);
    EXPECT_EQ(client.process.line(), piece);
  }
  client.connection.close();
  EXPECT_EQ(outcome_of(client.process), (Outcome{0, end_of_loop, ""}));
}

TEST(Client, PrintsAllPiecesAsOneWhenReadingTheStream) {
  Socket listening = listening_on();
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + " 你好 ";
  for (const std::string buffer : {"7", "1024"}) {
    ConnectedClient client(listening, {"--read", "stream", "--buffer", buffer});
    for (std::size_t i = 0; i < text.size(); i += 999) client.connection.send_all(text.substr(i, 999));
    client.connection.close();
    EXPECT_TRUE(outcome_of(client.process) == (Outcome{0, text + "\n", ""})) << buffer;
  }
}

TEST(Client, SurvivesACharacterThatTheBufferCutsInTwo) {
  Socket listening = listening_on();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"once", "1234567\\xc3\n"},
      {"loop", "1234567\\xc3\n\\xa9!\n" + end_of_loop},
      {"stream", "1234567é!\n"},
  };
  for (const auto& [read, out] : cases) {
    ConnectedClient client(listening, {"--buffer", "8", "--read", read});
    client.connection.send_all("1234567é!");
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process), (Outcome{0, out, ""})) << read;
  }
}

TEST(Client, ShowsControlCharactersAndObeysNone) {
  Socket listening = listening_on();
  const std::string hostile(
      "\x1b[2J\x1b]0;owned\a\nforged line\r\0\x7f\xff\xc2\x9b"
      "1m",
      34);
  const std::string shown = R"(\x1b[2J\x1b]0;owned\x07\nforged line\r\x00\x7f\xff\xc2\x9b1m)"
                            "\n";
  for (const auto& [read, out] : {std::pair<std::string, std::string>{"once", shown},
                                  {"loop", shown + end_of_loop},
                                  {"stream", shown}}) {
    ConnectedClient client(listening, {"--read", read});
    client.connection.send_all(hostile);
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process), (Outcome{0, out, ""})) << read;
  }
}

TEST(Client, EndsWhenTheServerSendsNothing) {
  Socket listening = listening_on();
  for (const auto& [read, out] :
       {std::pair<std::string, std::string>{"once", "\n"}, {"loop", end_of_loop}, {"stream", "\n"}}) {
    ConnectedClient client(listening, {"--read", read});
    client.connection.close();
    EXPECT_EQ(outcome_of(client.process), (Outcome{0, out, ""})) << read;
  }
}

TEST(Client, ReportsThatTheServerHasReset) {
  Socket listening = listening_on();
  const std::string why = ": Connection reset by peer\n";
  const std::string early = "client: cannot connect to " + listening.local_address().text() + why;
  for (const std::string read : {"once", "loop", "stream"}) {
    ConnectedClient client(listening, {"--read", read});
    if (read == "loop") {
      client.connection.send_all("hi");
      EXPECT_EQ(client.process.line(), "hi");
    }
    reset(client.connection);
    const Outcome outcome = outcome_of(client.process);
    // A reset may come before connect() has returned; one that prints has returned from it.
    const bool is_early = read != "loop" && outcome.error == early;
    EXPECT_EQ(outcome, (Outcome{1, "", is_early ? early : "client: cannot receive" + why})) << read;
  }
}

TEST(Client, ReportsThatTheConnectionIsRefused) {
  Socket bound(AF_INET, SOCK_STREAM);  // but it does not listen
  bound.bind(Address::to_listen_on("127.0.0.1", 0));
  const std::string address = bound.local_address().text();
  EXPECT_EQ(run("client", {"--port", port_of(address)}),
            (Outcome{1, "", "client: cannot connect to " + address + ": Connection refused\n"}));
}

TEST(Client, ReportsThatTheHostIsUnknown) {
  for (const std::string host : {"nobody.invalid", ""}) {
    const Outcome outcome = run("client", {"--host", host});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.error.rfind("client: cannot find host '" + host + "': ", 0), 0U) << outcome.error;
    EXPECT_EQ(outcome.error.find('\n'), outcome.error.size() - 1) << outcome.error;
  }
}

TEST(Client, RefusesWrongOptions) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--buffer", "0"}, "--buffer '0': not a whole number from 1 to 1048576"},
      {{"--buffer=-1"}, "--buffer '-1': not a whole number from 1 to 1048576"},
      {{"--buffer=1048577"}, "--buffer '1048577': not a whole number from 1 to 1048576"},
      {{"--buffer=8k"}, "--buffer '8k': not a whole number from 1 to 1048576"},
      {{"--buffer="}, "--buffer '': not a whole number from 1 to 1048576"},
      {{"--buffer"}, "--buffer needs a value: BYTES"},
      {{"--read", "twice"}, "--read 'twice': not one of once|loop|stream"},
      {{"--read=\x1b[2J\n"}, R"(--read '\x1b[2J\n': not one of once|loop|stream)"},
      {{"--colour"}, "unknown option '--colour' (--help lists them)"},
  };
  for (const auto& [arguments, text] : cases) {
    EXPECT_EQ(run("client", arguments), (Outcome{2, "", "client: " + text + "\n"}));
  }
}

TEST(Client, EndsQuietlyWithCtrlCWhileItWaits) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.process.signal(SIGINT);
  EXPECT_EQ(outcome_of(client.process), (Outcome{128 + SIGINT, "", ""}));
}

TEST(Client, PrintsNothingToTheServerWhenStartedWithoutStdout) {
  Socket listening = listening_on();
  const std::string port = port_of(listening.local_address().text());
  Process client({"sh", "-c", "exec \"$0\" --port \"$1\" >&-", PROGRAMS "client", port});
  Socket connection = listening.accept().socket;
  connection.send_all("welcome");
  EXPECT_EQ(outcome_of(client).exit_code, 1);
  EXPECT_EQ(read_all(connection), "");
}

}  // namespace
