"""What does a guest who says nothing cost a chat server that waits with select(), poll(), and epoll or kqueue?

Usage: python3 idle_bench.py BUILD/part4_chatroom

One guest talks to one other, beside more and more who have connected and said nothing, not even a name. Shown is the
processor time that the server takes for a message: the median of some rounds, in which the servers take turns.
bench_plot.py draws it. Needs Linux, whose /proc has that time.
"""
import os
import resource
import socket
import statistics
import subprocess
import sys
import time

SERVERS = {'select': 'server', 'poll': 'beyond_select/server_poll', 'epoll': 'beyond_select/server_epoll'}
IDLE = 10, 100, 1_000, 10_000
ROUNDS = 3
SECONDS = 0.3
OWN = 20  # descriptors that a process here has besides those of the idle guests, at most
LARGEST_SET = 1024  # FD_SETSIZE


def with_header(text):
    return f'{len(text):<10}'.encode() + text


def processor_seconds(process):
    with open(f'/proc/{process.pid}/schedstat') as file:
        return int(file.read().split()[0]) * 1e-9


class Room:
    """A server with idle guests, and two who talk."""

    def __init__(self, program, idle):
        self.server = subprocess.Popen([program, '--port', '0', '--patience', '3600'], stdout=subprocess.PIPE)
        line = self.server.stdout.readline().decode()
        if not line.startswith('listening on '):
            sys.exit(f'idle_bench.py: {program} does not listen: {line}')
        host, port = line.split()[-1].rsplit(':', 1)
        self.guests = [socket.create_connection((host, int(port)), timeout=60) for _ in range(idle + 2)]
        self.alice, self.bob = self.guests[-2:]
        for guest, name in (self.alice, b'alice'), (self.bob, b'bob'):
            guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            guest.sendall(with_header(name))
            while b'username:' + name not in self.server.stdout.readline():
                pass  # who came last is in last, and then all are

    def talk(self, seconds):
        """Returns the processor time that the server has taken for each message."""
        said = with_header(b'x' * 64)
        heard = with_header(b'alice') + said
        begin, end, messages = processor_seconds(self.server), time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self.alice.sendall(said)
            if self.bob.recv(len(heard), socket.MSG_WAITALL) != heard:
                sys.exit('idle_bench.py: the server sends something else')
            self.server.stdout.readline()
            messages += 1
        return (processor_seconds(self.server) - begin) / messages

    def close(self):
        self.server.kill()
        self.server.wait()
        for guest in self.guests:
            guest.close()


def measure(program, idle):
    room = Room(program, idle)
    try:
        room.talk(SECONDS)  # until the kernel has done what comes after a connection
        return room.talk(SECONDS)
    finally:
        room.close()


def main():
    [folder] = sys.argv[1:]
    if not os.path.exists('/proc/self/schedstat'):
        sys.exit('idle_bench.py: no /proc here says how much processor time a process has taken')
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = max(IDLE) + OWN if most == resource.RLIM_INFINITY else min(max(IDLE) + OWN, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    print('idle guests' + ''.join(f'{name:>14}' for name in SERVERS), flush=True)
    for idle in IDLE:
        if idle + OWN > allowed:
            print(f'{idle:,} idle guests take more descriptors than the {allowed:,} that a process may have here: ulimit -Hn')
            break
        names = [name for name in SERVERS if name != 'select' or idle + OWN <= LARGEST_SET]
        rounds = [[measure(f'{folder}/{SERVERS[name]}', idle) for name in names] for _ in range(ROUNDS)]
        figures = dict(zip(names, map(statistics.median, zip(*rounds))))
        cells = (f'{figures[name] * 1e6:.1f} us' if name in figures else '-' for name in SERVERS)
        print(f'{idle:11}' + ''.join(f'{cell:>14}' for cell in cells), flush=True)


if __name__ == '__main__':
    main()
