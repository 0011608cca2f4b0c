"""Many at once and many in a row: what they cost, and that nothing stays.

These print what they measure; the limits are generous."""
import socket
import threading
import time

from frp import Control
from lib import (EchoServer, Service, check, dial, digest, in_thread, pattern,
                 read_exactly, timeout, until)
from pairs import Pair, closing, every_way

MIB = 1 << 20


def is_sanitized(program):
    """ASan keeps what was freed: then memory tells nothing."""
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


class Holder(Service):
    """Answers the first byte and then just holds the connection, without a
    thread for each."""

    def __init__(self):
        self.held = []
        super().__init__()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            s.sendall(s.recv(1))
            self.held.append(s)


def rss(pair):
    return pair.server.rss_kib(), pair.client.rss_kib()


def users(port, n):
    """n connections that have been served, one after the other."""
    got = []
    for _ in range(n):
        s = dial(port)
        s.sendall(b"x")
        check(s.recv(1) == b"x")
        got.append(s)
    return got


def test_a_thousand_idle_users_cost_little(t):
    def work(mux, tls, name):
        service = Holder()
        pair = Pair(t, service, mux, tls, name=name)
        with closing(users(pair.port, 50)):
            before = rss(pair)
            with closing(users(pair.port, 1000)):
                after = rss(pair)
        each = [(b - a) / 1000 for a, b in zip(before, after)]
        told.append(f"{name[1:]}: KiB a user, server {each[0]:.2f}, "
                    f"client {each[1]:.2f}")
        if not is_sanitized(t.bin):
            check(max(each) <= 4, told[-1])
    told = []
    every_way(work)
    print("\n".join(sorted(told)))


def test_a_thousand_idle_clients_cost_little(t):
    told = []

    def work(mux, tls, name):
        server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        port = server.conf["bindPort"]

        def clients(n):
            return [Control(port, mux=mux, tls=tls) for _ in range(n)]
        with closing(clients(50)):
            before = server.rss_kib()
            with closing(clients(1000)) as all:
                check(not any(c.error for c in all))
                each = (server.rss_kib() - before) / 1000
        told.append(f"{name[1:]}: KiB a client {each:.2f}")
        if not is_sanitized(t.bin):
            check(each <= 48, told[-1])
    every_way(work, [(True, True), (False, False)])
    print("\n".join(sorted(told)))


def come_and_go(port, n, threads=4):
    """So many users, each with a byte there and back."""
    wrong = []

    def some():
        try:
            for _ in range(n // threads):
                with dial(port) as s:
                    s.sendall(b"x")
                    check(s.recv(1) == b"x")
        except Exception as e:
            wrong.append(repr(e))
    running = [in_thread(some) for _ in range(threads)]
    for th in running:
        th.join()
    check(not wrong, wrong)


def flat(t, mux, tls, name, n):
    pair = Pair(t, EchoServer(), mux, tls, name=name)
    ends = (pair.server, pair.client)
    calm = [end.fd_count() for end in ends]
    come_and_go(pair.port, n // 5)
    before = rss(pair)
    come_and_go(pair.port, n)
    after = rss(pair)
    grown = [b - a for a, b in zip(before, after)]
    for end, fds in zip(ends, calm):
        # One more: the pooled connection may not have been there before.
        until(lambda: end.fd_count() <= fds + 1, 15,
              f"{end.name}'s {fds} descriptors")
    line = f"{name[1:]}: grown by {grown} KiB in {n} connections"
    if not is_sanitized(t.bin):
        check(max(grown) < 512, line)
    print(line)


@timeout(60)
def test_ten_thousand_users_come_and_go_and_nothing_stays(t):
    flat(t, True, True, "-mux-tls", 10000)


def test_users_without_a_mux_come_and_go_and_nothing_stays(t):
    flat(t, False, False, "-bare-plain", 3000)


def test_clients_come_and_go_and_nothing_stays(t):
    server = t.frps({"transport.tcpMux": False})
    port = server.conf["bindPort"]

    def cycle(n):
        for i in range(n):
            c = Control(port, tls=i % 4 == 0)
            check(c.proxy(f"p{i}").get("error") is None)
            c.close()
    cycle(200)
    fds, before = server.fd_count(), server.rss_kib()
    cycle(1000)
    until(lambda: server.fd_count() <= fds, what="the descriptors")
    grown = server.rss_kib() - before
    # The server remembers for a day which name had which port.
    if not is_sanitized(t.bin):
        check(grown < 512, f"grown by {grown} KiB")


class Flood(Service):
    """Sends MIBs of one pattern, as many as the first byte says."""

    def serve(self, s):
        n = s.recv(1)[0]
        part = pattern(MIB, 5)
        for _ in range(n):
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        s.recv(1)


class Drain(Service):
    """Reads all; but of whoever begins with a 0 nothing more."""

    def __init__(self):
        self.stalled = threading.Event()
        super().__init__()

    def serve(self, s):
        if s.recv(1) == b"\0":
            self.stalled.wait()
            return
        n = 0
        while part := s.recv(MIB):
            n += len(part)
        s.sendall(str(n).encode())


def watch_memory(pair, work):
    """The work's result, and the most that each end has grown meanwhile."""
    before, most, over = rss(pair), [0, 0], threading.Event()

    def look():
        while not over.wait(0.05):
            for i, now in enumerate(rss(pair)):
                most[i] = max(most[i], now - before[i])
    th = in_thread(look)
    try:
        result = work()
    finally:
        over.set()
        th.join()
    return result, most


def in_parallel(n, work):
    results = [None] * n

    def one(i):
        try:
            results[i] = work(i)
        except Exception as e:
            results[i] = repr(e)
    threads = [in_thread(one, i) for i in range(n)]
    for th in threads:
        th.join()
    return results


def stalled(t, mux, tls, name, service, stall, fast):
    pair = Pair(t, service, mux, tls, name=name)
    check(fast(pair.port) is None)  # warm

    def work():
        began = time.monotonic()
        with dial(pair.port) as slow:
            stall(slow)
            results = in_parallel(7, lambda i: fast(pair.port))
            return results, time.monotonic() - began
    (results, took), most = watch_memory(pair, work)
    check(results == [None] * 7, results)
    line = (f"{name[1:]}: 7 x 16 MiB in {took:.1f} s, server +{most[0]} KiB, "
            f"client +{most[1]} KiB")
    if not is_sanitized(t.bin):
        check(max(most) < 16 * 1024, line)
    check(took < 20, line)
    return line


def test_a_user_who_does_not_read_holds_back_only_himself(t):
    service, told = Flood(), []

    def fast(port):
        with dial(port) as s:
            s.sendall(b"\x10")
            got = read_exactly(s, 16 * MIB)
            want = pattern(MIB, 5)
            for at in range(0, 16 * MIB, MIB):
                if got[at:at + MIB] != want:
                    return f"{len(got)} bytes, other ones from {at}"
        return None

    def work(mux, tls, name):
        told.append(stalled(t, mux, tls, name, service,
                            lambda s: s.sendall(b"\xff"), fast))
    every_way(work, [(True, True), (False, False)])
    print("\n".join(told))


def test_a_service_that_does_not_read_holds_back_only_itself(t):
    told = []

    def fast(port):
        with dial(port) as s:
            s.sendall(b"\1")
            for _ in range(16):
                s.sendall(pattern(MIB, 5))
            s.shutdown(socket.SHUT_WR)
            said = s.recv(100)
        return None if said == str(16 * MIB).encode() else said

    def stall(s):
        """Until nothing more goes in."""
        s.sendall(b"\0")
        s.settimeout(0.5)
        try:
            while True:
                s.send(bytes(MIB))
        except TimeoutError:
            pass

    def work(mux, tls, name):
        told.append(stalled(t, mux, tls, name, Drain(), stall, fast))
    every_way(work, [(True, True), (False, False)])
    print("\n".join(told))


def test_a_stalled_user_gets_everything_when_he_reads_again(t):
    def work(mux, tls, name):
        pair = Pair(t, Flood(), mux, tls, name=name)
        with dial(pair.port) as s:
            s.sendall(b"\x20")
            # The others fill the link meanwhile.
            with dial(pair.port) as other:
                other.sendall(b"\x08")
                check(len(read_exactly(other, 8 * MIB)) == 8 * MIB)
            got = read_exactly(s, 32 * MIB)
        check(digest(got) == digest(pattern(MIB, 5) * 32))
    every_way(work)
