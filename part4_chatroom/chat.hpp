// What the three clients of the chat room share: the keyboard, the screen, and what the others have said.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "part4_chatroom/line_editor.hpp"

/// The clients' own option: `--name NAME`.
Usage chat_usage(std::string purpose);

/// A longer line is refused: the room takes no longer message.
inline constexpr std::size_t largest_message = 64 * 1024;

/// stdin, line by line. It reads with read(2) and not with std::getline, which may take in more lines than it
/// returns: select() would not know of those.
class Keyboard {
 public:
  /// With an editor, what is typed is keys, and the editor makes lines of them.
  explicit Keyboard(LineEditor* editor = nullptr) : editor_(editor) {}
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;
  /// Discards what has been typed and not been read, so that no shell takes it for a command.
  ~Keyboard();

  /// Takes in what has been typed; waits if there is nothing. False, and nothing is taken in, if `other` is
  /// given and has something to read first.
  bool read_more(const Socket* other = nullptr);

  /// The next whole line that has been taken in, without its end, `\n` or `\r\n`; at the end of the input also
  /// a last one without an end. Of a line over `largest_message` only the beginning comes, as soon as it is
  /// too long, for say() to refuse; the rest is skipped.
  std::optional<std::string> next_line();

  /// Waits for a line; nothing at the end of the input, or if `other` has something to read first.
  std::optional<std::string> wait_for_line(const Socket* other = nullptr);

  /// True at the end of the input.
  bool has_ended() const { return has_ended_; }

 private:
  LineEditor* editor_;
  std::string typed_;
  std::size_t searched_ = 0;  // so much of it has no end of a line
  bool skipping_ = false;     // the rest of a line that was too long
  bool has_ended_ = false;
};

/// stdout, with the prompt on its last line.
class Screen {
 public:
  /// With an editor, the line that it edits comes after the prompt.
  explicit Screen(const LineEditor* editor = nullptr) : editor_(editor) {}
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { end_prompt(); }

  /// Shows `Username: `, or `alice > `, and what has been typed; without effect if just that is shown.
  void prompt(std::string_view text);

  /// To be called once Enter has been pressed: shows what of `prompt`, the line and its end is not there yet. A
  /// terminal has shown all of it, a pipe nothing, and with an editor a part of the line may be out of sight.
  void line_was_typed(std::string_view prompt, std::string_view line);

  /// Shows `bob > hi` on a line of its own, in the place of a prompt that waits.
  void message(std::string_view name, std::string_view text);

  /// Takes the prompt away, for prompt() to show it anew.
  void erase_prompt();

  /// Leaves the line of a prompt that waits, and goes to the start of the next.
  void end_prompt();

 private:
  void show(const std::string& last_line);

  const LineEditor* editor_;
  std::string last_line_;  // what has been printed on it; empty: no prompt waits
};

/// What others have said. Of every two messages that the server sends, one is the name and one is the text.
class Conversation {
 public:
  /// Takes in what recv() returned and shows the messages that are whole; true if there were any. Throws
  /// FramingError.
  bool show(std::string_view bytes, Screen& screen);

  /// To be called when the server has closed the connection: says so. Throws std::runtime_error if a message
  /// had begun and not ended.
  void end(Screen& screen) const;

 private:
  MessageReader inbox_{64 * 1024};
  std::optional<std::string> name_;  // whose text comes next
};

/// The name that `--name` gives, or else the person at the keyboard. Throws UsageError if the one is over 64 bytes
/// long, std::runtime_error if the other is, or is empty, or does not come.
std::string ask_for_name(const Options& options, Keyboard& keyboard, Screen& screen);

/// Connects to the room and says the name there.
Socket enter_room(const Options& options, const std::string& name);

/// Says `text` to the room; an empty text is not sent, and one over 64 KiB is refused with a line on stderr.
void say(Socket& socket, const std::string& text);

/// Leaves politely: ends the stream to the server, and waits until the server has closed the connection too,
/// a second at most.
void leave_room(Socket& socket);
