// What every main() of this tutorial shares: its options, and what happens when something fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
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

/// What a program tells about itself. Every program has --host, --port and --help besides.
struct Usage {
  std::string purpose;
  std::vector<Option> options;
};

/// The values that the command line gives, or the defaults. Wrong values throw std::invalid_argument, with a
/// text for the person who typed them.
class Options {
 public:
  Options(const Usage& usage, const std::vector<std::string>& arguments);

  const std::string& host() const { return text("--host"); }
  std::uint16_t port() const { return static_cast<std::uint16_t>(number("--port", 0, 65535)); }

  /// The value of an option; empty if it has neither been given nor a default.
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
/// (2 for a wrong option). From here on what is printed is out at once, into a pipe too, and fmt::print()
/// throws if it cannot be.
int run_program(int argc, char** argv, const Usage& usage, const std::function<void(const Options&)>& body);

/// One line on stderr behind the program's name: for an error that ends a connection, but not the program.
void report(std::string_view what);
