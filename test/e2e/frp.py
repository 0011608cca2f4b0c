"""A frp client of the first wire protocol, in the hands of a test: it says
what it is told to, and nothing by itself."""
import hashlib
import json
import os
import ssl
import struct
import threading
import time

from aes import Cfb, frp_key
from proc import Failure
from wire import dial, in_thread, read_exactly

LOGIN, LOGIN_RESP = b"o", b"1"
NEW_PROXY, NEW_PROXY_RESP, CLOSE_PROXY = b"p", b"2", b"c"
NEW_WORK, REQ_WORK, START_WORK = b"w", b"r", b"s"
PING, PONG = b"h", b"4"


def packed(kind, body):
    text = json.dumps(body, separators=(",", ":")).encode()
    return kind + struct.pack(">q", len(text)) + text


def auth_key(token, t):
    return hashlib.md5(f"{token}{t}".encode()).hexdigest()


def signed(token):
    t = int(time.time())
    return {"privilege_key": auth_key(token, t), "timestamp": t}


def over_tls(s):
    """Asks for no proof, as frpc by default."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    return c.wrap_socket(s)


class OneStream:
    """The first stream of a yamux session, as a socket; others are refused,
    and so is whoever wants more than the first window."""
    HEAD = struct.Struct(">BBHII")

    def __init__(self, under):
        self.under, self.rest = under, b""
        under.sendall(self.HEAD.pack(0, 1, 1, 1, 0))

    def sendall(self, data):
        self.under.sendall(self.HEAD.pack(0, 0, 0, 1, len(data)) + data)

    def recv_into(self, view):
        while not self.rest:
            head = read_exactly(self.under, self.HEAD.size)
            if len(head) < self.HEAD.size:
                return 0
            _, kind, flags, _, n = self.HEAD.unpack(head)
            if kind == 0:
                self.rest = read_exactly(self.under, n)
            elif kind == 2 and flags & 1:
                self.under.sendall(self.HEAD.pack(0, 2, 2, 0, n))
        step = min(len(view), len(self.rest))
        view[:step] = self.rest[:step]
        self.rest = self.rest[step:]
        return step

    def settimeout(self, seconds):
        self.under.settimeout(seconds)

    def close(self):
        self.under.close()


def one_message(take):
    """Its kind and body, of what take(n) gives; (None, None) at the end."""
    head = take(9)
    if len(head) < 9:
        return None, None
    return head[:1], json.loads(take(struct.unpack(">q", head[1:])[0]))


def message(s):
    """One that comes in clear."""
    return one_message(lambda n: read_exactly(s, n))


class Sealed:
    """A control stream behind Login, of either end: .s, and the token."""

    def __init__(self, s, token=""):
        self.s, self.token = s, token
        self._out = self._in = None
        self._sending = threading.Lock()

    def seal(self, kind, **body):
        """The bytes that send() would send, which are to be sent next."""
        data = packed(kind, body)
        if self._out:
            return self._out.update(data)
        iv = os.urandom(16)
        self._out = Cfb(frp_key(self.token), iv, False)
        return iv + self._out.update(data)

    def send(self, kind, **body):
        with self._sending:
            self.s.sendall(self.seal(kind, **body))

    def _take(self, n):
        if not self._in:
            iv = read_exactly(self.s, 16)
            if len(iv) < 16:
                return b""
            self._in = Cfb(frp_key(self.token), iv, True)
        return self._in.update(read_exactly(self.s, n))

    def receive(self, timeout=15):
        """The next message, or (None, None) at the end."""
        self.s.settimeout(timeout)
        try:
            return one_message(self._take)
        except ConnectionResetError:
            return None, None

    def wait(self, wanted, timeout=15):
        """The next one of that kind, and how many others came before."""
        others = 0
        while True:
            kind, body = self.receive(timeout)
            if kind == wanted:
                return body, others
            if kind is None:
                raise Failure(f"the end came instead of {wanted}")
            others += 1

    def close(self):
        self.s.close()


def login_body(token="", **login):
    return {"version": "0.61.0", "os": "linux", "arch": "amd64",
            "client_spec": {}, **signed(token), **login}


class Control(Sealed):
    """From Login on; .said is the answer to it. over: a stream that is there
    already, instead of a connection of its own."""

    def __init__(self, port, token="", mux=False, tls=False, over=None,
                 **login):
        self.port = port
        if not over:
            s = dial(port)
            s = over_tls(s) if tls else s
            over = OneStream(s) if mux else s
        super().__init__(over, token)
        self.s.sendall(packed(LOGIN, login_body(token, **login)))
        kind, self.said = message(self.s)
        if kind != LOGIN_RESP:
            raise Failure(f"the answer to Login is {kind}")
        self.run_id = self.said.get("run_id")

    @property
    def error(self):
        return self.said.get("error")

    def proxy(self, name, remote_port=0, **more):
        """The answer to a NewProxy."""
        self.send(NEW_PROXY, proxy_name=name, proxy_type=more.pop(
            "type", "tcp"), remote_port=remote_port, **more)
        return self.wait(NEW_PROXY_RESP)[0]

    def work(self, **more):
        """A work connection, without a mux; not yet told what for."""
        s = dial(self.port)
        s.sendall(packed(NEW_WORK, {"run_id": self.run_id, **more}))
        return s

    def answer_for_ever(self):
        """Lives on: gives work connections when asked, and the service is an
        echo of what is known here: nothing.  .ended tells when it is over."""
        self.ended, self.works = threading.Event(), []

        def live():
            try:
                while True:
                    kind, _ = self.receive(None)
                    if kind is None:
                        break
                    if kind == REQ_WORK:
                        self.works.append(self.work())
            except OSError:
                pass
            self.ended.set()
        in_thread(live)
        return self


def port_in(said):
    """Of a NewProxyResp."""
    if said.get("error"):
        raise Failure(f"refused: {said['error']}")
    return int(said["remote_addr"].rpartition(":")[2])


def started(work, timeout=15):
    """The StartWorkConn that comes on a work connection."""
    work.settimeout(timeout)
    return message(work)[1]
