"""A far side by itself (test/tools/farside.c), for test_far_*.py."""
import contextlib
import queue
import re
import socket
import subprocess

from lib import check, until
from wire import Service, read_to_end


class Far:
    """words: KEY=VALUE; to: the ports that calls are made to."""

    def __init__(self, t, *words, to=(), name="far", env=None):
        targets = [f"127.0.0.1:{p}" if isinstance(p, int) else p for p in to]
        self.proc = t.proc([t.tool("farside"), *words,
                            *(f"to={x}" for x in targets)],
                           stdin=subprocess.PIPE, name=name, env=env)
        self.ports = [int(self.proc.wait_line(
            rf"^port (\d+) {re.escape(x)}$").group(1)) for x in targets]

    def wait(self, line, timeout=30, **kw):
        return self.proc.wait_line(line, timeout=timeout, **kw)

    def up(self, **kw):
        return self.wait("^state up$", **kw)

    def mark(self):
        return self.proc.mark()

    def tell(self, word):
        self.proc.stdin.write(word.encode() + b"\n")
        self.proc.stdin.flush()

    def stat(self):
        at = self.mark()
        self.tell("stat")
        found = self.wait(r"^stat reconnects=(\d+) rtt=(-?\d+) pid=(\d+) "
                          r"error=(.*)$", since=at)
        return (*map(int, found.groups()[:3]), found.group(4))

    def rtt(self):
        until(lambda: self.stat()[1] >= 0, timeout=20, what="an answer")
        return self.stat()[1]

    def failed(self, i=0):
        """The reason for which a call to that target fails."""
        at = self.mark()
        s = socket.socket()
        with s, contextlib.suppress(ConnectionError):
            s.connect(("127.0.0.1", self.ports[i]))
        return self.wait(r"^call failed: (.*)$", since=at).group(1)

    def end(self):
        self.tell("quit")
        check(self.proc.wait() == 0, "farside failed")


def both_ways(port, data):
    """Sends data, ends, and reads to the end: what came."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        got = bytearray()
        while True:
            part = s.recv(65536)
            if not part:
                return bytes(got)
            got += part


class Ends(Service):
    """Speaks and ends its own way first, and only then listens to the end."""

    def __init__(self):
        self.heard = queue.Queue()
        super().__init__()

    def serve(self, s):
        s.sendall(b"all there is")
        s.shutdown(socket.SHUT_WR)
        self.heard.put(read_to_end(s))


def ends_first(port, service, data):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        check(read_to_end(s) == b"all there is")
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        got = service.heard.get(timeout=30)
        check(got == data, f"{len(got)} of {len(data)} bytes came")
