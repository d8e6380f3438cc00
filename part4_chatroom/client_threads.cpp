// Part 4, the client with threads: one waits for the keyboard, one for the socket. See docs/part4.md.
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"
#include "part4_chatroom/chat.hpp"

namespace {

// Ends the connection at the end of a scope, however that is reached, and so the recv() of the other thread.
struct HangUp {
  Socket& socket;
  ~HangUp() { ::shutdown(socket.descriptor(), SHUT_RDWR); }
};

}  // namespace

int main(int argc, char** argv) {
  const Usage usage =
      chat_usage("Talks in the chat room; one thread waits for the keyboard, one for the room.");
  return run_program(argc, argv, usage, [](const Options& options) {
    Keyboard keyboard;
    Screen screen;
    const std::string name = ask_for_name(options, keyboard, screen);
    Socket socket = enter_room(options, name);
    const std::string prompt = printable(name) + " > ";
    std::mutex screen_mutex;  // both threads write to the screen
    screen.prompt(prompt);

    // A thread that waits for the keyboard cannot be told that the connection has ended. But it can wait for
    // a second descriptor besides: one end of this pair, which becomes readable when the receiver hangs up the
    // other.
    auto [receiver_ended, receiver_lives] = Socket::pair();
    Conversation conversation;
    auto receiver = std::async(std::launch::async, [&, &life = receiver_lives] {
      const HangUp at_the_end{life};
      std::array<char, 4096> buffer;
      while (true) {
        const std::string_view bytes = socket.recv(buffer);
        if (bytes.empty()) return;
        const std::lock_guard lock(screen_mutex);
        if (conversation.show(bytes, screen)) screen.prompt(prompt);
      }
    });

    bool closed_by_server = false;
    {
      const HangUp at_the_end{socket};
      while (const auto message = keyboard.wait_for_line(&receiver_ended)) {
        {
          const std::lock_guard lock(screen_mutex);
          screen.line_was_typed(prompt, *message);
        }
        // Without the lock: while this waits for the server, the other thread goes on printing.
        say(socket, *message);
        const std::lock_guard lock(screen_mutex);
        screen.prompt(prompt);
      }
      closed_by_server = receiver_ended.wait_readable(std::chrono::milliseconds(0));
      socket.shutdown(SHUT_WR);  // leaves politely: the server closes too, and that ends the other thread
      receiver_ended.wait_readable(std::chrono::seconds(1));
    }
    try {
      receiver.get();  // waits for the thread, and throws what it has thrown
    } catch (const std::system_error& error) {
      // A server that still talks when this end has hung up is answered with a reset.
      if (closed_by_server || error.code() != std::errc::connection_reset) throw;
    }
    if (closed_by_server) conversation.end(screen);
  });
}
