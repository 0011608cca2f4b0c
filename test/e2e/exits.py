"""Proxies that a client may have to go out through.

What they were asked is kept in .asked, as (host, port, user and password or
None); names are told to them, that nobody else knows."""
import base64
import struct

from lib import Service, dial, in_thread, read_exactly

UNKNOWN = "inside.example"  # 127.0.0.1, says the proxy


def pump(source, sink):
    try:
        while part := source.recv(1 << 18):
            sink.sendall(part)
    except OSError:
        pass
    for s in (source, sink):
        try:
            s.shutdown(2)
        except OSError:
            pass


class Exit(Service):
    """Lets through who knows the secret, "user:password", if there is one."""

    def __init__(self, secret=None, mood="", **kw):
        self.asked, self.secret, self.mood = [], secret, mood
        super().__init__(**kw)

    def join(self, s, host, port, said):
        far = dial(port, "127.0.0.1" if host == UNKNOWN else host)
        far.settimeout(None)
        s.sendall(said)
        in_thread(pump, far, s)
        pump(s, far)


class HttpExit(Exit):
    def serve(self, s):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = s.recv(1)
            if not part:
                return
            head += part
        first, *rest = head.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in rest if line)
        self.head = head.decode()
        host, _, port = first.split()[1].rpartition(":")
        kind, _, text = fields.get("Proxy-Authorization", "").partition(" ")
        given = base64.b64decode(text).decode() if kind == "Basic" else None
        self.asked.append((host.strip("[]"), int(port), given))
        if self.mood == "silent":
            read_exactly(s, 1)
        elif self.mood == "hangs up":
            return
        elif self.mood:
            s.sendall(f"HTTP/1.1 {self.mood}\r\n\r\n".encode())
        elif self.secret and given != self.secret:
            s.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                      b"Proxy-Authenticate: Basic realm=x\r\n\r\n")
        else:
            self.join(s, host, int(port), b"HTTP/1.1 200 Connection "
                      b"established\r\nVia: test\r\n\r\n")


class Socks5Exit(Exit):
    """host is a str for a name, bytes for an address."""

    def serve(self, s):
        _, n = read_exactly(s, 2)
        ways, given = read_exactly(s, n), None
        wanted = 2 if self.secret else 0
        if wanted not in ways:
            s.sendall(b"\x05\xff")
            return
        s.sendall(bytes([5, wanted]))
        if self.secret:
            user = read_exactly(s, read_exactly(s, 2)[1])
            word = read_exactly(s, read_exactly(s, 1)[0])
            given = (user + b":" + word).decode()
            s.sendall(bytes([1, given != self.secret]))
            if given != self.secret:
                return
        _, _, _, kind = read_exactly(s, 4)
        if kind == 3:
            host = read_exactly(s, read_exactly(s, 1)[0]).decode()
        else:
            host = read_exactly(s, 4 if kind == 1 else 16)
        port = struct.unpack(">H", read_exactly(s, 2))[0]
        self.asked.append((host, port, given))
        if self.mood:
            s.sendall(b"\x05" + bytes([int(self.mood)]) + b"\0\1" + bytes(6))
            return
        at = host if kind == 3 else ".".join(map(str, host))
        self.join(s, at, port, b"\x05\0\0\1" + bytes(6))
