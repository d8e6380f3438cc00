// Part 3, the client: turns the messages that arrive into objects. docs/part3.md explains it.
#include <fmt/core.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "common/text.hpp"
#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

int main(int argc, char** argv) {
  const Usage usage = {"Receives pickled objects and prints them until the server closes the connection.",
                       {}};
  return run_program(argc, argv, usage, [](const Options& options) {
    Socket socket = Socket::connect_to(Address::resolve(options.host(), options.port()));

    constexpr std::size_t largest_body = 1024 * 1024;
    MessageReader reader(largest_body);
    bool new_message = true;
    std::array<char, 16> buffer;  // a little more than a header, so that messages come in pieces
    while (true) {
      const std::string_view bytes = socket.recv(buffer);
      if (bytes.empty()) break;
      reader.push(bytes);

      while (const auto header = reader.header()) {
        if (new_message) fmt::print("new message length: {}\n", python_bytes(*header));
        const auto body = reader.next();
        new_message = body.has_value();
        if (!body) break;
        fmt::print("full message received\n");
        fmt::print("objects received without decoding:\n{}\n", python_bytes(*body));
        const Object object = loads(*body);
        const std::string* text = std::get_if<std::string>(&object.value);
        fmt::print("decoded objects:\n{}\n", text != nullptr ? printable(*text) : repr(object));
      }
    }
    if (reader.inside_message()) {
      throw std::runtime_error("the server closed the connection inside a message");
    }
    fmt::print("connection closed by the server\n");
  });
}
