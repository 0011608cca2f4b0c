"""Services without a public port: stcp, and sudp where it is the same; and
streams that are filtered wrongly."""
import contextlib
import os
import re
import socket
import struct
import threading
import time

from aes import Cfb, frp_key
from frp import PING, PONG, Control, auth_key, packed, port_in, started
from lib import (DuplexServer, EchoServer, Relay, check, dial, digest,
                 duplex, echo, in_thread, pattern, read_exactly,
                 read_to_end, tcp_proxy, timeout, until)
from pairs import Silent, every_way
from test_halfclose import MIB, AnswersAfterTheEnd
from udp import (UdpEcho, UdpUser, again_and_again, secret_proxy, visitor)
from wire import CHUNK

FILTERED = {"transport": {"useEncryption": True, "useCompression": True}}
COMPRESSED = {"transport": {"useCompression": True}}
CORRUPT = (r"\[{}\] {}: this connection is cut \(are useEncryption, "
           r"useCompression and the keys the same on both ends\?\)")


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


SNAPPY = b"\xff\x06\0\0sNaPpY"
BROKEN = {
    "no snappy at all": b"GET / HTTP/1.1\r\n\r\n" * 9,
    "a wrong checksum": SNAPPY + b"\x01\x09\0\0\0\0\0\0hello",
    "an unknown chunk": SNAPPY + b"\x42\x05\0\0hello",
    "a length beyond all": SNAPPY + b"\x00\xff\xff\xff" + bytes(64),
    "a bad back reference": SNAPPY + b"\x00\x08\0\0\0\0\0\0\x10\xfe\xff\xff",
    "zeroes": bytes(100000),
}
UNFINISHED = SNAPPY + b"\x01\x09\0\0\0\0"
SPOILT = "corrupt compressed data"
CUT_SHORT = "compressed data ends in the middle"


def wrong_key(data, key="not the key"):
    iv = bytes(range(16))
    return iv + Cfb(frp_key(key), iv, False).update(data)


class World:
    """A server without a mux; good services of one of ours, bad ones of an
    end that a test speaks for."""

    def __init__(self, t):
        service = EchoServer()
        self.rows = [tcp_proxy("good", service.port, **FILTERED),
                     secret_proxy("good s", "stcp", service.port, **FILTERED)]
        self.to = visitor(self.rows[1], **FILTERED)
        self.p = Private(t, self.rows, [self.to], False, False,
                         server={"auth.token": "t"},
                         owner={"auth.token": "t"}, guest={"auth.token": "t"})
        self.server = self.p.server
        self.c = Control(self.server.conf["bindPort"], "t")
        self.good = self.rows[0]["remotePort"], self.to["bindPort"]

    def alive(self):
        self.c.send(PING, privilege_key="", timestamp=0)
        self.c.wait(PONG)

    def told(self, name, what, since):
        self.server.wait_line(CORRUPT.format(name, what), since=since)


def user_and_work(w, port, name):
    user = dial(port)
    w.c.wait(b"r")
    work = w.c.work()
    check(started(work)["proxy_name"] == name)
    return user, work


def is_broken(s):
    try:
        return s.recv(1) == b"" and "an orderly end"
    except ConnectionError:
        return True


def test_an_owner_that_sends_what_is_no_snappy_loses_that_user_only(t):
    w = World(t)
    plain = port_in(w.c.proxy("plain", use_compression=True))
    secret = port_in(w.c.proxy("secret", use_compression=True,
                               use_encryption=True))
    with steady(*w.good) as still:
        for name, port, seal in (("plain", plain, lambda d: d),
                                 ("secret", secret, wrong_key)):
            for what, data in BROKEN.items():
                since = w.server.mark()
                user, work = user_and_work(w, port, name)
                work.sendall(seal(data))
                check(is_broken(user) is True, f"{what}: the user sees an end")
                check(is_broken(work), f"{what}: the stream lives on")
                w.told(name, SPOILT, since)
                still()
        since = w.server.mark()
        user, work = user_and_work(w, plain, "plain")
        work.sendall(UNFINISHED)
        work.shutdown(socket.SHUT_WR)
        check(is_broken(user) is True, "an end in the middle is an end")
        w.told("plain", CUT_SHORT, since)
        # Whole pieces come through until one is not.
        since = w.server.mark()
        user, work = user_and_work(w, plain, "plain")
        work.sendall(SNAPPY + b"\x01\x09\0\0" +
                     struct.pack("<I", masked_crc(b"hello")) + b"hello")
        check(read_exactly(user, 5) == b"hello")
        work.sendall(b"\x01\x09\0\0\0\0\0\0wrong")
        check(is_broken(user) is True)
        w.told("plain", SPOILT, since)
        w.alive()
    check(w.server.running())


def masked_crc(data):
    """Snappy's checksum: CRC-32C, rotated, and a constant on top."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    crc ^= 0xffffffff
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff


def visit(w, name, secret, **more):
    """A visitor's stream, in the hands of the test; and the answer."""
    now = int(time.time())
    s = dial(w.server.conf["bindPort"])
    s.sendall(packed(b"v", {"run_id": w.c.run_id, "proxy_name": name,
                            "sign_key": auth_key(secret, now),
                            "timestamp": now, **more}))
    kind, said = Control._read(lambda n: read_exactly(s, n))
    check(kind == b"3", f"the answer is {kind}")
    return s, said.get("error")


def test_a_visitor_that_sends_what_is_no_snappy_loses_his_stream_only(t):
    w = World(t)
    key = w.rows[1]["secretKey"]
    with steady(*w.good) as still:
        for seal, encrypted in ((lambda d: d, False), (wrong_key, True)):
            for what, data in BROKEN.items():
                since = w.server.mark()
                s, error = visit(w, "good s", key, use_compression=True,
                                 use_encryption=encrypted)
                check(not error, error)
                s.sendall(seal(data))
                check(is_broken(s), f"{what}: the stream lives on")
                w.told("good s", SPOILT, since)
                still()
        for name, secret, run, want in (
                ("good s", "guess", None, "auth failed"),
                ("nobody", key, None, "doesn't exist"),
                ("good", key, None, "doesn't exist"),
                ("good s", key, "0123", "no client control found for run id"),
                ("\n[I] x" * 40, key, None, "doesn't exist"),
                ("", key, None, "doesn't exist")):
            more = {"run_id": run} if run else {}
            s, error = visit(w, name, secret, **more)
            check(error and want in error, f"{name}: {error}")
            check(s.recv(1) == b"")
            still()
        w.alive()
    check(not any(line.startswith("[I] x") for line in w.server.lines))


def test_a_key_that_differs_is_garbage_for_one_user_and_nobody_else(t):
    """Encryption alone cannot tell: what comes out is not what went in."""
    w = World(t)
    port = port_in(w.c.proxy("secret", use_encryption=True))
    with steady(*w.good) as still:
        user, work = user_and_work(w, port, "secret")
        work.sendall(wrong_key(b"hello, hello"))
        check(read_exactly(user, 12) != b"hello, hello")
        work.close()
        user, work = user_and_work(w, port, "secret")
        work.sendall(wrong_key(b"hello, hello", "t"))
        check(read_exactly(user, 12) == b"hello, hello")
        still()
        w.alive()


def test_datagrams_from_an_owner_that_speaks_no_snappy(t):
    w = World(t)
    port = port_in(w.c.proxy("u", type="udp", use_compression=True))
    with steady(*w.good) as still, UdpUser(port) as user:
        for what, data in BROKEN.items():
            since = w.server.mark()
            user.send(b"go")
            w.c.wait(b"r")
            work = w.c.work()
            check(started(work)["proxy_name"] == "u")
            work.sendall(data)
            with contextlib.suppress(ConnectionError):
                read_to_end(work)
            w.told("u", SPOILT, since)
            still()
        w.alive()


class Flips(Relay):
    """Changes a byte of the next piece that comes from the server on a work
    or visitor stream, when armed."""

    def __init__(self, port):
        self.armed, self.payload = threading.Event(), set()
        super().__init__(port)

    def _pump(self, source, sink):
        first = True
        with contextlib.suppress(OSError):
            while part := source.recv(CHUNK):
                if first and part[:1] in b"wv":
                    self.payload.add(sink)
                first = False
                if source in self.payload and self.armed.is_set():
                    self.armed.clear()
                    part = part[:-1] + bytes([part[-1] ^ 1])
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)
            return
        for s in (source, sink):
            with contextlib.suppress(OSError):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
                s.shutdown(socket.SHUT_RD)
                s.close()


def test_a_byte_that_changed_on_the_way_to_a_client_ends_one_stream(t):
    """Towards the owner, and towards the visitor."""
    service, datagrams = EchoServer(), UdpEcho()
    for more in (COMPRESSED, FILTERED):
        rows = [secret_proxy("s", "stcp", service.port, **more),
                secret_proxy("u", "sudp", datagrams.port, **more)]
        good = tcp_proxy("good", service.port, **more)
        to = [visitor(r, **more) for r in rows]
        p = Private(t, [good], [], False, False)
        for end, name in (("owner", "s"), ("guest", "to s")):
            relay = Flips(p.server.conf["bindPort"])
            at = {x: relay if x == end else p.server for x in
                  ("owner", "guest")}
            way = {"transport.tcpMux": False, "transport.tls.enable": False}
            owner = t.frpc(at["owner"], rows, way, name="o")
            guest = t.frpc(at["guest"], conf={**way, "visitors": to},
                           name="g")
            guest.wait_line("start visitor success", times=2)
            teller = owner if end == "owner" else guest
            port = to[0]["bindPort"]
            with steady(good["remotePort"]) as still, dial(port) as other, \
                    dial(port) as s:
                for x in (other, s):
                    x.sendall(b"before")
                    check(read_exactly(x, 6) == b"before")
                relay.armed.set()
                s.sendall(pattern(1000))
                check(is_broken(s) is True, f"{end}: the user sees an end")
                teller.wait_line(CORRUPT.format(name, SPOILT))
                other.sendall(b"after")
                check(read_exactly(other, 5) == b"after")
                still()
            with UdpUser(to[1]["bindPort"], timeout=1) as user:
                check(user.ask() is not None)
                relay.armed.set()
                user.ask(b"changed on the way")
                teller.wait_line(CORRUPT.format(
                    "u" if end == "owner" else "to u", SPOILT))
                again_and_again(user)
            mark = p.server.mark()
            owner.kill()
            p.server.wait_line("client exit success", since=mark)
            guest.kill()
        p.owner.kill()
        p.server.kill()
        p.guest.kill()
