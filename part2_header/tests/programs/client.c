#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LARGEST (1024 * 1024)

static int s;

static size_t receive(char* bytes, size_t size) {
  size_t count = 0;
  while (count < size) {
    ssize_t piece = recv(s, bytes + count, size - count < 64 ? size - count : 64, 0);
    if (piece <= 0) break;
    count += (size_t)piece;
  }
  return count;
}

static void show(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) putchar((unsigned char)bytes[i] < ' ' ? '?' : bytes[i]);
  putchar('\n');
  fflush(stdout);
}

int main(int argc, char** argv) {
  s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  if (connect(s, (struct sockaddr*)&address, sizeof address) == -1) {
    perror("client");
    return 1;
  }
  while (1) {
    char header[11] = "";
    size_t count = receive(header, 10);
    if (count == 0) return 0;
    if (count < 10) return fprintf(stderr, "cut off\n"), 1;
    char* end;
    long size = strtol(header, &end, 10);
    if (end == header || size < 0 || size > LARGEST) return fprintf(stderr, "no length\n"), 1;
    char* body = malloc((size_t)size + 1);
    if (receive(body, (size_t)size) < (size_t)size) return fprintf(stderr, "cut off\n"), 1;
    show(body, (size_t)size);
    free(body);
  }
}
