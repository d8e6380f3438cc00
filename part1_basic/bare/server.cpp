// Part 1, the server without the wrapper: bare system calls. docs/without-the-wrapper.md explains it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 1234;
  if (port < 1 || port > 65535) {
    std::fprintf(stderr, "usage: %s [PORT]\n", argv[0]);
    return EXIT_FAILURE;
  }
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // every line is out at once, even into a pipe
  std::signal(SIGPIPE, SIG_IGN);             // a client that has left is an error of send(), not our end
  const auto fail = [](const char* call) {
    std::perror(call);  // the text for errno: "bind: Address already in use"
    return EXIT_FAILURE;
  };

  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  if (listening == -1) return fail("socket");
  const int on = 1;
  if (setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1) return fail("setsockopt");

  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // 127.0.0.1
  if (bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) == -1) return fail("bind");
  if (listen(listening, 5) == -1) return fail("listen");
  std::printf("listening on 127.0.0.1:%d\n", port);

  while (true) {
    sockaddr_in client_address{};
    socklen_t size = sizeof client_address;
    const int client = accept(listening, reinterpret_cast<sockaddr*>(&client_address), &size);
    if (client == -1 && (errno == EINTR || errno == ECONNABORTED)) continue;  // ask again
    if (client == -1) return fail("accept");
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &client_address.sin_addr, text, sizeof text);
    std::printf("connection from %s:%d has been established!\n", text, ntohs(client_address.sin_port));

    std::string_view rest = "welcome to the server!";
    while (!rest.empty()) {
      const ssize_t sent = send(client, rest.data(), rest.size(), 0);
      if (sent == -1 && errno == EINTR) continue;
      if (sent == -1) break;  // this client has left; the next one comes
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    close(client);
  }
}
