// The program of a learner, in any language, before a terminal: its screen, its keyboard, its processor, its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/process.hpp"

/// The learner's program did not do what was expected.
struct Mismatch : std::exception {
  Mismatch(std::string expectation, std::string what_came, std::string explained_in = "")
      : expected(std::move(expectation)), came(std::move(what_came)), section(std::move(explained_in)) {}

  std::string expected;
  std::string came;
  std::string section;  // where this fault is explained; empty if it is where the behaviour is
  std::string who;      // the end of the connection that has seen it
};

/// Ctrl-C has come, and the learner's program has to be ended.
struct Interrupted : std::exception {};

/// From here on SIGHUP, SIGINT and SIGTERM are noted; the next wait of a Terminal then throws Interrupted.
void note_interruptions();
/// The number of the signal that has come; 0 if none has.
int interruption();

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
  std::string screen_;
  std::size_t scrolled_away_ = 0;
  std::optional<int> exit_code_;
  std::vector<std::string> typed_;
};
