// Part 1, the client without the wrapper: bare system calls. docs/without-the-wrapper.md explains it.
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  const char* const host = argc > 1 ? argv[1] : "127.0.0.1";
  const char* const port = argc > 2 ? argv[2] : "1234";

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  if (const int error = getaddrinfo(host, port, &hints, &addresses); error != 0) {
    std::fprintf(stderr, "%s: %s\n", host, gai_strerror(error));  // not errno: it has errors of its own
    return EXIT_FAILURE;
  }

  int server = -1;
  for (const addrinfo* one = addresses; one != nullptr && server == -1; one = one->ai_next) {
    server = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
    if (server == -1 || connect(server, one->ai_addr, one->ai_addrlen) == 0) continue;
    const int error = errno;  // before close(), which may set another
    close(server);
    server = -1;
    errno = error;
  }
  if (server == -1) {
    std::perror("connect");
    return EXIT_FAILURE;
  }
  freeaddrinfo(addresses);

  std::string message;
  char buffer[1024];
  while (true) {
    const ssize_t received = recv(server, buffer, sizeof buffer, 0);
    if (received == 0) break;  // the server has closed
    if (received > 0) message.append(buffer, static_cast<std::size_t>(received));
    if (received == -1 && errno != EINTR) {
      std::perror("recv");
      return EXIT_FAILURE;
    }
  }
  close(server);
  for (const char byte : message) {
    const bool harmless = static_cast<unsigned char>(byte) >= ' ' && byte != '\x7f';
    std::printf(harmless ? "%c" : "\\x%02x", byte);  // no ASCII control character reaches the terminal
  }
  std::printf("\n");
}
