// Part 1, the client: receives the server's welcome in three ways. docs/part1.md explains them one by one.
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"

int main(int argc, char** argv) {
  const Usage usage = {
      "Receives what the server sends and prints it.",
      {{"--buffer", "BYTES", "1024", "the most that one recv() returns"},
       {"--read", "once|loop|stream", "once", "one recv(); every recv(); all until the end"}},
  };
  return run_program(argc, argv, usage, [](const Options& options) {
    std::vector<char> buffer(static_cast<std::size_t>(options.number("--buffer", 1, 1'048'576)));
    Socket socket = Socket::connect_to(Address::resolve(options.host(), options.port()));

    if (options.text("--read") == "once") {
      const std::string_view message = socket.recv(buffer);
      fmt::print("{}\n", printable(message));
    }

    if (options.text("--read") == "loop") {
      while (true) {
        const std::string_view message = socket.recv(buffer);
        if (message.empty()) break;
        fmt::print("{}\n", printable(message));
      }
      fmt::print("the server has closed; the Python original would go on printing nothing for ever\n");
    }

    if (options.text("--read") == "stream") {
      std::string full_message;
      while (true) {
        const std::string_view message = socket.recv(buffer);
        if (message.empty()) break;
        full_message += message;
      }
      fmt::print("{}\n", printable(full_message));
    }
  });
}
