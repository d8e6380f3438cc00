#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/message.hpp"
#include "common/socket.hpp"
#include "common/testing/process.hpp"
#include "common/testing/testing.hpp"
#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"
#include "part3_objects/tests/pickle_examples.hpp"

namespace {

// What the client has printed, and how it has ended, when a server has sent `pieces` and closed.
Outcome client_gets(const std::vector<std::string>& pieces) {
  Socket listening = listening_on();
  ConnectedClient client(listening);
  client.connection.set_no_delay();
  for (const std::string& piece : pieces) client.connection.send_all(piece);
  client.connection.close();
  return outcome_of(client.process);
}

// What the client prints of `object`, as the Python original does.
std::string shown(const std::string& header, const std::string& raw, const std::string& object) {
  return "new message length: b'" + header +
         "'\nfull message received\nobjects received without decoding:\n" + raw + "\ndecoded objects:\n" +
         object + "\n";
}

// The most memory that a client has taken so far, in KiB: getrusage(2). Only Linux counts so, and with a
// sanitizer it is the sanitizer's memory: 0 then.
long largest_client() {
  rusage usage{};
#ifdef __linux__
  if (!is_sanitized()) getrusage(RUSAGE_CHILDREN, &usage);
#endif
  return usage.ru_maxrss;
}

const std::string greeting =
    R"(b'\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00}\x94(K\x01\x8c\x03Hey\x94K\x02\x8c\x05There\x94u.')";
const std::string farewell = "connection closed by the server\n";

}  // namespace

TEST(Server, SendsTheGreetingByteForByteAndCloses) {
  RunningServer server;
  for (int i = 0; i < 3; ++i) {
    Socket socket = server.connect();
    EXPECT_EQ(read_all(socket), "34        " + from_python(greeting.substr(2, greeting.size() - 3)));
    EXPECT_EQ(server.process.line(),
              fmt::format("connection from {} has been established!", socket.local_address().text()));
  }
}

TEST(Server, SendsANestedObjectOfEveryType) {
  const RunningServer server({"--object", "nested"});
  Socket socket = server.connect();
  const std::string message = read_all(socket);
  const Object object = loads(std::string_view(message).substr(header_size));
  EXPECT_EQ(
      repr(object),
      R"({'nothing': None, 'truths': (True, False), 'numbers': [0, -1, 300, -9223372036854775808, 0.5, -0.0, 1e+16], )"
      "'text': \"It's 25 \u00b0C,\\n\U0001f321 \u4f60\u597d\", "
      R"('bytes': b'\x00\xff', 'empty': ['', b'', [], (), {}], (52.5, 13.4): {'a tuple as a key': (1,)}})");
}

TEST(Server, SurvivesAClientThatResets) {
  const RunningServer server;
  Socket gone = server.connect();
  reset(gone);
  Socket socket = server.connect();
  EXPECT_EQ(read_all(socket).size(), 44U);
}

TEST(Server, RefusesAnObjectThatItDoesNotHave) {
  EXPECT_EQ(run("server", {"--object", "secret"}),
            (Outcome{2, "", "server: --object 'secret': not one of greeting|nested|reading\n"}));
}

TEST(Client, PrintsWhatThePythonOriginalPrints) {
  const RunningServer server;
  EXPECT_EQ(run("client", {"--port", server.port()}),
            (Outcome{0, shown("34        ", greeting, "{1: 'Hey', 2: 'There'}") + farewell, ""}));
}

TEST(Client, PrintsAReading) {
  const RunningServer server({"--object", "reading"});
  Process client(command("client", {"--port", server.port()}));
  client.until("decoded objects:\n");
  EXPECT_EQ(client.line(),
            "{'sensor': 'roof', 'time': 1593672221, 'celsius': 21.5, 'samples': [21.25, 21.75]}");
}

TEST(Client, ShowsBothObjectsOfOneSegment) {
  const Outcome client = client_gets({with_header(dumps(1)) + with_header(dumps(None()))});
  EXPECT_EQ(client.out, shown("5         ", R"(b'\x80\x04K\x01.')", "1") +
                            shown("4         ", R"(b'\x80\x04N.')", "None") + farewell);
  EXPECT_EQ(client.exit_code, 0);
}

TEST(Client, ShowsAnObjectThatComesByteByByte) {
  std::vector<std::string> pieces;
  for (const char byte : with_header(dumps(Dict{{1, "Hey"}, {2, "There"}}))) pieces.emplace_back(1, byte);
  EXPECT_EQ(client_gets(pieces).out, shown("34        ", greeting, "{1: 'Hey', 2: 'There'}") + farewell);
}

TEST(Client, PrintsAStrAsPrintDoesButNoControlCharacters) {
  const Outcome client = client_gets({with_header(dumps("it's \u4f60\n\x1b[31mred"))});
  EXPECT_TRUE(client.out.ends_with("decoded objects:\nit's \u4f60\\n\\x1b[31mred\n" + farewell))
      << client.out;
}

TEST(Client, EscapesWhatIsInsideAnObjectOnceAsPrintDoes) {
  const Outcome client = client_gets({with_header(dumps(List{{"a\nb", R"(a\nb)", "\u202e"}}))});
  EXPECT_TRUE(
      client.out.ends_with("decoded objects:\n"
                           R"(['a\nb', 'a\\nb', '\u202e'])"
                           "\n" +
                           farewell))
      << client.out;
}

TEST(Client, ShowsAnObjectOfOneMiB) {
  const Object object = Bytes{std::string(1024 * 1024 - 10, 'x')};
  const Outcome client = client_gets({with_header(dumps(object))});
  EXPECT_TRUE(client.out.ends_with("decoded objects:\n" + repr(object) + "\n" + farewell)) << client.error;
}

// Of each byte four are shown: \x01.
TEST(Client, ShowsAsMuchAsAPickleMayHoldInLittleMemory) {
  const std::string text = "B" + std::string("\x00\x00\x0f\x00", 4) + std::string(15 * 65'536, '\x01');
  const Outcome client = client_gets({with_header("\x80\4(" + text + "\x94" + std::string("h\0h\0t.", 6))});
  EXPECT_EQ(client.exit_code, 0) << client.error;
  EXPECT_TRUE(client.out.ends_with("\\x01\\x01')\n" + farewell));
  EXPECT_LT(largest_client(), 64 * 1024);
}

TEST(Client, RefusesHostilePicklesWithALineInLittleTimeAndMemory) {
  for (const auto& [pickle, why] : refused_pickles()) {
    const double before = processor_seconds_of_ended_children();
    const Outcome client = client_gets({with_header(pickle)});
    EXPECT_LT(processor_seconds_of_ended_children() - before, is_sanitized() ? 10 : 1) << why;
    EXPECT_EQ(client.exit_code, 1) << why;
    EXPECT_TRUE(client.error.starts_with("client: pickle refused at byte ")) << client.error;
    EXPECT_NE(client.error.find(why), std::string::npos) << client.error << "and not: " << why;
    EXPECT_EQ(std::count(client.error.begin(), client.error.end(), '\n'), 1) << client.error;
    EXPECT_EQ(client.out.find("decoded objects"), std::string::npos) << why;
    EXPECT_LT(largest_client(), 64 * 1024) << why;
  }
}

TEST(Client, RefusesAHeaderThatIsNotALength) {
  const Outcome client = client_gets({"0x10      abc"});
  EXPECT_EQ(client.exit_code, 1);
  EXPECT_EQ(client.error, "client: the header b'0x10      ' is not a length\n");
}

TEST(Client, RefusesAnObjectOverOneMiB) {
  const Outcome client = client_gets({"1048577   "});
  EXPECT_EQ(client.exit_code, 1);
  EXPECT_EQ(client.error, "client: a message of 1048577 bytes is over the limit of 1048576\n");
}

TEST(Client, SaysThatAnObjectHasBeenCutOff) {
  const std::string message = with_header(dumps("Hey"));
  const Outcome client = client_gets({message.substr(0, message.size() - 1)});
  EXPECT_EQ(client.exit_code, 1);
  EXPECT_EQ(client.error, "client: the server closed the connection inside a message\n");
}
