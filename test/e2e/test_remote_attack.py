# SPDX-License-Identifier: MIT
"""Ports of a worker's loopback under visitors and workers that are hostile:
what they do ends their own streams, and hurts nobody else."""
import os
import select
import socket
import struct
import threading

from lib import check, free_port, until, waits
from mux import Mux, data, syn
from socks import BIND, DENIED, NO_COMMAND, OK, Asked
from test_offer import NAME, SECRET, offer, visitor
from test_tunnel_remote import is_closed, is_cut
from tunnels import Tunnels, private
from wire import EchoServer, Service, dial, echo, pattern, read_exactly


def name():
    return os.urandom(16).hex()


class Stand:
    """A worker that lets these ports be opened, and a visitor's port, at
    which SOCKS is spoken with it."""

    def __init__(self, t, remote, allow="22"):
        self.server = t.frps()
        self.worker = offer(t, self.server.conf["bindPort"], allow,
                            "--allow-remote", remote, wait=False)
        self.worker.wait_line("^offering")
        self.at = visitor(t, self.server)

    def ask(self, port, who=None):
        return Asked(self.at, who or name(), port, BIND)

    def door(self, port, who=None):
        a = self.ask(port, who)
        check(a.code == OK, a.code)
        return a.s, struct.unpack(">H", a.bound[4:])[0]


def test_a_visitor_that_comes_again_has_its_port_at_once(t):
    """Though the worker has not heard of the end of its old stream."""
    at, who = free_port(), name()
    w = Stand(t, str(at))
    old, port = w.door(at, who)
    check(port == at)
    refused = w.ask(at)
    check(refused.code == DENIED)
    check(refused.rest() == b"port %d is taken at '%s'\n" %
          (at, NAME.encode()))
    new, _ = w.door(at, who)
    drain(old)
    with dial(at) as user:
        user.sendall(b"hello")
        stream = Mux(new).accept()
        check(read_exactly_of(stream, 5) == b"hello")
    new.close()
    until(lambda: is_closed(at), what="the port is closed")


def drain(s):
    """To the end, whatever is said before."""
    try:
        while s.recv(65536):
            pass
    except ConnectionResetError:
        pass


def read_exactly_of(stream, n):
    got = b""
    while len(got) < n:
        got += stream.recv(n - len(got))
    return got


def test_what_is_no_name_and_no_port_is_refused(t):
    at = free_port()
    w = Stand(t, str(at))
    for host in ("127.0.0.1", "localhost", "0" * 31, "0" * 33, "x" * 32,
                 name() + ".5", name() + "."):
        check(Asked(w.at, host, at, BIND).code == NO_COMMAND, host)
    a = w.ask(at + 1)
    check(a.code == DENIED and b"--allow-remote %d" % (at + 1) in a.rest())
    check(is_closed(at) and is_closed(at + 1))


def test_bad_bytes_end_that_port_alone(t):
    a, b = free_port(), free_port()
    w = Stand(t, f"{a},{b}")
    good, _ = w.door(b)
    m = Mux(good)
    for bad in (b"GET / HTTP/1.1\r\n\r\n", pattern(300000),
                syn(1),
                struct.pack(">BBHII", 0, 0, 0, 2, 0xffffffff),
                struct.pack(">BBHII", 0, 9, 0, 2, 1)):
        s, _ = w.door(a)
        with dial(a):
            Mux(s).accept() # stream 2
            s.sendall(bad)
            until(lambda: is_closed(a), what=f"it is closed after {bad[:9]}")
        s.close()
    with dial(b) as user:
        user.sendall(b"x")
        check(read_exactly_of(m.accept(), 1) == b"x")
    check(w.worker.running())


def test_sixty_four_ports_are_the_most(t):
    w = Stand(t, "32000-32700")
    held = [w.door(0)[0] for _ in range(64)]
    a = w.ask(0)
    check(a.code == DENIED and b"has 64 remote ports open" in a.rest())
    held.pop().close()
    w.worker.wait_line("of loopback is closed")
    held.append(w.door(0)[0])
    for s in held:
        s.close()
    w.worker.wait_line("of loopback is closed", times=65)


def test_a_flood_of_requests_leaves_nothing(t):
    service = EchoServer()
    w = Stand(t, "32000-32700", str(service.port))
    before = w.worker.fd_count()
    for _ in range(400):
        w.ask(0).s.close()
    check(Asked(w.at, "127.0.0.1", service.port).code == OK)
    until(lambda: w.worker.fd_count() <= before + 8, what="all is closed")
    lines = w.worker.text.count(" of loopback is ")
    check(lines <= 256, f"{lines} lines in the log")


def test_a_visitor_that_reads_nothing_holds_its_own_users_alone(t):
    a, b = free_port(), free_port()
    w = Stand(t, f"{a},{b}")
    s, _ = w.door(a)
    good = Mux(w.door(b)[0])
    rss = w.worker.rss_kib()
    users = [dial(a) for _ in range(20)]
    for u in users:
        u.setblocking(False)
    sent, free = 0, users
    while free: # until nothing moves any more
        sent += sum(u.send(b"x" * 65536) for u in free)
        free = select.select([], users, [], 0.5)[1]
    with dial(b) as user:
        user.sendall(b"x")
        check(read_exactly_of(good.accept(), 1) == b"x")
    grown = w.worker.rss_kib() - rss
    check(grown < 16384, f"{grown} KiB for {sent} bytes")
    s.close()


@waits
def test_users_of_a_tunnel_that_is_silent_are_let_go(t):
    """Neither streams nor pings are answered."""
    at = free_port()
    w = Stand(t, str(at))
    s, _ = w.door(at)
    with dial(at, timeout=35) as user:
        check(is_cut(user))
    until(lambda: is_closed(at), what="the port is closed")
    s.close()


class Worker(Service):
    """An offer that is played: it opens one port well, loses it when it is
    told to, and of each later BIND door(s, port) is made."""

    def __init__(self, door):
        self.door, self.asked, self.lose = door, 0, threading.Event()
        super().__init__()

    def serve(self, s):
        head = read_exactly(s, 3 + 5)
        port = read_exactly(s, head[7] + 2)[-2:]
        s.sendall(b"\5\0")
        if head[4] != BIND:
            s.sendall(reply(0))
            while part := s.recv(65536):
                s.sendall(part)
            return
        self.asked += 1
        if self.asked > 1:
            self.door(s, *struct.unpack(">H", port))
            drain(s)
            return
        s.sendall(reply(*struct.unpack(">H", port)))
        self.lose.wait(30)


def reply(port):
    return b"\5\0\0\1\177\0\0\1" + struct.pack(">H", port)


def endless(s, port):
    """Of one stream more than its window, and nothing is read."""
    s.sendall(reply(port) + syn(2))
    while True:
        s.sendall(data(2, b"x" * 60000))


DOORS = { # what they do, and whether it is asked for again then
    "too early": (lambda s, port: s.sendall(syn(2) + reply(port)), True),
    "another port": (lambda s, port: s.sendall(reply(port + 1)), True),
    "no port": (lambda s, port: s.sendall(reply(0)), True),
    "garbage": (lambda s, port: s.sendall(reply(port) + b"garbage" * 99),
                True),
    "bytes": (endless, False),
    "the end": (lambda s, port: (s.sendall(reply(port)),
                                 s.shutdown(socket.SHUT_WR)), True),
    "streams": (lambda s, port: s.sendall(reply(port) + b"".join(
        syn(2 * i) for i in range(1, 5001))), False),
}


def test_a_hostile_worker_ends_its_own_port_alone(t):
    server, closed, stands = t.frps(), free_port(), []
    for what in DOORS:
        stands.append((what, Worker(DOORS[what][0]), free_port()))
    rows = [{"name": what.replace(" ", "-"), "type": "stcp",
             "secretKey": SECRET, "localIP": "127.0.0.1",
             "localPort": w.port} for what, w, _ in stands]
    t.frpc(server, rows)
    with Tunnels(t) as u:
        far = ["--server", f"127.0.0.1:{server.conf['bindPort']}",
               "--secret-file", private(t, "secret", SECRET)]
        for what, w, local in stands:
            what = what.replace(" ", "-")
            u.start("--to", what, *far, "-L", local, "-R",
                    f"40000:localhost:{closed}", name=what)
        held = [dial(local) for _, _, local in stands]
        check(all(same(s, b"before") for s in held))
        for _, w, _ in stands:
            w.lose.set()
        for what, w, _ in stands:
            until(lambda: w.asked > 1 + DOORS[what][1], 20,
                  f"{what}: it is asked again")
        for (what, _, local), s in zip(stands, held):
            check(same(s, b"after") and echo(local, b"new") == b"new", what)


def same(s, text):
    s.sendall(text)
    return read_exactly(s, len(text)) == text
