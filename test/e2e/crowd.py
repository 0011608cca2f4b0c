"""Very many users at once, and a service for them, each a process of its own:

    crowd.py echo               serves on the port that it prints
    crowd.py users PORT N HOW   N at once; tells what became of them
    crowd.py probe PORT         one after the other, until its input ends

HOW: stay    they say a byte, wait for it to come back, and stay until
             input ends
     leave   they end without a word, at once
     reset   the same, rudely
"""
import json
import os
import resource
import select
import socket
import struct
import sys
import time

AT_ONCE = 4000
RUDE = struct.pack("ii", 1, 0)


def more_descriptors():
    """As many as we may have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def begin(port):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", port))
    return s


def serve():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(65535)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    poll, all = select.epoll(), {}
    poll.register(listener, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                take(listener, poll, all)
            else:
                answer(fd, poll, all)


def take(listener, poll, all):
    while True:
        try:
            s, _ = listener.accept()
        except BlockingIOError:
            return
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.setblocking(False)
        all[s.fileno()] = s
        poll.register(s, select.EPOLLIN)


def answer(fd, poll, all):
    try:
        part = all[fd].recv(4096)
        if part:
            all[fd].send(part)
            return
    except BlockingIOError:
        return
    except OSError:
        pass
    all.pop(fd).close()


class Users:
    """The outcome of each: .served, .lost, and how long the last took."""

    def __init__(self, port, n):
        self.poll, self.open, self.held = select.epoll(), {}, []
        self.served = self.lost = 0
        began = time.monotonic()
        for i in range(n):
            s = begin(port)
            self.open[s.fileno()] = s
            self.poll.register(s, select.EPOLLIN | select.EPOLLOUT)
        while self.open:
            for fd, events in self.poll.poll():
                self.look(fd, events)
        self.seconds = time.monotonic() - began

    def look(self, fd, events):
        s = self.open[fd]
        try:
            if events & select.EPOLLIN:
                got = s.recv(16)
                self.over(fd, bool(got))
            elif events & (select.EPOLLERR | select.EPOLLHUP):
                self.over(fd, False)
            else:
                s.send(b"x")
                self.poll.modify(fd, select.EPOLLIN)
        except OSError:
            self.over(fd, False)

    def over(self, fd, served):
        s = self.open.pop(fd)
        self.poll.unregister(fd)
        self.served += served
        self.lost += not served
        if served:
            self.held.append(s)
        else:
            s.close()


def stay(port, n):
    users = Users(port, n)
    print(json.dumps({"served": users.served, "lost": users.lost,
                      "seconds": round(users.seconds, 3)}), flush=True)
    sys.stdin.read()
    return {"gone": users.served}


def go(port, n, rude):
    """Each leaves at once; some thousands are there at a time."""
    there, seen = [], 0
    for i in range(n + AT_ONCE):
        if i < n:
            there.append(begin(port))
        if i < AT_ONCE:
            continue
        s = there[i - AT_ONCE]
        there[i - AT_ONCE] = None
        seen += not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if rude:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RUDE)
        s.close()
    return {"left": seen}


def one(port):
    """How many ms until one user is served; None: it was not."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), 60) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.sendall(b"x")
            if s.recv(1) != b"x":
                return None
    except OSError:
        return None
    return (time.monotonic() - began) * 1000


def probe(port):
    took = []
    print(json.dumps({"first": one(port)}), flush=True)
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        took.append(one(port))
    lost = took.count(None)
    took = sorted(x for x in took if x is not None)
    return {"lost": lost, "n": len(took),
            "worst": round(took[-1], 1) if took else None,
            "p99": round(took[int(len(took) * .99)], 1) if took else None}


def main(role, port=0, n=0, how="stay"):
    more_descriptors()
    if role == "users":
        # They stand for other machines: the processor is not theirs.
        os.nice(10)
    port, n = int(port), int(n)
    if role == "echo":
        serve()
    elif role == "probe":
        said = probe(port)
    elif how == "stay":
        said = stay(port, n)
    else:
        said = go(port, n, how == "reset")
    print(json.dumps(said), flush=True)
    os._exit(0)  # without closing thousands one by one


if __name__ == "__main__":
    main(*sys.argv[1:])
