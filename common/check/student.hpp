// For the check of each part: a program that a student has written, in any language, as the check sees it.
// The check plays the other side of every connection, and whoever sits at the keyboard.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/message.hpp"
#include "common/socket.hpp"
#include "common/testing/process.hpp"

/// How long a program may take to start, and to do what is expected of it.
inline constexpr std::chrono::seconds to_start{10};
inline constexpr std::chrono::seconds to_react{5};

enum class Side { server, client };

/// The student's program did not do what was expected.
struct Mismatch : std::exception {
  std::string expected;
  std::string came;
  bool never_connected = false;
};

/// What a connection has sent at once, several times in a row if `times` is above 1.
struct Piece {
  std::string bytes;
  std::size_t times;
};

/// How many bytes the kernel takes for a reader who reads nothing, over such a connection as
/// Student::connect_with_small_buffers() makes.
std::size_t small_buffers_hold();

/// Lets the kernel acknowledge the next bytes late, as it may at any time. TCP_QUICKACK in tcp(7); a system
/// without that option does as it likes.
void delay_acknowledgement(const Socket& socket);

class Student;

/// A connection between the check and the student's program. What the check sends is remembered, so that it
/// can be told and repeated by hand. Every method that waits does so for a limited time, and throws Mismatch
/// then.
class Connection {
 public:
  /// `who` names the check's end of the connection: "alice".
  Connection(Student& student, Socket socket, const std::string& who);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { reset(); }

  /// Sends `bytes`, in one segment if they fit into one.
  void send(std::string_view bytes);
  /// Sends `bytes` in two pieces, the first of `size` bytes, and leaves the program time to take it alone.
  void send_cut(std::string_view bytes, std::size_t size);
  /// Sends `bytes` one by one.
  void send_one_by_one(std::string_view bytes);

  /// Expects that exactly `bytes` come next.
  void expect(std::string_view bytes, std::chrono::milliseconds patience = to_react);
  /// Expects that nothing more comes, but the end of the connection.
  void expect_end();
  /// Expects that the program gives this connection up, in any way; `why` says why it should.
  void expect_dropped(const std::string& why);

  /// Expects a message, and returns its body; `expected` describes it.
  std::string message(const std::string& expected, std::chrono::milliseconds patience = to_react);
  /// Waits a moment for bytes: true if there are any that nobody has expected yet.
  bool has_more(std::chrono::milliseconds patience);
  /// True once has_more() or what expects bytes has met the end of the connection.
  bool has_ended() const { return their_end_ != End::none; }

  /// The address that the program sees at this end: `127.0.0.1:38848`.
  std::string address() const { return socket_.local_address().text(); }

  /// Ends the direction to the program, and goes on receiving.
  void half_close();
  /// Closes this end as a program does that leaves.
  void close();
  /// Closes it so that the program gets the error ECONNRESET, as if the machine had crashed.
  void reset();
  /// The same behind a half-close. A program that sends then gets the error EPIPE, and the signal SIGPIPE with
  /// it, at once: send(2). After a reset() only its second send() would.
  void half_close_and_reset();

  /// The function of that name, for this connection.
  void delay_acknowledgement() { ::delay_acknowledgement(socket_); }

  [[noreturn]] void fail(const std::string& expected, const std::string& remark = "") const;

 private:
  friend class Student;
  enum class End { none, half_closed, closed, reset, half_closed_and_reset };

  bool pump(std::chrono::steady_clock::time_point until);

  Student& student_;
  Socket socket_;
  std::string who_;
  bool has_small_buffers_ = false;
  std::vector<Piece> pieces_;  // what was sent
  End our_end_ = End::none;
  std::string received_;
  std::size_t taken_ = 0;  // how much of it has been expected
  End their_end_ = End::none;
  MessageReader reader_{1024 * 1024};
};

/// The student's program in one behaviour. It runs on a pseudo-terminal, so that it prints as before a
/// person, from the first call of start(), connect() or accept() on; in the end it is killed.
class Student {
 public:
  /// `command` is for sh(1); {host} and {port} in it are replaced. There a server listens, and a client
  /// connects.
  Student(Side side, std::string command, std::string host, std::uint16_t port);
  Student(const Student&) = delete;
  Student& operator=(const Student&) = delete;
  ~Student();

  void start();
  /// Kills the program, and all that it has started. Nobody listens for a client any more.
  void end();
  /// The same, for a program that will be started again.
  void stop();

  /// For a server: connects to it as `who`, once it listens.
  Connection& connect(const std::string& who = "a client");
  /// The same with a connection for which the kernel keeps little of what is not read, some 85 kB on Linux:
  /// who sends more meets a short write. SO_RCVBUF in socket(7), TCP_MAXSEG in tcp(7)
  Connection& connect_with_small_buffers(const std::string& who);
  /// For a server: makes a connection that says nothing, and stays. False if the program takes no more of them.
  bool connect_silently();

  /// Stops the program where it is, as Ctrl-Z does, so that what happens meanwhile meets it all at once.
  void pause();
  void resume();
  /// For a client: waits until it connects. Unless this or has_connected() is called, nobody listens.
  Connection& accept();
  /// For a client: lets some time pass, and tells whether it has connected and accept() would return at once.
  bool has_connected(std::chrono::milliseconds time);

  /// Types a line, or the end of the input.
  void type(const std::string& line);
  void end_input();

  /// Expects that the program shows `text`, behind the text that it was last expected to show.
  void expect_shown(const std::string& text);
  /// Expects that what the program shows fulfils `condition`; `expected` describes that.
  void expect_screen(const std::function<bool(const std::string& screen)>& condition,
                     const std::string& expected);
  /// Expects that `command`, control characters with words between them that stand in nothing else, is not on
  /// the screen as it was sent.
  void expect_no_command(const std::string& command) const;
  /// Expects that the program ends by itself, and returns its exit code; `when` completes "it ends ...".
  int expect_end(const std::string& when);

  /// Lets some time pass, and takes in what the program prints meanwhile.
  void wait(std::chrono::milliseconds time);
  /// What the program has shown so far, without carriage returns; of a server the last part of it.
  const std::string& screen() const { return screen_; }
  /// The exit code, or 128 and the signal, of a program that has ended, and with it all that it has started.
  std::optional<int> exit_code() const { return exit_code_; }

  [[noreturn]] void fail(const std::string& expected, const std::string& came) const;

  /// What was sent and typed to the program, and the commands that do the same by hand.
  std::vector<std::string> sent() const;
  std::vector<std::string> by_hand() const;

 private:
  friend class Connection;

  Connection& connect(const std::string& who, bool small_buffers);
  bool take_output(std::chrono::milliseconds patience);
  void wait_for_end(std::chrono::milliseconds patience);
  std::vector<std::pair<const Connection*, std::size_t>> groups() const;
  std::string state() const;
  std::string last_lines() const;

  Side side_;
  std::string command_;
  std::string host_;
  std::uint16_t port_;
  Address address_;
  std::optional<Socket> listening_socket_;
  std::unique_ptr<Process> process_;
  std::string screen_;
  std::size_t expected_to_ = 0;
  std::optional<int> exit_code_;
  bool was_connected_ = false;  // since the program was started
  bool was_stopped_ = false;
  bool was_paused_ = false;
  std::vector<std::string> typed_;
  // These go first: a program that sees its peers reset leaves no TIME_WAIT.
  std::deque<Connection> connections_;
  std::vector<Socket> crowd_;
};
