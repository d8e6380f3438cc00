// Part 4, the client as the original has it: it waits for the keyboard, and shows what others have said only
// after Enter. docs/part4.md shows the drawback, and client_threads and client_select fix it.
#include <array>
#include <string>

#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"
#include "part4_chatroom/chat.hpp"

int main(int argc, char** argv) {
  const Usage usage = chat_usage("Talks in the chat room; shows what others say after each Enter.");
  return run_program(argc, argv, usage, [](const Options& options) {
    Keyboard keyboard;
    Screen screen;
    const std::string name = ask_for_name(options, keyboard, screen);
    Socket socket = enter_room(options, name);
    socket.set_nonblocking();  // so that try_recv() below returns nothing rather than wait

    const std::string prompt = printable(name) + " > ";
    Conversation conversation;
    std::array<char, 4096> buffer;
    while (true) {
      screen.prompt(prompt);
      const auto message = keyboard.wait_for_line();
      if (!message) break;
      screen.line_was_typed(prompt, *message);
      say(socket, *message);

      while (const auto bytes = socket.try_recv(buffer)) {
        if (bytes->empty()) return conversation.end(screen);
        conversation.show(*bytes, screen);
      }
    }
    leave_room(socket);
  });
}
