#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* {1: 'Hey', 2: 'There'}, as pickle.dumps() writes it. */
static const char object[] =
    "\x80\x04\x95\x17\0\0\0\0\0\0\0}\x94(K\1\x8c\3Hey\x94K\2\x8c\5There\x94u.";

int main(int argc, char** argv) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(s, (struct sockaddr*)&address, sizeof address) == -1 || listen(s, 5) == -1) {
    perror("server");
    return 1;
  }
  while (1) {
    int client = accept(s, NULL, NULL);
    if (client == -1) continue;
    char message[64];
    int header = sprintf(message, "%-10zu", sizeof object - 1);
    memcpy(message + header, object, sizeof object - 1);
    send(client, message, (size_t)header + sizeof object - 1, MSG_NOSIGNAL);
    close(client);
  }
}
