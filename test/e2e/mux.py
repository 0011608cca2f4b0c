"""A yamux session in the hands of a test, with as many streams as it wants;
for one thread, which reads when it waits for something."""
import collections
import struct

HEAD = struct.Struct(">BBHII")
DATA, WINDOW, PING, AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8


def frame(kind, flags, id, n, data=b""):
    return HEAD.pack(0, kind, flags, id, n) + data


def syn(id):
    return frame(WINDOW, SYN, id, 0)


def data(id, text):
    return frame(DATA, 0, id, len(text), text)


def ping(number=7):
    return frame(PING, SYN, 0, number)


class Stream:
    """As a socket; it never sends more than the first window."""

    def __init__(self, mux, id):
        self.mux, self.id = mux, id
        self.got, self.ended, self.broken = b"", False, False
        mux.streams[id] = self

    def sendall(self, text):
        self.mux.s.sendall(data(self.id, text))

    def recv(self, n):
        while not self.got:
            if self.broken:
                raise ConnectionResetError(f"stream {self.id}")
            if self.ended:
                return b""
            self.mux.pump()
        got, self.got = self.got[:n], self.got[n:]
        return got

    def recv_into(self, view):
        got = self.recv(len(view))
        view[:len(got)] = got
        return len(got)

    def settimeout(self, seconds):
        self.mux.s.settimeout(seconds)

    def close(self):
        """The end of this side."""
        self.mux.s.sendall(frame(DATA, FIN, self.id, 0))

    def reset(self):
        self.mux.s.sendall(frame(DATA, RST, self.id, 0))


class Mux:
    """.fresh are the streams that the other side has opened and nobody took
    up, .pings the number of its pings. One that is silent reads, and gives
    no sign of life."""

    def __init__(self, s, server=False):
        self.s, self.next = s, 2 if server else 1
        self.streams, self.fresh = {}, collections.deque()
        self.rest, self.silent = b"", False
        self.pings = self.pongs = 0

    def number(self):
        """Of the next stream, which is not opened by that."""
        id, self.next = self.next, self.next + 2
        return id

    def open(self, first=b""):
        """A stream; its first bytes leave with the word that opens it."""
        stream = Stream(self, self.number())
        self.s.sendall(syn(stream.id) + (data(stream.id, first) if first
                                         else b""))
        return stream

    def accept(self):
        while not self.fresh:
            self.pump()
        stream = self.fresh.popleft()
        self.s.sendall(frame(WINDOW, ACK, stream.id, 0))
        return stream

    def wait_pong(self):
        """All that was sent before has been read over there."""
        pongs = self.pongs
        self.s.sendall(ping())
        while self.pongs == pongs:
            self.pump()

    def pump(self):
        """Reads once, and hands out all that is whole."""
        part = self.s.recv(65536)
        if not part:
            raise ConnectionResetError("the link has ended")
        self.rest += part
        while len(self.rest) >= HEAD.size:
            _, kind, flags, id, n = HEAD.unpack_from(self.rest)
            whole = HEAD.size + (n if kind == DATA else 0)
            if len(self.rest) < whole:
                break
            body, self.rest = self.rest[HEAD.size:whole], self.rest[whole:]
            self._take(kind, flags, id, n, body)

    def _take(self, kind, flags, id, n, body):
        if kind == PING:
            self.pongs += 1 if flags & ACK else 0
            self.pings += 1 if flags & SYN else 0
            if flags & SYN and not self.silent:
                self.s.sendall(frame(PING, ACK, 0, n))
        if kind not in (DATA, WINDOW):
            return
        if flags & SYN:
            self.fresh.append(Stream(self, id))
        stream = self.streams.get(id)
        if not stream:
            return
        if body:
            stream.got += body
        if body and not self.silent:
            self.s.sendall(frame(WINDOW, 0, id, len(body)))
        stream.ended |= bool(flags & FIN)
        stream.broken |= bool(flags & RST)

    def settimeout(self, seconds):
        self.s.settimeout(seconds)

    def close(self):
        self.s.close()
