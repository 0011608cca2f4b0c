"""Proxies of type udp, and sudp where it is the same."""
import base64
import contextlib
import functools
import os
import re
import signal
import socket
import time

import udp
from frp import Control, message, packed, port_in, started
from lib import (STARTED, EchoServer, Relay, Skip, check, echo as echo_of,
                 pattern, tcp_proxy, timeout, toml, until, waits)
from pairs import every_way, way_name
from test_scale import is_sanitized
from udp import UdpEcho, UdpUser, again_and_again, udp_proxy, visitor
from wire import alone

CAP = 16384  # sessions of one owner


class Udp:
    """A server and a client with a udp proxy."""

    def __init__(self, t, service, mux=True, tls=True, name="", server=None,
                 client=None, through=None, **row):
        self.server = t.frps({"transport.tcpMux": mux, **(server or {})},
                             name=f"frps{name}")
        port = self.server.conf["bindPort"]
        self.relay = through(port) if through else None
        self.row = udp_proxy(f"udp{name}", service, **row)
        self.port = self.row["remotePort"]
        self.client = t.frpc(self.relay or self.server, [self.row],
                             {"transport.tcpMux": mux,
                              "transport.tls.enable": tls, **(client or {})},
                             name=f"frpc{name}")


def private(t, server, echo, name="", conf=None):
    """The owner of a sudp service, a visitor, and the visitor's row."""
    row = udp.secret_proxy(f"sudp{name}", "sudp", echo.port)
    to = visitor(row)
    owner = t.frpc(server, [row], conf, name=f"owner{name}")
    guest = t.frpc(server, conf={**(conf or {}), "visitors": [to]},
                   name=f"visitor{name}")
    guest.wait_line("start visitor success")
    return owner, guest, to


def test_datagrams_of_every_size_come_back_to_whom_they_belong(t):
    echo = UdpEcho()

    def work(mux, tls, name):
        udp.exchange(Udp(t, echo.port, mux, tls, name).port, 65507)
    every_way(work)


def test_the_first_datagram_is_never_lost_udp(t):
    """Nobody repeats it; it comes before there is a way to the service."""
    echo = UdpEcho()

    def work(mux, tls, name):
        server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        row = udp_proxy(f"udp{name}", echo.port)
        client = t.frpc(server, [row],
                        {"transport.tcpMux": mux,
                         "transport.tls.enable": tls}, name=f"frpc{name}")
        for turn in range(5):
            if turn:
                since = server.mark()
                client.kill()
                server.wait_line("client exit success", since=since)
                since = server.mark()
                client = client.again(wait=0)
                server.wait_line("udp proxy listen port", since=since)
            with UdpUser(row["remotePort"]) as user:
                first = b"first %d" % turn
                check(user.ask(first) == first, f"the first of turn {turn} "
                      "is lost")
    every_way(work)


def test_the_first_datagrams_are_never_lost_sudp(t):
    """A hundred at once, from ten sources, before the stream is there; and
    the same again when it was lost."""
    echo = UdpEcho()

    def work(mux, tls, name):
        conf = {"transport.tcpMux": mux, "transport.tls.enable": tls}
        server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        owner, _, to = private(t, server, echo, name, conf)
        for turn in range(3):
            users = [UdpUser(to["bindPort"]) for _ in range(10)]
            udp.check_burst(users, [100 + turn] * 10, turn)
            for u in users:
                u.close()
            since = server.mark()
            owner.kill()
            server.wait_line("client exit success", since=since)
            owner = owner.again()
    every_way(work)


@waits
@timeout(90)
def test_a_session_ends_when_it_was_idle_for_half_a_minute(t):
    echo = UdpEcho()
    pair = Udp(t, echo.port)
    calm = pair.client.fd_count()
    with UdpUser(pair.port) as busy:
        check(busy.ask() is not None)
        idle = [UdpUser(pair.port) for _ in range(40)]
        for u in idle:
            check(u.ask() is not None)
        last = time.monotonic()
        check(pair.client.fd_count() >= calm + 41, "no socket for each")
        check(len(echo.sources) == 41)
        while pair.client.fd_count() > calm + 1:
            check(busy.ask() is not None, "the busy one has lost his")
            check(time.monotonic() < last + 45, "nothing expires")
            time.sleep(0.5)
        took = time.monotonic() - last
        print(f"gone after {took:.1f} s")
        check(29 < took < 33, f"gone after {took:.1f} s")
        check(busy.ask() is not None and len(echo.sources) == 41,
              "the busy one has a new socket")
        check(idle[0].ask() is not None and len(echo.sources) == 42,
              "who was idle comes again from where he was")


def frps_end(t, **conf):
    """Our server and, as the owner, an end that speaks as frp's."""
    server = t.frps({"transport.tcpMux": False, **conf})
    c = Control(server.conf["bindPort"])
    port = port_in(c.proxy("theirs", type="udp"))
    # A stream is asked for by the first datagram.
    with UdpUser(port) as user:
        user.send(b"first")
        c.wait(b"r")
    return server, c, port


def work_for(c):
    work = c.work()
    check(started(work)["proxy_name"] == "theirs")
    check(message(work)[0] == b"u")
    return work


def test_what_frps_end_cannot_take_is_dropped_and_told(t):
    for size in (1500, 3000):
        conf = {} if size == 1500 else {"udpPacketSize": size}
        server, c, port = frps_end(t, **conf)
        work = work_for(c)
        with UdpUser(port) as user:
            user.send(pattern(size + 1))
            user.send(pattern(size))
            kind, body = message(work)
            check(kind == b"u", f"{kind}")
            check(base64.b64decode(body["c"]) == pattern(size))
            server.wait_line(rf"\[theirs\] a datagram of {size + 1} bytes is "
                             rf"dropped: .* takes up to {size};")
            for _ in range(20):
                user.send(pattern(size + 1))
            user.send(b"last")
            check(base64.b64decode(message(work)[1]["c"]) == b"last")
            server.wait_line("is dropped", times=3)
            n = len(re.findall("is dropped", server.text))
            check(n == 3, f"{n} lines of 21 dropped ones")
        server.stop()


def test_frps_end_that_sends_something_else_loses_only_its_stream(t):
    server, c, port = frps_end(t)
    for what in (b"u" + b"\xff" * 8, b"\0" * 64, b"GET / HTTP/1.1\r\n\r\n",
                 packed(b"s", {"proxy_name": 1})[:-1] + b"]"):
        work = work_for(c)
        since = server.mark()
        work.sendall(what)
        check(work.recv(1) == b"", "the stream lives on")
        server.wait_line(r"\[theirs\] the other end sent something that is "
                         "no datagram", since=since)
        with UdpUser(port) as user:
            user.send(b"again")
        c.wait(b"r")
    # What has no address is dropped, and what comes after it is not.
    work = work_for(c)
    for body in ({"c": "eA==", "r": None}, {"c": "eA=="},
                 {"c": "eA==", "r": {"IP": "no", "Port": 1, "Zone": ""}},
                 {"c": "eA==", "r": {"IP": "::1", "Port": 70000}}):
        work.sendall(packed(b"u", body))
    with UdpUser(port) as user:
        user.send(b"on")
        kind, body = message(work)
        work.sendall(packed(kind, {"c": "b2Y=", "r": body["r"]}))
        check(user.receive() == b"of")


def loopback_service():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.setblocking(False)
    return s


def aimed(work, host, port):
    work.sendall(packed(b"u", {"c": "eA==", "l": None, "r": {
        "IP": host, "Port": port, "Zone": ""}}))


def reaches_only_who_was_heard(proc, work, port, name):
    """work leads to the front at that port, and has the other end's say."""
    victim = loopback_service()
    with UdpUser(port) as user:
        user.send(b"here I am")
        source = message(work)[1]["r"]
        for host in ("127.0.0.1", "::ffff:127.0.0.1", "", "0.0.0.0", "::1",
                     "::"):
            aimed(work, host, victim.getsockname()[1])
        aimed(work, "127.0.0.2", source["Port"])
        aimed(work, "::ffff:" + source["IP"], source["Port"])
        aimed(work, source["IP"], source["Port"])
        check(user.receive() == b"x" == user.receive(), "who was heard")
        try:
            check(not victim.recv(10), "a datagram came to the victim")
        except BlockingIOError:
            pass
        dropped = rf"\[{name}\] a datagram for [^ ]+ is dropped: nothing came"
        proc.wait_line(f"{dropped} from there in the last minute; 3 so far")
        check(len(re.findall(dropped, proc.text)) == 3)
    victim.close()


def test_a_client_reaches_only_those_who_have_sent_something(t):
    """It names the target of each datagram itself: the server must not send
    to its own services for it, or to anybody else."""
    server, c, port = frps_end(t)
    reaches_only_who_was_heard(server, work_for(c), port, "theirs")


def test_an_owner_reaches_only_those_who_have_sent_something(t):
    """The same at a visitor."""
    server = t.frps({"transport.tcpMux": False})
    c = Control(server.conf["bindPort"])
    check(not c.proxy("theirs", type="sudp", sk="key").get("error"))
    to = visitor({"name": "theirs", "type": "sudp", "secretKey": "key"})
    guest = t.frpc(server, conf={"transport.tcpMux": False, "visitors": [to]},
                   name="visitor")
    guest.wait_line("start visitor success")
    with UdpUser(to["bindPort"]) as user:
        user.send(b"first")
        c.wait(b"r")
    reaches_only_who_was_heard(guest, work_for(c), to["bindPort"],
                               "to theirs")


def test_sources_and_services_may_be_ipv6(t):
    try:
        echo = UdpEcho("::1")
    except OSError as e:
        raise Skip(f"no IPv6 here: {e}") from None
    pair = Udp(t, echo.port, server={"proxyBindAddr": "::1"}, localIP="::1")
    udp.exchange(pair.port, 65000, host="::1")
    # Both families at one port, and a service of the other one.
    v4 = UdpEcho()
    both = Udp(t, v4.port, name="both", server={"proxyBindAddr": "::"})
    udp.exchange(both.port, 9000, host="::1")
    udp.exchange(both.port, 9000, host="127.0.0.1")
    # The visitor's port, too.
    row = udp.secret_proxy("sudp6", "sudp", echo.port, localIP="::1")
    to = visitor(row, bindAddr="::1")
    t.frpc(pair.server, [row], name="owner6")
    t.frpc(pair.server, conf={"visitors": [to]}, name="visitor6").wait_line(
        "start visitor success")
    udp.exchange(to["bindPort"], 65000, host="::1")


def test_after_a_restart_of_either_end_datagrams_flow_again(t):
    echo = UdpEcho()

    def work(mux, tls, name):
        pair = Udp(t, echo.port, mux, tls, name)
        with UdpUser(pair.port) as user:
            check(user.ask() is not None)
            for turn in range(3):
                pair.client.kill()
                pair.client = pair.client.again()
                n = again_and_again(user)
                check(n <= 20, f"{n} datagrams until the owner was back")
                pair.server.kill()
                mark = pair.client.mark()
                pair.server = pair.server.again()
                pair.client.wait_line(STARTED, since=mark)
                again_and_again(user)
    every_way(work)


def test_after_a_restart_of_any_end_private_datagrams_flow_again(t):
    echo = UdpEcho()

    def work(mux, tls, name):
        server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        owner, guest, to = private(t, server, echo, name, {
            "transport.tcpMux": mux, "transport.tls.enable": tls})
        with UdpUser(to["bindPort"]) as user:
            check(user.ask() is not None)
            owner.kill()
            owner = owner.again()
            again_and_again(user)
            server.kill()
            server = server.again()
            again_and_again(user)
            guest.kill()
            guest = guest.again()
            again_and_again(user)
    every_way(work)


def with_all_ports(fn):
    """Each source is a port of ours towards the service, and there are 28,000
    of them."""
    @functools.wraps(fn)
    def held(t):
        with alone("UDP ports"):
            fn(t)
    return held


def test_a_burst_is_kept_while_the_server_is_busy_elsewhere(t):
    with open("/proc/sys/net/core/rmem_max") as f:
        if int(f.read()) < 1024 * 1024:
            raise Skip("no socket may be that deep here")
    echo = UdpEcho()
    pair = Udp(t, echo.port)
    with UdpUser(pair.port) as user:
        check(user.ask() is not None)
        before = echo.got
        pair.server.signal(signal.SIGSTOP)
        for _ in range(600):
            user.send(b"ten bytes.")
        pair.server.signal(signal.SIGCONT)
        until(lambda: echo.got - before == 600 or not echo.deep)


@timeout(240)
@with_all_ports
def test_ten_thousand_sessions_lose_nothing(t):
    """The programs raise their own limit of descriptors from the usual."""
    echo, told = UdpEcho(), []
    raised = udp.descriptors(20000)
    n = min(10000, raised - 500)
    for way in ((True, True), (False, False)):
        udp.descriptors(1024)
        pair = Udp(t, echo.port, *way, way_name(*way))
        udp.descriptors(20000)
        calm = [x.rss_kib() for x in (pair.server, pair.client)]
        # The ports of one address are not enough for all.
        lost, rate = udp.many(pair.port, n, 40, hosts=[
            f"127.0.0.{i}" for i in range(2, 6)])
        grown = [x.rss_kib() - a
                 for x, a in zip((pair.server, pair.client), calm)]
        told.append(f"{pair.row['name']}: {n} sources, {2 * n} datagrams "
                    f"there and back, {rate:.0f}/s, {lost} lost; "
                    f"server +{grown[0]}"
                    f" KiB, client +{grown[1]} KiB")
        print(told[-1])
        check(lost == 0 and pair.client.fd_count() > n, told[-1])
        # Its ports are needed by the next one.
        pair.client.stop()
        pair.server.stop()


@timeout(240)
@with_all_ports
def test_any_number_of_sources_takes_bounded_memory(t):
    if udp.descriptors(20000) < CAP + 200:
        raise Skip("there may be too few descriptors here to reach the cap")
    echo = UdpEcho()
    pair = Udp(t, echo.port)
    with UdpUser(pair.port) as user:
        check(user.ask() is not None)
    calm = pair.server.rss_kib(), pair.client.rss_kib()
    fds = pair.client.fd_count()
    sources, began, at_cap = 28000, time.monotonic(), 0
    for i in range(sources):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((f"127.0.0.{2 + i % 7}", 0))
            s.sendto(b"%d" % i, ("127.0.0.1", pair.port))
        if i % 100 == 99:
            until(lambda: echo.got >= i - 10, 5, f"datagram {i}")
        if i == CAP + 1000:
            at_cap = pair.client.rss_kib()
    took = time.monotonic() - began
    grown = pair.server.rss_kib() - calm[0], pair.client.rss_kib() - calm[1]
    print(f"{sources} sources in {took:.1f} s: server +{grown[0]} KiB, client "
          f"+{grown[1]} KiB ({at_cap - calm[1]} at the cap), "
          f"{pair.client.fd_count() - fds} descriptors")
    if took < 25:  # else some have expired
        check(pair.client.fd_count() - fds > CAP - 100, "the cap is not met")
    check(pair.client.fd_count() - fds <= CAP + 10, "the cap does not hold")
    if not is_sanitized(t.bin):
        check(grown[0] < 1024 and grown[1] < 12 * 1024, f"{grown}")
        check(pair.client.rss_kib() - at_cap < 512, "it grows past the cap")
    with UdpUser(pair.port) as user:
        check(user.ask() is not None, "a new source finds no way")


def drown(t, mux, tls, name):
    """The link stalls while datagrams come."""
    echo = UdpEcho()
    pair = Udp(t, echo.port, mux, tls, name, through=Relay)
    with UdpUser(pair.port) as user:
        check(user.ask() is not None)
        before = pair.server.rss_kib()
        pair.relay.blackhole()
        for i in range(30000):
            user.send(b"MUTE" + pattern(1396))
            if i % 40 == 0:
                time.sleep(0.001)
        pair.server.wait_line(r"datagrams come faster than the link takes "
                              r"them: \d+ dropped so far, the oldest first")
        last = [b"%d is one of the last" % i for i in range(100)]
        for data in last:
            user.send(data)
            time.sleep(0.0005)
        grown = pair.server.rss_kib() - before
        check(pair.server.says("dropped so far"))
        pair.relay.heal()
        user.s.settimeout(5)
        got = []
        while len(got) < len(last) and (back := user.receive()):
            got.append(back)
        line = (f"{name[1:]}: server +{grown} KiB, {echo.got} of 30101 came, "
                f"{len(got)} of the last 100")
        print(line)
        again_and_again(user)
        # Without rights the service's socket is the one that overflows.
        check(got == last or not echo.deep, line)
        check(echo.got < 30101, line)
        if not is_sanitized(t.bin):
            check(grown < 12 * 1024, line)


@timeout(240)
@with_all_ports
def test_the_oldest_go_when_more_come_than_the_link_takes(t):
    every_way(lambda *way: drown(t, *way), [(True, True), (False, False)])


def queued_at(port):
    """Bytes in the kernel that nobody has read from the port yet."""
    with open("/proc/net/udp") as f:
        rows = [line.split() for line in f.read().splitlines()[1:]]
    return sum(int(row[4].split(":")[1], 16) for row in rows
               if int(row[1].split(":")[1], 16) == port)


def test_what_waits_for_a_way_to_the_service_is_bounded(t):
    """Nobody owns the service yet, at a visitor; then somebody does."""
    echo = UdpEcho()
    server = t.frps()
    row = udp.secret_proxy("later", "sudp", echo.port)
    to = visitor(row)
    guest = t.frpc(server, conf={"visitors": [to]}, name="visitor")
    guest.wait_line("start visitor success")
    before = guest.rss_kib()
    with UdpUser(to["bindPort"]) as user:
        for i in range(20000):
            user.send(b"MUTE" + pattern(1396))
            if i % 40 == 0:
                time.sleep(0.001)
        guest.wait_line(r"\[to later\] datagrams come while there is no way "
                        r"to the service: \d+ dropped so far")
        until(lambda: queued_at(to["bindPort"]) == 0,
              what="the visitor has read what was sent")
        last = [b"%d is one of the last" % i for i in range(50)]
        for data in last:
            user.send(data)
        grown = guest.rss_kib() - before
        t.frpc(server, [row], name="owner")
        got = []
        while len(got) < len(last) and (back := user.receive()):
            got.append(back)
        print(f"visitor +{grown} KiB, {echo.got} of 20050 came, {len(got)} of "
              "the last 50")
        check(got == last or not echo.deep)
        check(echo.got < 2000)
        if not is_sanitized(t.bin):
            check(grown < 3 * 1024, f"grown by {grown} KiB")


def test_sources_cannot_take_all_descriptors_of_the_owner(t):
    echo = UdpEcho()
    server = t.frps()
    rows = [udp_proxy("udp", echo.port)]
    rows.append(tcp_proxy("tcp", EchoServer().port))
    path = t.write("few.toml", toml({
        "serverAddr": "127.0.0.1", "serverPort": server.conf["bindPort"],
        "proxies": rows}))
    owner = t.proc(["/bin/sh", "-c", 'ulimit -n 200; exec "$@"', "sh",
                    os.path.abspath(t.bin),
                    "frpc", "-c", path], name="owner")
    owner.wait_line(STARTED, times=2)
    with contextlib.ExitStack() as all:
        for _ in range(400):
            user = all.enter_context(UdpUser(rows[0]["remotePort"]))
            check(user.ask() is not None, "a source gets no answer")
        check(echo_of(rows[1]["remotePort"], b"tcp") == b"tcp")
    print(owner.fd_count(), "descriptors")
