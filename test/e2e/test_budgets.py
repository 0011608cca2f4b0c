"""What one client with a token can make a server keep: each such thing has a
measure, what is beyond it is refused, and nobody else notices."""
import re
import socket
import struct

from aes import Seal
from attacked import World
from frp import (NEW_PROXY, NEW_PROXY_RESP, NEW_WORK, Control, message,
                 packed, signed)
from frps_by_hand import FrpsByHand, start
from lib import (EchoServer, Skip, applet, check, dial, echo, free_port,
                 tcp_proxy, toml)
from mux import RST, WINDOW, Mux, data, frame, syn
from test_attack_client import Victim
from test_private import steady
from test_scale import is_sanitized

NEW_VISITOR = b"v"


class Greedy:
    """A client on a link of its own, which seals quickly."""

    def __init__(self, w, token="", **login):
        self.link = Mux(dial(w.port))
        c = Control(w.port, over=self.link.open(), **login)
        self.c, self.s, self.seal = c, c.s, Seal(token)

    def say(self, kind, **body):
        self.s.sendall(self.seal(packed(kind, body)))

    def answers(self, n):
        """How many of the next n answers to NewProxy are no."""
        return sum(bool(self.c.wait(NEW_PROXY_RESP)[0].get("error"))
                   for _ in range(n))


def stays_small(t, proc, since, mib):
    """A sanitizer keeps what was freed."""
    grown = proc.rss_kib() - since
    check(grown < mib * 1024 or is_sanitized(t.bin), f"{grown} KiB")


def world(t, **conf):
    w = World(t, True, False, "", **conf)
    w.is_well()
    return w, w.server.rss_kib()


def test_streams_that_never_say_what_they_are_for_are_refused(t):
    w, before = world(t)
    g = Greedy(w)
    half = NEW_WORK + struct.pack(">q", 10240) + b"{" + b" " * 8000
    for i in range(6000):
        id = g.link.number()
        g.link.s.sendall(syn(id) + data(id, half))
        if i % 100 == 0:
            g.link.wait_pong()
    g.link.wait_pong()
    stays_small(t, w.server, before, 24)
    w.server.wait_line(r"\[W\].* 1024 streams of this client have not said "
                       "yet what they are for, one more is refused")
    check(w.server.text.count("one more is refused") <= 6)
    w.is_well()
    # and with them gone there is room again
    for id in range(3, g.link.next, 2):
        g.link.s.sendall(frame(WINDOW, RST, id, 0))
    work = g.link.open(packed(NEW_WORK, {"run_id": "nobody"}))
    check("no client control found" in message(work)[1]["error"])


def test_what_strangers_have_not_said_to_the_end_is_limited(t):
    """A thousand links of eight streams, without a token."""
    w, before = world(t)
    half = NEW_WORK + struct.pack(">q", 10240) + b"{" + b" " * 9900
    links = []
    for _ in range(1000):
        links.append(Mux(dial(w.port)))
        links[-1].s.sendall(b"".join(syn(id) + data(id, half)
                                     for id in range(1, 17, 2)))
    links[-1].wait_pong()
    stays_small(t, w.server, before, 24)
    w.is_well()
    for link in links:
        link.close()


def test_what_visitors_send_to_a_service_that_does_not_come_is_limited(t):
    """The service's client gives no work connection, and visits itself."""
    w, before = world(t)
    g = Greedy(w)
    g.say(NEW_PROXY, proxy_name="slow", proxy_type="stcp", sk="secret")
    check(g.answers(1) == 0)
    hello = packed(NEW_VISITOR, {"proxy_name": "slow", **visit("secret")})
    streams = []
    for _ in range(400):
        s = g.link.open(hello)
        for _ in range(15):
            s.sendall(bytes(16384))
        streams.append(s)
        g.link.wait_pong()
    stays_small(t, w.server, before, 48)
    broken = sum(s.broken for s in streams)
    check(200 < broken < 300, f"{broken} were refused")
    check(w.server.text.count("a user is turned away") <= 6)
    w.is_well()
    for s in streams:
        if not s.broken:
            s.reset()
    # what was kept is free again
    s = g.link.open(hello)
    check("error" not in message(s)[1])
    s.sendall(bytes(100000))
    g.link.wait_pong()
    check(not s.broken)


def visit(secret):
    body = signed(secret)
    return {"sign_key": body["privilege_key"], "timestamp": body["timestamp"]}


def test_claims_that_wait_for_an_answer_are_limited(t):
    """All of one name, whose holder is silent for a while."""
    w, before = world(t)
    holder = Greedy(w)
    holder.say(NEW_PROXY, proxy_name="held", proxy_type="stcp", sk="x")
    check(holder.answers(1) == 0)
    g = Greedy(w)
    text = g.seal(b"".join(packed(NEW_PROXY, {
        "proxy_name": "held", "proxy_type": "stcp", "sk": "x",
        "metas": {"m": "m" * 9000}}) for _ in range(2000)))
    send_all(g, text)
    g.link.wait_pong()
    stays_small(t, w.server, before, 12)
    check(g.answers(2000) == 1999, "one is to have it of who is silent")
    w.server.wait_line(r"error: this client's proxies take 8 MiB of memory "
                       "here already")
    g.say(NEW_PROXY, proxy_name="another", proxy_type="stcp", sk="x")
    check(g.answers(1) == 0, "what was kept is not free again")
    w.is_well()


def send_all(g, text):
    """As far as the first window goes; it opens as this is read."""
    left = 262144 - 4096
    for at in range(0, len(text), 16384):
        piece = text[at:at + 16384]
        if left < len(piece):
            g.link.wait_pong()
            left = 262144 - 4096
        g.s.sendall(piece)
        left -= len(piece)


def test_names_of_any_length_have_a_measure(t):
    w, before = world(t)
    g = Greedy(w)
    text = g.seal(b"".join(packed(NEW_PROXY, {
        "proxy_name": f"{i}" + "n" * 9000, "proxy_type": "stcp", "sk": "x"})
        for i in range(600)))
    send_all(g, text)
    refused = g.answers(600)
    check(100 < refused < 200, f"{refused} were refused")
    stays_small(t, w.server, before, 12)
    w.is_well()


def test_ports_are_remembered_without_the_names_they_had(t):
    """Each of these is opened and closed; only then the next one."""
    w, before = world(t)
    g = Greedy(w)
    names = [f"{i}" + "n" * 9000 for i in range(300)]
    for n in names:
        g.say(NEW_PROXY, proxy_name=n, proxy_type="tcp", remote_port=0)
        check(g.answers(1) == 0)
        g.say(b"c", proxy_name=n)
    g.say(NEW_PROXY, proxy_name="last", proxy_type="stcp", sk="x")
    check(g.answers(1) == 0)
    stays_small(t, w.server, before, 2)


def test_what_a_server_sends_for_services_that_do_not_come_is_limited(t):
    """A service that takes up nobody: its queue is full."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    at = full.getsockname()[1]
    ahead = [socket.create_connection(("127.0.0.1", at))]
    v = Victim(t, [tcp_proxy("full", at)], True, False, "")
    before = v.client.rss_kib()
    works = []
    for _ in range(400):
        works.append(v.begin("full", bytes(16384)))
        for _ in range(14):
            works[-1].sendall(bytes(16384))
    v.session.link.wait_pong()
    broken = sum(s.broken for s in works)
    check(200 < broken < 300, f"{broken} were dropped")
    stays_small(t, v.client, before, 48)
    v.client.wait_line(r"\[W\].*\[full\] a connection is dropped: the server "
                       "has sent 32 MiB for services that are not connected")
    v.still()
    for s in works:
        if not s.broken:
            s.reset()
    s = v.begin("full", bytes(100000))
    v.session.link.wait_pong()
    check(not s.broken)
    for s in ahead:
        s.close()



def limited(t, conf, mib=64):
    """A server that may have so much in all."""
    if is_sanitized(t.bin):
        raise Skip("a sanitizer wants all the addresses there are")
    path = t.write("frps.toml", toml({"bindAddr": "127.0.0.1", **conf}))
    server = t.proc(["prlimit", f"--as={int(mib * 1024) << 10}", *applet(t.bin, "frps"),
                     "-c", path], name="frps")
    server.wait_line("frps started successfully")
    return server


class Hoarder(Greedy):
    """It makes the server keep as much as it may."""

    def __init__(self, port, n):
        self.port = port
        super().__init__(self)
        name = f"slow {n}"
        self.say(NEW_PROXY, proxy_name=name, proxy_type="stcp", sk="s")
        check(self.answers(1) == 0)
        self.hello = packed(NEW_VISITOR, {"proxy_name": name, **visit("s")})

    def hoard(self, meanwhile=lambda: None):
        try:
            for _ in range(110):
                s = self.link.open(self.hello)
                for _ in range(15):
                    s.sendall(bytes(16384))
                    meanwhile()
                self.link.wait_pong()
        except OSError:
            pass  # it is ended


def test_memory_that_runs_out_ends_those_who_hold_most_of_it(t):
    port = free_port()
    server = limited(t, {"bindPort": port})
    row = tcp_proxy("good", EchoServer().port)
    client = t.frpc(port, [row])
    with steady(row["remotePort"]) as still:
        all = [Hoarder(port, i) for i in range(8)]
        for x in all:
            x.hoard()
        still()
        check(echo(row["remotePort"], b"a new one") == b"a new one")
    server.wait_line(r"\[E\].* out of memory: client \[.*\], for whom most "
                     r"is kept, is closed \(\d+ KiB\)$")
    check(server.running() and not client.says("is lost"))


def test_who_comes_while_memory_runs_out_waits_until_there_is_some(t):
    """A user comes at each moment of it."""
    port = free_port()
    server = limited(t, {"bindPort": port}, mib=40)
    row = tcp_proxy("good", EchoServer().port)
    t.frpc(port, [row])
    others = [Hoarder(port, i) for i in range(4)]
    bad = []

    def come():
        try:
            bad.append(echo(row["remotePort"], b"hi") != b"hi")
        except OSError:
            bad.append(True)

    others[0].hoard()
    for x in others[1:]:
        x.hoard(come)
    check(server.says("for whom most is kept, is closed"), server.text)
    check(not any(bad), f"{sum(bad)} of {len(bad)} users were refused")


def test_a_server_without_memory_takes_no_more_connections(t):
    port = free_port()
    first = limited(t, {"bindPort": port})
    with open(f"/proc/{first.pid}/status") as f:
        size = int(re.search(r"VmSize:\s*(\d+)", f.read()).group(1))
    first.stop()
    server = limited(t, {"bindPort": port}, size / 1024 + 3)
    for _ in range(100):
        try:
            dial(port).close()
        except ConnectionError:
            break
    server.wait_line(r"\[W\].* port \d+: out of memory, refusing connections")
    check(server.running())


def test_a_client_without_memory_gives_up_its_link_and_comes_back(t):
    if is_sanitized(t.bin):
        raise Skip("a sanitizer wants all the addresses there are")
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    at = full.getsockname()[1]
    ahead = socket.create_connection(("127.0.0.1", at))
    host = FrpsByHand(True)
    path = t.write("frpc.toml", toml({
        "serverAddr": "127.0.0.1", "serverPort": host.port,
        "transport": {"tls": {"enable": False}},
        "proxies": [tcp_proxy("full", at, 6000)]}))
    client = t.proc(["prlimit", f"--as={20 << 20}", *applet(t.bin, "frpc"),
                     "-c", path], name="frpc")
    session = host.session()
    session.take_proxies()
    try:
        for _ in range(200):
            work = session.work()
            work.sendall(start("full"))
            for _ in range(15):
                work.sendall(bytes(16384))
            session.link.wait_pong()
    except OSError:
        pass
    host.session()
    client.wait_line("the connection to the server is lost: Out of memory")
    check(client.running())
    ahead.close()
