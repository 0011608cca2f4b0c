"""What hostile bytes travel on: a socket that may be cut after any byte and
may flip bits, TLS over it, a mux over that; and the ways to end one.

Nothing here waits for long: who does not take or give bytes is left."""
import base64
import contextlib
import hashlib
import os
import socket
import ssl
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
# For what must come, and for what may.
PATIENT, BRIEF = 1, 0.02
HEAD = struct.Struct(">BBHII")
DATA, WINDOW, PING, AWAY = 0, 1, 2, 3
SYN, ACK, FIN, RST = 1, 2, 4, 8


class Over(Exception):
    """This wire has said what it was to say, or can say no more."""


class Raw:
    """A socket. After so many bytes (budget) it is over; spoil is asked about
    each piece that is sent."""

    def __init__(self, s, budget=None, spoil=None):
        self.s, self.left, self.spoil, self.sent = s, budget, spoil, 0
        self.ahead = b""
        with contextlib.suppress(OSError):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        if self.spoil:
            data = self.spoil(data)
        if self.left is not None:
            data = data[:self.left]
            self.left -= len(data)
        self.sent += len(data)
        try:
            self.s.settimeout(BRIEF)
            self.s.sendall(data)
        except OSError as e:
            raise Over(str(e)) from None
        if self.left == 0:
            raise Over("the cut")

    def recv(self, n=65536, wait=BRIEF):
        """b"" at the end, or when nothing comes for a while."""
        try:
            self.s.settimeout(wait)
            return self.s.recv(n)
        except OSError:
            return b""

    @property
    def raw(self):
        return self


def _client_tls():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    return c


def _server_tls():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(os.path.join(VECTORS, "server.pem"),
                      os.path.join(VECTORS, "server.key.pem"))
    return c


class Tls:
    """All its bytes go through what is below, so that they too can be cut."""
    contexts = {}

    @property
    def raw(self):
        return self.under.raw

    def __init__(self, under, server=False):
        if server not in self.contexts:
            self.contexts[server] = _server_tls() if server else _client_tls()
        self.under, self.ahead = under, b""
        self.i, self.o = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.contexts[server].wrap_bio(self.i, self.o, server)
        while not self._step(self.tls.do_handshake):
            pass

    def _step(self, work, *args, wait=PATIENT):
        """What it gives, or None when it had to read first."""
        try:
            return work(*args) or True
        except ssl.SSLWantReadError:
            self._flush()
            got = self.under.recv(wait=wait)
            if not got:
                raise Over("no answer in TLS") from None
            self.i.write(got)
        except ssl.SSLError as e:
            raise Over(str(e)) from None
        finally:
            self._flush()
        return None

    def _flush(self):
        if self.o.pending:
            self.under.send(self.o.read())

    def send(self, data):
        if data:
            self._step(self.tls.write, data)

    def recv(self, n=65536, wait=BRIEF):
        with contextlib.suppress(Over):
            while True:
                got = self._step(self.tls.read, n, wait=wait)
                if got is not None:
                    return b"" if got is True else got
        return b""


class Ws:
    """WebSocket, below TLS: each piece is a frame of its own."""
    ASK = (b"GET /~!frp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
           b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
           b"Origin: http://x\r\n\r\n")
    TAKE = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n")
    SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    def __init__(self, under, server=False):
        self.under, self.server = under, server
        self.ahead, self.got = b"", b""
        if not server:
            under.send(self.ASK)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(under, 1)
        if server:
            key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r")[0]
            under.send(self.TAKE % base64.b64encode(
                hashlib.sha1(key + self.SALT).digest()))

    @property
    def raw(self):
        return self.under.raw

    def send(self, data):
        self.under.send(ws_frame(data, mask=not self.server))

    def recv(self, n=65536, wait=BRIEF):
        with contextlib.suppress(Over):
            while not self.got:
                head = exactly(self.under, 2, wait)
                size = head[1] & 127
                if size > 125:
                    size = int.from_bytes(exactly(
                        self.under, 2 if size == 126 else 8), "big")
                key = exactly(self.under, 4) if head[1] & 128 else bytes(4)
                self.got = masked(exactly(self.under, size), key)
        got, self.got = self.got[:n], self.got[n:]
        return got


def masked(data, key):
    n = len(data)
    mask = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(data, "big") ^
            int.from_bytes(mask, "big")).to_bytes(n, "big")


def ws_frame(data, opcode=2, mask=True):
    n, key = len(data), b"\1\x82\3\x84" if mask else b""
    if n < 126:
        head = bytes([0x80 | opcode, n | mask << 7])
    elif n < 65536:
        head = bytes([0x80 | opcode, 126 | mask << 7]) + n.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, 127 | mask << 7]) + n.to_bytes(8, "big")
    return head + key + (masked(data, key) if mask else data)


def exactly(wire, n, wait=PATIENT):
    """n bytes that the other end says; Over if it does not, and what came is
    kept for the next time."""
    while len(wire.ahead) < n:
        part = wire.recv(n - len(wire.ahead), wait)
        if not part:
            raise Over("no answer")
        wire.ahead += part
    got, wire.ahead = wire.ahead[:n], wire.ahead[n:]
    return got


def message(wire, wait=PATIENT):
    """The next message in clear: its kind and what is in it."""
    head = exactly(wire, 9, wait)
    return head[:1], exactly(wire, int.from_bytes(head[1:], "big"))


def frame(kind, flags, id, n=0, data=b""):
    return HEAD.pack(0, kind, flags, id, n & 0xffffffff) + data


def data(id, payload, flags=0):
    return frame(DATA, flags, id, len(payload), payload)


def syn(id):
    return frame(WINDOW, SYN, id)


class Link:
    """A mux; its streams are opened here, or come from the other end."""

    def __init__(self, wire, first=1):
        self.wire, self.next, self.streams = wire, first, {}
        self.new = []

    @property
    def raw(self):
        return self.wire.raw

    def send(self, frames):
        self.wire.send(frames)

    def open(self, early=b""):
        s = Stream(self, self.next)
        self.next += 2
        self.send(syn(s.id) + (data(s.id, early) if early else b""))
        return s

    def come(self, wait=PATIENT):
        """The next stream that the other end opens."""
        while not self.new:
            self.pump(wait)
        return self.new.pop(0)

    def pump(self, wait=BRIEF):
        """Takes in one frame."""
        head = exactly(self.wire, HEAD.size, wait)
        _, kind, flags, id, n = HEAD.unpack(head)
        payload = exactly(self.wire, n) if kind == DATA and n else b""
        if kind == PING and flags & SYN:
            self.send(frame(PING, ACK, 0, n))
        if flags & SYN and kind != PING and id not in self.streams:
            self.new.append(Stream(self, id))
            self.send(frame(WINDOW, ACK, id))
        if id in self.streams:
            self.streams[id].got += payload
            self.streams[id].over |= bool(flags & (FIN | RST))


class Stream:
    def __init__(self, link, id):
        self.link, self.id, self.got, self.over = link, id, b"", False
        self.ahead = b""
        link.streams[id] = self

    @property
    def raw(self):
        return self.link.raw

    def send(self, payload):
        self.link.send(data(self.id, payload))

    def recv(self, n=65536, wait=BRIEF):
        while not self.got and not self.over:
            try:
                self.link.pump(wait)
            except Over:
                return b""
        got, self.got = self.got[:n], self.got[n:]
        return got

    def fin(self):
        self.link.send(frame(WINDOW, FIN, self.id))

    def rst(self):
        self.link.send(frame(WINDOW, RST, self.id))


def reset(s):
    """Ends a socket rudely."""
    with contextlib.suppress(OSError):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    s.close()


def quiet(s):
    """Ends a socket as most do."""
    s.close()


def shut(s, how=socket.SHUT_WR):
    with contextlib.suppress(OSError):
        s.shutdown(how)


def connected(port, **kw):
    """A user or a stranger; Over when there is nobody."""
    s = socket.socket()
    s.settimeout(1)
    try:
        s.connect(("127.0.0.1", port))
    except OSError as e:
        s.close()
        raise Over(str(e)) from None
    return Raw(s, **kw)


def odd_frames(dice, ids):
    """Frames that no peer of good will sends, about some of these streams."""
    id, more = dice.choice(ids), dice.randrange(1, 1 << 31) * 2
    payload = dice.randbytes(dice.choice([0, 1, 30, 3000]))
    return dice.choice([
        lambda: frame(DATA, 0, id, 0x7fffffff, payload),
        lambda: frame(DATA, 0, id, 0xffffffff),
        lambda: data(id, bytes(300000)),
        lambda: data(id, payload, dice.randrange(16)),
        lambda: data(more, payload), lambda: data(more, payload, SYN | FIN),
        lambda: frame(WINDOW, 0, id, dice.choice([1, 0xffffffff])),
        lambda: frame(WINDOW, FIN, id) * dice.choice([1, 2]),
        lambda: frame(WINDOW, RST, id) * dice.choice([1, 2]),
        lambda: syn(id), lambda: syn(0), lambda: syn(more) * 2,
        lambda: frame(WINDOW, SYN | RST, more),
        lambda: frame(WINDOW, ACK, id), lambda: frame(WINDOW, ACK, more),
        lambda: frame(PING, SYN, 0, 7) * dice.choice([1, 50]),
        lambda: frame(PING, ACK, 0, 7), lambda: frame(PING, 0, id, 1),
        lambda: frame(AWAY, 0, 0, dice.choice([0, 1, 2, 77])),
        lambda: frame(dice.choice([4, 9, 255]), 0, id),
        lambda: b"\1" + frame(DATA, 0, id)[1:],
        lambda: dice.randbytes(12), lambda: syn(more)[:dice.randrange(12)],
    ])()
