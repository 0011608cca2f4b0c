"""Under traffic one end after the other is killed and started again.  What was
not cut off is right to the byte; what was cut off knows it: an end that comes
before the last byte is a break, never an orderly end.  And the two always
find each other again."""
import random
import socket
import threading
import time

from lib import (STARTED, Service, check, dial, digest, in_thread,
                 pattern, read_exactly, timeout)
from pairs import Pair, every_way, way_name
from wire import DUPLEX_HEAD

PING = DUPLEX_HEAD.pack(0, 0, 0)


class Checker(Service):
    """As a DuplexServer, and knows of every connection what became of it."""

    def __init__(self):
        self.wrong, self.whole, self.cut = [], 0, 0
        super().__init__()

    def serve(self, s):
        try:
            self.check(s)
        except OSError:
            self.cut += 1

    def check(self, s):
        head = read_exactly(s, DUPLEX_HEAD.size)
        if len(head) < DUPLEX_HEAD.size:
            self.wrong.append(f"service: an end after {len(head)} bytes of "
                              "the head")
            return
        up, down, seed = DUPLEX_HEAD.unpack(head)
        sender = Sender(s, pattern(down, seed + 1))
        got = read_exactly(s, up)
        sender.join()
        if len(got) < up:
            self.wrong.append(f"service: an end after {len(got)} of {up}")
        elif got != pattern(up, seed):
            self.wrong.append(f"service: other bytes of {up}")
        s.sendall(digest(got).encode())
        s.shutdown(socket.SHUT_WR)
        if s.recv(1) == b"":
            self.whole += 1


class Sender:
    """A reset is told once, to whoever asks first: so it is kept here."""

    def __init__(self, s, data):
        self.s, self.data, self.error = s, data, None
        self.thread = in_thread(self.run)

    def run(self):
        try:
            self.s.sendall(self.data)
        except OSError as e:
            self.error = e

    def join(self):
        self.thread.join()
        if self.error:
            raise self.error


class Traffic:
    """Users, one after the other, until told to stop."""

    def __init__(self, port, seed):
        self.port, self.dice = port, random.Random(seed)
        self.whole = self.cut = 0
        self.wrong, self.over = [], threading.Event()
        self.thread = in_thread(self.run)

    def run(self):
        while not self.over.is_set():
            try:
                said = self.one()
                self.whole += not said
                if said:
                    self.wrong.append(f"user: {said}")
            except OSError:
                self.cut += 1
                self.over.wait(0.05)  # the port may be gone for a while

    def one(self):
        up, down = (int(2 ** self.dice.uniform(0, 21)) for _ in range(2))
        seed = self.dice.randrange(1 << 30)
        data, want = pattern(up, seed), pattern(down, seed + 1)
        with dial(self.port, timeout=20) as s:
            s.sendall(DUPLEX_HEAD.pack(up, down, seed))
            sender = Sender(s, data)
            got = read_exactly(s, down)
            said = read_exactly(s, len(digest(b"")))
            sender.join()
            if len(got) < down or len(said) < len(digest(b"")):
                return f"an end after {len(got)} of {down} bytes"
            if got != want:
                return f"other bytes of {down}"
            if said.decode() != digest(data):
                return f"the service got other bytes of {up}"
            if s.recv(1) != b"":
                return "more bytes than were sent"
        return None


def works(port):
    with dial(port) as s:
        s.sendall(PING)
        return len(read_exactly(s, 32)) == 32


def kill_one(pair, dice):
    """One end goes, comes again, and the tunnel works."""
    mark = pair.client.mark()
    if dice.random() < 0.5:
        pair.server.kill()
        time.sleep(dice.uniform(0, 0.3))
        pair.server = pair.server.again()
        began = time.monotonic()
        pair.client.wait_line(STARTED, since=mark, timeout=10)
        took = time.monotonic() - began
        check(took < 3, f"the client was back only after {took:.1f} s")
    else:
        pair.client.kill()
        pair.client = pair.client.again()
    check(works(pair.port), "it does not work again")


def torment(t, mux, tls, name, seconds, seed, users=3):
    service, dice = Checker(), random.Random(seed)
    pair = Pair(t, service, mux, tls, name=name)
    traffic = [Traffic(pair.port, seed * 100 + i) for i in range(users)]
    end, kills = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end:
            time.sleep(dice.uniform(0.1, 1))
            kill_one(pair, dice)
            kills += 1
    finally:
        for x in traffic:
            x.over.set()
    for x in traffic:
        x.thread.join(30)
    wrong = service.wrong + [w for x in traffic for w in x.wrong]
    line = (f"{name[1:]}: {kills} kills, {sum(x.whole for x in traffic)} "
            f"whole, {sum(x.cut for x in traffic)} cut at the user, "
            f"{service.cut} at the service")
    print(line)
    check(not wrong, f"{name[1:]}: {len(wrong)} wrong: {wrong[:5]}")
    check(sum(x.whole for x in traffic) > kills, line)
    pair.stop()


@timeout(60)
def test_whatever_is_killed_a_cut_is_never_an_orderly_end(t):
    every_way(lambda mux, tls, name: torment(t, mux, tls, name, 10,
                                             seed=len(name), users=2))


@timeout(400)
def soak_whatever_is_killed_a_cut_is_never_an_orderly_end(t):
    seed = random.SystemRandom().randrange(1 << 20)
    print(f"seed {seed}")
    for mux, tls in ((True, True), (True, False), (False, True),
                     (False, False)):
        torment(t, mux, tls, way_name(mux, tls), 60, seed)
