// Part 4, the client with select(): one thread waits for the keyboard and the socket at once. See
// docs/part4.md.
#include <sys/select.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"
#include "part4_chatroom/chat.hpp"

int main(int argc, char** argv) {
  const Usage usage = chat_usage("Talks in the chat room; one thread waits for the keyboard and the room.");
  return run_program(argc, argv, usage, [](const Options& options) {
    // On a terminal this program edits the line itself. Into a pipe and out of one, lines are just read.
    const RawMode raw_mode;
    LineEditor editor(largest_message);
    LineEditor* const editor_if_any = raw_mode.is_on() ? &editor : nullptr;
    Keyboard keyboard(editor_if_any);
    Screen screen(editor_if_any);
    const std::string name = ask_for_name(options, keyboard, screen);
    Socket socket = enter_room(options, name);
    editor = LineEditor(largest_message);  // with a history in which the name is not
    const std::string prompt = printable(name) + " > ";
    if (socket.descriptor() >= FD_SETSIZE) {  // FD_SET would write past the end of the set
      throw std::runtime_error("too many descriptors are open for select()");
    }

    Conversation conversation;
    std::array<char, 4096> buffer;
    while (true) {
      // All lines that have been read already: of those, select() knows nothing.
      while (const auto message = keyboard.next_line()) {
        screen.line_was_typed(prompt, *message);
        say(socket, *message);
      }
      if (keyboard.has_ended()) break;
      screen.prompt(prompt);

      fd_set readable;
      FD_ZERO(&readable);
      FD_SET(STDIN_FILENO, &readable);
      FD_SET(socket.descriptor(), &readable);
      const int highest = std::max(STDIN_FILENO, socket.descriptor());
      const sigset_t* const signals = raw_mode.signals_while_waiting();
      if (::pselect(highest + 1, &readable, nullptr, nullptr, nullptr, signals) == -1) {
        if (errno == EINTR) {  // the terminal has another size, or is ours again after Ctrl-Z
          screen.erase_prompt();
          continue;
        }
        throw std::system_error(errno, std::system_category(), "cannot select");
      }

      if (FD_ISSET(socket.descriptor(), &readable)) {
        const std::string_view bytes = socket.recv(buffer);
        if (bytes.empty()) return conversation.end(screen);
        conversation.show(bytes, screen);
      }

      if (FD_ISSET(STDIN_FILENO, &readable)) keyboard.read_more();
    }
    leave_room(socket);
  });
}
