#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  if (bind(s, (struct sockaddr*)&address, sizeof address) == -1 || listen(s, 5) == -1) {
    perror("server");
    return 1;
  }
  const char text[] = "welcome to the server!";
  while (1) {
    int client = accept(s, NULL, NULL);
    if (client == -1) continue;
    send(client, text, strlen(text), MSG_NOSIGNAL);
    close(client);
  }
}
