# SPDX-License-Identifier: MIT
"""SIGHUP where it is no word of a service manager: ignored at the start, with
a terminal that goes away, and at a client."""
import contextlib
import os
import shutil
import signal
import time

from frps_by_hand import FrpsByHand
from lib import (READY, STARTED, EchoServer, applet, check, echo, free_port,
                 tcp_proxy, toml, until)
from people import Stand, Terminal
from tls_peers import pem
from tunnels import worker_user

IGNORED = 'trap "" HUP; exec "$@"'
NOTED = "settings read anew"


def bits(pid, what):
    """Which signals a process has ignored, or caught."""
    with open(f"/proc/{pid}/status") as f:
        rows = dict(line.split(":", 1) for line in f)
    return int(rows[what], 16)


def ignores(p):
    return bits(p.pid, "SigIgn") & 1 << (signal.SIGHUP - 1)


def deaf(t, *words, env=None, name="deaf"):
    """As nohup starts it."""
    return t.proc(["/bin/sh", "-c", IGNORED, "sh", os.path.abspath(t.bin),
                   *map(str, words)], env=env, name=name)


def stays(p):
    """It does not even take notice."""
    check(ignores(p), f"{p.name} does not ignore it any more")
    for _ in range(3):
        p.signal(signal.SIGHUP)


def test_a_server_and_clients_under_nohup_ignore_it(t):
    port, service = free_port(), EchoServer()
    token = t.write("token", "t\n")
    os.chmod(token, 0o600)
    secret = t.write("secret", "s\n")
    os.chmod(secret, 0o600)
    at, ranged = free_port(), free_port()
    server = deaf(t, "frps", "-c", t.write("frps.toml", toml({
        "bindAddr": "127.0.0.1", "bindPort": port, "auth.token": "t"})),
        name="frps")
    server.wait_line(READY)
    row = tcp_proxy("one", service.port)
    files = deaf(t, "frpc", "-c", t.write("frpc.toml", toml({
        "serverAddr": "127.0.0.1", "serverPort": port, "auth.token": "t",
        "proxies": [row]})), name="files")
    plain = deaf(t, "frpc", "tcp", "-s", "127.0.0.1", "-P", port,
                 "--token-file", token, "-n", "two", "-l", service.port, "-r",
                 at, name="plain")
    worker = deaf(t, "frpc", "--name", "three", "--local-port", service.port,
                  "--token-file", token, "--port-forwarding-config",
                  f"type=frp,server=127.0.0.1:{port},port_range={ranged}",
                  name="worker")
    offer = deaf(t, "frpc", "offer", "four", "--server", f"127.0.0.1:{port}",
                 "--token-file", token, "--secret-file", secret, "--allow",
                 service.port, name="offer")
    for p, line in ((files, "start proxy success"),
                    (plain, "start proxy success"),
                    (worker, "^SSH debugging enabled"),
                    (offer, "^offering")):
        p.wait_line(line)
        stays(p)
    stays(server)
    for public in (row["remotePort"], at, ranged):
        check(echo(public, b"hello") == b"hello")
    for p in (server, files, plain, worker, offer):
        check(p.running() and not p.says(f"is lost|{NOTED}"), p.text)
        check(ignores(p))


def test_programs_of_people_under_nohup_ignore_it(t):
    service, port = EchoServer(), free_port()
    stand = Stand(t, service.port)
    forward = deaf(t, "forward", stand.name, f"{port}:{service.port}",
                   env=stand.env, name="forward")
    forward.wait_line("Press Ctrl")
    stays(forward)
    check(echo(port, b"hello") == b"hello")
    with worker_user(t) as u:
        at = free_port()
        tunnel = t.proc(["/bin/sh", "-c", IGNORED, "sh",
                         *u.argv("start", *u.far, "--foreground", "-L",
                                 f"{at}:localhost:{service.port}")],
                        env=u.env, name="tunnel")
        until(lambda: echo_or_not(at), what="the tunnel stands")
        stays(tunnel)
        check(echo(at, b"hello") == b"hello")
        check(tunnel.running() and ignores(tunnel), tunnel.text)


def echo_or_not(port):
    with contextlib.suppress(OSError):
        return echo(port, b"x") == b"x"


@contextlib.contextmanager
def at_a_terminal(t, words, env=None):
    term = Terminal([os.path.abspath(t.bin), *map(str, words)],
                    dict(os.environ, **(env or {})), t.dir)
    try:
        yield term
    finally:
        with contextlib.suppress(OSError):
            term.close()


def hung_up(term):
    """The status, once its terminal has gone."""
    os.close(term.fd)

    def over():
        pid, term.status = os.waitpid(term.pid, os.WNOHANG)
        return pid
    term.status = None
    until(over, what="it ends with its terminal")
    return os.waitstatus_to_exitcode(term.status)


def log_of(path):
    with open(path) as f:
        return f.read()


def test_a_server_and_a_client_end_with_their_terminal(t):
    """In good order: the client does not have to wait for a silent server."""
    port, service = free_port(), EchoServer()
    row = tcp_proxy("one", service.port)
    said = {"log.to": t.path("frps.log"), "log.disablePrintColor": True}
    with at_a_terminal(t, [*applet(t.bin, "frps")[1:], "-c", t.write(
            "frps.toml", toml({"bindAddr": "127.0.0.1", "bindPort": port,
                               **said}))]) as server:
        until(lambda: os.path.exists(said["log.to"]) and
              READY in log_of(said["log.to"]), what="the server is there")
        quiet = t.frpc(port, [row], {"loginFailExit": False})
        with at_a_terminal(t, ["frpc", "tcp", "-s", "127.0.0.1", "-P", port,
                               "-n", "two", "-l", service.port, "-r",
                               free_port(), "--log-file", t.path("c.log")]
                           ) as client:
            until(lambda: os.path.exists(t.path("c.log")) and
                  "start proxy success" in log_of(t.path("c.log")),
                  what="the client is there")
            check(hung_up(client) == 0, client.status)
            check("got signal 1, closing" in log_of(t.path("c.log")))
            until(lambda: "client exit success" in log_of(said["log.to"]),
                  what="it has taken leave")
        check(echo(row["remotePort"], b"still") == b"still")
        check(hung_up(server) == 0, server.status)
    text = log_of(said["log.to"])
    check("got signal 1, closing" in text and NOTED not in text, text)
    quiet.wait_line(r"is lost: ")


def test_what_is_logged_to_a_terminal_that_has_gone_holds_nobody(t):
    port = free_port()
    with at_a_terminal(t, ["frps", "--bind_addr", "127.0.0.1", "-p", port,
                           "--log-level", "trace"]) as server:
        server.see(READY)
        check(hung_up(server) == 0, server.status)


def test_a_hangup_with_a_terminal_ends_a_server_that_stays_there(t):
    """As the shell says it to its jobs, twice even."""
    with at_a_terminal(t, ["frps", "--bind_addr", "127.0.0.1", "-p",
                           free_port()]) as server:
        server.see(READY)
        os.kill(server.pid, signal.SIGHUP)
        server.see("got signal 1, closing")
        os.kill(server.pid, signal.SIGHUP)
        check(server.wait() == 0)


def test_a_client_without_a_terminal_tries_at_once(t):
    """Its own waits would be 25 s and more by then."""
    server = FrpsByHand()
    client = t.frpc(server.port, [], {
        "loginFailExit": False, "transport.tcpMux": False,
        "transport.tls.enable": False})
    began = time.monotonic()
    for n in range(1, 7):
        server.session(error="not now")
        client.wait_line("connect to server error: not now", times=n)
        client.signal(signal.SIGHUP)
    session = server.session()
    check(time.monotonic() - began < 20, "it has waited")
    client.signal(signal.SIGHUP) # nothing to try
    session.ask_work()
    session.take_work()
    server.close()


def test_a_client_that_tries_at_once_has_read_its_token_anew(t):
    server = t.frps({"auth.token": "new"})
    token, service = t.write("token", "old\n"), EchoServer()
    row = tcp_proxy("one", service.port)
    client = t.frpc(server, [row], {
        "auth.tokenSource": {"type": "file", "file": {"path": token}},
        "loginFailExit": False}, wait=0)
    client.wait_line("connect to server error: token in login doesn't match")
    t.write("token", "new\n")
    client.signal(signal.SIGHUP)
    client.wait_line("start proxy success")
    check(echo(row["remotePort"], b"hello") == b"hello")


def test_a_client_shows_its_new_certificate_after_a_hangup(t):
    """One that is wrong leaves it with the old one, and says so."""
    def show(certificate, key=None):
        for name, of in (("c.crt", certificate),
                         ("c.key", f"{key or certificate}.key")):
            shutil.copy(pem(of), t.path(f"{name}.new"))
            os.rename(t.path(f"{name}.new"), t.path(name))

    server = t.frps({"transport.tls.trustedCaFile": pem("ca")})
    show("stranger")
    client = t.frpc(server, [tcp_proxy("echo", EchoServer().port)], {
        "loginFailExit": False, "transport.tls.certFile": t.path("c.crt"),
        "transport.tls.keyFile": t.path("c.key")}, wait=0)
    server.wait_line("client certificate|not signed by a trusted CA")
    show("client")
    client.signal(signal.SIGHUP)
    client.wait_line(r"\[I\].* TLS files read anew")
    client.wait_line(STARTED)
    show("client", "stranger")
    client.signal(signal.SIGHUP)
    client.wait_line(r"\[E\].* TLS files not read anew, all is as it was: "
                     "cannot set up TLS: private key does not belong")
    os.remove(t.path("c.crt"))
    client.signal(signal.SIGHUP)
    client.wait_line(r"\[E\].* TLS files not read anew.*c\.crt: no such file")
    check(not client.says("is lost"), client.text)
    mark = client.mark()
    server.kill()
    server.again()
    client.wait_line(STARTED, since=mark)
