"""Services without a public port: stcp, and sudp where it is the same."""
import contextlib
import os
import re
import socket
import threading
import time

from lib import (DuplexServer, EchoServer, check, dial, digest, duplex, echo,
                 in_thread, pattern, read_exactly, read_to_end, tcp_proxy,
                 timeout, until, waits)
from pairs import Silent, every_way
from test_halfclose import MIB, AnswersAfterTheEnd
from udp import (UdpEcho, UdpUser, again_and_again, secret_proxy, visitor)

FILTERED = {"transport": {"useEncryption": True, "useCompression": True}}

class Private:
    """A server, the owner of services, and a client that visits them."""

    def __init__(self, t, rows, visitors, mux=True, tls=True, name="",
                 server=None, through=lambda port: None, owner=None,
                 guest=None):
        self.server = t.frps({"transport.tcpMux": mux, **(server or {})},
                             name=f"frps{name}")
        port = self.server.conf["bindPort"]
        self.relay = through(port)
        way = {"transport.tcpMux": mux, "transport.tls.enable": tls}
        self.owner = t.frpc(self.relay or port, rows, {**way, **(owner or {})},
                            name=f"owner{name}")
        self.guest = t.frpc(self.relay or port, conf={
            **way, **(guest or {}), "visitors": visitors},
            name=f"visitor{name}")
        for v in visitors:
            self.guest.wait_line(rf"\[{v['name']}\] start visitor success")


class Steady:
    """A connection that must live, and be right, whatever else happens."""

    def __init__(self, port):
        self.s, self.turns, self.wrong = dial(port), 0, None
        self.over = threading.Event()
        self.thread = in_thread(self.run)

    def run(self):
        try:
            while not self.over.wait(0.005):
                data = pattern(5000, self.turns % 8)
                self.s.sendall(data)
                if read_exactly(self.s, len(data)) != data:
                    self.wrong = f"other bytes in turn {self.turns}"
                    return
                self.turns += 1
        except OSError as e:
            self.wrong = f"turn {self.turns}: {e}"

    def check(self):
        turns = self.turns
        until(lambda: self.turns > turns + 2 or self.wrong, 10,
              "the good connection goes on")
        check(not self.wrong, f"the good connection: {self.wrong}")

    def end(self):
        self.check()
        self.over.set()
        self.thread.join()
        self.s.close()


@contextlib.contextmanager
def steady(*ports):
    """Good connections meanwhile; the check of them all."""
    all = [Steady(p) for p in ports]
    yield lambda: [x.check() for x in all]
    for x in all:
        x.end()


def is_cut(port, data=b"x"):
    """The connection is made, and broken: no orderly end, no bytes."""
    try:
        with dial(port) as s:
            s.sendall(data)
            return s.recv(1) == b"" and "an orderly end"
    except ConnectionResetError:
        return True


def serves(port, data=b"hello"):
    try:
        return echo(port, data, 5) == data
    except (ConnectionError, TimeoutError):
        return False


@timeout(120)
def test_bytes_go_through_as_they_are(t):
    service, echoes = DuplexServer(), EchoServer()

    def work(mux, tls, name):
        for i, more in enumerate(({}, FILTERED)):
            rows = [secret_proxy(f"d{i}{name}", "stcp", service.port, **more),
                    secret_proxy(f"e{i}{name}", "stcp", echoes.port, **more)]
            to = [visitor(r, **more) for r in rows]
            Private(t, rows, to, mux, tls, f"{i}{name}")
            for n in (1, 65536, 32 * MIB):
                wrong = duplex(to[0]["bindPort"], n, n, n)
                check(not wrong, f"{n} bytes each way: {wrong}")
            many = [dial(to[1]["bindPort"]) for _ in range(200)]
            for j, s in enumerate(many):
                s.sendall(pattern(4096, 3)[j:] + b"%d" % j)
            for j, s in enumerate(many):
                want = pattern(4096, 3)[j:] + b"%d" % j
                check(read_exactly(s, len(want)) == want, f"connection {j}")
                s.close()
    for ways in ([(True, True), (False, True)], [(True, False),
                                                 (False, False)]):
        every_way(work, ways)


def test_half_closes_go_through(t):
    service = AnswersAfterTheEnd()

    def work(mux, tls, name):
        for i, more in enumerate(({}, FILTERED)):
            row = secret_proxy(f"s{i}{name}", "stcp", service.port, **more)
            to = visitor(row, **more)
            Private(t, [row], [to], mux, tls, f"{i}{name}")
            for n in (0, 1, 70000, MIB):
                with dial(to["bindPort"]) as s:
                    s.sendall(pattern(n, 7))
                    s.shutdown(socket.SHUT_WR)
                    got = read_to_end(s)
                check(got == digest(pattern(n, 7)).encode() +
                      pattern(MIB, n), f"{n} bytes, {len(got)} came back")
    every_way(work)


def test_who_does_not_know_the_secret_is_turned_away(t):
    service, datagrams = EchoServer(), UdpEcho()
    rows = [secret_proxy("s", "stcp", service.port, **FILTERED),
            secret_proxy("u", "sudp", datagrams.port, **FILTERED)]
    good = [visitor(r, **FILTERED) for r in rows]
    bad = [visitor(r, name=f"bad {r['name']}", secretKey="a guess", **FILTERED)
           for r in rows]
    none = visitor(rows[0], name="none", secretKey="")
    p = Private(t, rows, good + bad + [none])
    failed = r"visitor connection of \[{}\] auth failed"
    with steady(good[0]["bindPort"]) as still:
        for v in (bad[0], none):
            since, there = p.guest.mark(), p.server.mark()
            check(is_cut(v["bindPort"]) is True, "who guesses sees an end")
            p.guest.wait_line(rf"\[{v['name']}\] visit of \[s\] error: " +
                              failed.format("s"), since=since)
            p.server.wait_line("register visitor conn error: " +
                               failed.format("s"), since=there)
            still()
        with UdpUser(bad[1]["bindPort"], timeout=1.5) as user:
            check(user.ask() is None)
        p.guest.wait_line(r"\[bad u\] newVisitorConn to frps error: " +
                          failed.format("u"))
        with UdpUser(good[1]["bindPort"]) as user:
            check(user.ask() is not None)
    check(datagrams.got == 1 and service.accepted == 1,
          "the services saw somebody else")


def test_only_users_that_are_allowed_come_in(t):
    service = EchoServer()
    server = t.frps()
    lists = {"own": None, "all": ["*"], "bob": ["bob", "carol"],
             "both": ["alice", "bob"]}
    may = {"own": ["alice"], "all": ["alice", "bob", "eve", ""],
           "bob": ["bob"], "both": ["alice", "bob"]}
    rows = [secret_proxy(name, "stcp", service.port,
                         **({"allowUsers": who} if who else {}))
            for name, who in lists.items()]
    t.frpc(server, rows, {"user": "alice"}, name="owner")
    for user in ("alice", "bob", "eve", ""):
        to = {r["name"]: visitor(r, **({} if user == "alice" else
                                       {"serverUser": "alice"}))
              for r in rows}
        guest = t.frpc(server, conf={**({"user": user} if user else {}),
                                     "visitors": list(to.values())},
                       name=f"guest{user}")
        guest.wait_line("start visitor success", times=len(rows))
        for name, v in to.items():
            if user in may[name]:
                check(serves(v["bindPort"]), f"{user} at {name}")
                continue
            since, there = guest.mark(), server.mark()
            check(is_cut(v["bindPort"]) is True, f"{user} at {name}")
            said = (rf"visitor connection of \[alice.{name}\] user \[{user}\] "
                    "not allowed")
            guest.wait_line(said, since=since)
            server.wait_line(said, since=there)


def test_a_service_that_is_not_there_is_told_and_may_come_later(t):
    service = EchoServer()
    row = secret_proxy("late", "stcp", service.port)
    to = visitor(row)
    public = tcp_proxy("public", service.port)
    odd = visitor({**row, "name": "public"})
    p = Private(t, [public], [to, odd])
    for name, v in (("late", to), ("public", odd)):
        check(is_cut(v["bindPort"]) is True)
        for end in (p.guest, p.server):
            end.wait_line(rf"custom listener for \[{name}\] doesn't exist")
    owner = t.frpc(p.server, [row], name="late")
    check(serves(to["bindPort"]))
    since = p.server.mark()
    owner.stop()
    p.server.wait_line("client exit success", since=since)
    check(is_cut(to["bindPort"]) is True)
    check(serves(public["remotePort"]))


def listens(pid):
    """The ports on which a process listens or waits for datagrams."""
    mine, ports = set(), set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found = re.match(r"socket:\[(\d+)\]",
                             os.readlink(f"/proc/{pid}/fd/{fd}"))
            mine.update(found.groups() if found else ())
    for name, state in (("tcp", "0A"), ("udp", "07")):
        with open(f"/proc/{pid}/net/{name}") as f:
            for line in f.readlines()[1:]:
                x = line.split()
                if x[9] in mine and x[3] == state:
                    ports.add(int(x[1].rpartition(":")[2], 16))
    return ports


def test_bind_port_minus_one_starts_without_listening(t):
    service, datagrams = EchoServer(), UdpEcho()
    rows = [secret_proxy("s", "stcp", service.port),
            secret_proxy("u", "sudp", datagrams.port)]
    within = [visitor(r, -1, name=f"within {r['name']}") for r in rows]
    to = [visitor(r) for r in rows]
    p = Private(t, rows, within + to)
    check(serves(to[0]["bindPort"]))
    check(listens(p.guest.pid) == {v["bindPort"] for v in to},
          f"{listens(p.guest.pid)}")
    check(p.guest.stop() == 0)


@waits
def test_a_port_that_is_taken_is_tried_again(t):
    service, datagrams = EchoServer(), UdpEcho()
    rows = [secret_proxy("s", "stcp", service.port),
            secret_proxy("u", "sudp", datagrams.port),
            secret_proxy("free", "stcp", service.port)]
    to = [visitor(r) for r in rows]
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    taken = [socket.socket(socket.AF_INET, kind) for kind in kinds]
    for s, v in zip(taken, to):
        s.bind(("127.0.0.1", v["bindPort"]))
    taken[0].listen()
    server = t.frps()
    t.frpc(server, rows, name="owner")
    guest = t.frpc(server, conf={"visitors": to}, name="guest")
    for v, kind in zip(to, ("tcp", "udp")):
        guest.wait_line(rf"\[{v['name']}\] start error: listen {kind} "
                        rf"127.0.0.1:{v['bindPort']}: bind: address already "
                        "in use")
    guest.wait_line(r"\[to free\] start visitor success")
    check(serves(to[2]["bindPort"]), "the other one does not work")
    for s in taken:
        s.close()
    for v in to[:2]:
        guest.wait_line(rf"\[{v['name']}\] start visitor success", timeout=13)
    check(serves(to[0]["bindPort"]))
    with UdpUser(to[1]["bindPort"]) as user:
        check(user.ask() is not None)


def test_while_the_server_is_away_visitors_are_told(t):
    service, datagrams = EchoServer(), UdpEcho()

    def work(mux, tls, name):
        rows = [secret_proxy(f"s{name}", "stcp", service.port),
                secret_proxy(f"u{name}", "sudp", datagrams.port)]
        to = [visitor(r) for r in rows]
        p = Private(t, rows, to, mux, tls, name)
        check(serves(to[0]["bindPort"]))
        p.server.kill()
        p.guest.wait_line("the connection to the server is lost|"
                          "connect to server error")
        began = time.monotonic()
        check(is_cut(to[0]["bindPort"]) is True, "an orderly end")
        check(time.monotonic() - began < 1, "the user had to wait")
        p.guest.wait_line(rf"visit of \[s{name}\] error: there is no "
                          "connection to the server")
        with UdpUser(to[1]["bindPort"], timeout=0.3) as user:
            check(user.ask(b"kept for later") is None)
            p.guest.wait_line("newVisitorConn to frps error: there is no "
                              "connection to the server")
            since = p.owner.mark()
            p.server = p.server.again()
            p.owner.wait_line("start proxy success", since=since, times=2)
            until(lambda: serves(to[0]["bindPort"]), 10, "it works again")
            user.s.settimeout(5)
            check(user.receive() == b"kept for later",
                  "what was sent meanwhile is lost")
            again_and_again(user)
    every_way(work)


@waits
def test_a_server_that_falls_silent_does_not_hold_visitors_for_long(t):
    row = secret_proxy("s", "stcp", EchoServer().port)
    to = visitor(row)
    p = Private(t, [row], [to], mux=False, tls=False, through=Silent)
    check(serves(to["bindPort"]))
    p.relay.blackhole()
    began = time.monotonic()
    check(is_cut(to["bindPort"]) is True, "an orderly end")
    took = time.monotonic() - began
    check(9 < took < 12, f"{took:.1f} s")
    p.guest.wait_line(r"visit of \[s\] error: the server did not answer "
                      "within 10 seconds")
    p.relay.heal()
    until(lambda: serves(to["bindPort"]), 20, "it works again")
