// For tests: a program that runs as a process; the test reads what it prints and types to it, with deadlines.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A running program. What it prints is read as it comes; every wait has a deadline of 30 seconds, and one
/// that passes throws std::runtime_error with all that the program has printed so far. The destructor kills
/// the program and everything that it has started.
class Process {
 public:
  enum class Stdio {
    pipes,     // stdout and stderr apart, as under a test
    terminal,  // one pseudo-terminal for all three, as for a person: posix_openpt(3)
  };

  /// Starts `command[0]` (a path, or a name in PATH) with the rest as its arguments. fork(2), execvp(3)
  explicit Process(std::vector<std::string> command, Stdio stdio = Stdio::pipes);

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  /// The next line of stdout (stderr), without its end. A carriage return before the end is left out too.
  std::string line() { return line_of(streams_[0]); }
  std::string error_line() { return line_of(streams_[1]); }

  /// Waits until stdout shows `text`, returns what came before it, and goes on after it.
  std::string until(std::string_view text);

  /// The rest of stdout (stderr): waits until the program has closed it.
  std::string rest() { return rest_of(streams_[0]); }
  std::string error_rest() { return rest_of(streams_[1]); }

  /// What comes next on stdout: waits for it for `patience` at most, and returns an empty text if nothing came
  /// in time. Nothing once the program has closed stdout and all of it has been read; a terminal stays open until
  /// the program ends.
  std::optional<std::string> read(std::chrono::milliseconds patience);

  /// Gives `text` to stdin.
  void type(std::string_view text);
  /// Ends stdin: the program reads an end of file there.
  void close_input();

  /// Sets the height of the terminal in lines and its width in columns; its program gets SIGWINCH.
  /// TIOCSWINSZ in ioctl_tty(2)
  void resize(unsigned short lines, unsigned short columns);

  /// Sends a signal to the program, as Ctrl-C does with SIGINT. kill(2)
  void signal(int number);

  /// Waits for the end of the program: its exit code, or 128 + the signal that ended it. wait(2)
  int wait();

  pid_t id() const { return id_; }

 private:
  struct Stream {
    const char* name = "";
    int descriptor = -1;
    std::string unread;
  };

  bool has_ended();
  bool pump(int timeout);
  std::string take_until(Stream& stream, std::string_view text, const std::string& what);
  std::string line_of(Stream& stream);
  std::string rest_of(Stream& stream);
  void start(std::vector<std::string>& command, const std::array<int, 3>& child_ends);
  [[noreturn]] void fail(const std::string& what);

  pid_t id_ = -1;
  int status_ = -1;
  int input_ = -1;
  bool terminal_ = false;
  std::array<Stream, 2> streams_{Stream{"stdout", -1, ""}, Stream{"stderr", -1, ""}};
  std::string history_;  // of both, the last megabyte or two, for messages
};
