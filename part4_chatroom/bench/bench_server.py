"""A chat server with select() in Python, of the same protocol: what bench compares the C++ server with.

usage: bench_server.py HOST PORT
"""
import select
import socket
import sys

host, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listening = socket.create_server((host, int(port)), family=family, backlog=1024)
listening.setblocking(False)
inboxes = {}
outboxes = {}
names = {}


def pop_message(inbox):
    if len(inbox) < 10:
        return None
    end = 10 + int(inbox[:10])
    if len(inbox) < end:
        return None
    message = bytes(inbox[:end])
    del inbox[:end]
    return message


def leave(client):
    name = names.pop(client, b"")
    del inboxes[client], outboxes[client]
    client.close()
    print("Closed connection from", name[10:].decode(errors="backslashreplace"), flush=True)


def receive_from(client):
    data = client.recv(65536)
    if not data:
        return leave(client)
    inboxes[client] += data
    while (message := pop_message(inboxes[client])) is not None:
        if client not in names:
            names[client] = message
            continue
        print("receive message from", names[client][10:].decode(errors="backslashreplace"), ":",
              message[10:].decode(errors="backslashreplace"), flush=True)
        for other in names:
            if other is not client:
                outboxes[other] += names[client] + message


while True:
    waiting = [client for client, outbox in outboxes.items() if outbox]
    readable, _, _ = select.select([listening, *inboxes], waiting, [])
    for ready in readable:
        if ready is listening:
            client, _ = listening.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            inboxes[client], outboxes[client] = bytearray(), bytearray()
            continue
        try:
            receive_from(ready)
        except (OSError, ValueError):
            leave(ready)
    for client, outbox in list(outboxes.items()):
        if outbox:
            try:
                del outbox[:client.send(outbox)]
            except BlockingIOError:
                pass
            except OSError:
                leave(client)
