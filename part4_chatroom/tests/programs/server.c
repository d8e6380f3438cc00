#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGEST 65536
#define MOST 2000
#define OUTBOX (2 * 1024 * 1024)

struct guest {
  int in_room;
  char name[80]; /* with its header */
  size_t name_size;
  char inbox[10 + LARGEST + 1];
  size_t inbox_size;
  char* outbox;
  size_t outbox_size;
};

static struct guest* guests[MOST];

static void leave(int descriptor) {
  close(descriptor);
  free(guests[descriptor]->outbox);
  free(guests[descriptor]);
  guests[descriptor] = NULL;
}

static void put(struct guest* guest, const char* bytes, size_t size) {
  if (guest->outbox_size + size > OUTBOX) return;
  if (guest->outbox == NULL) guest->outbox = malloc(OUTBOX);
  memcpy(guest->outbox + guest->outbox_size, bytes, size);
  guest->outbox_size += size;
}

/* A whole message; -1 if the guest has to go. */
static int take(int from, const char* message, size_t size) {
  struct guest* me = guests[from];
  if (!me->in_room) {
    if (size == 10 || size > 10 + 64) return -1;
    memcpy(me->name, message, size);
    me->name_size = size;
    me->in_room = 1;
    return 0;
  }
  for (int other = 0; other < MOST; ++other) {
    if (other == from || guests[other] == NULL || !guests[other]->in_room) continue;
    put(guests[other], me->name, me->name_size);
    put(guests[other], message, size);
  }
  return 0;
}

static int receive(int descriptor) {
  struct guest* me = guests[descriptor];
  ssize_t size = recv(descriptor, me->inbox + me->inbox_size, sizeof me->inbox - 1 - me->inbox_size, 0);
  if (size <= 0) return -1;
  me->inbox_size += (size_t)size;
  while (me->inbox_size >= 10) {
    char header[11] = "";
    memcpy(header, me->inbox, 10);
    char* end;
    long body = strtol(header, &end, 10);
    if (end == header || body < 0 || body > LARGEST) return -1;
    size_t whole = 10 + (size_t)body;
    if (me->inbox_size < whole) break;
    if (take(descriptor, me->inbox, whole) == -1) return -1;
    memmove(me->inbox, me->inbox + whole, me->inbox_size - whole);
    me->inbox_size -= whole;
  }
  return 0;
}

static int flush_to(int descriptor) {
  struct guest* me = guests[descriptor];
  ssize_t size = send(descriptor, me->outbox, me->outbox_size, MSG_NOSIGNAL);
  if (size == -1) return errno == EAGAIN ? 0 : -1;
  memmove(me->outbox, me->outbox + size, me->outbox_size - (size_t)size);
  me->outbox_size -= (size_t)size;
  return 0;
}

int main(int argc, char** argv) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
  address.sin_addr.s_addr = inet_addr("127.0.0.1");
  if (bind(s, (struct sockaddr*)&address, sizeof address) == -1 || listen(s, 64) == -1) {
    perror("server");
    return 1;
  }
  fcntl(s, F_SETFL, O_NONBLOCK);
  while (1) {
    fd_set readable, writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(s, &readable);
    int highest = s;
    for (int i = 0; i < MOST; ++i) {
      if (guests[i] == NULL) continue;
      FD_SET(i, &readable);
      if (guests[i]->outbox_size > 0) FD_SET(i, &writable);
      if (i > highest) highest = i;
    }
    if (select(highest + 1, &readable, &writable, NULL, NULL) == -1) continue;
    for (int i = 0; i <= highest; ++i) {
      if (guests[i] != NULL && FD_ISSET(i, &readable) && receive(i) == -1) leave(i);
    }
    for (int i = 0; i <= highest; ++i) {
      if (guests[i] != NULL && guests[i]->outbox_size > 0 && flush_to(i) == -1) leave(i);
    }
    if (FD_ISSET(s, &readable)) {
      int client = accept(s, NULL, NULL);
      if (client == -1) continue;
      if (client >= FD_SETSIZE) {
        close(client);
        continue;
      }
      fcntl(client, F_SETFL, O_NONBLOCK);
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      guests[client] = calloc(1, sizeof(struct guest));
    }
  }
}
