// Part 1, the server: welcomes every client that connects. docs/part1.md explains it step by step.
#include <fmt/core.h>

#include <system_error>

#include "common/program.hpp"
#include "common/socket.hpp"

int main(int argc, char** argv) {
  const Usage usage = {"Welcomes every client that connects, and closes the connection.", {}};
  return run_program(argc, argv, usage, [](const Options& options) {
    const Address address = Address::to_listen_on(options.host(), options.port());
    Socket listening_socket(address.family(), SOCK_STREAM);  // AF_INET is IPv4, SOCK_STREAM is TCP
    listening_socket.set_reuse_address();
    listening_socket.bind(address);
    listening_socket.listen(5);
    fmt::print("listening on {}\n", listening_socket.local_address().text());

    while (true) {
      auto [client_socket, client_address] = listening_socket.accept();
      fmt::print("connection from {} has been established!\n", client_address.text());
      try {
        client_socket.send_all("welcome to the server!");
      } catch (const std::system_error& error) {
        report(client_address.text() + ": " + error.what());  // this client has left; the next one comes
      }
    }  // client_socket goes out of scope here, and its destructor calls close()
  });
}
