"""Servers and users that mean a client no good: what they do harms nobody
but themselves.  As in test_attack, a client is stopped while a request and
the reset behind it come."""
import base64
import contextlib
import hashlib
import re
import socket
import ssl
import time

from frp import NEW_PROXY_RESP, PONG, REQ_WORK, message, packed
from frps_by_hand import FrpsByHand, start
from lib import EchoServer, check, dial, free_port, tcp_proxy, until
from meanwhile import reset, stopped
from mux import data, ping
from pairs import Pair, every_way
from socks import BIND, CONNECT, OK, UDP, Asked, address, frame
from test_garbled import BROKEN, CORRUPT, SPOILT, UNFINISHED
from test_tls import Authority
from tunnels import worker_user
from udp import UdpEcho, UdpUser, secret_proxy, udp_proxy, visitor
from wire import read_exactly

COMPRESSED = {"transport": {"useCompression": True}}
ECHO_NAME = "echo.culvert.invalid"


def socks_row(name, **more):
    row = tcp_proxy(name, 0, **more)
    row["plugin"] = {"type": "socks5"}
    return row


def offer_row(name, **more):
    row = secret_proxy(name, "stcp", 0, **more)
    row["plugin"] = {"type": "offer", "allow": "1-65535"}
    return row


class Victim:
    """A client of a server that the test speaks for, with a good work
    connection that must live."""

    def __init__(self, t, rows, mux, tls, name, certificate=None,
                 visitors=()):
        self.mux = mux
        self.host = FrpsByHand(mux, certificate if tls else None)
        rows = [tcp_proxy("good", EchoServer().port), *rows]
        self.client = t.frpc(self.host, rows, {
            "transport.tcpMux": mux, "transport.tls.enable": tls,
            "loginFailExit": False, "visitors": list(visitors)}, wait=0,
            name=f"frpc{name}")
        self.rows = len(rows)
        self.again()

    def again(self):
        """It logs in."""
        since = self.client.mark()
        self.session = self.host.session()
        self.session.take_proxies(self.rows)
        self.client.wait_line("start proxy success", since=since,
                              times=self.rows)
        self.good = self.begin("good")
        self.still()

    def begin(self, name, then=b""):
        work = self.session.work()
        work.sendall(start(name, then))
        return work

    def still(self, work=None):
        work = work or self.good
        work.sendall(b"as ever")
        check(read_exactly(work, 7) == b"as ever", "the good one is broken")

    def is_well(self, fds):
        """The session lives, and the next user is served; nothing is kept
        open for those who are gone."""
        self.still()
        work = self.begin("good")
        self.still(work)
        work.close()
        until(lambda: self.client.fd_count() <= fds, 8,
              f"no more than {fds} descriptors")
        check(self.client.running())


def is_over(s):
    try:
        while s.recv(4096):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    return True


def test_bytes_that_are_no_snappy_right_behind_a_start_end_that_job_only(t):
    names = ("tcp", "socks5", "offer", "udp", "sudp")
    service, datagrams = EchoServer(), UdpEcho()
    mine = Authority(t, "mine")

    def work(mux, tls, name):
        v = Victim(t, [tcp_proxy("tcp", service.port, **COMPRESSED),
                       socks_row("socks5", **COMPRESSED),
                       offer_row("offer", **COMPRESSED),
                       udp_proxy("udp", datagrams.port, **COMPRESSED),
                       secret_proxy("sudp", "sudp", datagrams.port,
                                    **COMPRESSED)], mux, tls, name, mine)
        fds = v.client.fd_count()
        for n in names:
            for what in BROKEN.values():
                since = v.client.mark()
                s = v.session.work()
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    s.sendall(start(n, what)) # it may hang up meanwhile
                check(is_over(s))
                v.client.wait_line(CORRUPT.format(n, SPOILT), since=since)
                v.still()
            s = v.begin(n, UNFINISHED)
            s.close()
            v.still()
        v.is_well(fds)
    every_way(work)


def visited(v):
    """The stream of a visitor of the victim, not yet answered."""
    s = v.session.link.accept() if v.mux else v.host.accept()
    kind, body = message(s)
    check(kind == b"v", f"{kind} came instead of a NewVisitorConn")
    return s, packed(b"3", {"proxy_name": body["proxy_name"]})


def spoilt(v, name, what):
    """A visitor's stream gets a good answer, and this right behind it."""
    since = v.client.mark()
    s, yes = visited(v)
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        s.sendall(yes + what)
    check(is_over(s))
    v.client.wait_line(CORRUPT.format(name, SPOILT), since=since)
    v.still()


def gone(v, what):
    """The same, and a reset behind it."""
    s, yes = visited(v)
    with stopped(v.client.pid):
        s.sendall(yes + what[:1000])
        s.reset() if v.mux else reset(s)
    v.still()


def test_an_answer_to_a_visitor_with_no_snappy_behind_it_ends_him_only(t):
    rows = [secret_proxy(n, n, 1, **COMPRESSED) for n in ("stcp", "sudp")]
    mine = Authority(t, "mine")

    def work(mux, tls, name):
        to = [visitor(r, **COMPRESSED) for r in rows]
        v = Victim(t, [], mux, tls, name, mine, to)
        fds = v.client.fd_count()
        for what in BROKEN.values():
            for answer in (lambda: spoilt(v, "to stcp", what),
                           lambda: gone(v, what)):
                with dial(to[0]["bindPort"], timeout=5) as user:
                    user.sendall(b"early")
                    answer()
                    check(is_over(user))
            with UdpUser(to[1]["bindPort"]) as user:
                user.send(b"early")
                spoilt(v, "to sudp", what)
        v.is_well(fds)
    every_way(work)


def request(command, host, port, early=b""):
    """A SOCKS request, behind the greeting that goes before it."""
    return (b"\5\1\0" + bytes([5, command, 0]) + address(host, port) + early)


def connects(target):
    """Ways to ask for a connection; some are refused."""
    yield from (request(CONNECT, host, target, early)
                for host in ("127.0.0.1", "localhost")
                for early in (b"", b"early"))
    yield request(CONNECT, "127.0.0.1", free_port())
    yield request(CONNECT, ECHO_NAME, 7)
    yield request(CONNECT, ECHO_NAME, 7, b"early")
    yield request(CONNECT, "a b", target)
    yield request(BIND, "127.0.0.1", target)
    yield b"\5\1\0" + b"\4" * 20
    yield b"\5\1\2" + b"\5\1\0"


def gone_at_once(v, name, requests, turns=1):
    """Work connections for it, which are reset right behind a request."""
    for what in [*requests] * turns:
        work = v.session.work()
        with stopped(v.client.pid):
            work.sendall(start(name, what))
            work.reset() if v.mux else reset(work)
        v.still()


def test_a_socks_request_whose_user_is_gone_harms_nobody(t):
    service, mine = EchoServer(), Authority(t, "mine")

    def work(mux, tls, name):
        v = Victim(t, [socks_row("socks5"), offer_row("offer")], mux, tls,
                   name, mine)
        fds = v.client.fd_count()
        for n in ("socks5", "offer"):
            gone_at_once(v, n, connects(service.port))
        v.is_well(fds)
    every_way(work)


def test_a_request_for_datagrams_whose_user_is_gone_leaves_nothing(t):
    """What it leaves behind is found when the client ends, if not before."""
    service, mine = UdpEcho(), Authority(t, "mine")

    def work(mux, tls, name):
        v = Victim(t, [offer_row("offer")], mux, tls, name, mine)
        fds = v.client.fd_count()
        gone_at_once(v, "offer", [
            request(UDP, "127.0.0.1", service.port),
            request(UDP, "127.0.0.1", service.port, frame(1, b"early"))], 3)
        v.is_well(fds)
        check(v.client.stop() == 0, "it does not end in order")
    every_way(work)


def test_users_of_a_socks_proxy_that_are_gone_at_once_harm_nobody(t):
    """The same through a server of ours, as it comes."""
    service = EchoServer()

    def work(mux, tls, name):
        p = Pair(t, 0, mux, tls, name=name, plugin={"type": "socks5"})
        first = Asked(p.port, "127.0.0.1", service.port)
        for _ in range(3):
            for what in connects(service.port):
                s = dial(p.port)
                s.sendall(what)
                reset(s)
        for a in (first, Asked(p.port, "localhost", service.port)):
            check(a.code == OK)
            a.s.sendall(b"hello")
            check(read_exactly(a.s, 5) == b"hello")
        check(not p.client.says("is lost"), p.client.text)
    every_way(work)


def head_of(s):
    """Of a HTTP request."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = s.recv(4096)
        check(part, "the end came instead of a request")
        got += part
    return got.decode()


def upgraded(head):
    key = re.search(r"Sec-WebSocket-Key: (\S+)", head)[1]
    whole = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(whole.encode()).digest())
    return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept +
            b"\r\n\r\n")


def connected(head):
    return b"HTTP/1.1 200 OK\r\n\r\n"


def test_a_way_that_breaks_before_tls_begins_is_tried_again_soon(t):
    """The last word of the layer below has a reset behind it, which the
    first flight of TLS meets; nobody is told later than at once."""
    def work(through, first_byte, name):
        with socket.create_server(("127.0.0.1", 0)) as host:
            host.settimeout(5)
            port = host.getsockname()[1]
            way = ({"transport.proxyURL": f"http://127.0.0.1:{port}"} if
                   through else {"transport.protocol": "websocket"})
            client = t.frpc(port, conf={
                **way, "transport.tls.disableCustomTLSFirstByte":
                not first_byte, "loginFailExit": False}, name=f"frpc{name}")
            for _ in range(3):
                s, _ = host.accept()
                head = head_of(s)
                with stopped(client.pid):
                    s.sendall((connected if through else upgraded)(head))
                    reset(s)
            check(client.running())
    every_way(work)


def test_users_of_a_dynamic_forward_that_are_gone_at_once_count_for_nothing(
        t):
    service = EchoServer()
    with worker_user(t) as u:
        at = free_port()
        pid = u.start("-D", at)
        users = [Asked(at, "127.0.0.1", service.port)]
        bad = [*connects(service.port)] * 10
        for _ in range(5000 // len(bad) + 1):
            with stopped(pid):
                for what in bad:
                    s = dial(at)
                    s.sendall(what)
                    reset(s)
            users[0].s.sendall(b"as ever")
            check(read_exactly(users[0].s, 7) == b"as ever")
        users.append(Asked(at, "localhost", service.port))
        check(users[1].code == OK, users[1].code)
        users[1].s.sendall(b"hello")
        check(read_exactly(users[1].s, 5) == b"hello")
        until(lambda: u.forward()["waiting"] == 0, 8, "nobody waits")
        f = u.forward()
        check(f["connections"] == 2 and f["total"] >= 5002, f)
        check(u.is_up() and u.status()["pid"] == pid)
        for s in users:
            s.s.close()
        until(lambda: u.forward()["connections"] == 0, 8, "nobody is counted")
        check("Sanitizer" not in u.log(), u.log()[-4000:])


def test_a_server_that_says_much_and_is_gone_is_come_back_to(t):
    """Its last words ask for answers, which meet the reset."""
    mine = Authority(t, "mine")
    wishes = (
        lambda c: [c.seal(REQ_WORK) for _ in range(20)],
        lambda c: [c.seal(PONG, error="no"), c.seal(REQ_WORK)],
        lambda c: [c.seal(NEW_PROXY_RESP, proxy_name="good", error="no"),
                   c.seal(REQ_WORK)],
        lambda c: [c.seal(REQ_WORK), b"\xff" * 50])

    def work(mux, tls, name):
        v = Victim(t, [], mux, tls, name, mine)
        for wish in wishes:
            text = b"".join(wish(v.session))
            under = v.session.link.s if mux else v.session.s
            with stopped(v.client.pid):
                under.sendall(ping() + data(v.session.s.id, text) + ping()
                              if mux else text)
                reset(under)
            v.again()
    every_way(work)


def test_names_that_nobody_answers_for_hold_up_no_other_user(t):
    """They wait for their own answers, those of the users who are gone for
    none; what needs no name server is known at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        service = EchoServer()
        p = Pair(t, 0, plugin={"type": "socks5"}, client={
            "dnsServer": f"127.0.0.1:{silent.getsockname()[1]}"})
        for i in range(40):
            s = dial(p.port)
            s.sendall(request(CONNECT, f"nobody-{i}.invalid", 80))
            check(read_exactly(s, 2) == b"\5\0")
            reset(s)
        began = time.monotonic()
        check(Asked(p.port, "localhost", service.port).code == OK)
        took = time.monotonic() - began
        check(took < 4, f"only after {took:.1f} s")
