// A learner's program in one behaviour of the check, which plays the other side of every connection and whoever sits
// at the keyboard.
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

/// How long a program may take to start (and longer while it keeps the processor busy), and to do what is expected.
inline constexpr std::chrono::seconds to_start{10};
inline constexpr std::chrono::seconds to_react{5};

enum class Side { server, client };

/// The learner's program did not do what was expected.
struct Mismatch {
  std::string expected;
  std::string came;
  std::string section = "";  // where this fault is explained; empty if it is where the behaviour is
  std::string who = "";      // the end of the connection that has seen it
};

/// This machine does not let the check judge the behaviour.
struct CannotJudge : std::exception {};

/// Ctrl-C has come, and the learner's program has to be ended.
struct Interrupted : std::exception {};

/// From here on SIGHUP, SIGINT and SIGTERM are noted; the next wait of a Terminal then throws Interrupted.
void note_interruptions();
/// The number of the signal that has come; 0 if none has.
int interruption();

/// Bytes as Python writes them, cut where nobody reads on.
std::string shown_bytes(std::string_view bytes);

/// A word of letters that differs from run to run, so that a program cannot know it beforehand.
std::string random_word();

/// How many bytes the kernel takes for a reader that reads nothing, over such a connection as
/// Student::connect() makes with small buffers.
std::size_t small_buffers_hold();

/// A program in any language before a terminal: its screen, its keyboard, its processor, its end.
/// A process runs one of these at a time: it takes all its child processes for the learner's.
class Terminal {
 public:
  /// `command` is for sh(1). By hand, the learner starts the program and looks at its screen, and reads what to do next.
  Terminal(std::string command, bool by_hand) : command_(std::move(command)), by_hand_(by_hand) {}
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() { end(); }

  /// Starts the program, unless it runs.
  void start();
  /// Kills the program and all that it has started, and forgets what it has shown.
  void end();
  /// Stops the program where it is, as Ctrl-Z does, so that what happens meanwhile meets it all at once.
  void pause();
  void resume();

  /// Takes in what the program prints next: false if nothing comes in time. Throws Interrupted.
  bool take_in(std::chrono::milliseconds patience);
  /// Lets some time pass, and takes in what the program prints meanwhile.
  void wait(std::chrono::milliseconds time);
  void wait_for_end(std::chrono::milliseconds patience);
  /// Types a line, and Enter. Throws Mismatch if the program has ended.
  void type(const std::string& line);
  void end_input();
  const std::vector<std::string>& typed() const { return typed_; }

  /// What the program has shown last, without carriage returns: several megabytes at most.
  const std::string& screen() const { return screen_; }
  /// How many bytes it had shown before those.
  std::size_t scrolled_away() const { return scrolled_away_; }
  /// The exit code, or 128 and the signal, of a program that has ended, and with it all that it has started.
  std::optional<int> exit_code() const { return exit_code_; }
  /// Whether it has ended with a signal, other than those with which one process of a program ends another.
  bool has_crashed() const;
  /// How the program has ended, if it has, and the lines of its screen that say why.
  std::string state(bool with_lines) const;
  std::string last_lines() const;

  /// The share of the time in which the program works, or would if others left it a processor: 1 if it never sleeps.
  /// Nothing where processes do not show that.
  std::optional<double> load(std::chrono::milliseconds time);
  /// The processor time that the program has used, in seconds; 0 where that cannot be known.
  double processor_time() const;
  /// The ports on which it listens, as far as they can be known.
  std::vector<std::uint16_t> ports() const;
  /// Before start(): calls of select(2) are to be watched, where strace(1) is there.
  void trace_select();
  /// True if one of them was for descriptors for which a set has no room: FD_SETSIZE.
  bool selected_beyond_set() const;

  /// By hand, shows the next step and waits for Enter.
  void step(const std::string& what) const;
  bool by_hand() const { return by_hand_; }

 private:
  void signal(int number) const;
  void press(const std::string& keys);

  std::string command_;
  bool by_hand_;
  std::string trace_;  // the file that strace writes
  std::unique_ptr<Process> process_;
  std::string screen_;     // without colours, which are for the eye
  std::string held_back_;  // the beginning of one
  std::size_t scrolled_away_ = 0;
  std::optional<int> exit_code_;
  std::vector<std::string> typed_;
};

/// A connection between the check and the learner's program. Every method that waits does so for a limited time, and
/// throws Mismatch then.
class Connection {
 public:
  /// `who` names the check's end of the connection: "alice".
  Connection(Terminal& program, Socket socket, const std::string& who);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { give_up(); }

  /// Sends `bytes`, in one segment if they fit into one.
  void send(std::string_view bytes);
  /// Sends `bytes` in two pieces, the first of `size` bytes, and leaves the program time to take it alone.
  void send_cut(std::string_view bytes, std::size_t size);
  void send_one_by_one(std::string_view bytes);

  /// Expects that exactly `bytes` come next.
  void expect(std::string_view bytes, std::chrono::milliseconds patience = to_react);
  /// Expects that nothing more comes, but the end of the connection.
  void expect_end();
  /// Expects that the program gives this connection up, in any way but a crash; `why` says why it should.
  void expect_dropped(const std::string& why);

  /// Expects a message, or several, and returns their bodies; `expected` describes them.
  std::string message(const std::string& expected, std::chrono::milliseconds patience = to_react) {
    return messages(1, expected, patience).front();
  }
  std::vector<std::string> messages(std::size_t count, const std::string& expected,
                                    std::chrono::milliseconds patience = to_react);
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
  /// The same when the program has failed already: it is no part of what was sent().
  void give_up();
  /// The same after a half-close. A program that sends then gets the error EPIPE, and the signal SIGPIPE with
  /// it, at once: send(2). After a reset() only its second send() would.
  void half_close_and_reset();

  [[noreturn]] void fail(const std::string& expected, const std::string& remark = "");

  const std::string& who() const { return who_; }
  const Socket& socket() const { return socket_; }
  /// What was sent, and how this end was closed, for a person.
  std::string sent() const;

 private:
  enum class End { none, closed, reset };
  struct Piece {
    std::string bytes;
    std::size_t times;  // in a row
  };

  bool pump(std::chrono::steady_clock::time_point until);

  Terminal& program_;
  Socket socket_;
  std::string who_;
  std::vector<Piece> pieces_;  // what was sent
  std::string our_end_;        // and how this end was closed: ", then a reset"
  std::string received_;
  std::size_t taken_ = 0;   // how much of it has been expected
  std::size_t as_due_ = 0;  // how much of it was right
  End their_end_ = End::none;
};

/// The learner's program in one behaviour, with its connections. It is started by the first call of start(), connect()
/// or accept().
class Student : public Terminal {
 public:
  /// The program is started by `command`, for sh(1). At `host` and `port` a server listens, and a client connects.
  /// By hand, the person at the check starts the program, and every step waits for Enter.
  Student(Side side, const std::string& command, const std::string& host, std::uint16_t port, bool by_hand);

  /// Kills the program, and all that it has started, so that it can be started again.
  void stop();

  /// For a server: connects to it as `who`, once it listens. With small buffers, the kernel keeps little of what is not
  /// read, some 85 kB on Linux: a program that sends more meets a short write. SO_RCVBUF in socket(7), TCP_MAXSEG in
  /// tcp(7)
  enum class Buffers { usual, small };
  Connection& connect(const std::string& who = "a client", Buffers buffers = Buffers::usual);

  /// For a client: waits until it connects. Unless this or has_connected() is called, nobody listens.
  Connection& accept();
  /// For a server: true if it has not accepted this connection yet.
  bool waits_to_be_accepted(const Connection& connection) const;

  /// For a client: lets some time pass; true if it has connected and accept() would return at once.
  bool has_connected(std::chrono::milliseconds time);

  /// Expects that the program shows `text`, after the text that it was last expected to show.
  void expect_shown(const std::string& text);
  /// Expects that what the program shows fulfils `condition`; `expected` describes that. With more patience than
  /// to_react, it also waits as long as the program works on it.
  void expect_screen(const std::function<bool(const std::string& screen)>& condition,
                     const std::string& expected, std::chrono::milliseconds patience = to_react);
  /// Expects that `command`, control characters with words between them that stand in nothing else, is not on
  /// the screen as it was sent, nor soon after that.
  void expect_no_command(const std::string& command);
  /// Expects that the program ends by itself, and how; `when` completes "it ends ...".
  enum class Code { any, zero, above_zero };
  void expect_exit(const std::string& when, Code code = Code::any);
  /// Expects that the program sleeps while nothing happens; `when` completes "it sleeps ...". Throws CannotJudge where
  /// the time of processors cannot be counted.
  void expect_sleep(const std::string& when);

  [[noreturn]] void fail(const std::string& expected, const std::string& came,
                         const std::string& section = "") const;

  /// A fault as the report shows it: with whoever saw it, if there are several, and what became of the program.
  Mismatch explained(Mismatch fault);
  /// What was sent and typed to the program.
  std::vector<std::string> sent() const;
  bool was_connected() const { return !connections_.empty(); }

 private:
  void let_it_start(std::chrono::steady_clock::time_point start, std::chrono::steady_clock::time_point& end);
  void fail_to_connect(bool no_answer, const std::vector<std::uint16_t>& ports);

  Side side_;
  Address address_;
  Address swapped_;  // the same with the bytes of the port in the other order
  std::optional<Socket> listening_socket_;
  std::optional<Socket> swapped_socket_;
  std::size_t expected_to_ = 0;  // of all that the program has shown
  std::string shown_before_;
  bool is_up_ = false;  // it has been connected to since it was started
  bool was_stopped_ = false;
  bool was_cut_off_ = false;  // by us, when it had failed already: how it ends then is no news
  // These go first: a program that sees its peers reset leaves no TIME_WAIT.
  std::deque<Connection> connections_;
};
