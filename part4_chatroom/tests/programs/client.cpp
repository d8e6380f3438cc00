#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

static std::string pack(const std::string& body) {
  std::string header = std::to_string(body.size());
  header.resize(10, ' ');
  return header + body;
}

static std::string exactly(int s, std::size_t size) {
  std::string bytes(size, ' ');
  for (std::size_t count = 0; count < size;) {
    const ssize_t piece = recv(s, bytes.data() + count, size - count, 0);
    if (piece <= 0) _exit(0);
    count += static_cast<std::size_t>(piece);
  }
  return bytes;
}

static std::string message(int s) {
  const std::string header = exactly(s, 10);
  if (!std::isdigit(static_cast<unsigned char>(header[0]))) _exit(1);
  const unsigned long size = std::strtoul(header.c_str(), nullptr, 10);
  if (size > 65536) _exit(1);
  std::string body = exactly(s, size);
  for (char& byte : body) {
    if (static_cast<unsigned char>(byte) < ' ') byte = '?';
  }
  return body;
}

int main(int argc, char** argv) {
  std::cout << "Username: " << std::flush;
  std::string line;
  std::getline(std::cin, line);
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[argc - 1])));
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  if (connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == -1) {
    std::perror("client");
    return 1;
  }
  std::thread([s] {
    while (true) {
      const std::string name = message(s);
      std::cout << "\x1b[1m" << name << "\x1b[0m > " << message(s) << std::endl;
    }
  }).detach();
  do {
    const std::string bytes = line.empty() ? "" : pack(line);
    send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (std::getline(std::cin, line));
  shutdown(s, SHUT_WR);
  pause();  // the thread ends the program when the server has closed
}
