"""The way to the server through a proxy, and what is said when there is none."""
from exits import UNKNOWN, HttpExit, Socks5Exit
from lib import (STARTED, DuplexServer, EchoServer, check, duplex, echo,
                 free_port, port_of, tcp_proxy, timeout, waits)
from pairs import every_way

URL = "transport.proxyURL"
SECRET = "lizzy:a@b:c/d"
WRITTEN = "lizzy:a%40b%3Ac%2Fd"


def through(t, exit, url, server=None, name="frpc", **conf):
    """A tunnel whose link goes through there; the client and the port."""
    server = server or t.frps(name=f"frps-{name}")
    row = tcp_proxy(f"d-{name}", DuplexServer().port)
    client = t.frpc(server, [row], {URL: url.format(exit.port), **conf},
                    name=name)
    for n in (1, 300_000):
        wrong = duplex(row["remotePort"], n, n + 7, seed=n)
        check(not wrong, f"{n} bytes: {wrong}")
    return client, row["remotePort"]


def refused(t, url, why, name, **conf):
    """A client that is not let out, says why, and not the password."""
    client = t.frpc(9, [], {URL: url, **conf}, name=name)
    check(client.wait(20) == 1, f"{name} does not end with 1")
    client.wait_line(f"connect to server error: {why}")
    check("lizzy" not in client.text and "a@b" not in client.text)


def test_every_way_goes_through_an_http_proxy(t):
    exit = HttpExit()

    def work(mux, tls, name):
        bare = {"transport.tcpMux": mux}
        server = t.frps(bare, name=f"frps{name}")
        for protocol in ("tcp", "websocket"):
            through(t, exit, "http://127.0.0.1:{}", server, protocol + name,
                    **{**bare, "transport.tls.enable": tls,
                       "transport.protocol": protocol})
        check(("127.0.0.1", port_of(server), None) in exit.asked)
    every_way(work)
    check(exit.head.startswith("CONNECT 127.0.0.1:"), exit.head)


def test_every_way_goes_through_a_socks5_proxy(t):
    exit = Socks5Exit()

    def work(mux, tls, name):
        bare = {"transport.tcpMux": mux}
        server = t.frps(bare, name=f"frps{name}")
        for protocol in ("tcp", "websocket"):
            through(t, exit, "socks5://127.0.0.1:{}", server, protocol + name,
                    **{**bare, "transport.tls.enable": tls,
                       "transport.protocol": protocol})
        check((b"\x7f\0\0\1", port_of(server), None) in exit.asked)
    every_way(work)


def test_a_proxy_is_told_user_password_and_the_servers_name(t):
    for kind, scheme in ((HttpExit, "http"), (Socks5Exit, "socks5")):
        exit = kind(SECRET)
        server = t.frps(name=f"frps-{scheme}")
        client, _ = through(t, exit, scheme + "://" + WRITTEN +
                            "@localhost:{}", server, scheme,
                            serverAddr=UNKNOWN)
        check(exit.asked[0] == (UNKNOWN, port_of(server), SECRET),
              exit.asked)
        check("a@b" not in client.text and "a%40b" not in client.text)


def test_a_proxy_that_wants_a_password_says_so(t):
    http, socks = HttpExit(SECRET), Socks5Exit(SECRET)
    at_http = f"proxy '127.0.0.1:{http.port}': "
    at_socks = f"proxy '127.0.0.1:{socks.port}': "
    auth = "the answer is '407 Proxy Authentication Required'"
    refused(t, f"http://127.0.0.1:{http.port}", at_http + auth, "a")
    refused(t, f"http://lizzy:x@127.0.0.1:{http.port}", at_http + auth, "b")
    refused(t, f"socks5://127.0.0.1:{socks.port}",
            at_socks + "it wants authentication", "c")
    refused(t, f"socks5://lizzy:x@127.0.0.1:{socks.port}",
            at_socks + "wrong user or password", "d")


@waits
@timeout(90)
def test_a_proxy_that_does_not_help_is_named_with_its_reason(t):
    for i, (exit, scheme, why) in enumerate((
            (HttpExit(mood="403 Forbidden"), "http",
             "the answer is '403 Forbidden'"),
            (HttpExit(mood="hangs up"), "http",
             "it closed the connection instead of an answer"),
            (HttpExit(mood="silent"), "http", "no answer in 10 seconds"),
            (Socks5Exit(mood="5"), "socks5", "connection refused"),
            (Socks5Exit(mood="2"), "socks5", "not allowed by its rules"))):
        refused(t, f"{scheme}://127.0.0.1:{exit.port}",
                f"proxy '127.0.0.1:{exit.port}': {why}", f"frpc{i}")
    port = free_port()
    refused(t, f"http://{WRITTEN}@127.0.0.1:{port}",
            f"proxy '127.0.0.1:{port}': dial tcp 127.0.0.1:{port}: connect: "
            "connection refused", "closed")


def test_a_client_comes_back_through_its_proxy(t):
    exit, server = HttpExit(), t.frps()
    client, port = through(t, exit, "http://127.0.0.1:{}", server)
    mark = client.mark()
    server.kill()
    server.again()
    client.wait_line(STARTED, since=mark)
    wrong = duplex(port, 5000, 5000)
    check(not wrong, wrong)


def test_the_environment_names_a_proxy_and_the_log_says_so(t):
    exit, server = HttpExit(SECRET), t.frps()
    row = tcp_proxy("echo", EchoServer().port)
    env = {"http_proxy": f"http://{WRITTEN}@127.0.0.1:{exit.port}"}
    client = t.frpc(server, [row], env=env)
    check(echo(row["remotePort"], b"hello") == b"hello")
    check(exit.asked)
    client.wait_line(r"\[I\].* the server is reached through the proxy "
                     rf"127\.0\.0\.1:{exit.port} \(environment variable "
                     r"http_proxy\)$")
    check("lizzy" not in client.text)
    client.stop()
    n = len(exit.asked)
    one = t.run("frpc", "tcp", "-s", "127.0.0.1", "-P", str(port_of(server)),
                "-n", "one", "-l", str(EchoServer().port), env=env)
    one.wait_line(STARTED)
    check(len(exit.asked) > n, "one in one line went past the proxy")
    # What the settings say goes first.
    other = HttpExit()
    said, _ = through(t, other, "http://127.0.0.1:{}", server, "set")
    check(other.asked and not said.says("environment variable"))


def test_a_proxy_url_that_cannot_be_is_a_settings_error(t):
    for i, (url, why) in enumerate((
            ("127.0.0.1:3128", "there is no scheme"),
            ("https://127.0.0.1:3128", "not supported yet: scheme 'https'"),
            ("ntlm://lizzy:a@127.0.0.1", "not supported yet: scheme 'ntlm'"),
            ("http://lizzy:a@127.0.0.1:x", "the port is no number"))):
        client = t.frpc(9, [], {URL: url}, name=f"frpc{i}")
        check(client.wait() == 1)
        check(f"invalid transport.proxyURL: {why}" in client.text,
              client.text)
        check("lizzy" not in client.text)
        verify = t.run("frpc", "verify", "-c", client.path)
        check(verify.wait() == 1 and why in verify.text, verify.text)
        client = t.frpc(9, [], env={"http_proxy": url}, name=f"env{i}")
        check(client.wait() == 1)
        check(f"invalid environment variable http_proxy: {why}" in
              client.text, client.text)
