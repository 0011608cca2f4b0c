"""frpc offer NAME: a worker that is reached by its name."""
import os
import re
import socket

from lib import check, free_port, until
from pairs import Silent
from socks import (BIND, CONNECT, DENIED, HELLO, NO_COMMAND, NO_HOST, OK, REFUSED, UDP,
                   Asked, UdpEcho, Web, curl, frame, read_frame, real_frpc,
                   real_frps, visitor_row)
from told import said
from wire import (EchoServer, SinkServer, digest, pattern, read_exactly,
                  read_to_end, send_aside)

NAME, SECRET, TOKEN = "vps-42", "s3cret", "tok-en"


def secret_file(t, name="secret", text=SECRET, mode=0o600):
    path = t.write(name, text + "\n")
    os.chmod(path, mode)
    return path


def offer(t, port, allow, *words, name="worker", wait=True, who=NAME,
          secret=None):
    p = t.run("frpc", "offer", who, "--server", f"127.0.0.1:{port}",
              "--secret-file", secret or secret_file(t), "--allow", allow,
              *words, name=name)
    if wait:
        p.wait_line(rf"^offering '{who}': {re.escape(allow)}$")
    return p


def visitor(t, server, name="visitor", start=None, row=None, **conf):
    """The local port of a visitor, which speaks SOCKS5 then."""
    row = row or visitor_row(NAME)
    conf["visitors"] = [row]
    if start:
        v = start(t, server, name=name, **conf)
    else:
        v = t.frpc(server, conf=conf, name=name)
    v.wait_line("start visitor success")
    return row["bindPort"]


def stand(t, allow, *words):
    server = t.frps()
    offer(t, server.conf["bindPort"], allow, *words)
    return visitor(t, server)


def line(of, host=None):
    where = f"port {of} of '{host}'" if host else f"port {of}"
    return f"{where} is not offered by '{NAME}'\n".encode()


def denied(at, host, port, said_host=None, command=CONNECT):
    a = Asked(at, host, port, command)
    check(a.code == DENIED, f"{host}:{port}: {a.code}")
    got = a.rest()
    check(got == line(port, said_host), got)


def test_a_worker_is_reached_by_its_name(t):
    web = Web()
    for start in (None, real_frpc):
        for server in (t.frps, lambda: real_frps(t)):
            s = server()
            who = offer(t, s.conf["bindPort"], str(web.port))
            at = visitor(t, s, start=start)
            for names in (True, False):
                check(curl(at, f"http://127.0.0.1:{web.port}/",
                           names=names) == HELLO)
            check(curl(at, f"http://localhost:{web.port}/") == HELLO)
            check(curl(at, f"http://127.0.0.1:{free_port()}/") is None)
            check(who.stop() == 0)
            s.stop()


def test_only_the_ports_of_the_worker_itself_by_default(t):
    web, other = Web(), EchoServer()
    at = stand(t, f"{web.port},40000-40001")
    check(curl(at, f"http://127.0.0.1:{web.port}/") == HELLO)
    for host in ("127.0.0.1", "localhost", "127.9.9.9", "::1"):
        denied(at, host, other.port)
    check(Asked(at, "127.0.0.1", 40001).code == REFUSED)
    # this host by another of its names, and any other host
    for host in ("0.0.0.0", "::", "169.254.169.254", "10.1.2.3",
                 "::ffff:10.1.2.3"):
        a = Asked(at, host, web.port)
        check(a.code == DENIED, f"{host}: {a.code}")
        check(b"is not offered by 'vps-42'\n" in a.rest())
    denied(at, "no-such-name.invalid", web.port, "no-such-name.invalid")
    check(other.accepted == 0)


def test_hosts_and_nets_that_are_allowed(t):
    web = Web()
    n = web.port
    at = stand(t, f"127.0.0.0/30:{n},[::1]:{n},localhost:{n},"
                  f"no-such-name.invalid:{n}")
    for host in ("127.0.0.1", "localhost", "LocalHost"):
        check(Asked(at, host, n).code == OK, host)
    check(Asked(at, "127.0.0.2", n).code == REFUSED)
    check(Asked(at, "::1", n).code == REFUSED)
    denied(at, "127.0.0.4", n)
    denied(at, "127.0.0.1", n + 1)
    denied(at, "10.0.0.1", n, "10.0.0.1")
    # only of a name that is allowed it is said that there is none
    a = Asked(at, "no-such-name.invalid", n)
    check(a.code == NO_HOST)
    check(b"no-such-name.invalid" in a.rest())


def test_requests_that_are_none_are_refused(t):
    at = stand(t, "22")
    check(Asked(at, "127.0.0.1", 22, BIND).code == NO_COMMAND)
    check(Asked(at, "a b\nc", 22).code == NO_HOST)
    denied(at, "127.0.0.1", 0)


def test_datagrams_go_over_the_stream(t):
    service = UdpEcho()
    at = stand(t, str(service.port))
    a = Asked(at, "localhost", service.port, UDP, frame(1, b"early"))
    check(a.code == OK)
    check(read_frame(a.s) == (1, b"got early"))
    for port, data in ((2, b""), (3, pattern(60000)), (1, b"again")):
        a.s.sendall(frame(port, data))
        check(read_frame(a.s) == (port, b"got " + data), port)
    check(len(service.seen) == 3, service.seen)
    denied(at, "127.0.0.1", service.port + 1, command=UDP)
    check(Asked(at, "0.0.0.0", 0, UDP).code == DENIED)


def test_each_end_ends_alone_through_it(t):
    sink, echo_server = SinkServer(), EchoServer()
    at = stand(t, f"{sink.port},{echo_server.port}")
    data = pattern(5 * 1024 * 1024)
    a = Asked(at, "127.0.0.1", sink.port)
    check(a.code == OK)
    a.s.sendall(data)
    a.s.shutdown(socket.SHUT_WR)
    check(read_to_end(a.s) == f"{len(data)} {digest(data)}\n".encode())
    a = Asked(at, "127.0.0.1", echo_server.port)
    sender = send_aside(a.s, data)
    check(digest(read_exactly(a.s, len(data))) == digest(data))
    sender.join()


def test_the_secret_must_be_known(t):
    server = t.frps()
    web = Web()
    offer(t, server.conf["bindPort"], str(web.port))
    row = visitor_row(NAME, secret="wrong")
    at = visitor(t, server, row=row)
    check(curl(at, f"http://127.0.0.1:{web.port}/") is None)
    check(web.accepted == 0)
    server.wait_line("auth failed")


def test_a_second_worker_of_the_name_waits_while_the_first_lives(t):
    server = t.frps()
    port = server.conf["bindPort"]
    web = Web()
    first = offer(t, port, str(web.port))
    second = offer(t, port, "1", name="second", wait=False)
    second.wait_line(rf"start error: proxy \[{NAME}\] already exists")
    check(not second.says("offering"))
    at = visitor(t, server)
    check(curl(at, f"http://127.0.0.1:{web.port}/") == HELLO)
    check(first.running())


def test_a_second_worker_takes_the_name_of_a_silent_one(t):
    server = t.frps()
    relay = Silent(server.conf["bindPort"])
    first = offer(t, relay.port, "1")
    relay.blackhole()
    web = Web()
    offer(t, server.conf["bindPort"], str(web.port), name="second")
    at = visitor(t, server)
    check(curl(at, f"http://127.0.0.1:{web.port}/") == HELLO)
    first.kill()


def test_users_and_whom_they_let_in(t):
    server = t.frps()
    port = server.conf["bindPort"]
    web = Web()
    offer(t, port, str(web.port), "--user", "ann", "--allow-users", "bob")
    row = visitor_row(NAME, serverUser="ann")
    at = visitor(t, server, row=row, user="bob")
    check(curl(at, f"http://127.0.0.1:{web.port}/") == HELLO)
    row = visitor_row(NAME, serverUser="ann")
    at = visitor(t, server, row=row, user="eve", name="eve")
    check(curl(at, f"http://127.0.0.1:{web.port}/") is None)


def test_secrets_come_from_files_or_the_environment_and_stay_there(t):
    server = t.frps({"auth.token": TOKEN})
    port = server.conf["bindPort"]
    tok = secret_file(t, "token", TOKEN)
    a = offer(t, port, "1", "--token-file", tok, "--log-level", "trace")
    check(not a.says("holds a secret"), a.text)
    b = t.run("frpc", "offer", "b", "--server", f"127.0.0.1:{port}",
              "--allow", "1", "--log-level", "trace", name="b",
              env={"FRPC_SECRET": SECRET, "FRPC_TOKEN": TOKEN})
    b.wait_line("^offering 'b': 1$")
    secret = secret_file(t, "open", mode=0o640)
    c = offer(t, port, "1", "--token-file", tok, secret=secret, who="c",
              name="c")
    c.wait_line(rf"\[W\].*the file \[{secret}\], and it holds a secret")
    for p in (a, b, c):
        check(not p.says(f"{SECRET}|{TOKEN}"), p.text)
        with open(f"/proc/{p.pid}/cmdline", "rb") as f:
            check(SECRET.encode() not in f.read())


def test_it_waits_for_its_server_but_not_for_another_token(t):
    port = free_port()
    p = offer(t, port, "1", "--token-file", secret_file(t, "token", TOKEN),
              wait=False)
    p.wait_line("connection refused", times=2)
    server = t.frps({"bindPort": port, "auth.token": TOKEN})
    p.wait_line("^offering 'vps-42': 1$")
    server.stop()
    p.wait_line("is lost")
    check(p.running())
    t.frps({"bindPort": port, "auth.token": "other"}, name="frps2")
    p.wait_line("token in login doesn't match")
    p.stop()
    q = offer(t, port, "1", name="refused", wait=False)
    check(q.wait() == 1)
    q.wait_line("^login to the server failed: token in login doesn't match "
                "token from configuration$")


def test_it_comes_back_and_says_its_line_once(t):
    server = t.frps()
    web = Web()
    p = offer(t, server.conf["bindPort"], str(web.port))
    at = visitor(t, server)
    mark = p.mark()
    server.stop()
    server = server.again()
    p.wait_line("start proxy success", since=mark)
    until(lambda: curl(at, f"http://127.0.0.1:{web.port}/") == HELLO,
          what="the visitor is back")
    check(sum("offering" in x for x in p.lines) == 1, p.text)


def test_an_offer_may_stand_in_a_settings_file(t):
    server = t.frps()
    web = Web()
    t.frpc(server, [{"name": NAME, "type": "stcp", "secretKey": SECRET,
                     "plugin": {"type": "offer", "allow": str(web.port)}}])
    at = visitor(t, server)
    check(curl(at, f"http://127.0.0.1:{web.port}/") == HELLO)
    denied(at, "127.0.0.1", 1)


WRONG = [
    ([], "give one name: frpc offer NAME"),
    (["a", "b"], "give one name: frpc offer NAME"),
    (["a/b"], "the name 'a/b': up to 100 letters"),
    (["a" * 101], "up to 100 letters"),
    (["a"], "--allow is missing"),
    (["a", "--allow", "0"], "--allow: '0': ports are numbers"),
    (["a", "--allow", "1"], "--secret-file is missing"),
    (["a", "--allow", "1", "--secret-file", "none"],
     "open none: no such file or directory"),
    (["a", "--allow", "1", "--secret-file", "/dev/null"],
     "--secret-file: the file is empty"),
    (["a", "--allow", "1", "--server", "h:0"], "--server: it is HOST"),
    (["a", "--allow", "1", "--server", ":7000"], "--server: it is HOST"),
    (["a", "--allow", "1", "--token", "x", "--token-file", "y"],
     "cannot specify both --token and --token-file"),
]


def test_what_is_wrong_is_said(t):
    for words, why in WRONG:
        got = said([os.path.abspath(t.bin), "frpc", "offer", *words], cwd=t.dir)
        check(got.returncode == 1 and got.stdout == "" and
              why in got.stderr, f"{words}: {got}")
    check("--secret-file" in said([os.path.abspath(t.bin), "frpc", "offer", "-h"]).stdout)
