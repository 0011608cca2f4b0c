"""The way between client and server: pools, heartbeats, keepalive, and what
is said when the two ends are not set alike."""
import ctypes
import os
import socket
import time

from frp import (PING, PONG, REQ_WORK, Control, packed, port_in, started)
from lib import (EchoServer, Failure, check, dial, echo, free_port,
                 read_exactly)
from pairs import Pair, every_way

BARE = {"transport.tcpMux": False}


def test_the_pool_is_what_the_client_wants_and_the_server_allows(t):
    for most, wanted, want in ((5, 3, 3), (2, 4, 2), (5, 0, 0)):
        server = t.frps({**BARE, "transport.maxPoolCount": most},
                        name=f"frps{most}{wanted}")
        c = Control(server.conf["bindPort"], pool_count=wanted)
        c.send(PING)
        asked = c.wait(PONG)[1]
        check(asked == want, f"{asked} asked for, not {want}")


def test_a_used_work_connection_is_replaced_and_told_what_it_is_for(t):
    server = t.frps(BARE)
    c = Control(server.conf["bindPort"], pool_count=1)
    c.wait(REQ_WORK)
    work = c.work()
    port = port_in(c.proxy("p"))
    with dial(port) as user:
        said = started(work)
        c.wait(REQ_WORK)
        check(said == {"proxy_name": "p", "src_addr": "127.0.0.1",
                       "dst_addr": "127.0.0.1",
                       "src_port": user.getsockname()[1],
                       "dst_port": port}, said)
        user.sendall(b"up")
        check(read_exactly(work, 2) == b"up")
        work.sendall(b"down")
        check(read_exactly(user, 4) == b"down")


def test_a_pooled_connection_that_has_ended_is_never_handed_out(t):
    server = t.frps(BARE)
    c = Control(server.conf["bindPort"], pool_count=1)
    c.wait(REQ_WORK)
    dead, good = c.work(), c.work()
    port = port_in(c.proxy("p"))
    dead.shutdown(socket.SHUT_WR)
    try:
        check(dead.recv(1) == b"", "a byte on a connection that has ended")
    except ConnectionResetError:
        pass
    with dial(port) as user:
        check(started(good)["src_port"] == user.getsockname()[1])


def test_a_silent_client_without_a_mux_is_given_up(t):
    server = t.frps({**BARE, "transport.heartbeatTimeout": 2})
    port = server.conf["bindPort"]
    began = time.monotonic()
    silent, lively = Control(port), Control(port)
    port_in(lively.proxy("p"))
    while silent.run_id and time.monotonic() < began + 5:
        lively.send(PING)
        lively.wait(PONG)
        try:
            if silent.receive(0.25) == (None, None):
                break
        except TimeoutError:
            pass
    took = time.monotonic() - began
    check(1.9 < took < 3.5, f"after {took:.1f} s")
    server.wait_line(rf"\[W\].*\[{silent.run_id[:6]}\] heartbeat timeout$")
    check(not server.says(rf"\[{lively.run_id[:6]}\] heartbeat timeout"))
    lively.send(PING)
    lively.wait(PONG)


def test_a_user_waits_for_a_work_connection_only_so_long(t):
    server = t.frps({**BARE, "userConnTimeout": 1})
    c = Control(server.conf["bindPort"])
    port = port_in(c.proxy("p"))
    began = time.monotonic()
    with dial(port) as user:
        try:
            check(user.recv(1) == b"")
        except ConnectionResetError:
            pass
    took = time.monotonic() - began
    check(0.9 < took < 3, f"after {took:.1f} s")
    server.wait_line(r"\[p\] failed to get work connection: ")


def sockets_of(pid):
    """Duplicates of all its connected TCP sockets."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            if not os.readlink(f"/proc/{pid}/fd/{entry}").startswith("sock"):
                continue
        except OSError:
            continue
        fd = libc.syscall(438, pidfd, int(entry), 0)
        if fd < 0:
            continue
        s = socket.socket(fileno=fd)
        try:
            s.getpeername()
            yield s
        except OSError:
            s.close()
    os.close(pidfd)


def keepalive(pid, port):
    """Idle, step and count of the connection to or from the port, 0 for off."""
    for s in sockets_of(pid):
        with s:
            if port not in (s.getpeername()[1], s.getsockname()[1]):
                continue
            if not s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
                return 0
            return tuple(s.getsockopt(socket.IPPROTO_TCP, o) for o in (
                socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL,
                socket.TCP_KEEPCNT))
    raise Failure("no such connection")


def test_keepalive_is_set_as_asked_on_both_ends(t):
    for name, key, want in (("", None, (15, 5, 2)), ("33", 33, (33, 5, 2)),
                            ("off", -1, 0)):
        pair = Pair(t, free_port(), name=name,
                    server={"transport.tcpKeepalive": key} if key else None,
                    client={"transport.dialServerKeepalive": key}
                    if key else None)
        port = pair.server.conf["bindPort"]
        for end in (pair.server, pair.client):
            got = keepalive(end.pid, port)
            check(got == want, f"{end.name}: {got}, want {want}")
        pair.stop()


def congestion(pid, port):
    """The algorithms of the connections to and from the port."""
    got = set()
    for s in sockets_of(pid):
        with s:
            if port in (s.getpeername()[1], s.getsockname()[1]):
                name = s.getsockopt(socket.IPPROTO_TCP, 13, 16)
                got.add(name.rstrip(b"\0").decode())
    return got


def test_congestion_control_is_as_asked_on_both_ends(t):
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as f:
        own = f.read().strip()
    for way, want in ((None, {"cubic", "reno"}), ("system", {own}),
                      ("reno", {"reno"})):
        conf = {"transport.tcpCongestion": way} if way else None
        pair = Pair(t, free_port(), name=way or "auto", server=conf,
                    client=conf)
        port = pair.server.conf["bindPort"]
        for end in (pair.server, pair.client):
            got = congestion(end.pid, port)
            check(got and got <= want, f"{end.name}: {got}, want {want}")
        pair.stop()
    for p in (t.frps({"transport.tcpCongestion": "nonesuch"}, wait=False),
              t.frpc(free_port(), [], {"transport.tcpCongestion":
                                       "nonesuch"})):
        check(p.wait() == 1)
        p.wait_line("transport.tcpCongestion: 'nonesuch' cannot be used")


def test_ends_that_disagree_on_the_mux_say_so(t):
    def work(mux, tls, name):
        server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        client = t.frpc(server, [], {"transport.tcpMux": not mux,
                                     "transport.tls.enable": tls},
                        name=f"frpc{name}")
        check(client.wait(20) == 1, "the client does not end with 1")
        client.wait_line(r"connect to server error: .*transport\.tcpMux")
        server.wait_line(r"\[W\].* client \[127\.0\.0\.1:\d+\].*tcpMux")
    every_way(work)


def test_a_tunnel_works_in_every_way(t):
    service = EchoServer()

    def work(mux, tls, name):
        pair = Pair(t, service, mux, tls, name=name)
        for n in (1, 100_000):
            check(echo(pair.port, bytes(n)) == bytes(n))
    every_way(work)


def first_user(port):
    """Knocks until the port is there, and is an echo's user at once."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            s = dial(port, timeout=10)
        except OSError:
            continue
        with s:
            s.sendall(b"first")
            return read_exactly(s, 5)
    return None


def test_a_user_who_comes_as_soon_as_the_port_is_there_is_served(t):
    service = EchoServer()

    def work(mux, tls, name):
        pair = Pair(t, service, mux, tls, name=name)
        for _ in range(15):
            mark = pair.server.mark()
            pair.client.kill()
            pair.server.wait_line("client exit success", since=mark)
            pair.client = pair.client.again(wait=0)
            check(first_user(pair.port) == b"first")
    every_way(work)


def first_bytes(t, name, **conf):
    with socket.create_server(("127.0.0.1", 0)) as s:
        s.settimeout(10)
        client = t.frpc(s.getsockname()[1], [], conf, name=name)
        with s.accept()[0] as c:
            c.settimeout(10)
            got = read_exactly(c, 2)
    client.kill()
    return got


def test_a_link_begins_with_the_bytes_that_frp_expects(t):
    tls, mux = "transport.tls.enable", "transport.tcpMux"
    head = "transport.tls.disableCustomTLSFirstByte"
    for i, (conf, want) in enumerate((
            ({}, b"\x16\x03"), ({head: False}, b"\x17\x16"),
            ({tls: False}, b"\x00\x01"), ({tls: False, mux: False}, b"o\0"),
            ({tls: False, head: False}, b"\x00\x01"))):
        got = first_bytes(t, f"frpc{i}", **conf)
        check(got == want, f"{conf}: {got}")


def test_bytes_behind_a_login_are_refused(t):
    """Nobody may speak before the answer has come: it could not be told
    which of the two ways of writing it is in."""
    server = t.frps(BARE)
    with dial(server.conf["bindPort"]) as s:
        s.sendall(packed(b"o", {"privilege_key": "x"}) + b"more")
        try:
            check(s.recv(100) == b"")
        except ConnectionResetError:
            pass
    server.wait_line(r"sent 4 bytes behind its Login")
