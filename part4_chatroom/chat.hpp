// What the three clients of the chat room share: the keyboard, the screen, and what the others have said.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"

/// The clients' own option: `--name NAME`.
Usage chat_usage(std::string purpose);

/// stdin, line by line. It reads with read(2) and not with std::getline, which may take in more lines than it
/// returns: select() would not know of those.
class Keyboard {
 public:
  /// Takes in what has been typed; waits if there is nothing. False at the end of the input.
  bool read_more();

  /// The next whole line that has been taken in; at the end of the input also a last one without its end.
  std::optional<std::string> next_line();

  /// Waits for a line; nothing at the end of the input. Ends with nothing too, if `wake` is given and has
  /// something to read first.
  std::optional<std::string> wait_for_line(const Socket* wake = nullptr);

 private:
  std::string typed_;
  bool ended_ = false;
};

/// stdout, with the prompt on its last line.
class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { end_prompt(); }

  /// Shows `Username: `, or `alice > `, and leaves the cursor behind it; without effect if a prompt waits.
  void prompt(std::string_view text);

  /// To be called once Enter has been pressed: a terminal has shown the end of the line, a pipe has not.
  void line_was_typed();

  /// Shows `bob > hi` on a line of its own, in the place of a prompt that waits.
  void message(std::string_view name, std::string_view text);

  /// Leaves the line of a prompt that waits, and goes to the start of the next.
  void end_prompt();

 private:
  bool prompt_waits_ = false;
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

/// Asks for the name unless `--name` gives it, connects to the room and says the name there. Throws UsageError
/// if `--name` is over 64 bytes long, std::runtime_error if what is typed is, or is empty, or is not there.
Socket enter_room(const Options& options, Keyboard& keyboard, Screen& screen, std::string& name);

/// Says `text` to the room; an empty text is not sent, and one over 64 KiB is refused with a line on stderr.
void say(Socket& socket, const std::string& text);

/// Leaves politely: ends the stream to the server, and waits until the server has closed the connection too,
/// a second at most.
void leave_room(Socket& socket);
