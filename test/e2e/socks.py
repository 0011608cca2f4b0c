"""SOCKS5 in the hands of a test: curl, and a client that says what it is
told to."""
import os
import socket
import struct
import subprocess

from lib import Frpc, Frps, Skip, free_port
from told import ROOT
from wire import Service, dial, in_thread, read_exactly

HELLO = b"hello through the proxy\n"
OK, DENIED, NO_HOST, REFUSED, NO_COMMAND = 0, 2, 4, 5, 7
CONNECT, BIND, UDP = 1, 2, 3


class Web(Service):
    """The least that curl takes for a web server; on an address of either
    family."""

    def __init__(self, host="127.0.0.1"):
        if ":" not in host:
            super().__init__(0, host)
            return
        self.listener = socket.socket(socket.AF_INET6)
        self.listener.bind((host, 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        in_thread(self._accept)

    def serve(self, s):
        s.recv(65536)
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
                  (len(HELLO), HELLO))
        s.recv(1)


class UdpEcho:
    """Says what it got, and from how many ports it has been asked."""

    def __init__(self):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        self.seen = set()
        in_thread(self._serve)

    def _serve(self):
        while True:
            data, who = self.s.recvfrom(70000)
            self.seen.add(who)
            self.s.sendto(b"got " + data, who)


def curl(port, url, *words, names=True, user=None):
    """What curl got through the proxy at that port, or None."""
    kind = "--socks5-hostname" if names else "--socks5"
    if user:
        words += ("--proxy-user", user)
    done = subprocess.run(
        ["curl", "-gsS", "--max-time", "15", "--noproxy", "", kind,
         f"127.0.0.1:{port}", *words, url], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def address(host, port):
    for family, kind in ((socket.AF_INET, 1), (socket.AF_INET6, 4)):
        try:
            return (bytes([kind]) + socket.inet_pton(family, host) +
                    struct.pack(">H", port))
        except OSError:
            pass
    name = host.encode()
    return bytes([3, len(name)]) + name + struct.pack(">H", port)


class Asked:
    """A request on a new connection; .code, and .s for what follows."""

    def __init__(self, at, host, port, command=CONNECT, early=b""):
        self.s = dial(at)
        self.s.sendall(b"\5\1\0" + bytes([5, command, 0]) +
                       address(host, port) + early)
        self.method = read_exactly(self.s, 2)
        head = read_exactly(self.s, 4)
        self.code = head[1] if len(head) == 4 else None
        if self.code is not None:
            n = 16 if head[3] == 4 else 4
            self.bound = read_exactly(self.s, n + 2)

    def rest(self):
        got = b""
        while part := self.s.recv(65536):
            got += part
        return got


def frame(port, data, ip="10.9.8.7"):
    body = b"\4" + struct.pack(">H", port) + socket.inet_aton(ip) + data
    return struct.pack(">H", len(body)) + body


def read_frame(s):
    """The user's port and the datagram; signs of life are passed over."""
    while True:
        n = struct.unpack(">H", read_exactly(s, 2))[0]
        body = read_exactly(s, n)
        if body[0]:
            return struct.unpack(">H", body[1:3])[0], body[7:]


def real(version="frp061"):
    path = os.path.join(ROOT, "build", "go", version)
    if not os.path.exists(os.path.join(path, "frps")):
        raise Skip("no real frp here: test/interop/build.sh makes it")
    return path


def real_frps(t, token=None):
    conf = {"bindAddr": "127.0.0.1", "bindPort": free_port()}
    if token:
        conf["auth"] = {"token": token}
    return Frps(real(), conf, t.dir, name="realfrps")


def real_frpc(t, server, name="realfrpc", **conf):
    conf.setdefault("serverAddr", "127.0.0.1")
    conf.setdefault("serverPort", server.conf["bindPort"])
    return Frpc(real(), conf, t.dir, name=name)


def visitor_row(name, secret="s3cret", **more):
    return {"name": "v", "type": "stcp", "serverName": name,
            "secretKey": secret, "bindAddr": "127.0.0.1",
            "bindPort": free_port(), **more}
