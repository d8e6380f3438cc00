#include "common/check/student.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "common/testing/port.hpp"
#include "common/text.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Long enough for a program that waits in recv() to take what has come before more does.
constexpr milliseconds moment{50};

// For a slow reader. Large segments would have the sender's kernel make its own buffer larger.
constexpr int small_buffer = 4096;
constexpr int small_segment = 1000;

// Python's way to write bytes, cut where nobody reads on.
std::string shown_bytes(std::string_view bytes) {
  constexpr std::size_t enough = 100;
  if (bytes.size() <= enough) return python_bytes(bytes);
  return fmt::format("{}... ({} bytes in all)", python_bytes(bytes.substr(0, enough)), bytes.size());
}

std::string joined(const std::vector<std::string>& commands) {
  return fmt::format("{}", fmt::join(commands, "; "));
}

// Commands for sh(1) that write `bytes`: printf(1), and head(1) for a byte that is repeated often.
std::string shell_write(std::string_view bytes) {
  constexpr std::size_t often = 100;
  std::vector<std::string> commands;
  std::string text;
  const auto flush = [&] {
    if (!text.empty()) commands.push_back(fmt::format("printf '{}'", std::exchange(text, "")));
  };
  while (!bytes.empty()) {
    const char byte = bytes.front();
    const bool plain = byte >= ' ' && byte <= '~' && byte != '\\' && byte != '\'';
    std::string written =
        plain ? std::string(1, byte) : fmt::format("\\{:03o}", static_cast<unsigned char>(byte));
    if (byte == '%') written = "%%";

    const std::size_t times = std::min(bytes.find_first_not_of(byte), bytes.size());
    if (times < often) {
      text += written;
      bytes.remove_prefix(1);
    } else {
      flush();
      commands.push_back(fmt::format("head -c {} /dev/zero | tr '\\0' '{}'", times, written));
      bytes.remove_prefix(times);
    }
  }
  flush();
  return joined(commands);
}

// Commands that write the first pieces one after the other. Only three come apart: enough to show a defect.
std::string shell_write(const std::vector<Piece>& all_pieces) {
  constexpr std::size_t enough = 20;
  const std::span pieces(all_pieces.data(), std::min(enough, all_pieces.size()));
  constexpr std::size_t apart = 3;
  constexpr std::size_t often = 10;
  std::vector<std::string> commands;
  std::string bytes;
  const auto flush = [&] {
    if (!bytes.empty()) commands.push_back(shell_write(std::exchange(bytes, "")));
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& [piece, times] = pieces[i];
    if (times < often) {
      for (std::size_t time = 0; time < times; ++time) bytes += piece;
    } else {
      flush();
      commands.push_back(fmt::format("for i in $(seq {}); do {}; done", times, shell_write(piece)));
    }
    if (i + 1 < std::min(apart, pieces.size())) {
      flush();
      commands.emplace_back("read enter");
    }
  }
  flush();
  return joined(commands);
}

std::string replaced(std::string text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string with_address(const std::string& command, const std::string& host, std::uint16_t port) {
  return replaced(replaced(command, "{host}", host), "{port}", std::to_string(port));
}

// A connection to a server, made before `end`; throws std::system_error.
Socket connected(const Address& address, Clock::time_point end, bool small_buffers) {
  Socket socket(address.family(), SOCK_STREAM);
  socket.set_nonblocking();
  if (small_buffers) {
    ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &small_buffer, sizeof small_buffer);
    ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_MAXSEG, &small_segment, sizeof small_segment);
  }
  try {
    socket.connect(address);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::operation_in_progress) throw;
    pollfd waiting{socket.descriptor(), POLLOUT, 0};
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
    int failure = ETIMEDOUT;
    socklen_t size = sizeof failure;
    if (::poll(&waiting, 1, static_cast<int>(std::max<decltype(left)>(left, 0))) > 0) {
      ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &failure, &size);
    }
    if (failure != 0) throw std::system_error(failure, std::system_category());
  }
  return socket;
}

// Whether an exit code, 128 and a number, is that of a signal: -1 in C is 255, and no such number.
bool is_of_signal(int exit_code) {
  return 128 < exit_code && exit_code < 128 + NSIG;
}

// The signal that is to end this process, once the program has ended: it may ignore that its terminal goes.
volatile std::sig_atomic_t interruption = 0;

void note_interruption(int number) {
  interruption = number;
}

struct Interrupted : std::exception {};

void on_interruption(void (*action)(int)) {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    if (std::signal(number, action) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

// Makes this process the parent of what the program starts and leaves to itself, such as a daemon.
// PR_SET_CHILD_SUBREAPER in prctl(2); another system than Linux gives it to init.
void adopt_orphans() {
#ifdef __linux__
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

// Only for the time when the program itself has ended, and has been waited for.
bool orphans_live() {
  pid_t child = 0;
  while ((child = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
  return child == 0;
}

// What an orphan has started is an orphan when that has ended.
void kill_orphans() {
  const auto end = Clock::now() + std::chrono::seconds(2);
  while (orphans_live() && Clock::now() < end) {
    std::ifstream children(fmt::format("/proc/self/task/{}/children", ::getpid()));
    for (pid_t child = 0; children >> child;) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(milliseconds(1));
  }
}

void reset(Socket& socket) {
  // With no time to linger, close() resets the connection: SO_LINGER in socket(7).
  const linger at_once{1, 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.close();
}

}  // namespace

std::size_t small_buffers_hold() {
  Socket listening_socket(AF_INET, SOCK_STREAM);
  listening_socket.bind(Address::to_listen_on("127.0.0.1", 0));
  listening_socket.listen();
  const Socket reader = connected(listening_socket.local_address(), Clock::now() + to_react, true);
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

void delay_acknowledgement([[maybe_unused]] const Socket& socket) {
#ifdef TCP_QUICKACK
  const int off = 0;
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
#endif
}

Connection::Connection(Student& student, Socket socket, const std::string& who)
    : student_(student), socket_(std::move(socket)), who_(printable(who)) {
  socket_.set_nonblocking();
  socket_.set_no_delay();
}

void Connection::send(std::string_view bytes) {
  if (bytes.empty()) return;
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
      student_.take_output(milliseconds(5));
    }
  } catch (const std::system_error&) {
    // The program has left already; whoever expects something of it will see that.
  }
}

void Connection::send_cut(std::string_view bytes, std::size_t size) {
  send(bytes.substr(0, size));
  student_.wait(moment);
  send(bytes.substr(size));
}

void Connection::send_one_by_one(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    send(bytes.substr(i, 1));
    student_.wait(i < 4 ? 3 * moment : milliseconds(10));  // the first decide how a program takes what comes
  }
}

// Takes in what comes next: false if nothing comes in time, or ever.
bool Connection::pump(Clock::time_point until) {
  std::array<char, 65536> buffer;
  while (their_end_ == End::none && Clock::now() < until) {
    const bool printed = student_.take_output(milliseconds(0));
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
  if (taken_ < received_.size()) fail("the end of the connection behind that", "too much");
  if (their_end_ == End::none) fail("the end of the connection", "the program keeps the connection open");
  if (their_end_ == End::reset) fail("the end of the connection");
}

void Connection::expect_dropped(const std::string& why) {
  const auto until = Clock::now() + to_react;
  while (!student_.exit_code_ && their_end_ == End::none && Clock::now() < until) pump(Clock::now() + moment);
  if (!student_.exit_code_ && their_end_ == End::none) {
    fail("the program gives the connection up, since " + why, "the program keeps the connection open");
  }
}

std::string Connection::message(const std::string& expected, milliseconds patience) {
  const auto until = Clock::now() + patience;
  try {
    while (true) {
      if (const auto body = reader_.next()) return std::string(*body);
      if (taken_ == received_.size() && !pump(until)) fail(expected);
      reader_.push(std::string_view(received_).substr(taken_));
      taken_ = received_.size();
    }
  } catch (const FramingError& error) {
    fail(expected, error.what());
  }
}

bool Connection::has_more(milliseconds patience) {
  return taken_ < received_.size() || pump(Clock::now() + patience);
}

void Connection::half_close() {
  socket_.shutdown(SHUT_WR);
  our_end_ = End::half_closed;
}

void Connection::close() {
  // To close with bytes unread would be to reset.
  while (socket_.descriptor() != -1 && their_end_ == End::none && has_more(milliseconds(1))) {
    taken_ = received_.size();
  }
  socket_.close();
  if (our_end_ != End::reset) our_end_ = End::closed;
}

void Connection::reset() {
  if (our_end_ == End::none) our_end_ = End::reset;
  if (socket_.descriptor() != -1) ::reset(socket_);
}

void Connection::half_close_and_reset() {
  our_end_ = End::half_closed_and_reset;
  socket_.shutdown(SHUT_WR);
  ::reset(socket_);
}

void Connection::fail(const std::string& expected, const std::string& remark) const {
  if (their_end_ != End::none) student_.wait_for_end(to_react);  // perhaps that is why
  std::string came = received_.empty() ? "nothing" : shown_bytes(received_);
  if (their_end_ == End::closed) came += ", then the end of the connection";
  if (their_end_ == End::reset) came += ", then a reset of the connection (ECONNRESET)";
  if (!remark.empty()) came += "; " + remark;
  if (their_end_ == End::reset && !student_.exit_code()) {
    came +=
        "\nA program resets a connection when it closes a socket in which bytes wait that it has not read:"
        "\ndocs/part1.md#5-look-from-outside";
  }
  const std::string who = student_.connections_.size() > 1 ? who_ + ": " : "";
  student_.fail(who + expected, who + came);
}

Student::Student(Side side, std::string command, std::string host, std::uint16_t port)
    : side_(side),
      command_(std::move(command)),
      host_(std::move(host)),
      port_(port),
      address_(Address::to_listen_on(host_, port_)) {
  on_interruption(note_interruption);
}

Student::~Student() {
  end();
  for (Socket& guest : crowd_) ::reset(guest);
  on_interruption(SIG_DFL);
  if (interruption != 0) ::raise(interruption);
}

void Student::start() {
  if (process_) return;
  adopt_orphans();
  const std::string command = with_address(command_, host_, port_);
  process_ =
      std::make_unique<Process>(std::vector<std::string>{"sh", "-c", command}, Process::Stdio::terminal);
}

void Student::end() {
  process_.reset();
  listening_socket_.reset();
  kill_orphans();
}

void Student::stop() {
  end();
  was_stopped_ = true;
  if (side_ == Side::client) connections_.clear();
  if (side_ == Side::server) port_state(address_);  // waits until all that it had started lets go of the port
  screen_.clear();
  expected_to_ = 0;
  exit_code_.reset();
  was_connected_ = false;
}

Connection& Student::connect(const std::string& who) {
  return connect(who, false);
}

Connection& Student::connect_with_small_buffers(const std::string& who) {
  return connect(who, true);
}

Connection& Student::connect(const std::string& who, bool small_buffers) {
  start();
  const auto patience = was_connected_ ? to_react : to_start;
  const auto end = Clock::now() + patience;
  while (true) {
    try {
      Connection& connection = connections_.emplace_back(*this, connected(address_, end, small_buffers), who);
      connection.has_small_buffers_ = small_buffers;
      was_connected_ = true;
      return connection;
    } catch (const std::system_error&) {
      take_output(milliseconds(20));
      if (!exit_code_ && Clock::now() < end) continue;
      const std::string again = was_stopped_ ? " again" : "";
      fail(was_connected_ ? fmt::format("a server that still listens on {}", address_.text())
                          : fmt::format("a server that listens{} on {} within {} seconds", again,
                                        address_.text(), patience.count()),
           exit_code_ ? "nobody listens there"
                      : "nobody listens there; is it another port or another address of this machine?");
    }
  }
}

bool Student::connect_silently() {
  try {
    crowd_.push_back(connected(address_, Clock::now() + to_react, false));
    take_output(milliseconds(0));
    return true;
  } catch (const std::system_error&) {
    wait_for_end(to_react);  // perhaps that is why
    return false;
  }
}

// A program need not be one process: all that it has started is in its process group.
void Student::pause() {
  was_paused_ = true;
  if (process_) ::kill(-process_->id(), SIGSTOP);
  wait(moment);
}

void Student::resume() {
  if (process_) ::kill(-process_->id(), SIGCONT);
}

bool Student::has_connected(milliseconds time) {
  if (!listening_socket_) {
    listening_socket_.emplace(address_.family(), SOCK_STREAM);
    listening_socket_->set_reuse_address();
    listening_socket_->bind(address_);
    listening_socket_->listen();
  }
  start();
  wait(time);
  return listening_socket_->wait_readable(milliseconds(0));
}

Connection& Student::accept() {
  const auto end = Clock::now() + to_start;
  while (!has_connected(milliseconds(20))) {
    if (!exit_code_ && Clock::now() < end) continue;
    fail(fmt::format("a client that connects to {}", address_.text()),
         fmt::format("your client did not connect to {} {}", address_.text(),
                     exit_code_ ? "before it ended" : fmt::format("within {} seconds", to_start.count())));
  }
  return connections_.emplace_back(*this, listening_socket_->accept().socket, "the server");
}

void Student::type(const std::string& line) {
  take_output(milliseconds(0));
  if (exit_code_) fail("a program that reads its keyboard", "it has ended already");
  typed_.push_back(line);
  try {
    process_->type(line + "\n");
  } catch (const std::runtime_error&) {
    // The program has ended just now; whoever expects something of it will see that.
  }
}

void Student::end_input() {
  take_output(milliseconds(0));
  typed_.emplace_back("Ctrl-D");
  try {
    if (!exit_code_) process_->close_input();
  } catch (const std::runtime_error&) {
    // The same.
  }
}

void Student::expect_shown(const std::string& text) {
  expect_screen(
      [&](const std::string& screen) {
        const std::size_t at = screen.find(text, expected_to_);
        if (at != std::string::npos) expected_to_ = at + text.size();
        return at != std::string::npos;
      },
      fmt::format("'{}' on the screen", printable(text)));
}

void Student::expect_screen(const std::function<bool(const std::string& screen)>& condition,
                            const std::string& expected) {
  const auto end = Clock::now() + to_react;
  while (!condition(screen_)) {
    if (exit_code_ || Clock::now() > end) {
      const std::string before = screen_;
      const bool ran_on = !exit_code_;
      for (Connection& connection : connections_) connection.socket_.close();
      wait_for_end(to_react);
      if (ran_on && condition(screen_)) {
        fail(expected,
             "it came only when the connection was closed. Either your program waits for the end of the "
             "stream,\n"
             "or its output is held back in a buffer: flush it (std::flush in C++, fflush() in C, flush=True "
             "in\n"
             "Python's print)");
      }
      fail(expected, before.empty() ? "nothing on the screen" : "on the screen:\n" + last_lines());
    }
    take_output(milliseconds(20));
  }
}

void Student::expect_no_command(const std::string& command) const {
  std::string screen = screen_;
  std::erase(screen, '\n');  // a program may show each piece that it receives on a line of its own
  if (screen.find(command) == std::string::npos) return;
  fail(
      "the screen without control characters that a peer has sent: print \\x1b for ESC, or leave it out",
      fmt::format("{} on the screen, as it was sent: the terminal does what it says", python_bytes(command)));
}

int Student::expect_end(const std::string& when) {
  wait_for_end(to_start);  // perhaps it has only just been started
  if (!exit_code_) fail("the program ends " + when, "it goes on");
  if (is_of_signal(*exit_code_)) fail("the program ends " + when, "a crash");
  return *exit_code_;
}

void Student::wait(milliseconds time) {
  const auto end = Clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    if (left.count() <= 0) return;
    take_output(left);
  }
}

void Student::wait_for_end(milliseconds patience) {
  const auto end = Clock::now() + patience;
  while (!exit_code_ && Clock::now() < end) take_output(milliseconds(20));
}

// Takes in what the program prints next: false if nothing comes in time.
bool Student::take_output(milliseconds patience) {
  if (interruption != 0) throw Interrupted();
  if (!process_ || exit_code_) {
    std::this_thread::sleep_for(patience);
    return false;
  }
  const auto output = process_->read(patience);
  if (!output) {
    const int code = process_->wait();
    if (!orphans_live()) {
      exit_code_ = code;
    } else {
      std::this_thread::sleep_for(patience);
    }
    return false;
  }
  std::copy_if(output->begin(), output->end(), std::back_inserter(screen_),
               [](char byte) { return byte != '\r'; });
  constexpr std::size_t largest_screen = 1024 * 1024;
  if (screen_.size() > largest_screen && side_ == Side::client) {
    screen_.resize(200);
    fail("output that ends", "it prints without end, and so began on the screen:\n" + last_lines());
  }
  if (screen_.size() > largest_screen) screen_.erase(0, largest_screen / 2);
  return !output->empty();
}

// The last lines on the screen, which is where a reason stands.
std::string Student::last_lines() const {
  constexpr int enough = 5;
  std::vector<std::string> lines;
  std::istringstream screen(screen_);
  for (std::string line; std::getline(screen, line);) {
    if (!line.empty()) lines.push_back(line.size() > 200 ? line.substr(0, 200) + "..." : line);
  }
  std::string text;
  for (auto line = lines.size() > enough ? lines.end() - enough : lines.begin(); line != lines.end();
       ++line) {
    text += (text.empty() ? "" : "\n") + printable(*line);
  }
  return text;
}

std::string Student::state() const {
  if (!exit_code_) return "";
  if (*exit_code_ == 0) return "the program has ended";
  if (!is_of_signal(*exit_code_)) return fmt::format("the program has ended with exit code {}", *exit_code_);
  return fmt::format("the program has ended with the signal {} ({})", *exit_code_ - 128,
                     ::strsignal(*exit_code_ - 128));
}

void Student::fail(const std::string& expected, const std::string& came) const {
  Mismatch mismatch;
  mismatch.expected = expected;
  mismatch.came = came;
  if (exit_code_) mismatch.came += "\n" + state();
  if (!screen_.empty() && came.find("on the screen:") == std::string::npos) {
    mismatch.came += exit_code_ ? ", and its" : "\nThe program goes on, and its";
    mismatch.came += " last lines are:\n" + last_lines();
  }
  mismatch.never_connected = connections_.empty();
  throw mismatch;
}

// Connections of the same name that follow each other are told of once: the first of them, and how many they are.
std::vector<std::pair<const Connection*, std::size_t>> Student::groups() const {
  std::vector<std::pair<const Connection*, std::size_t>> groups;
  for (const Connection& connection : connections_) {
    if (!groups.empty() && groups.back().first->who_ == connection.who_) {
      ++groups.back().second;
    } else {
      groups.emplace_back(&connection, 1);
    }
  }
  return groups;
}

std::vector<std::string> Student::sent() const {
  std::vector<std::string> lines;
  for (const auto& [first, count] : groups()) {
    const Connection& connection = *first;
    std::string line = connections_.size() > 1 ? connection.who_ + ": " : "";
    if (connection.pieces_.empty()) line += "nothing";
    constexpr std::size_t enough = 6;
    for (std::size_t i = 0; i < std::min(connection.pieces_.size(), enough); ++i) {
      const auto& [bytes, times] = connection.pieces_[i];
      line += (i > 0 ? ", then " : "") + shown_bytes(bytes);
      if (times > 1) line += fmt::format(" {} times", times);
    }
    if (connection.pieces_.size() > enough) line += ", and so on";
    if (connection.our_end_ == Connection::End::half_closed) line += ", then a half-close";
    if (connection.our_end_ == Connection::End::closed) line += ", then the end of the connection";
    if (connection.our_end_ == Connection::End::reset) line += ", then a reset";
    if (connection.our_end_ == Connection::End::half_closed_and_reset) line += ", then the end, and a reset";
    if (count > 1) line += fmt::format(" ({} of them)", count);
    lines.push_back(line);
  }
  if (!crowd_.empty()) lines.push_back(fmt::format("{} silent guests: nothing", crowd_.size()));
  for (const std::string& line : typed_) lines.push_back(fmt::format("typed: '{}'", printable(line)));
  return lines;
}

std::vector<std::string> Student::by_hand() const {
  constexpr std::uint16_t port = 1234;
  const std::string program = with_address(command_, "127.0.0.1", port);
  const std::size_t descriptors = crowd_.size() + 200;
  std::vector<std::string> commands = {
      crowd_.empty() ? program : fmt::format("ulimit -S -n {}; {}", descriptors, program)};
  if (was_paused_) {
    commands.front() += "   # Ctrl-Z before somebody leaves or breaks off, and fg after it";
  }
  for (const auto& [first, count] : groups()) {
    const Connection& connection = *first;
    const bool closed =
        connection.our_end_ == Connection::End::closed || connection.our_end_ == Connection::End::half_closed;
    const bool half_closed = connection.our_end_ == Connection::End::half_closed_and_reset;
    std::string sent;
    for (const Piece& piece : connection.pieces_) sent += piece.bytes;
    std::string command =
        fmt::format("nc {}{}127.0.0.1 {}", closed ? "-N " : "", side_ == Side::client ? "-l " : "", port);
    if (side_ == Side::server && (half_closed || connection.our_end_ == Connection::End::reset)) {
      // nc cannot reset a connection.
      command = fmt::format(
          "python3 -c \"import socket, struct; s = socket.create_connection(('127.0.0.1', {})); s.send({}); "
          "{}"
          "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()\"",
          port, python_bytes(sent), half_closed ? "s.shutdown(socket.SHUT_WR); " : "");
    } else if (connection.has_small_buffers_) {
      command = fmt::format(
          "python3 -c \"import itertools, socket; s = socket.socket(); "
          "s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, {}); "
          "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, {}); s.connect(('127.0.0.1', {})); "
          "s.send({}); "
          "input('Enter reads'); [print(n) for n in itertools.accumulate(map(len, iter(lambda: "
          "s.recv(65536), b'')))]\"",
          small_buffer, small_segment, port, python_bytes(sent));
    } else if (!connection.pieces_.empty()) {
      // Pieces that are to come one after the other must not be written before the client is there.
      const char* const wait = side_ == Side::client && connection.pieces_.size() > 1 ? "read enter; " : "";
      command = fmt::format("({}{}) | {}", wait, shell_write(connection.pieces_), command);
    }
    std::string remark = connections_.size() > 1 ? connection.who_ : "";
    if (count > 1) remark += fmt::format(", {} times", count);
    if (connection.pieces_.size() > 1)
      remark += remark.empty() ? "Enter sends the next piece" : "; Enter sends the next piece";
    if (!remark.empty()) command += "   # " + remark;
    commands.push_back(command);
  }
  if (!crowd_.empty()) {
    commands.push_back(
        fmt::format("ulimit -S -n {}; python3 -c \"import socket; s = "
                    "[socket.create_connection(('127.0.0.1', {})) for i in "
                    "range({})]; input('Enter ends')\"   # the silent guests, before the last one comes",
                    descriptors, port, crowd_.size()));
  }
  if (side_ == Side::server && was_stopped_) {
    commands.push_back(program + "   # again, where you have ended it with Ctrl-C");
  }
  if (side_ == Side::client) std::rotate(commands.begin(), commands.begin() + 1, commands.end());
  return commands;
}
