"""What frps promises about ports, names and who may come in."""
import re
import socket
import subprocess
import time

from frp import CLOSE_PROXY, Control, auth_key, port_in
from lib import READY, EchoServer, check, echo, free_port, tcp_proxy, until
from pairs import Pair, closing, every_way, ports_in_a_row

BARE = {"transport.tcpMux": False}
WRONG = "token in login doesn't match token from configuration"


def same(got, want):
    check(got == want, f"got {got!r}, want {want!r}")


def bare_server(t, **conf):
    """One for clients that are made of Python."""
    return t.frps({**BARE, **conf})


def client(server, **login):
    c = Control(server.conf["bindPort"], **login)
    check(not c.error, c.error)
    return c


def test_a_server_needs_no_file_but_a_port(t):
    port = free_port()
    server = t.run("frps", "--bind_port", str(port), name="frps")
    server.wait_line(READY)
    check(server.says("frps uses command line arguments for config"))
    check(server.says(f"frps tcp listen on 0.0.0.0:{port}$"))
    row = tcp_proxy("echo", EchoServer().port)
    t.frpc(port, [row])
    same(echo(row["remotePort"], b"hello"), b"hello")


def test_a_random_port_stays_the_same_for_a_returning_name(t):
    server = bare_server(t)
    first = client(server)
    port = port_in(first.proxy("mine", 0))
    server.wait_line(r"\[mine\] tcp proxy listen port \[0\]$")
    first.close()
    server.wait_line("client exit success")
    second = client(server)
    same(port_in(second.proxy("mine", 0)), port)
    check(port_in(second.proxy("other", 0)) != port)


def test_only_allowed_ports_are_given(t):
    low = ports_in_a_row(3)
    server = bare_server(t, allowPorts=[{"start": low, "end": low + 1},
                                        {"single": low + 2}])
    c = client(server)
    outside = free_port()
    while low <= outside <= low + 2:
        outside = free_port()
    for port in (outside, 70000, -1, low - 1, low + 3):
        same(c.proxy("p", port).get("error"), "port not allowed")
    for port in (low, low + 1, low + 2):
        same(port_in(c.proxy(f"p{port}", port)), port)


def test_a_port_of_another_program_is_unavailable(t):
    server = bare_server(t)
    c = client(server)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        same(c.proxy("p", port).get("error"), "port unavailable")
        server.wait_line(rf"\[p\] cannot listen on port {port}: ")
        server.wait_line(r"new proxy \[p\] type \[tcp\] error: "
                         "port unavailable$")
    same(port_in(c.proxy("p", port)), port)


def test_a_port_of_another_proxy_is_already_used(t):
    server = bare_server(t)
    c = client(server)
    port = port_in(c.proxy("one", free_port()))
    same(c.proxy("two", port).get("error"), "port already used")
    server.wait_line(r"new proxy \[two\] type \[tcp\] error: "
                     "port already used$")
    c.send(CLOSE_PROXY, proxy_name="one")
    same(port_in(c.proxy("two", port)), port)


def test_a_used_up_range_is_named_and_counted(t):
    low = ports_in_a_row(3)
    server = bare_server(t, allowPorts=[{"start": low, "end": low + 2}])
    c = client(server)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", low + 1))
        taken.listen()
        got = {port_in(c.proxy(name)) for name in ("a", "b")}
        same(got, {low, low + 2})
        said = c.proxy("c").get("error")
    same(said, f"no available port: 2 of the 3 ports in {low}-{low + 2} are "
               "in use here, the rest by other programs")
    same(port_in(c.proxy("c")), low + 1)


def test_a_client_has_no_more_ports_than_its_quota(t):
    server = bare_server(t, maxPortsPerClient=2)
    c, other = client(server), client(server)
    port_in(c.proxy("a"))
    port_in(c.proxy("b"))
    same(c.proxy("c").get("error"), "exceed the max_ports_per_client")
    port_in(other.proxy("c"))
    c.send(CLOSE_PROXY, proxy_name="a")
    port_in(c.proxy("d"))


def test_a_name_is_had_once(t):
    server = bare_server(t)
    c = client(server)
    port_in(c.proxy("twin"))
    same(c.proxy("twin").get("error"), "proxy [twin] already exists")
    server.wait_line(r"new proxy \[twin\] type \[tcp\] error: "
                     r"proxy \[twin\] already exists$")


def test_unknown_types_are_refused_by_name(t):
    server = bare_server(t)
    c = client(server)
    same(c.proxy("p", type="smtp").get("error"), "unknown proxy type: smtp")
    same(c.proxy("p", type="http").get("error"),
         "not supported yet: proxy type http")
    same(c.proxy("").get("error"), "name should not be empty")
    port_in(c.proxy("p", type=""))  # frp takes that for tcp


def test_a_wrong_token_ends_the_client_with_frps_words(t):
    server = t.frps({"auth.token": "right"})
    conf = t.write("wrong.toml", 'serverAddr = "127.0.0.1"\nserverPort = '
                   f'{server.conf["bindPort"]}\nauth.token = "wrong"\n')
    p = subprocess.run([t.bin, "frpc", "-c", conf], capture_output=True,
                       text=True, timeout=20)
    same((p.returncode, p.stderr), (1, ""))
    same(p.stdout.splitlines()[-1].replace("\033[0m", ""),
         f"login to the server failed: {WRONG}. With loginFailExit enabled, "
         "no additional retries will be attempted")
    check(f"connect to server error: {WRONG}" in p.stdout, p.stdout)
    server.wait_line(rf"\[W\] .*register control error: {WRONG} "
                     r"\(client \[127\.0\.0\.1:\d+\]\)$")


def test_details_of_refusals_can_be_kept_from_clients(t):
    server = bare_server(t, **{"auth.token": "x",
                               "detailedErrorsToClient": False})
    port = server.conf["bindPort"]
    same(Control(port, token="y").error, "register control error")
    server.wait_line(f"register control error: {WRONG}")
    c = client(server, token="x")
    port_in(c.proxy("a"))
    same(c.proxy("a").get("error"), "new proxy [a] error")
    server.wait_line(r"proxy \[a\] already exists$")


def scopes(*names):
    return {"auth.token": "t", "auth.additionalScopes": list(names)}


def test_scopes_that_match_are_no_hindrance(t):
    service = EchoServer()

    def work(mux, tls, name):
        pair = Pair(t, service, mux, tls, name=name,
                    server=scopes("HeartBeats", "NewWorkConns"),
                    client={**scopes("HeartBeats", "NewWorkConns"),
                            "transport.heartbeatInterval": 1,
                            "transport.heartbeatTimeout": 2})
        # Lives on heartbeats alone for longer than its own timeout.
        c = pair.client
        try:
            c.wait_line("is lost", timeout=3)
            check(False, "the heartbeats were not answered")
        except AssertionError as e:
            check("waited" in str(e), str(e))
        same(echo(pair.port, b"hello"), b"hello")
    every_way(work, [(True, False), (False, False)])


def test_an_unsigned_heartbeat_is_refused_where_it_must_be_signed(t):
    def work(mux, tls, name):
        server = t.frps({"transport.tcpMux": mux, **scopes("HeartBeats")},
                        name=f"frps{name}")
        client = t.frpc(server, [], {
            "auth.token": "t", "transport.tcpMux": mux,
            "transport.tls.enable": tls, "transport.heartbeatInterval": 1},
            name=f"frpc{name}")
        client.wait_line(
            r"\[E\].* Pong message contains error: token in heartbeat "
            "doesn't match token from configuration$")
        server.wait_line(
            r"\[W\].* received invalid ping: token in heartbeat doesn't "
            "match token from configuration$")
        client.wait_line("login to server success", times=2)
    every_way(work, [(True, False), (False, False)])


def test_users_come_in_where_proxies_are_bound(t):
    pair = Pair(t, EchoServer(), server={"proxyBindAddr": "127.0.0.2"})
    with socket.create_connection(("127.0.0.2", pair.port), 10) as s:
        s.sendall(b"x")
        same(s.recv(1), b"x")
    with socket.socket() as s:
        check(s.connect_ex(("127.0.0.1", pair.port)) != 0,
              "the port is open on bindAddr too")


def test_a_busy_bind_port_ends_the_server_with_frps_words(t):
    server = t.frps()
    port = server.conf["bindPort"]
    second = t.frps({"bindPort": port}, name="second", wait=False)
    same(second.wait(), 1)
    same(second.lines[-1], "create server listener error, listen tcp "
         f"127.0.0.1:{port}: bind: address already in use")


def test_many_names_come_and_go_and_their_ports_are_free_again(t):
    server = bare_server(t)
    with closing([client(server) for _ in range(5)]) as clients:
        ports = [port_in(c.proxy(f"n{i}")) for i, c in enumerate(clients)]
    for port in ports:
        def free():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) != 0
        until(free, what=f"port {port} is closed")


def test_a_client_whose_clock_is_off_is_let_in_and_told_of(t):
    server = bare_server(t)
    now = int(time.time())

    def lines():
        return re.findall(r"\[I\].* the clock of client \[127\.0\.0\.1:\d+\] "
                          r"is (\d+) seconds (ahead of|behind) this "
                          r"server's$", server.text, re.M)
    for stamp, way in ((now, None), (now + 3600, "ahead of"), (now - 80, None),
                       (now - 7200, "behind"), (now + 60, None),
                       (2**63 - 1, "ahead of"), (-2**63, "behind")):
        before = len(lines())
        client(server, timestamp=stamp,
               privilege_key=auth_key("", stamp)).close()
        if way:
            off = abs(stamp - now)
            until(lambda: len(lines()) > before, what=f"{stamp} is told")
            same(lines()[-1][1], way)
            check(abs(int(lines()[-1][0]) - off) < 60, f"{lines()} of {off}")
    same(len(lines()), 4)
    wrong = Control(server.conf["bindPort"], timestamp=now + 3600)
    same(wrong.error, WRONG)
    client(server).close()
    server.wait_line("client exit success", times=8)
    same(len(lines()), 4)
