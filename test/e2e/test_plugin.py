"""Client plugins, as their users see them."""
import socket

from lib import check, free_port, tcp_proxy, waits
from socks import (BIND, HELLO, NO_COMMAND, NO_HOST, OK, REFUSED, UDP, Asked,
                   Web, curl, real_frpc, real_frps, visitor_row)
from wire import EchoServer, digest, pattern, read_to_end, send_aside


def proxy(plugin=None, **more):
    row = tcp_proxy("p", 0, **more)
    row["plugin"] = {"type": "socks5", **(plugin or {})}
    return row


def start(t, plugin=None, **more):
    """The public port."""
    row = proxy(plugin, **more)
    t.frpc(t.frps(), [row])
    return row["remotePort"]


def reaches(port, user=None):
    web = Web()
    for names in (True, False):
        got = curl(port, f"http://127.0.0.1:{web.port}/", names=names,
                   user=user)
        check(got == HELLO, f"names {names}: {got}")
    check(curl(port, f"http://localhost:{web.port}/", user=user) == HELLO)


def test_socks5_goes_to_addresses_and_names(t):
    port = start(t)
    reaches(port)
    reaches(port, "any:body")


def test_socks5_goes_through_every_filter(t):
    reaches(start(t, transport={"useEncryption": True,
                                "useCompression": True}))


def test_socks5_goes_on_without_a_mux(t):
    row = proxy()
    conf = {"transport.tcpMux": False}
    t.frpc(t.frps(conf), [row], conf)
    reaches(row["remotePort"])


def test_socks5_goes_to_ipv6(t):
    web = Web("::1")
    port = start(t)
    for names in (True, False):
        check(curl(port, f"http://[::1]:{web.port}/", names=names) == HELLO)
    check(Asked(port, "::1", web.port).code == OK)


def test_socks5_wants_its_user_and_password(t):
    port = start(t, {"username": "me", "password": "pass word"})
    web = Web()
    url = f"http://127.0.0.1:{web.port}/"
    check(curl(port, url, user="me:pass word") == HELLO)
    for user in ("me:wrong", "you:pass word", "me:", None):
        check(curl(port, url, user=user) is None, user)
    check(web.accepted == 1, "somebody got through")
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"\5\1\0")
        check(read_to_end(s) == b"\5\xff")


def test_socks5_tells_why_not(t):
    port = start(t)
    check(Asked(port, "127.0.0.1", free_port()).code == REFUSED)
    check(Asked(port, "::1", free_port()).code == REFUSED)
    check(Asked(port, "no-such-name.invalid", 80).code == NO_HOST)
    for command in (BIND, UDP, 9):
        a = Asked(port, "127.0.0.1", 80, command)
        check((a.code, a.rest()) == (NO_COMMAND, b""), command)


def test_socks5_takes_what_comes_early_and_each_end_alone(t):
    data = pattern(3 * 1024 * 1024)
    a = Asked(start(t), "127.0.0.1", EchoServer().port, early=b"early")
    check(a.code == OK)

    def send():
        send_aside(a.s, data).join()
        a.s.shutdown(socket.SHUT_WR)
    from lib import in_thread
    in_thread(send)
    got = read_to_end(a.s)
    check(got[:5] == b"early" and digest(got[5:]) == digest(data))


@waits
def test_socks5_gives_up_on_who_says_nothing(t):
    port = start(t)
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        s.sendall(b"\5")
        try:
            check(s.recv(1) == b"")
        except ConnectionResetError:
            pass


def test_socks5_of_a_stcp_proxy(t):
    server = t.frps()
    row = {"name": "s", "type": "stcp", "secretKey": "s3cret",
           "plugin": {"type": "socks5"}}
    t.frpc(server, [row])
    v = visitor_row("s")
    t.frpc(server, conf={"visitors": [v]}, name="visitor").wait_line(
        "start visitor success")
    reaches(v["bindPort"])


def test_socks5_behind_a_real_frps(t):
    row = proxy()
    t.frpc(real_frps(t), [row])
    reaches(row["remotePort"])


def test_socks5_of_a_real_frpc_behind_our_frps(t):
    row = proxy({"username": "me", "password": "p"})
    real_frpc(t, t.frps(), proxies=[row])
    reaches(row["remotePort"], "me:p")
