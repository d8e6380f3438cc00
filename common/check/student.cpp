#include "common/check/student.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "common/testing/port.hpp"
#include "common/text.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* bind_section = "docs/part1.md#bind-an-address-and-a-port";
constexpr const char* htons_section = "docs/part1.md#two-bytes-the-wrong-way-round";

// A program that works a larger share of the time than this does not sleep.
constexpr double busy = 0.2;

// Long enough for a program that waits in recv() to take what has come before more does.
constexpr milliseconds moment{50};

// How often a person who plays a behaviour by hand is asked for the same.
constexpr std::size_t enough_steps = 12;

// For a slow reader. Large segments would have the sender's kernel make its own buffer larger.
constexpr int small_buffer = 4096;
constexpr int small_segment = 1000;

std::uint16_t swapped(std::uint16_t port) {
  return static_cast<std::uint16_t>(port << 8 | port >> 8);
}

void make_buffers_small(const Socket& socket) {
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &small_buffer, sizeof small_buffer);
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_MAXSEG, &small_segment, sizeof small_segment);
}

std::string without_htons(const Address& address) {
  return fmt::format("port {}, which is {} with its two bytes swapped: htons() is missing",
                     swapped(port_of(address)), port_of(address));
}

}  // namespace

std::string shown_bytes(std::string_view bytes) {
  constexpr std::size_t enough = 100;
  if (bytes.size() <= enough) return python_bytes(bytes);
  return fmt::format("{}... (the first {} of {} bytes)", python_bytes(bytes.substr(0, enough)), enough,
                     bytes.size());
}

std::string random_word() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::string word;
  for (int i = 0; i < 8; ++i) word += letters[random() % letters.size()];
  return word;
}

std::size_t small_buffers_hold() {
  Socket listening_socket = listening_on(Address::to_listen_on("127.0.0.1", 0));
  Socket reader(AF_INET, SOCK_STREAM);
  make_buffers_small(reader);
  reader.connect(listening_socket.local_address());
  Socket sender = listening_socket.accept().socket;
  sender.set_nonblocking();

  const std::string bytes(10'000, 'x');
  std::size_t taken = 0;
  // While the first bytes are on their way, room may come up again.
  for (int tries = 0; tries < 10; ++tries) {
    while (const std::size_t size = sender.try_send(bytes)) taken += size;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return taken;
}

// --- Connection ---

Connection::Connection(Terminal& program, Socket socket, const std::string& who)
    : program_(program), socket_(std::move(socket)), who_(printable(who)) {
  socket_.set_nonblocking();
  socket_.set_no_delay();
}

void Connection::send(std::string_view bytes) {
  if (bytes.empty()) return;
  if (pieces_.size() < enough_steps) program_.step(fmt::format("{} sends {}.", who_, shown_bytes(bytes)));
  if (pieces_.empty() || pieces_.back().bytes != bytes) {
    pieces_.push_back({std::string(bytes), 1});
  } else {
    ++pieces_.back().times;
  }
  const auto end = Clock::now() + to_react;
  try {
    while (true) {
      bytes.remove_prefix(socket_.try_send(bytes));
      if (bytes.empty()) return;
      if (Clock::now() > end) fail("the program takes what it is sent", "it reads no more");
      pump(Clock::now() + milliseconds(5));  // a program may answer meanwhile, and wait until that is taken
    }
  } catch (const std::system_error&) {
    // The program has left already; whoever expects something of it will see that.
  }
}

void Connection::send_cut(std::string_view bytes, std::size_t size) {
  send(bytes.substr(0, size));
  program_.wait(moment);
  send(bytes.substr(size));
}

void Connection::send_one_by_one(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    send(bytes.substr(i, 1));
    program_.wait(i < 4 ? 3 * moment : milliseconds(10));  // the first decide how a program takes what comes
  }
}

// Takes in what comes next: false if nothing comes in time, or ever.
bool Connection::pump(Clock::time_point until) {
  std::array<char, 65536> buffer;
  while (socket_.descriptor() != -1 && their_end_ == End::none && Clock::now() < until) {
    const bool printed = program_.take_in(milliseconds(0));
    if (!socket_.wait_readable(milliseconds(printed ? 0 : 10))) continue;
    try {
      const auto bytes = socket_.try_recv(buffer);
      if (!bytes) continue;
      received_ += *bytes;
      if (!bytes->empty()) return true;
      their_end_ = End::closed;
    } catch (const std::system_error&) {
      their_end_ = End::reset;
    }
  }
  return false;
}

void Connection::expect(std::string_view bytes, milliseconds patience) {
  const auto until = Clock::now() + patience;
  as_due_ = taken_;
  std::string_view came;
  do {
    came = std::string_view(received_).substr(taken_, bytes.size());
  } while (came != bytes && bytes.starts_with(came) && pump(until));
  if (came != bytes) fail(shown_bytes(bytes));
  taken_ += bytes.size();
}

void Connection::expect_end() {
  const auto until = Clock::now() + to_react;
  while (pump(until)) continue;
  if (taken_ < received_.size()) fail("the end of the connection after that", "too much");
  if (their_end_ == End::none) fail("the end of the connection", "the program keeps the connection open");
  if (their_end_ == End::reset) fail("the end of the connection");
}

void Connection::expect_dropped(const std::string& why) {
  const auto until = Clock::now() + to_react;
  as_due_ = taken_;
  while (!program_.exit_code() && their_end_ == End::none && Clock::now() < until)
    pump(Clock::now() + moment);
  const std::string expected = "the program closes the connection, since " + why;
  if (!program_.exit_code() && their_end_ == End::none)
    fail(expected, "the program keeps the connection open");
  program_.wait_for_end(2 * moment);
  if (program_.has_crashed()) fail(expected, "a crash");
}

std::vector<std::string> Connection::messages(std::size_t count, const std::string& expected,
                                              milliseconds patience) {
  const auto until = Clock::now() + patience;
  as_due_ = taken_;
  MessageReader reader(1024 * 1024);
  std::size_t read = taken_;
  std::vector<std::string> bodies;
  try {
    while (bodies.size() < count) {
      if (const auto body = reader.next()) {
        bodies.emplace_back(*body);
        taken_ += header_size + body->size();
        continue;
      }
      if (read == received_.size() && !pump(until)) {
        const std::size_t rest = received_.size() - taken_;
        if (rest == 0) fail(expected);
        fail(expected, rest < header_size ? fmt::format("a header alone has {} bytes", header_size)
                                          : "the body is shorter than the header says");
      }
      reader.push(std::string_view(received_).substr(read));
      read = received_.size();
    }
  } catch (const FramingError& error) {
    fail(expected, error.what());
  }
  return bodies;
}

bool Connection::has_more(milliseconds patience) {
  return taken_ < received_.size() || pump(Clock::now() + patience);
}

void Connection::half_close() {
  program_.step(fmt::format("{} ends its direction of the connection.", who_));
  socket_.shutdown(SHUT_WR);
  our_end_ = ", then a half-close";
}

void Connection::close() {
  program_.step(fmt::format("{} closes the connection.", who_));
  // To close with bytes unread would be to reset. A program that sends without end is cut off.
  const auto until = Clock::now() + to_react;
  while (their_end_ == End::none && Clock::now() < until && has_more(milliseconds(1))) {
    taken_ = received_.size();
  }
  socket_.close();
  our_end_ = ", then the end of the connection";
}

void Connection::reset() {
  if (our_end_.empty()) our_end_ = ", then a reset";
  give_up();
}

void Connection::give_up() {
  if (socket_.descriptor() != -1) ::reset(socket_);
}

void Connection::half_close_and_reset() {
  program_.step(fmt::format("{} ends its direction, and resets the connection.", who_));
  socket_.shutdown(SHUT_WR);
  ::reset(socket_);
  our_end_ = ", then the end, and a reset";
}

void Connection::fail(const std::string& expected, const std::string& remark) {
  if (their_end_ != End::none) program_.wait_for_end(to_react);  // perhaps that is why
  const std::string_view since = std::string_view(received_).substr(as_due_);
  std::string came = !since.empty() ? shown_bytes(since) : as_due_ == 0 ? "nothing" : "nothing more";
  if (their_end_ == End::closed) came += ", then the end of the connection";
  if (their_end_ == End::reset) came += ", then a reset of the connection (ECONNRESET)";
  if (!remark.empty()) came += "; " + remark;
  if (their_end_ == End::reset && !program_.exit_code()) {
    came +=
        "\nA program resets a connection when it closes a socket in which bytes wait that it has not read:"
        "\ndocs/part1.md#5-look-from-outside";
  }
  throw Mismatch{expected, came, "", who_};
}

std::string Connection::sent() const {
  constexpr std::size_t enough = 6;
  std::string text = pieces_.empty() ? "nothing" : "";
  for (std::size_t i = 0; i < std::min(pieces_.size(), enough); ++i) {
    const auto& [bytes, times] = pieces_[i];
    text += (i > 0 ? ", then " : "") + shown_bytes(bytes);
    if (times > 1) text += fmt::format(", {} times", times);
  }
  return text + (pieces_.size() > enough ? ", and so on" : "") + our_end_;
}

// --- Student ---

Student::Student(Side side, const std::string& command, const std::string& host, std::uint16_t port,
                 bool by_hand)
    : Terminal(command, by_hand),
      side_(side),
      address_(Address::to_listen_on(host, port)),
      swapped_(Address::to_listen_on(host, swapped(port))) {}

void Student::stop() {
  step("End your program: Ctrl-C in its terminal.");
  end();
  was_stopped_ = true;
  listening_socket_.reset();
  if (side_ == Side::client) connections_.clear();
  if (side_ == Side::server) port_state(address_);  // waits until all that it had started lets go of the port
  expected_to_ = 0;
  shown_before_.clear();
  is_up_ = false;
}

// A program that has just been started may still be busy with that.
void Student::let_it_start(Clock::time_point start, Clock::time_point& end) {
  if (Clock::now() >= end && Clock::now() < start + 3 * to_start &&
      load(milliseconds(1000)).value_or(0) > busy)
    end = Clock::now() + std::chrono::seconds(1);
}

Connection& Student::connect(const std::string& who, Buffers buffers) {
  start();
  if (connections_.size() < enough_steps) step(fmt::format("{} connects.", who));
  const auto start = Clock::now();
  auto end = start + (is_up_ ? to_react : to_start);
  auto next_look = start + std::chrono::seconds(1);
  int looks_elsewhere = 0;
  std::optional<std::vector<std::uint16_t>> ports_at_last;
  while (true) {
    try {
      Socket socket(address_.family(), SOCK_STREAM);
      if (buffers == Buffers::small) make_buffers_small(socket);
      connect_until(socket, address_, end);
      is_up_ = true;
      return connections_.emplace_back(*this, std::move(socket), who);
    } catch (const std::system_error& error) {
      const bool no_answer = error.code() == std::errc::timed_out;
      take_in(milliseconds(20));
      if (Clock::now() > next_look) {
        next_look = Clock::now() + std::chrono::seconds(1);
        looks_elsewhere = ports().empty() ? 0 : looks_elsewhere + 1;
      }
      // A program that starts is busy; one that has been listening elsewhere need not be waited for.
      const bool is_in_vain = exit_code() || no_answer || looks_elsewhere == 2;
      if (!is_in_vain && !is_up_) let_it_start(start, end);
      if (!is_in_vain && Clock::now() < end) continue;
      if (ports_at_last) fail_to_connect(no_answer, *ports_at_last);
      ports_at_last = ports();  // and one more try: it may listen since just now
    }
  }
}

void Student::fail_to_connect(bool no_answer, const std::vector<std::uint16_t>& ports) {
  const std::string expected = fmt::format("a server that {} on {}",
                                           is_up_         ? "still listens"
                                           : was_stopped_ ? "listens again"
                                                          : "listens",
                                           address_.text());
  const auto listens_on = [&](const Address& address) {
    return std::ranges::find(ports, port_of(address)) != ports.end();
  };
  if (no_answer) {
    fail(expected,
         "no answer: it listens, but the queue of connections that it has not accepted is full. It has to "
         "call\naccept() again, or to ask listen() for a longer queue",
         "docs/part1.md#listen-the-backlog");
  }
  if (exit_code() || ports.empty()) {
    const bool is_first = !is_up_ && !was_stopped_;
    std::string came = "nobody listens there";
    if (is_first && screen().find(::strerror(EADDRINUSE)) != std::string::npos) {
      came +=
          ", and for TCP, SOCK_STREAM, the port was free. For UDP, SOCK_DGRAM, it is not: there the check "
          "holds it";
    }
    fail(expected, came, is_first ? bind_section : "");
  }
  if (listens_on(address_)) fail(expected, "it listens on that port, but on another address", bind_section);
  if (listens_on(swapped_)) fail(expected, "it listens on " + without_htons(address_), htons_section);
  fail(expected, fmt::format("nobody listens there: it listens on port {}", ports.front()), bind_section);
}

bool Student::has_connected(milliseconds time) {
  if (!listening_socket_) {
    listening_socket_.emplace(listening_on(address_));
    try {
      swapped_socket_.emplace(listening_on(swapped_));
    } catch (const std::system_error&) {
      // Only for a program that has forgotten htons().
    }
  }
  start();
  wait(time);
  return listening_socket_->wait_readable(milliseconds(0));
}

Connection& Student::accept() {
  const auto start = Clock::now();
  auto end = start + to_start;
  while (!has_connected(milliseconds(20))) {
    const std::string expected = fmt::format("a client that connects to {}", address_.text());
    if (swapped_socket_ && swapped_socket_->wait_readable(milliseconds(0)))
      fail(expected, "it connected to " + without_htons(address_), htons_section);
    if (!exit_code()) let_it_start(start, end);
    if (!exit_code() && Clock::now() < end) continue;
    const std::string when =
        exit_code() ? "before it ended" : fmt::format("within {} seconds", to_start.count());
    fail(expected, fmt::format("your client did not connect to {} {}", address_.text(), when),
         "docs/part1.md#connect");
  }
  swapped_socket_.reset();
  return connections_.emplace_back(*this, listening_socket_->accept().socket, "the server");
}

void Student::expect_shown(const std::string& text) {
  const std::string after = shown_before_.empty() ? "" : fmt::format(", after '{}'", shown_before_);
  const std::string shown = printable(text.size() > 100 ? text.substr(0, 100) + "..." : text);
  expect_screen(
      [&](const std::string& screen) {
        const std::size_t gone = scrolled_away();
        const std::size_t at = screen.find(text, std::max(expected_to_, gone) - gone);
        if (at != std::string::npos) expected_to_ = gone + at + text.size();
        return at != std::string::npos;
      },
      fmt::format("'{}' on the screen{}", shown, after));
  shown_before_ = shown;
}

void Student::expect_screen(const std::function<bool(const std::string& screen)>& condition,
                            const std::string& expected, milliseconds patience) {
  if (by_hand()) return step("Your program should show " + expected + ".");
  const auto end = Clock::now() + patience;
  // A program may be slow at what is large, such as one that copies all that has come with each piece of 16 bytes. It is
  // at work while it uses a processor, or waits for one, and while it is printing more than a terminal's buffer holds.
  const auto is_at_work = [&] {
    constexpr double most_work = 30;  // in seconds
    constexpr std::size_t terminal_buffer = 4096;
    if (patience <= to_react || processor_time() > most_work) return false;
    const std::size_t shown = scrolled_away() + screen().size();
    return load(milliseconds(1500)).value_or(0) > busy ||
           scrolled_away() + screen().size() > shown + terminal_buffer;
  };
  while (!condition(screen())) {
    const bool ran_on = !exit_code();
    if (ran_on && (Clock::now() <= end || is_at_work())) {
      take_in(milliseconds(20));
      continue;
    }
    const std::string before = last_lines();
    const std::string on_screen = before.empty() ? "nothing on the screen" : "on the screen:\n" + before;
    was_cut_off_ = ran_on;
    for (Connection& connection : connections_) connection.give_up();
    wait_for_end(std::chrono::seconds(4));
    if (ran_on && condition(screen())) {
      fail(expected,
           "it came only when the connection was closed. Either your program waits for the end of the "
           "stream,\nor its output is held back in a buffer: flush it (std::flush in C++, fflush() in C, "
           "flush=True in\nPython's print)");
    }
    fail(expected, on_screen + (ran_on ? "\nThe program goes on" : ""));
  }
}

void Student::expect_no_command(const std::string& command) {
  wait(milliseconds(200));
  std::string shown = screen();
  std::erase(shown, '\n');  // a program may show each piece that it receives on a line of its own
  if (shown.find(command) == std::string::npos) return;
  fail(
      "the screen without control characters that a peer has sent: print \\x1b for ESC, or leave it out",
      fmt::format("{} on the screen, as it was sent: the terminal does what it says", python_bytes(command)));
}

void Student::expect_exit(const std::string& when, Code code) {
  if (by_hand()) return step("Your program should end " + when + ".");
  wait_for_end(to_react);
  const std::string expected = "the program ends " + when;
  if (!exit_code()) fail(expected, "it goes on");
  if (has_crashed()) fail(expected, "a crash");
  if (code == Code::zero && exit_code() != 0) fail(expected + ", with exit code 0", "an error");
  if (code == Code::above_zero && exit_code() == 0)
    fail(expected + ", and an exit code above 0", "exit code 0");
}

void Student::expect_sleep(const std::string& when) {
  if (by_hand()) return step("Your program should use no processor time " + when + ": see top.");
  // Until it sleeps: it may still be busy with what has come.
  double share = 1;
  for (int looks = 0; looks < 8; ++looks) {
    const std::optional<double> now = load(milliseconds(300));
    if (!now) throw CannotJudge();
    share = *now;
    if (share <= busy) return;
  }
  fail("the program sleeps " + when + ", until something comes",
       fmt::format("it keeps a processor busy, {:.0f} % of the time, and goes on with that: a loop that asks "
                   "again and again.\n"
                   "Let accept(), recv() or select() wait, and do not ask a connection that has ended",
                   100 * share));
}

void Student::fail(const std::string& expected, const std::string& came, const std::string& section) const {
  throw Mismatch{expected, came, section};
}

bool Student::waits_to_be_accepted(const Connection& connection) const {
  return connection.socket().descriptor() != -1 &&
         waits_in_queue(port_of(address_), port_of(connection.socket().local_address()));
}

Mismatch Student::explained(Mismatch fault) {
  std::string seen_by;
  if (connections_.size() > 1 && !fault.who.empty()) seen_by = fault.who + ": ";
  fault.expected = seen_by + fault.expected;
  fault.came = seen_by + fault.came;
  const auto seer = std::find_if(connections_.rbegin(), connections_.rend(),
                                 [&](const Connection& connection) { return connection.who() == fault.who; });
  if (side_ == Side::server && seer != connections_.rend() && waits_to_be_accepted(*seer)) {
    fault.came += "\nYour server has not accepted this connection yet: it is still in the queue of listen()";
  }
  const bool is_shown = fault.came.find("on the screen:") != std::string::npos;
  const std::string end = was_cut_off_ ? "" : state(!is_shown);
  if (!end.empty()) fault.came += "\n" + end;
  return fault;
}

std::vector<std::string> Student::sent() const {
  std::vector<std::string> lines;
  // Connections of the same name that follow each other are one line: the first of them, and how many they are.
  for (std::size_t i = 0; i < connections_.size();) {
    const Connection& connection = connections_[i];
    std::size_t count = 0;
    while (i < connections_.size() && connections_[i].who() == connection.who()) ++i, ++count;
    lines.push_back((connections_.size() > 1 ? connection.who() + ": " : "") + connection.sent() +
                    (count > 1 ? fmt::format(" ({} of them)", count) : ""));
  }
  for (const std::string& line : typed()) lines.push_back(fmt::format("typed: '{}'", printable(line)));
  return lines;
}
