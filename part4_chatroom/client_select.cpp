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
    Keyboard keyboard;
    Screen screen;
    std::string name;
    Socket socket = enter_room(options, keyboard, screen, name);
    const std::string prompt = printable(name) + " > ";
    if (socket.descriptor() >= FD_SETSIZE) {  // FD_SET would write past the end of the set
      throw std::runtime_error("too many descriptors are open for select()");
    }

    Conversation conversation;
    std::array<char, 4096> buffer;
    screen.prompt(prompt);
    while (true) {
      fd_set readable;
      FD_ZERO(&readable);
      FD_SET(STDIN_FILENO, &readable);
      FD_SET(socket.descriptor(), &readable);
      const int highest = std::max(STDIN_FILENO, socket.descriptor());
      if (::select(highest + 1, &readable, nullptr, nullptr, nullptr) == -1) {
        if (errno == EINTR) continue;
        throw std::system_error(errno, std::system_category(), "cannot select");
      }

      if (FD_ISSET(socket.descriptor(), &readable)) {
        const std::string_view bytes = socket.recv(buffer);
        if (bytes.empty()) return conversation.end(screen);
        if (conversation.show(bytes, screen)) screen.prompt(prompt);
      }

      if (FD_ISSET(STDIN_FILENO, &readable)) {
        const bool more = keyboard.read_more();
        while (const auto message = keyboard.next_line()) {
          screen.line_was_typed();
          say(socket, *message);
          screen.prompt(prompt);
        }
        if (!more) break;
      }
    }
    leave_room(socket);
  });
}
