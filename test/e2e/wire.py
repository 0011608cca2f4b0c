"""Services and relays on loopback, all of them threads of the test."""
import contextlib
import hashlib
import random
import socket
import struct
import threading
from functools import lru_cache

from proc import forking, until

CHUNK = 256 * 1024


_reserved = []


def reserve(port):
    """Ours until this process ends, among all tests that run on the machine:
    a port is drawn some time before it is used.  OSError if it is another's."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0culvert-test-port-{port}")
    except OSError:
        mark.close()
        raise
    _reserved.append(mark)


@contextlib.contextmanager
def alone(what, timeout=100):
    """For what the machine has only once, such as its UDP ports: whoever else
    wants it waits, in other runs too."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def ours():
        try:
            mark.bind(f"\0culvert-test-alone-{what}")
        except OSError:
            return False
        return True

    with mark:
        until(ours, timeout, f"nobody else uses the {what}")
        yield


def try_port(port, kind=socket.SOCK_STREAM):
    """OSError if it is taken."""
    with forking, socket.socket(socket.AF_INET, kind) as s:
        s.bind(("0.0.0.0", port))


def free_port():
    """A port free for TCP and UDP, outside of what the kernel hands out to
    clients, so that nobody's outgoing connection takes it first."""
    dice = random.SystemRandom()
    while True:
        port = dice.randrange(10000, 32000)
        try:
            reserve(port)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                try_port(port, kind)
            return port
        except OSError:
            continue


@lru_cache(maxsize=8)
def pattern(n, seed=0):
    """The same n bytes for the same seed; no snappy makes them shorter."""
    return random.Random(seed * 1000003 + n).randbytes(n)


def digest(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def dial(port, host="127.0.0.1", timeout=30):
    s = socket.create_connection((host, port), timeout)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def read_exactly(s, n):
    """n bytes, or what came before the end."""
    got = bytearray(n)
    view, at = memoryview(got), 0
    while at < n:
        step = s.recv_into(view[at:])
        if step == 0:
            break
        at += step
    return bytes(got[:at])


def read_to_end(s):
    parts = []
    while part := s.recv(CHUNK):
        parts.append(part)
    return b"".join(parts)


def in_thread(work, *args):
    t = threading.Thread(target=work, args=args, daemon=True)
    t.start()
    return t


def _shut(s, how):
    try:
        s.shutdown(how)
    except OSError:
        pass


def send_aside(s, data):
    """Sends while the caller reads, who is the one to notice a failure."""
    def work():
        try:
            s.sendall(data)
        except OSError:
            pass
    return in_thread(work)


class Service:
    """Accepts on a free port of loopback; serve() is run in a thread of its
    own for each connection."""

    def __init__(self, port=0, host="127.0.0.1"):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        in_thread(self._accept)

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            in_thread(self._serve, s)

    def _serve(self, s):
        try:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.serve(s)
        except OSError:
            pass
        finally:
            s.close()

    def serve(self, s):
        raise NotImplementedError

    def close(self):
        # Closing alone does not wake the thread in accept().
        _shut(self.listener, socket.SHUT_RDWR)
        self.listener.close()


class EchoServer(Service):
    """Sends back what comes, and the end too."""

    def serve(self, s):
        while part := s.recv(CHUNK):
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)


class SinkServer(Service):
    """Reads to the end, and only then answers 'COUNT DIGEST\\n'. What came
    is known here too, for tunnels that lose the answer."""

    def __init__(self, *args, **kw):
        self.results = []
        self._more = threading.Condition()
        super().__init__(*args, **kw)

    def serve(self, s):
        try:
            data = read_to_end(s)
        except OSError:
            data = b""
        said = f"{len(data)} {digest(data)}"
        with self._more:
            self.results.append(said)
            self._more.notify_all()
        s.sendall(said.encode() + b"\n")

    def wait_result(self, n=1, timeout=15):
        """The n-th connection's 'COUNT DIGEST', or None."""
        with self._more:
            self._more.wait_for(lambda: len(self.results) >= n, timeout)
            return self.results[n - 1] if len(self.results) >= n else None


class SourceServer(Service):
    """Sends the data, then ends."""

    def __init__(self, data, *args, **kw):
        self.data = data
        super().__init__(*args, **kw)

    def serve(self, s):
        s.sendall(self.data)
        s.shutdown(socket.SHUT_WR)
        read_to_end(s)


DUPLEX_HEAD = struct.Struct(">QQI")


class DuplexServer(Service):
    """Reads and sends different bytes at the same time; the first bytes of a
    connection say how many each way. Ends with the digest of what came."""

    def serve(self, s):
        up, down, seed = DUPLEX_HEAD.unpack(read_exactly(s, DUPLEX_HEAD.size))
        sender = send_aside(s, pattern(down, seed + 1))
        got = digest(read_exactly(s, up))
        sender.join()
        s.sendall(got.encode())
        read_to_end(s)


def duplex(port, up, down, seed=0):
    """The other end of a DuplexServer; what went wrong, or None."""
    data, want = pattern(up, seed), pattern(down, seed + 1)
    with dial(port) as s:
        s.sendall(DUPLEX_HEAD.pack(up, down, seed))
        sender = send_aside(s, data)
        got = read_exactly(s, down)
        said = read_exactly(s, len(digest(b"")))
        sender.join()
    if len(got) != down:
        return f"{len(got)} of {down} bytes came back"
    if got != want:
        return "other bytes came back"
    if said.decode(errors="replace") != digest(data):
        return "the service got other bytes"
    return None


def echo(port, data, timeout=30):
    """What an echo service sends back for the data."""
    with dial(port, timeout=timeout) as s:
        sender = send_aside(s, data)
        got = read_exactly(s, len(data))
        sender.join()
    return got


class Relay:
    """A TCP relay between two others that can fall silent while all the
    connections stay open (blackhole, heal), or lose them all (cut)."""

    def __init__(self, target_port, port=0):
        self.target = target_port
        self._open = threading.Event()
        self._open.set()
        self._pairs = []
        self._reset = set()
        self._lock = threading.Lock()
        self.passed = 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(256)
        self.port = self.listener.getsockname()[1]
        in_thread(self._accept)

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            in_thread(self._join, near)

    def _join(self, near):
        self._open.wait()
        try:
            far = dial(self.target)
            far.settimeout(None)
        except OSError:
            near.close()
            return
        with self._lock:
            self._pairs.append((near, far))
        in_thread(self._pump, near, far)
        in_thread(self._pump, far, near)

    def _pump(self, source, sink):
        try:
            while part := source.recv(CHUNK):
                self._open.wait()
                sink.sendall(part)
                self.passed += len(part)
            self._open.wait()
            if source not in self._reset:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            if source not in self._reset:
                _shut(source, socket.SHUT_RDWR)
                _shut(sink, socket.SHUT_RDWR)

    def blackhole(self):
        """Nothing passes any more, and nobody is told."""
        self._open.clear()

    def heal(self):
        self._open.set()

    def cut(self, reset=False):
        """Every connection ends now; reset says so rudely."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        ends = [s for pair in pairs for s in pair]
        if not reset:
            for s in ends:
                _shut(s, socket.SHUT_RDWR)
            return
        self._reset.update(ends)
        for s in ends:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
            # Whoever reads holds the socket open past its close.
            _shut(s, socket.SHUT_RD)
            s.close()

    def count(self):
        with self._lock:
            return len(self._pairs)

    def close(self):
        _shut(self.listener, socket.SHUT_RDWR)
        self.listener.close()
        self.heal()
        self.cut()
