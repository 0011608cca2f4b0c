"""Whoever has not logged in costs little, and is not waited for."""
import select
import socket
import ssl
import struct
import threading
import time

from frp import LOGIN, Control, packed, port_in, signed
from lib import (READY, EchoServer, applet, check, dial, echo, free_port,
                 tcp_proxy, timeout, toml, until, waits)
from pairs import closing

BARE = {"transport.tcpMux": False}


def seconds_to_the_end(s, limit=20):
    """Until the other end closes, whatever it says before."""
    began = time.monotonic()
    s.settimeout(limit)
    try:
        while s.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began


def is_cut_off(s):
    p = select.poll()  # of more descriptors than select can take
    p.register(s, select.POLLIN)
    return bool(p.poll(0))


def test_silent_connections_do_not_keep_a_good_client_out(t):
    server = t.frps()
    port = server.conf["bindPort"]
    with closing([dial(port) for _ in range(1100)]) as silent:
        row = tcp_proxy("good", EchoServer().port)
        began = time.monotonic()
        t.frpc(server, [row])
        took = time.monotonic() - began
        check(took < 3, f"only after {took:.1f} s")
        check(echo(row["remotePort"], b"x") == b"x")
        # Some of them have made way.
        until(lambda: sum(map(is_cut_off, silent)) >= 100,
              what="room for those who come")


def test_garbage_is_cut_off_at_once(t):
    for mux in (True, False):
        server = t.frps({"transport.tcpMux": mux}, name=f"frps{mux}")
        for i, data in enumerate((
                b"\xff" * 100, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                b"SSH-2.0-OpenSSH_9.0\r\n", b"\x16\x03\x01\x00\x05hello",
                b"o" + b"\xff" * 8 + b"{}",
                bytes(range(255, 0, -1)) * 20)):
            with dial(server.conf["bindPort"]) as s:
                s.sendall(data)
                took = seconds_to_the_end(s)
                check(took < 8, f"{data[:20]}: after {took:.1f} s")
        server.wait_line(r"\[W\].* client \[127\.0\.0\.1:\d+\].*HTTP")
        server.wait_line(r"\[W\].* client \[127\.0\.0\.1:\d+\].*SSH")
        row = tcp_proxy("good", EchoServer().port)
        t.frpc(server, [row], {"transport.tcpMux": mux}, name=f"frpc{mux}")
        check(echo(row["remotePort"], b"x") == b"x")


def test_a_flood_of_garbage_does_not_flood_the_log(t):
    server = t.frps(BARE)
    for _ in range(300):
        with dial(server.conf["bindPort"]) as s:
            s.sendall(b"\xff" * 10)
            seconds_to_the_end(s)
    lines = server.text.count("\n")
    check(lines < 30, f"{lines} lines")


def test_an_oversized_first_message_is_cut_off_at_its_head(t):
    server = t.frps(BARE)
    for n in (10241, 1 << 40, -1):
        with dial(server.conf["bindPort"]) as s:
            s.sendall(LOGIN + struct.pack(">q", n))
            took = seconds_to_the_end(s)
            check(took < 8, f"{n}: after {took:.1f} s")
    for n, answered in ((10240, True), (10241, False)):
        fill = {**signed(""), "os": ""}
        fill["os"] = "x" * (n + 9 - len(packed(LOGIN, fill)))
        with dial(server.conf["bindPort"]) as s:
            s.sendall(packed(LOGIN, fill))
            try:
                got = s.recv(1)
            except ConnectionResetError:
                got = b""
            check(got == (b"1" if answered else b""), f"{n}: {got}")


def loris(port, data, step):
    """The data, a byte at a time, for ever; when it was cut off."""
    began = time.monotonic()
    with dial(port) as s:
        s.settimeout(step)
        at = 0
        while time.monotonic() < began + 20:
            try:
                if at < len(data):
                    s.sendall(data[at:at + 1])
                    at += 1
                if s.recv(4096) == b"":
                    break
            except TimeoutError:
                pass
            except OSError:
                break
    return time.monotonic() - began


def client_hello():
    """The first flight of somebody's TLS."""
    out = ssl.MemoryBIO()
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    try:
        c.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


@waits
@timeout(60)
def test_who_dawdles_before_login_is_cut_off_after_ten_seconds(t):
    bare = t.frps(BARE, name="bare").conf["bindPort"]
    mux = t.frps(name="mux").conf["bindPort"]
    login = packed(LOGIN, signed(""))
    syn = struct.pack(">BBHII", 0, 1, 1, 1, 0)
    data = struct.pack(">BBHII", 0, 0, 0, 1, len(login)) + login
    cases = {
        "silent": (bare, b"", 0.5), "one byte": (bare, b"o", 0.5),
        "login": (bare, login, 0.3), "TLS": (mux, client_hello(), 0.3),
        "silent on a mux": (mux, b"", 0.5), "login on a mux":
        (mux, syn + data, 0.3), "an idle mux": (mux, syn, 0.05),
    }
    took, threads = {}, []

    def one(name, case):
        took[name] = loris(*case)
    for name, case in cases.items():
        threads.append(threading.Thread(target=one, args=(name, case)))
        threads[-1].start()
    for th in threads:
        th.join()
    wrong = {name: round(s, 1) for name, s in took.items()
             if not 9.5 <= s <= 11.5}
    check(not wrong, f"cut off after {wrong}")


def exhausted(t, kind, conf, name):
    """Started with next to no descriptors."""
    path = t.write(f"{name}.toml", toml(conf))
    return t.proc(["prlimit", "--nofile=48:48", *applet(t.bin, kind), "-c",
                   path], name=name)


def swamp(port, n):
    """So many users at once; some are served, some are not."""
    users = []
    for _ in range(n):
        s = socket.socket()
        s.settimeout(10)
        users.append(s)
        try:
            s.connect(("127.0.0.1", port))
        except OSError:
            pass
    return users


def serves(port):
    try:
        return echo(port, b"x", 2) == b"x"
    except OSError:
        return False


def test_a_server_out_of_descriptors_lives_and_recovers(t):
    conf = {"bindAddr": "127.0.0.1", "bindPort": free_port()}
    server = exhausted(t, "frps", conf, "frps")
    server.wait_line(READY)
    row = tcp_proxy("echo", EchoServer().port)
    client = t.frpc(conf["bindPort"], [row])
    before = server.fd_count()
    with closing(swamp(row["remotePort"], 100)):
        server.wait_line(r"\[W\].* out of file descriptors")
    until(lambda: server.fd_count() <= before, what="descriptors are back")
    check(serves(row["remotePort"]), "it does not serve")
    with closing(swamp(conf["bindPort"], 100)):
        server.wait_line(rf"port {conf['bindPort']}: out of file descriptors")
    until(lambda: server.fd_count() <= before, what="descriptors are back")
    check(serves(row["remotePort"]), "it does not serve")
    check(not client.says("is lost"), "the client was cut off")


def test_a_client_out_of_descriptors_lives_and_recovers(t):
    server = t.frps()
    row = tcp_proxy("echo", EchoServer().port)
    conf = {"serverAddr": "127.0.0.1",
            "serverPort": server.conf["bindPort"], "proxies": [row]}
    client = exhausted(t, "frpc", conf, "frpc")
    client.wait_line("start proxy success")
    before = client.fd_count()
    with closing(swamp(row["remotePort"], 100)):
        client.wait_line("too many open files")
    until(lambda: client.fd_count() <= before, what="descriptors are back")
    check(serves(row["remotePort"]), "it does not serve")
    check(not client.says("is lost"), "it was cut off")
    check(port_in(Control(server.conf["bindPort"], mux=True).proxy("p")))
