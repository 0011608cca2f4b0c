"""Floods of connections, and of TLS handshakes, at the port for clients: a
worker that is far away still gets in, and who is in notices little.

How fast a flood comes is what the machine can send, up to what is said here;
the figures are printed."""
import contextlib
import socket
import subprocess
import threading
import time

from lib import EchoServer, Relay, check, dial, measures, tcp_proxy, timeout
from test_strangers import client_hello
from wire import alone

ROUND_TRIP = 0.1
FLOODS = {"connections": (6000, b""), "handshakes": (4000, client_hello())}
OTHER, SAME = "127.0.0.2", "127.0.0.1"


class Far(Relay):
    """A long way: connecting takes a round trip, and so does an answer."""

    def _join(self, near):
        time.sleep(ROUND_TRIP)
        super()._join(near)

    def _pump(self, source, sink):
        super()._pump(Late(source), sink)


class Late:
    def __init__(self, s):
        self.s = s

    def recv(self, n):
        part = self.s.recv(n)
        time.sleep(ROUND_TRIP / 2)
        return part

    def __getattr__(self, name):
        return getattr(self.s, name)


class Typing:
    """A user that types through the tunnel; how long each letter takes."""

    def __init__(self, port):
        self.took, self._over = [], threading.Event()
        self._s = dial(port)
        self._s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._type)
        self._thread.start()

    def _type(self):
        while not self._over.wait(0.01):
            began = time.monotonic()
            self._s.sendall(b"x")
            if self._s.recv(1) != b"x":
                return
            self.took.append(time.monotonic() - began)

    def end(self):
        self._over.set()
        self._thread.join()
        self._s.close()

    def p99(self, since):
        took = sorted(self.took[since:])
        return took[len(took) * 99 // 100] * 1000


@contextlib.contextmanager
def flood(t, port, kind, source, seconds=30):
    rate, text = FLOODS[kind]
    p = subprocess.Popen(
        [t.tool("flood"), source, "127.0.0.1", str(port), str(rate),
         str(seconds), "3000"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE)
    p.stdin.write(text)
    p.stdin.close()
    p.stdout.readline()
    try:
        yield p
    finally:
        p.terminate()
        p.sent = int(p.stdout.read())
        p.wait()


class World:
    """A server, a client that is near, and a user that types through it, and
    another who types past it: what he waits is the machine's."""

    def __init__(self, t):
        self.t = t
        self.server = t.frps()
        self.port = self.server.conf["bindPort"]
        echo = EchoServer().port
        row = tcp_proxy("echo", echo)
        t.frpc(self.server, [row], name="near")
        self.typing, self.past = Typing(row["remotePort"]), Typing(echo)

    def seconds_to_come_in(self, name):
        """Of a worker that is far away."""
        far = Far(self.port)
        began = time.monotonic()
        c = self.t.frpc(far, (), name=name, wait=0)
        c.wait_line("login to server success")
        took = time.monotonic() - began
        c.stop()
        return took

    def under(self, kind, source):
        with flood(self.t, self.port, kind, source) as p:
            # As many are there as ever will be.
            self.seconds_to_come_in(f"first-{kind}-{source}")
            mark, past = len(self.typing.took), len(self.past.took)
            took = [self.seconds_to_come_in(f"far{i}-{kind}-{source}")
                    for i in range(3)]
            check(p.poll() is None, "the flood has ended")
        slow, bare = self.typing.p99(mark), self.past.p99(past)
        print(f"{p.sent} {kind} a second from {source}: in after "
              f"{max(took):.2f} s; typing {slow:.1f} ms, past it {bare:.1f}")
        check(max(took) < 1, f"{kind} from {source}: in after {took}")
        check(slow - bare <= 20, f"{kind} from {source}: typing takes "
              f"{slow:.1f} ms, and past the server {bare:.1f}")

    def end(self):
        self.typing.end()
        self.past.end()


@measures
@timeout(100)
def test_a_flood_keeps_no_worker_out_and_nobody_waiting(t):
    """The near client is at the address of the second flood: of connections
    that say nothing even its neighbours come in."""
    with alone("figures of time"):
        w = World(t)
        try:
            w.under("connections", OTHER)
            w.under("handshakes", OTHER)
            w.under("connections", SAME)
        finally:
            w.end()
