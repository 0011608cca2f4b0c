"""The plain tunnel, and what becomes of it when an end goes away."""
from lib import (STARTED, DuplexServer, EchoServer, Relay, check, dial,
                 duplex, echo, free_port, pattern, tcp_proxy, timeout)


def test_a_tunnel_carries_different_bytes_each_way_at_once(t):
    row = tcp_proxy("duplex", DuplexServer().port)
    t.frpc(t.frps(), [row])
    wrong = duplex(row["remotePort"], 5_000_000, 3_000_000)
    check(not wrong, wrong)


def test_two_clients_share_a_server(t):
    server = t.frps()
    rows = [tcp_proxy(name, EchoServer().port) for name in ("one", "two")]
    for row in rows:
        t.frpc(server, [row], name=f"frpc-{row['name']}")
    for row in rows:
        data = pattern(100_000, row["remotePort"])
        check(echo(row["remotePort"], data) == data, row["name"])


def test_a_user_sees_the_end_when_nobody_listens_behind(t):
    row = tcp_proxy("nobody", free_port())
    client = t.frpc(t.frps(), [row])
    with dial(row["remotePort"], timeout=10) as s:
        check(s.recv(1) == b"", "a byte came out of nowhere")
    client.wait_line(r"\[nobody\].*connection refused")


def test_a_second_proxy_of_the_same_port_is_refused(t):
    server = t.frps()
    row = tcp_proxy("first", EchoServer().port)
    t.frpc(server, [row])
    again = dict(row, name="second")
    client = t.frpc(server, [again], name="frpc-second", wait=0)
    client.wait_line(r"\[second\] start error: .*port already used")
    check(echo(row["remotePort"], b"still there") == b"still there")


@timeout(90)
def test_a_client_whose_link_was_cut_comes_back(t):
    for reset in (False, True):
        server = t.frps(name=f"frps-{reset}")
        relay = Relay(server.conf["bindPort"])
        row = tcp_proxy("echo", EchoServer().port)
        client = t.frpc(relay, [row], name=f"frpc-{reset}")
        mark = client.mark()
        relay.cut(reset)
        client.wait_line(STARTED, timeout=30, since=mark)
        data = pattern(100_000)
        check(echo(row["remotePort"], data) == data)
