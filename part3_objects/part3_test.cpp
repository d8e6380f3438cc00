#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/message.hpp"
#include "common/process.hpp"
#include "common/socket.hpp"
#include "part3_objects/object.hpp"
#include "part3_objects/pickle.hpp"
#include "part3_objects/pickle_examples.hpp"

namespace {

const std::string loopback = "127.0.0.1";

// The server with some options, once it listens.
struct Server {
  explicit Server(std::vector<std::string> options = {}) : process(command(std::move(options))) {
    const std::string line = process.line();
    port = line.substr(line.rfind(':') + 1);
  }

  static std::vector<std::string> command(std::vector<std::string> options) {
    options.insert(options.begin(), {PROGRAMS "server", "--port", "0"});
    return options;
  }

  Socket connected() const {
    return Socket::connect_to(Address::resolve(loopback, static_cast<std::uint16_t>(std::stoi(port))));
  }

  Process process;
  std::string port;
};

// Everything that comes until the peer closes.
std::string received(Socket& socket) {
  std::string all;
  std::array<char, 4096> buffer;
  for (std::string_view bytes = socket.recv(buffer); !bytes.empty(); bytes = socket.recv(buffer))
    all += bytes;
  return all;
}

// What the client has printed, and how it has ended, when a server has sent `pieces` and closed.
struct ClientRun {
  explicit ClientRun(const std::vector<std::string>& pieces) {
    const Address address = Address::to_listen_on(loopback, 0);
    Socket listening_socket(address.family(), SOCK_STREAM);
    listening_socket.bind(address);
    listening_socket.listen();
    const std::string text = listening_socket.local_address().text();
    Process client({PROGRAMS "client", "--port", text.substr(text.rfind(':') + 1)});
    {
      Socket socket = listening_socket.accept().socket;
      socket.set_no_delay();
      for (const std::string& piece : pieces) socket.send_all(piece);
    }
    output = client.rest();
    errors = client.error_rest();
    exit_code = client.wait();
  }

  std::string output;
  std::string errors;
  int exit_code = -1;
};

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
  const bool sanitized =
      dlsym(RTLD_DEFAULT, "__asan_init") != nullptr || dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
  if (!sanitized) getrusage(RUSAGE_CHILDREN, &usage);
#endif
  return usage.ru_maxrss;
}

const std::string greeting =
    R"(b'\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00}\x94(K\x01\x8c\x03Hey\x94K\x02\x8c\x05There\x94u.')";
const std::string farewell = "connection closed by the server\n";

}  // namespace

TEST(Server, SendsTheGreetingByteForByteAndCloses) {
  Server server;
  for (int i = 0; i < 3; ++i) {
    Socket socket = server.connected();
    EXPECT_EQ(received(socket), "34        " + from_python(greeting.substr(2, greeting.size() - 3)));
    EXPECT_EQ(server.process.line(),
              fmt::format("connection from {} has been established!", socket.local_address().text()));
  }
}

TEST(Server, SendsANestedObjectOfEveryType) {
  Server server({"--object", "nested"});
  Socket socket = server.connected();
  const std::string message = received(socket);
  const Object object = loads(std::string_view(message).substr(header_size));
  EXPECT_EQ(
      repr(object),
      R"({'nothing': None, 'truths': (True, False), 'numbers': [0, -1, 300, -9223372036854775808, 0.5, -0.0, 1e+16], )"
      "'text': \"It's 25 \u00b0C,\\n\U0001f321 \u4f60\u597d\", "
      R"('bytes': b'\x00\xff', 'empty': ['', b'', [], (), {}], (52.5, 13.4): {'a tuple as a key': (1,)}})");
}

TEST(Server, SurvivesAClientThatResets) {
  Server server;
  {
    Socket socket = server.connected();
    const linger at_once{1, 0};  // close() drops the connection with a reset: SO_LINGER in socket(7)
    ASSERT_EQ(setsockopt(socket.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  }
  Socket socket = server.connected();
  EXPECT_EQ(received(socket).size(), 44U);
}

TEST(Server, RefusesAnObjectThatItHasNot) {
  Process server({PROGRAMS "server", "--object", "secret"});
  EXPECT_EQ(server.rest(), "");
  EXPECT_EQ(server.error_rest(), "server: --object 'secret': not one of greeting|nested|reading\n");
  EXPECT_EQ(server.wait(), 2);
}

TEST(Client, PrintsWhatThePythonOriginalPrints) {
  Server server;
  Process client({PROGRAMS "client", "--port", server.port});
  EXPECT_EQ(client.rest(), shown("34        ", greeting, "{1: 'Hey', 2: 'There'}") + farewell);
  EXPECT_EQ(client.error_rest(), "");
  EXPECT_EQ(client.wait(), 0);
}

TEST(Client, PrintsAReading) {
  Server server({"--object", "reading"});
  Process client({PROGRAMS "client", "--port", server.port});
  client.until("decoded objects:\n");
  EXPECT_EQ(client.line(),
            "{'sensor': 'roof', 'time': 1593672221, 'celsius': 21.5, 'samples': [21.25, 21.75]}");
}

TEST(Client, ShowsBothObjectsOfOneSegment) {
  const ClientRun run({with_header(dumps(1)) + with_header(dumps(None()))});
  EXPECT_EQ(run.output, shown("5         ", R"(b'\x80\x04K\x01.')", "1") +
                            shown("4         ", R"(b'\x80\x04N.')", "None") + farewell);
  EXPECT_EQ(run.exit_code, 0);
}

TEST(Client, PutsAnObjectTogetherThatComesByteByByte) {
  std::vector<std::string> pieces;
  for (const char byte : with_header(dumps(Dict{{1, "Hey"}, {2, "There"}}))) pieces.emplace_back(1, byte);
  EXPECT_EQ(ClientRun(pieces).output, shown("34        ", greeting, "{1: 'Hey', 2: 'There'}") + farewell);
}

TEST(Client, PrintsAStrAsPrintDoesButNoControlCharacters) {
  const ClientRun run({with_header(dumps("it's \u4f60\n\x1b[31mred"))});
  EXPECT_TRUE(run.output.ends_with("decoded objects:\nit's \u4f60\\n\\x1b[31mred\n" + farewell))
      << run.output;
}

TEST(Client, ShowsAnObjectOfOneMiB) {
  const Object object = Bytes{std::string(1024 * 1024 - 10, 'x')};
  const ClientRun run({with_header(dumps(object))});
  EXPECT_TRUE(run.output.ends_with("decoded objects:\n" + repr(object) + "\n" + farewell)) << run.errors;
}

TEST(Client, RefusesHostilePicklesWithALineInLittleTimeAndMemory) {
  for (const auto& [pickle, why] : refused_pickles()) {
    const auto begin = std::chrono::steady_clock::now();
    const ClientRun run({with_header(pickle)});
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << why;
    EXPECT_EQ(run.exit_code, 1) << why;
    EXPECT_TRUE(run.errors.starts_with("client: pickle refused at byte ")) << run.errors;
    EXPECT_NE(run.errors.find(why), std::string::npos) << run.errors << "and not: " << why;
    EXPECT_EQ(std::count(run.errors.begin(), run.errors.end(), '\n'), 1) << run.errors;
    EXPECT_EQ(run.output.find("decoded objects"), std::string::npos) << why;
    EXPECT_LT(largest_client(), 64 * 1024) << why;
  }
}

TEST(Client, RefusesAHeaderThatIsNoLength) {
  const ClientRun run({"0x10      abc"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.errors, "client: the header b'0x10      ' is not a length\n");
}

TEST(Client, RefusesAnObjectOverOneMiB) {
  const ClientRun run({"1048577   "});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.errors, "client: a message of 1048577 bytes is over the limit of 1048576\n");
}

TEST(Client, SaysThatAnObjectHasBeenCutOff) {
  const std::string message = with_header(dumps("Hey"));
  const ClientRun run({message.substr(0, message.size() - 1)});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.errors, "client: the server closed the connection inside a message\n");
}
