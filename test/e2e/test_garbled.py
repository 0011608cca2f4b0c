"""Streams whose encryption or compression is garbled: each ends alone, and
the log says why."""
import contextlib
import socket
import struct
import threading
import time

from aes import Cfb, frp_key
from frp import (PING, PONG, Control, auth_key, message, packed, port_in,
                 started)
from lib import (EchoServer, Relay, check, dial, pattern, read_exactly,
                 read_to_end, tcp_proxy)
from test_private import FILTERED, Private, steady
from udp import UdpEcho, UdpUser, again_and_again, secret_proxy, visitor
from wire import CHUNK

COMPRESSED = {"transport": {"useCompression": True}}
CORRUPT = (r"\[{}\] {}: this connection is cut \(are useEncryption, "
           r"useCompression and the keys the same on both ends\?\)")
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
    kind, said = message(s)
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
