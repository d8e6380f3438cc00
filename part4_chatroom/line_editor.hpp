// The line that is being typed, edited key by key, as a terminal by itself does not.
#pragma once

#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Forgets what has been typed on the terminal and not been read, so that a shell does not read it. tcflush(3)
void discard_unread_input();

/// While it exists, the terminal hands over every key at once (ICANON, IEXTEN and ICRNL are off) and shows none
/// of them (ECHO is off). That is raw mode, but for ISIG: Ctrl-C and Ctrl-Z still send signals. Puts the terminal
/// back at the end of the scope, and at a signal that ends or stops the program. Without effect unless both stdin
/// and stdout are a terminal. termios(3), sigaction(2)
class RawMode {
 public:
  RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode();

  bool is_on() const { return is_on_; }

  /// For pselect(2): a terminal of another size, or `fg` after Ctrl-Z, interrupts it (EINTR), since the line has to be
  /// drawn again. These signals come only there, and so not unseen in the moment before it.
  const sigset_t* signals_while_waiting() const { return is_on_ ? &signals_before_ : nullptr; }

 private:
  bool is_on_;
  sigset_t signals_before_{};
  std::vector<std::pair<int, struct sigaction>> handlers_before_;
};

/// One line at a time, with a cursor in it and those before it as the history. It only knows bytes: what the
/// keys have sent, and what to print so that the terminal shows the line.
class LineEditor {
 public:
  /// A line of more than `largest` bytes ends there: it is returned at once, and its rest is skipped.
  explicit LineEditor(std::size_t largest) : largest_(largest) {}

  /// Takes the keys off the front of `typed`, up to Enter: then returns the line. Nothing if there is no Enter;
  /// then `typed` is empty, or keeps the beginning of a key whose other bytes have not come.
  std::optional<std::string> next_line(std::string& typed);

  /// True once Ctrl-D has been pressed in an empty line.
  bool has_ended() const { return has_ended_; }

  /// What to print at the start of an empty line of the terminal, `columns` wide: `prompt` and the line,
  /// scrolled so that the cursor is seen, and the cursor where it belongs.
  std::string picture(std::string_view prompt, int columns) const;

 private:
  void press(std::string_view key);
  void erase(std::size_t begin, std::size_t end);
  void recall(std::size_t index);
  std::string take_line();

  std::size_t largest_;
  std::string line_;
  std::size_t cursor_ = 0;  // in bytes
  std::vector<std::string> history_;
  std::size_t recalled_ = 0;  // which line of the history is shown; its size: the new one
  std::string new_line_;      // what had been typed of that when an older one was recalled
  bool after_return_ = false;
  bool skipping_ = false;
  bool has_ended_ = false;
};

/// `text` as it is shown while it is typed: like printable(), but a backslash is a backslash.
std::string shown(std::string_view text);
