// Part 3, the server: sends an object to every client that connects. docs/part3.md explains it.
#include <fmt/core.h>

#include <limits>
#include <string>
#include <system_error>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"
#include "part3_objects/reading.hpp"

namespace {

Object chosen_object(const std::string& name) {
  if (name == "nested") {
    return Dict{{"nothing", None()},
                {"truths", Tuple{{true, false}}},
                {"numbers", List{{0, -1, 300, std::numeric_limits<std::int64_t>::min(), 0.5, -0.0, 1e16}}},
                {"text", "It's 25 \u00b0C,\n\U0001f321 \u4f60\u597d"},
                {"bytes", Bytes{std::string("\x00\xff", 2)}},
                {"empty", List{{"", Bytes(), List(), Tuple(), Dict()}}},
                {Tuple{{52.5, 13.4}}, Dict{{"a tuple as a key", Tuple{{1}}}}}};
  }
  if (name == "reading") return to_object(Reading{"roof", 1'593'672'221, 21.5, {21.25, 21.75}});
  return Dict{{1, "Hey"}, {2, "There"}};
}

}  // namespace

int main(int argc, char** argv) {
  const Usage usage = {
      "Sends an object to every client that connects, and closes the connection.",
      {{"--object", "greeting|nested|reading", "greeting", "a dict; one of every type; a C++ struct"}},
  };
  return run_program(argc, argv, usage, [](const Options& options) {
    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket listening_socket(address.family(), SOCK_STREAM);
    listening_socket.set_reuse_address();
    listening_socket.bind(address);
    listening_socket.listen(5);
    fmt::print("listening on {}\n", listening_socket.local_address().text());

    const Object object = chosen_object(options.text("--object"));
    while (true) {
      auto [client_socket, client_address] = listening_socket.accept();
      fmt::print("connection from {} has been established!\n", client_address.text());
      try {
        client_socket.send_all(with_header(dumps(object)));
      } catch (const std::system_error& error) {
        report(client_address.text() + ": " + error.what());  // this client has left; the next one comes
      }
    }
  });
}
