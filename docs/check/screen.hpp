// What a person sees on a terminal, line by line.
#pragma once

#include <cstddef>
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
