// What the programs of all parts share: their options, and what happens when something fails.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// One option of a program, as --help shows it.
struct Option {
  std::string name;           // "--buffer"
  std::string argument;       // "BYTES"; "once|loop|stream" for a choice of words
  std::string default_value;  // "1024"; empty if there is none
  std::string meaning;        // "the most that one recv() returns"
};

/// What a program says about itself. Every program also has --host, --port and --help.
struct Usage {
  std::string purpose;
  std::vector<Option> options;
};

/// Something on the command line is wrong; what() is written for the person who typed it.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The values from the command line, or the defaults. A wrong one throws UsageError.
class Options {
 public:
  Options(const Usage& usage, const std::vector<std::string>& arguments);

  const std::string& host() const { return text("--host"); }
  std::uint16_t port() const { return static_cast<std::uint16_t>(number("--port", 0, 65535)); }

  /// The value of an option; empty if it was not given and has no default.
  const std::string& text(const std::string& name) const { return values_.at(name); }

  /// The value as a whole number from `least` to `most`.
  std::int64_t number(const std::string& name, std::int64_t least, std::int64_t most) const;

  /// The value as seconds, 0 to 86,400, with or without a fraction, rounded to milliseconds.
  std::chrono::milliseconds seconds(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Runs `body` with the options of the command line and returns what main() returns. Prints --help. Every
/// exception that arrives here becomes one line on stderr, `server: cannot bind ...`, and exit code 1
/// (2 for a UsageError). From here on what is printed is out at once, even into a pipe. If it cannot be, whatever
/// the reason (a full disk, a pipe that nobody reads any more, `ulimit -f`), fmt::print() throws, and the line on
/// stderr names stdout and the cause; no signal ends the program.
int run_program(int argc, char** argv, const Usage& usage, const std::function<void(const Options&)>& body);

/// `what` as a line for stderr, after the program's name: `server: 127.0.0.1:38848: cannot send: Broken pipe`.
std::string error_line(std::string_view what);

/// Prints error_line(): for an error that ends a connection, but not the program.
void report(std::string_view what);

/// Prints for a program that others wait for: it never waits for a reader, and no full disk ends it. What
/// cannot be printed yet waits, up to 1 MiB; what comes after that is lost, and counted. Once all that waited is
/// printed, a line says how many were lost, and why: `server: lines lost here: 12 (No space left on device)`.
class Log {
 public:
  /// `descriptor` is STDOUT_FILENO or STDERR_FILENO. From here on only this object should print there.
  explicit Log(int descriptor);

  /// Prints whole lines; without any, only what waits already. Never throws for what cannot be printed.
  void print(std::string_view lines);

  /// True if lines wait to be printed, or a loss to be reported: call print() again, in a while.
  bool is_behind() const { return !waiting_.empty() || lost_ > 0; }

 private:
  void write_waiting();

  int descriptor_;
  bool may_wait_ = true;  // write(2) may wait for a reader, unless poll(2) has been asked first
  std::string waiting_;   // what has not been printed yet: the rest of a line, whole lines
  std::size_t lost_ = 0;  // lines after those
  int error_ = 0;         // why the last write failed
};
