#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  if (connect(s, (struct sockaddr*)&address, sizeof address) == -1) {
    perror("client");
    return 1;
  }
  char buffer[64];
  ssize_t size;
  while ((size = recv(s, buffer, sizeof buffer, 0)) > 0) {
    for (ssize_t i = 0; i < size; ++i) putchar(iscntrl((unsigned char)buffer[i]) ? '?' : buffer[i]);
    fflush(stdout);
  }
  putchar('\n');
  return 0;
}
