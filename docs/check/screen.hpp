// What a person sees on a terminal, line by line, and whether its programs have come to rest.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// A terminal's screen without an end on any side. It knows what our programs and the terminal itself use:
/// the ends of lines, \r, backspace, and ESC [ K, which erases from the cursor to the end of the line. Other
/// control characters stay in the text. After ^C and ^D, which end what a reader types, begins a new line.
class Screen {
 public:
  /// Shows what a program has printed, in pieces of any size.
  void show(std::string_view bytes);

  /// The lines that have ended.
  const std::vector<std::string>& lines() const { return lines_; }
  /// The line that the cursor is in.
  const std::string& current() const { return current_; }

 private:
  void put(char byte);

  std::vector<std::string> lines_;
  std::string current_;
  std::size_t cursor_ = 0;
  std::string escape_;  // the beginning of an ESC [ K whose end has not come yet
};

/// How often each of the threads in these sessions (setsid(2)) has fallen asleep; nothing if one of
/// them is awake. If it is the same a moment later, none has done anything in between: proc(5). Empty where
/// can_see_sleep is false.
std::optional<std::string> all_asleep(const std::set<pid_t>& sessions);

/// False on a system without /proc, such as macOS.
extern const bool can_see_sleep;
