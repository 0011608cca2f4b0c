"""An end of one direction is no end of the other: half-closes go through."""
import random
import socket
import struct
import time

from lib import (Service, check, dial, digest, in_thread, pattern,
                 read_exactly, read_to_end)
from pairs import Pair, every_way

MIB = 1 << 20


class AnswersAfterTheEnd(Service):
    """Reads to the end and only then speaks: the digest of what came, and
    1 MiB."""

    def serve(self, s):
        data = read_to_end(s)
        s.sendall(digest(data).encode() + pattern(MIB, len(data)))
        s.shutdown(socket.SHUT_WR)


class EndsFirst(Service):
    """Sends 1 MiB and ends, then reads to the end and keeps its digest."""

    def __init__(self):
        self.got = []
        super().__init__()

    def serve(self, s):
        s.sendall(pattern(MIB, 1))
        s.shutdown(socket.SHUT_WR)
        self.got.append(digest(read_to_end(s)))


class EndsWhenItLikes(Service):
    """Sends as many bytes as it is told, ends, and at the same time reads to
    the end; answers nothing, but keeps the digest."""

    def __init__(self):
        self.got = {}
        super().__init__()

    def serve(self, s):
        seed, n = (int(x) for x in read_exactly(s, 20).split())

        def send():
            s.sendall(pattern(n, seed))
            s.shutdown(socket.SHUT_WR)
        sender = in_thread(send)
        self.got[seed] = digest(read_to_end(s))
        sender.join()


def sizes(seed, n):
    dice = random.Random(seed)
    return [int(2 ** dice.uniform(0, 21)) for _ in range(n)] + [0, 1, MIB]


def wait_for(things, key):
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            return things[key]
        except (KeyError, IndexError):
            time.sleep(0.01)
    check(False, "the service saw no end")


def test_a_service_may_answer_after_the_end_of_the_request(t):
    service = AnswersAfterTheEnd()

    def work(mux, tls, name):
        pair = Pair(t, service, mux, tls, name=name)
        for n in sizes(1, 10):
            with dial(pair.port) as s:
                s.sendall(pattern(n, 7))
                s.shutdown(socket.SHUT_WR)
                got = read_to_end(s)
            check(got[:32].decode() == digest(pattern(n, 7)),
                  f"the service got other bytes than the {n}")
            check(got[32:] == pattern(MIB, n),
                  f"{len(got) - 32} of {MIB} bytes came, or others")
    every_way(work)


def test_a_user_may_send_on_after_the_end_of_the_service(t):
    def work(mux, tls, name):
        mine = EndsFirst()
        pair = Pair(t, mine, mux, tls, name=name)
        for i, n in enumerate(sizes(2, 10)):
            with dial(pair.port) as s:
                check(read_to_end(s) == pattern(MIB, 1))
                s.sendall(pattern(n, 7))
                s.shutdown(socket.SHUT_WR)
                check(wait_for(mine.got, i) == digest(pattern(n, 7)))
    every_way(work)


def test_both_ends_may_end_at_the_same_time(t):
    def work(mux, tls, name):
        service = EndsWhenItLikes()
        pair = Pair(t, service, mux, tls, name=name)
        dice = random.Random(3)
        for seed, up in enumerate(sizes(4, 12)):
            down = int(2 ** dice.uniform(0, 21))
            with dial(pair.port) as s:
                s.sendall(f"{seed:9d} {down:9d}\n".encode())

                def send():
                    s.sendall(pattern(up, seed + 100))
                    s.shutdown(socket.SHUT_WR)
                sender = in_thread(send)
                got = read_to_end(s)
                sender.join()
            check(got == pattern(down, seed),
                  f"{len(got)} of {down} bytes came, or others")
            check(wait_for(service.got, seed) ==
                  digest(pattern(up, seed + 100)), f"{up} bytes up")
    every_way(work)


def test_a_user_that_breaks_off_breaks_off_at_the_service(t):
    """A reset is passed on as a reset, not as an end."""
    class Watches(Service):
        def __init__(self):
            self.got = []
            super().__init__()

        def serve(self, s):
            try:
                read_to_end(s)
                self.got.append("an end")
            except ConnectionResetError:
                self.got.append("a reset")

    def work(mux, tls, name):
        service = Watches()
        pair = Pair(t, service, mux, tls, name=name)
        s = dial(pair.port)
        s.sendall(b"x" * 1000)
        wait_accepted = time.monotonic() + 10
        while not service.accepted and time.monotonic() < wait_accepted:
            time.sleep(0.01)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
        s.close()
        said = wait_for(service.got, 0)
        check(said == "a reset", f"the service saw {said}")
    every_way(work)
