#include "common/socket.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <deque>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "common/testing/process.hpp"
#include "common/testing/testing.hpp"

// The error with which this program's next accept() fails, before the system's is called: no network can be
// made to lose a connection at the right moment.
std::deque<int> errors_of_accept;

template <typename... Arguments>
int accept_or_fail(const char* name, Arguments... arguments) {
  if (!errors_of_accept.empty()) {
    errno = errors_of_accept.front();
    errors_of_accept.pop_front();
    return -1;
  }
  return reinterpret_cast<int (*)(Arguments...)>(::dlsym(RTLD_NEXT, name))(arguments...);
}

#ifdef SOCK_CLOEXEC
int accept4(int socket, sockaddr* address, socklen_t* size, int flags) {
  return accept_or_fail("accept4", socket, address, size, flags);
}
#else
int accept(int socket, sockaddr* address, socklen_t* size) {
  return accept_or_fail("accept", socket, address, size);
}
#endif

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds deadline = 10s;
const std::string loopback = "127.0.0.1";

Socket connected_to(const Socket& listening) {
  return Socket::connect_to(std::array{listening.local_address()});
}

// An address of this machine that refuses every connection: its port is taken by a socket that does not
// listen.
struct Refusing {
  explicit Refusing(const std::string& host = loopback)
      : socket(Address::to_listen_on(host, 0).family(), SOCK_STREAM) {
    socket.bind(Address::to_listen_on(host, 0));
  }
  Address address() const { return socket.local_address(); }

  Socket socket;
};

// What `call` throws.
std::system_error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return std::system_error(0, std::generic_category());
}

// The text of a system error, after `what`.
std::string text_with(const std::string& what, int error) {
  return what + ": " + std::system_category().message(error);
}

// Bytes that do not soon repeat, so that it shows when a piece is lost or comes twice.
std::string many_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2'654'435'761U) >> 13);
  return bytes;
}

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) != -1;
}

int open_descriptors() {
  int count = 0;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) count += is_open(descriptor) ? 1 : 0;
  return count;
}

// Makes the kernel's buffers smaller than what the tests send at once.
void limit_room(const Socket& socket, int buffer) {
  const int bytes = 64 * 1024;
  EXPECT_EQ(::setsockopt(socket.descriptor(), SOL_SOCKET, buffer, &bytes, sizeof bytes), 0);
}

int option_of(const Socket& socket, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.descriptor(), level, option, &value, &size), 0);
  return value;
}

std::atomic<int> interruptions = 0;

// Interrupts the thread that constructs it again and again, at least 200 times, until it goes out of scope.
// `meanwhile`, which lets the interrupted call finish, runs after the first 200 signals.
class Interrupter {
 public:
  explicit Interrupter(std::function<void()> meanwhile) {
    struct sigaction action {};
    action.sa_handler = [](int) { ++interruptions; };
    action.sa_flags = 0;  // not SA_RESTART: the call fails with EINTR
    ::sigaction(SIGUSR1, &action, nullptr);
    thread_ = std::thread([this, interrupted = pthread_self(), meanwhile = std::move(meanwhile)] {
      for (int sent = 0; !done_ || sent <= 200; ++sent) {
        if (sent == 200) meanwhile();
        const int before = interruptions;
        pthread_kill(interrupted, SIGUSR1);
        while (interruptions == before && !done_) std::this_thread::yield();
      }
    });
  }
  Interrupter(const Interrupter&) = delete;
  ~Interrupter() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

// ---- Address

TEST(Address, IsTextAsHostColonPort) {
  struct Case {
    std::string host;
    std::uint16_t port;
    int family;
    std::string text;
  };
  for (const Case& c :
       {Case{"127.0.0.1", 1234, AF_INET, "127.0.0.1:1234"}, Case{"0.0.0.0", 0, AF_INET, "0.0.0.0:0"},
        Case{"255.255.255.255", 65535, AF_INET, "255.255.255.255:65535"},
        Case{"::1", 1234, AF_INET6, "[::1]:1234"}, Case{"0:0:0:0:0:0:0:1", 80, AF_INET6, "[::1]:80"},
        Case{"::", 0, AF_INET6, "[::]:0"}, Case{"2001:DB8::a", 8080, AF_INET6, "[2001:db8::a]:8080"},
        Case{"::ffff:127.0.0.1", 1, AF_INET6, "[::ffff:127.0.0.1]:1"}}) {
    const std::vector<Address> addresses = Address::resolve(c.host, c.port);
    ASSERT_EQ(addresses.size(), 1U) << c.host;  // not one for TCP and another for UDP
    EXPECT_EQ(addresses[0].text(), c.text);
    EXPECT_EQ(addresses[0].family(), c.family);
    EXPECT_EQ(Address::to_listen_on(c.host, c.port).text(), c.text);
  }
}

TEST(Address, OfANameToListenOnIsAnIpv4Address) {
  EXPECT_EQ(Address::to_listen_on("localhost", 1234).text(), "127.0.0.1:1234");
}

TEST(Address, OfAnUnknownHostIsAnErrorThatNamesTheHost) {
  for (const std::string& host : {std::string("nobody.invalid"), std::string(), std::string(64, 'x'),
                                  std::string("127.0.0.1:80"), std::string("[::1]")}) {
    const std::string text = error_of([&] { Address::resolve(host, 1234); }).what();
    EXPECT_EQ(text.rfind("cannot find host '" + host + "': ", 0), 0U) << text;
    EXPECT_THROW(Address::to_listen_on(host, 1234), std::system_error);
  }
}

TEST(Address, KeepsItsErrorOnOneLine) {
  const std::string text = error_of([] { Address::resolve("a\nb\x1b[2J", 1234); }).what();
  EXPECT_EQ(text.rfind("cannot find host 'a\\nb\\x1b[2J': ", 0), 0U) << text;
}

// ---- One descriptor, one owner

TEST(Socket, ClosesItsDescriptorAtTheEndOfItsScope) {
  int descriptor = -1;
  {
    const Socket socket(AF_INET, SOCK_STREAM);
    descriptor = socket.descriptor();
    EXPECT_TRUE(is_open(descriptor));
  }
  EXPECT_FALSE(is_open(descriptor));
}

TEST(Socket, ClosesOnceHoweverOftenItIsAsked) {
  Socket first(AF_INET, SOCK_STREAM);
  const int descriptor = first.descriptor();
  first.close();
  EXPECT_EQ(first.descriptor(), -1);
  const Socket second(AF_INET, SOCK_STREAM);
  ASSERT_EQ(second.descriptor(), descriptor);  // the kernel gives out the lowest free number
  first.close();
  EXPECT_TRUE(is_open(descriptor));
}

TEST(Socket, GivesItsDescriptorAwayWhenItIsMoved) {
  int descriptor = -1;
  {
    auto [first, peer] = Socket::pair();
    descriptor = first.descriptor();
    Socket second(std::move(first));
    EXPECT_EQ(first.descriptor(), -1);  // NOLINT(bugprone-use-after-move): what is left is under test
    EXPECT_EQ(second.descriptor(), descriptor);
    first.close();
    EXPECT_TRUE(is_open(descriptor));
    second.send_all("still connected");
    std::array<char, 64> buffer;
    EXPECT_EQ(peer.recv(buffer), "still connected");
  }
  EXPECT_FALSE(is_open(descriptor));
}

TEST(Socket, ClosesWhatItHadWhenAnotherIsMovedIntoIt) {
  auto [first, first_peer] = Socket::pair();
  auto [second, second_peer] = Socket::pair();
  const int kept = second.descriptor();
  first = std::move(second);
  EXPECT_EQ(first.descriptor(), kept);
  EXPECT_EQ(read_all(first_peer), "");  // its peer sees the end
  Socket& same = first;
  first = std::move(same);
  EXPECT_EQ(first.descriptor(), kept);
  EXPECT_TRUE(is_open(kept));
}

TEST(Socket, CannotBeCopied) {
  EXPECT_FALSE(std::is_copy_constructible_v<Socket>);
  EXPECT_FALSE(std::is_copy_assignable_v<Socket>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Socket>);
  EXPECT_TRUE(std::is_nothrow_move_assignable_v<Socket>);
}

TEST(Socket, LeaksNoDescriptorWhateverFails) {
  const int before = open_descriptors();
  const Refusing refusing;
  for (int i = 0; i < 10; ++i) {
    Socket listening = listening_on(loopback);
    Socket client = connected_to(listening);
    const Accepted accepted = listening.accept();
    const auto ends = Socket::pair();
    EXPECT_THROW(Socket::connect_to(std::array{refusing.address(), refusing.address()}), std::system_error);
    EXPECT_THROW(Socket(-1, SOCK_STREAM), std::system_error);
    EXPECT_THROW(client.bind(refusing.address()), std::system_error);
    EXPECT_THROW(client.accept(), std::system_error);
  }
  EXPECT_EQ(open_descriptors(), before + 1);  // `refusing`
}

TEST(Socket, IsClosedOnExecHoweverItWasMade) {
  Socket listening = listening_on(loopback);
  Socket waiting = listening_on(loopback);
  waiting.set_nonblocking();
  const Socket client = connected_to(listening);
  const Socket other_client = connected_to(waiting);
  ASSERT_TRUE(waiting.wait_readable(deadline));
  const Accepted accepted = listening.accept();
  const std::optional<Accepted> accepted_at_once = waiting.try_accept();
  ASSERT_TRUE(accepted_at_once);
  const auto [one, other] = Socket::pair();
  for (const int descriptor : {listening.descriptor(), client.descriptor(), accepted.socket.descriptor(),
                               accepted_at_once->socket.descriptor(), one.descriptor(), other.descriptor()}) {
    EXPECT_EQ(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  }
}

TEST(Socket, IsNotHeldOpenByAProgramThatIsStarted) {
  Socket listening = listening_on(loopback);
  const Address address = listening.local_address();
  Socket client = connected_to(listening);
  Accepted accepted = listening.accept();
  Process program({"cat"});  // lives until the end of this test
  program.type("running\n");
  EXPECT_EQ(program.line(), "running");
  accepted.socket.close();
  listening.close();
  ASSERT_TRUE(client.wait_readable(deadline));
  EXPECT_EQ(read_all(client), "");
  EXPECT_EQ(error_of([&] { Socket::connect_to(std::array{address}); }).code().value(), ECONNREFUSED);
}

// ---- Listening and connecting, over IPv4 and IPv6

class Loopback : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "::1" && !has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  }
};

INSTANTIATE_TEST_SUITE_P(Over, Loopback, testing::Values("127.0.0.1", "::1"),
                         [](const auto& test) { return test.param == "::1" ? "IPv6" : "IPv4"; });

TEST_P(Loopback, GivesAFreePortForPortZero) {
  const Socket first = listening_on(GetParam());
  const Socket second = listening_on(GetParam());
  EXPECT_NE(first.local_address().text(), second.local_address().text());
  EXPECT_FALSE(first.local_address().text().ends_with(":0"));
}

TEST_P(Loopback, GivesTheServerTheAddressOfItsClient) {
  Socket listening = listening_on(GetParam());
  const Socket client = connected_to(listening);
  const Accepted accepted = listening.accept();
  EXPECT_EQ(accepted.address.text(), client.local_address().text());
  EXPECT_EQ(accepted.socket.local_address().text(), listening.local_address().text());
}

TEST_P(Loopback, RefusesAPortThatIsTaken) {
  const Socket listening = listening_on(GetParam());
  const Address address = listening.local_address();
  Socket second(address.family(), SOCK_STREAM);
  second.set_reuse_address();
  const std::system_error error = error_of([&] { second.bind(address); });
  EXPECT_EQ(error.code().value(), EADDRINUSE);
  EXPECT_EQ(error.what(), text_with("cannot bind " + address.text(), EADDRINUSE));
}

TEST_P(Loopback, NamesTheAddressThatRefusesTheConnection) {
  const Refusing refusing(GetParam());
  const std::system_error error = error_of([&] { Socket::connect_to(std::array{refusing.address()}); });
  EXPECT_EQ(error.code().value(), ECONNREFUSED);
  EXPECT_EQ(error.what(), text_with("cannot connect to " + refusing.address().text(), ECONNREFUSED));
}

TEST_P(Loopback, TriesEveryAddressUntilOneAnswers) {
  const Refusing refusing(loopback);  // over IPv4, even where the answer comes over IPv6
  Socket listening = listening_on(GetParam());
  const std::vector<Address> addresses = {refusing.address(), refusing.address(), listening.local_address()};
  const Socket client = Socket::connect_to(addresses);
  EXPECT_EQ(listening.accept().address.text(), client.local_address().text());
}

TEST_P(Loopback, TakesTheFirstAddressThatAnswers) {
  Socket first = listening_on(GetParam());
  Socket second = listening_on(loopback);
  second.set_nonblocking();
  const Socket client = Socket::connect_to(std::array{first.local_address(), second.local_address()});
  EXPECT_EQ(first.accept().address.text(), client.local_address().text());
  EXPECT_FALSE(second.try_accept());
}

TEST_P(Loopback, BindsItsPortAgainWhileOldConnectionsLinger) {
  Socket listening = listening_on(GetParam());
  const Address address = listening.local_address();
  Socket client = connected_to(listening);
  {
    const Accepted accepted = listening.accept();  // this side closes first, so TIME_WAIT is the server's
  }
  EXPECT_EQ(read_all(client), "");
  client.close();
  listening.close();
  Socket again(address.family(), SOCK_STREAM);
  EXPECT_EQ(error_of([&] { again.bind(address); }).code().value(), EADDRINUSE);
  again.set_reuse_address();
  again.bind(address);
  again.listen();
  EXPECT_EQ(again.local_address().text(), address.text());
}

TEST_P(Loopback, AcceptsTheNextClientAfterOneThatHasReset) {
  Socket listening = listening_on(GetParam());
  Socket gone = connected_to(listening);
  reset(gone);
  const Socket client = connected_to(listening);
  std::string address = listening.accept().address.text();  // Linux still shows the one that has left
  if (address != client.local_address().text()) address = listening.accept().address.text();
  EXPECT_EQ(address, client.local_address().text());
}

TEST_P(Loopback, AcceptsTheNextClientAfterOneThatTheNetworkHasLost) {
  Socket listening = listening_on(GetParam());
  const Socket client = connected_to(listening);
  for (const bool nonblocking : {false, true}) {
    if (nonblocking) listening.set_nonblocking();
    errors_of_accept = {ECONNABORTED, EPROTO,       ENETDOWN,    ENETUNREACH,
                        EHOSTDOWN,    EHOSTUNREACH, ENOPROTOOPT, EINTR};
    if (nonblocking) {
      EXPECT_FALSE(listening.try_accept());
    } else {
      EXPECT_EQ(listening.accept().address.text(), client.local_address().text());
    }
    EXPECT_TRUE(errors_of_accept.empty());
  }
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EOPNOTSUPP}) {
    errors_of_accept = {error};
    EXPECT_EQ(error_of([&] { listening.try_accept(); }).what(), text_with("cannot accept", error));
  }
}

TEST(Socket, NamesTheLastAddressWhenNoneAnswers) {
  const Refusing first;
  const Refusing last;
  const std::string text = error_of([&] {
                             Socket::connect_to(std::array{first.address(), last.address()});
                           }).what();
  EXPECT_EQ(text, text_with("cannot connect to " + last.address().text(), ECONNREFUSED));
}

TEST(Socket, ConnectsToTheNameLocalhost) {
  Socket listening = listening_on(loopback);
  const auto port = static_cast<std::uint16_t>(std::stoi(port_of(listening.local_address().text())));
  const Socket client = Socket::connect_to(Address::resolve("localhost", port));
  EXPECT_EQ(listening.accept().address.text(), client.local_address().text());
}

TEST(Socket, NamesTheAddressThatAnotherListensOn) {
  // Two sockets can be bound to one address as long as neither listens; macOS refuses even that.
  const Address any = Address::to_listen_on(loopback, 0);
  Socket first(AF_INET, SOCK_STREAM);
  first.set_reuse_address();
  first.bind(any);
  const Address address = first.local_address();
  const std::system_error error = error_of([&] {
    Socket second(AF_INET, SOCK_STREAM);
    second.set_reuse_address();
    second.bind(address);
    first.listen();
    second.listen();
  });
  EXPECT_EQ(error.code().value(), EADDRINUSE);
  EXPECT_NE(std::string(error.what()).find(address.text()), std::string::npos) << error.what();
}

TEST(Socket, NamesAnAddressThatIsNotOfThisMachine) {
  const Address elsewhere = Address::to_listen_on("192.0.2.1", 1234);  // reserved for documentation: RFC 5737
  Socket socket(AF_INET, SOCK_STREAM);
  EXPECT_EQ(error_of([&] { socket.bind(elsewhere); }).what(),
            text_with("cannot bind 192.0.2.1:1234", EADDRNOTAVAIL));
}

TEST(Socket, NamesTheCallThatFails) {
  Socket closed = Socket::adopt(-1);
  std::array<char, 8> buffer;
  const Address address = Address::to_listen_on(loopback, 0);
  const std::vector<std::pair<std::string, std::function<void()>>> calls = {
      {"cannot bind 127.0.0.1:0", [&] { closed.bind(address); }},
      {"cannot connect to 127.0.0.1:0", [&] { closed.connect(address); }},
      {"cannot accept", [&] { closed.accept(); }},
      {"cannot accept", [&] { closed.try_accept(); }},
      {"cannot send", [&] { closed.try_send("x"); }},
      {"cannot send", [&] { closed.send_all("x"); }},
      {"cannot receive", [&] { closed.recv(buffer); }},
      {"cannot receive", [&] { closed.try_recv(buffer); }},
      {"cannot wait", [&] { closed.wait_readable(0ms); }},
      {"cannot wait", [&] { closed.wait_readable(-1ms); }},
      {"cannot shut down", [&] { closed.shutdown(SHUT_WR); }},
      {"cannot set O_NONBLOCK", [&] { closed.set_nonblocking(); }},
      {"cannot set SO_REUSEADDR", [&] { closed.set_reuse_address(); }},
      {"cannot set TCP_NODELAY", [&] { closed.set_no_delay(); }},
      {"cannot get the local address", [&] { closed.local_address(); }},
  };
  for (const auto& [what, call] : calls) EXPECT_EQ(error_of(call).what(), text_with(what, EBADF));
}

TEST(Socket, DoesNotTakeANumberForADescriptor) {
  EXPECT_FALSE((std::is_constructible_v<Socket, int>));  // Socket(AF_INET) would be stderr on Linux
  auto [one, other] = Socket::pair();
  Socket adopted = Socket::adopt(::dup(one.descriptor()));
  adopted.send_all("welcome");
  std::array<char, 8> buffer;
  EXPECT_EQ(other.recv(buffer), "welcome");
  const int descriptor = adopted.descriptor();
  adopted.close();
  EXPECT_FALSE(is_open(descriptor));
}

TEST(Socket, SaysThatItHasNoAddressToConnectTo) {
  EXPECT_EQ(error_of([] { Socket::connect_to({}); }).what(), text_with("cannot connect", EDESTADDRREQ));
}

TEST(Socket, TakesNoEmptyBufferForTheEnd) {
  auto ends = Socket::pair();
  ends.second.send_all("x");
  for (const auto& receive :
       std::vector<std::function<void()>>{[&] { ends.first.recv({}); }, [&] { ends.first.try_recv({}); }}) {
    EXPECT_EQ(error_of(receive).what(), text_with("cannot receive into an empty buffer", EINVAL));
  }
}

TEST(Socket, SetsItsOptions) {
  Socket socket(AF_INET, SOCK_STREAM);
  EXPECT_EQ(option_of(socket, SOL_SOCKET, SO_REUSEADDR), 0);
  socket.set_reuse_address();
  EXPECT_NE(option_of(socket, SOL_SOCKET, SO_REUSEADDR), 0);
  EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_NODELAY), 0);
  socket.set_no_delay();
  EXPECT_NE(option_of(socket, IPPROTO_TCP, TCP_NODELAY), 0);
}

// ---- Sending and receiving, over IPv4, IPv6 and a pair of sockets

class Connection : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "IPv6" && !has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
    ::signal(SIGPIPE, SIG_DFL);  // the signal would end this program
    if (GetParam() == "Pair") {
      std::tie(one, other) = Socket::pair();
    } else {
      Socket listening = listening_on(GetParam() == "IPv6" ? "::1" : loopback);
      one = connected_to(listening);
      other = listening.accept().socket;
    }
    limit_room(one, SO_SNDBUF);
    limit_room(other, SO_RCVBUF);
  }

  Socket one = Socket::adopt(-1);
  Socket other = Socket::adopt(-1);
  std::array<char, 1024> buffer{};
};

INSTANTIATE_TEST_SUITE_P(Over, Connection, testing::Values("IPv4", "IPv6", "Pair"),
                         [](const auto& test) { return test.param; });

TEST_P(Connection, CarriesBytesBothWays) {
  const std::string bytes("a\0b\xff\n", 5);
  one.send_all(bytes);
  EXPECT_EQ(other.recv(buffer), bytes);
  other.send_all("answer");
  EXPECT_EQ(one.recv(buffer), "answer");
}

TEST_P(Connection, GivesAtMostWhatTheBufferHoldsAndKeepsTheRest) {
  EXPECT_EQ(one.try_send("welcome to the server!"), 22U);
  const std::span<char> eight(buffer.data(), 8);
  EXPECT_EQ(other.recv(eight), "welcome ");
  EXPECT_EQ(other.recv(eight), "to the s");
  EXPECT_EQ(other.recv(eight), "erver!");
}

TEST_P(Connection, SendsNothingWhenThereIsNothingToSend) {
  one.send_all("");
  one.send_all("x");
  EXPECT_EQ(other.recv(buffer), "x");
}

TEST_P(Connection, EndsWithAnEmptyRecvAsOftenAsItIsAsked) {
  one.send_all("last words");
  one.close();
  EXPECT_EQ(other.recv(buffer), "last words");
  EXPECT_EQ(other.recv(buffer), "");
  EXPECT_EQ(other.recv(buffer), "");
  EXPECT_EQ(other.try_recv(buffer), "");  // the end is not the same as "nothing yet"
}

TEST_P(Connection, CanBeClosedByHalves) {
  one.send_all("question");
  one.shutdown(SHUT_WR);
  EXPECT_EQ(read_all(other), "question");
  other.send_all("answer");
  EXPECT_EQ(one.recv(buffer), "answer");
}

TEST_P(Connection, EndsARecvThatWaitsInAnotherThread) {
  auto received = std::async(std::launch::async, [&] { return read_all(one); });
  one.shutdown(SHUT_RDWR);
  EXPECT_EQ(received.get(), "");
}

TEST_P(Connection, MakesASendWithoutAReaderAnErrorAndNotASignal) {
  one.shutdown(SHUT_WR);
  EXPECT_EQ(error_of([&] { one.try_send("x"); }).what(), text_with("cannot send", EPIPE));
  EXPECT_EQ(error_of([&] { one.send_all("x"); }).what(), text_with("cannot send", EPIPE));
}

TEST_P(Connection, MakesASendToAPeerThatHasLeftAnError) {
  other.close();
  const int error = error_of([&] {
                      while (true) one.send_all("x");  // TCP learns it only from the answer to the first
                    })
                        .code()
                        .value();
  EXPECT_TRUE(error == EPIPE || error == ECONNRESET) << error;
}

TEST_P(Connection, SendsMegabytesWhileThePeerReads) {
  const std::string bytes = many_bytes(4 * 1024 * 1024 + 1);
  for (const bool nonblocking : {false, true}) {
    if (nonblocking) one.set_nonblocking();
    auto received = std::async(std::launch::async, [&] {
      std::string all;
      while (all.size() < bytes.size()) all += other.recv(buffer);
      return all;
    });
    one.send_all(bytes);
    EXPECT_TRUE(received.get() == bytes) << (nonblocking ? "non-blocking" : "blocking");
  }
}

TEST_P(Connection, StopsSendingMegabytesWhenThePeerLeaves) {
  for (const bool nonblocking : {false, true}) {
    SetUp();
    if (nonblocking) one.set_nonblocking();
    auto leaving = std::async(std::launch::async, [&] {
      other.recv(buffer);
      other.close();
    });
    const int error = error_of([&] {
                        while (true) one.send_all(std::string(1024 * 1024, 'x'));
                      })
                          .code()
                          .value();
    EXPECT_TRUE(error == EPIPE || error == ECONNRESET) << error;
  }
}

TEST_P(Connection, DoesNotWaitWhenNonBlocking) {
  one.set_nonblocking();
  EXPECT_EQ(one.try_recv(buffer), std::nullopt);
  EXPECT_EQ(error_of([&] { one.recv(buffer); }).what(), text_with("cannot receive", EAGAIN));

  const std::string bytes(4 * 1024 * 1024, 'x');
  const std::size_t sent = one.try_send(bytes);
  EXPECT_GT(sent, 0U);
  EXPECT_LT(sent, bytes.size());  // a short write
  std::size_t total = sent;
  while (const std::size_t more = one.try_send(bytes)) total += more;  // what is on its way may make room

  one.shutdown(SHUT_WR);
  EXPECT_EQ(read_all(other).size(), total);  // what was reported as sent arrives, and no more
  other.send_all("answer");
  ASSERT_TRUE(one.wait_readable(deadline));
  EXPECT_EQ(one.try_recv(buffer), "answer");
}

TEST_P(Connection, WaitsForBytesUntilTheDeadline) {
  EXPECT_FALSE(one.wait_readable(0ms));
  EXPECT_FALSE(one.wait_readable(1ms));
  other.send_all("x");
  EXPECT_TRUE(one.wait_readable(deadline));
  EXPECT_EQ(one.recv(buffer), "x");
  EXPECT_FALSE(one.wait_readable(0ms));
  other.close();
  EXPECT_TRUE(one.wait_readable(deadline));  // the end is something to receive too
}

TEST_P(Connection, WaitsForBytesHoweverLongTheDeadline) {
  other.send_all("x");
  for (const std::chrono::milliseconds timeout :
       {std::chrono::milliseconds::max(), std::chrono::milliseconds::min(),
        std::chrono::milliseconds(1LL << 32)}) {
    EXPECT_TRUE(one.wait_readable(timeout));
  }
}

TEST_P(Connection, GoesOnReceivingWhenInterrupted) {
  const Interrupter interrupter([&] { other.send_all("at last"); });
  EXPECT_EQ(one.recv(buffer), "at last");
}

TEST_P(Connection, GoesOnWaitingWhenInterrupted) {
  const Interrupter interrupter([&] { other.send_all("at last"); });
  EXPECT_TRUE(one.wait_readable(-1ms));
  EXPECT_EQ(one.recv(buffer), "at last");
}

TEST_P(Connection, KeepsTheDeadlineOfAWaitThatIsInterrupted) {
  const Interrupter interrupter([] {});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(one.wait_readable(20ms));  // returns at all, although signals come faster
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
}

TEST_P(Connection, GoesOnSendingWhenInterrupted) {
  const std::string bytes = many_bytes(4 * 1024 * 1024 + 1);
  for (const bool nonblocking : {false, true}) {
    if (nonblocking) one.set_nonblocking();
    std::string all;
    {
      const Interrupter interrupter([&] {
        while (all.size() < bytes.size()) all += other.recv(buffer);
      });
      one.send_all(bytes);
    }
    EXPECT_TRUE(all == bytes) << (nonblocking ? "non-blocking" : "blocking");
  }
}

TEST_P(Loopback, GoesOnAcceptingWhenInterrupted) {
  Socket listening = listening_on(GetParam());
  Socket client = Socket::adopt(-1);
  std::string address;
  {
    const Interrupter interrupter([&] { client = connected_to(listening); });
    address = listening.accept().address.text();
  }
  EXPECT_EQ(address, client.local_address().text());
}

TEST_P(Loopback, GoesOnConnectingWhenInterrupted) {
  // With a full backlog, Linux does not answer, and connect() waits and tries again after a second.
  Socket listening = listening_on(GetParam(), 0);
  const Socket first = connected_to(listening);
  const Interrupter interrupter([&] {
    listening.accept();
    listening.accept().socket.send_all("welcome");
  });
  Socket second = connected_to(listening);
  EXPECT_EQ(read_all(second), "welcome");
}

TEST_P(Loopback, DoesNotWaitForAClientWhenNonBlocking) {
  Socket listening = listening_on(GetParam());
  listening.set_nonblocking();
  EXPECT_FALSE(listening.try_accept());
  EXPECT_EQ(error_of([&] { listening.accept(); }).what(), text_with("cannot accept", EAGAIN));
  const Socket client = connected_to(listening);
  ASSERT_TRUE(listening.wait_readable(deadline));
  const auto accepted = listening.try_accept();
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->address.text(), client.local_address().text());
  EXPECT_FALSE(listening.try_accept());
}

TEST_P(Loopback, ReportsThatThePeerHasReset) {
  Socket listening = listening_on(GetParam());
  Socket client = connected_to(listening);
  Accepted accepted = listening.accept();
  reset(client);
  std::array<char, 8> buffer;
  EXPECT_EQ(error_of([&] { accepted.socket.recv(buffer); }).what(), text_with("cannot receive", ECONNRESET));
  accepted.socket.shutdown(SHUT_RDWR);  // has nothing left to do, and does not throw
}

}  // namespace
