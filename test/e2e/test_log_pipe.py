# SPDX-License-Identifier: MIT
"""A log, and all else that people are told, never stops who serves: not while
nobody reads it either."""
import contextlib
import os
import re
import subprocess

from lib import check, free_port, tcp_proxy, until
from people import Stand
from stopped import Pipe, Sockets, Terminal, settings
from test_log import HEAD
from tunnels import worker_user
from wire import EchoServer, dial, echo

USERS = 450 # each makes a line of about 900 bytes
NAME = "n" * 800


def serve(port, n):
    """So many users are served, some at a time."""
    for first in range(0, n, 25):
        with contextlib.ExitStack() as users:
            for i in range(first, min(first + 25, n)):
                s = users.enter_context(dial(port, timeout=10))
                s.sendall(b"x")
                check(i % 5 or s.recv(1) == b"x", f"user {i}")


def client_of(t, port):
    row = tcp_proxy(NAME, EchoServer().port)
    t.frpc(port, [row], {"loginFailExit": False, "transport.poolCount": 5})
    return row["remotePort"]


def users_in(text):
    return len(re.findall("get a user connection", text))


def all_are_lines(text):
    """Nothing is torn; what is not there yet is the end of the last one."""
    for line in text.split("\n")[:-1]:
        check(re.match(HEAD % "[TDIWE]" + r"\S.*[\]\w\")]$", line), repr(line))


def told_whole(out, port):
    """The reader goes on, with no other line to come: what was lost is told,
    and every user is either told of or counted."""
    out.go_on()
    lost = int(out.see(r"\] (\d+) log lines were lost\n").group(1))
    check(users_in(out.text) + lost == USERS,
          f"{users_in(out.text)} and {lost} lost of {USERS}")
    serve(port, 1)
    out.see("get a user connection.*\n")
    all_are_lines(out.text)
    out.unchanged()


def nobody_reads(t, kind):
    with kind() as out:
        port = free_port()
        out.start(settings(t, "frps", {"bindAddr": "127.0.0.1",
                                       "bindPort": port}))
        users = client_of(t, port)
        serve(users, USERS)
        out.unchanged()
        told_whole(out, users)


def test_a_pipe_that_nobody_reads_does_not_stop_the_server(t):
    nobody_reads(t, Pipe)


def test_a_terminal_that_is_stopped_does_not_stop_the_server(t):
    nobody_reads(t, Terminal)


def test_a_socket_that_nobody_reads_does_not_stop_the_server(t):
    nobody_reads(t, Sockets)


def test_a_server_whose_log_is_not_read_ends_when_told_to(t):
    with Pipe() as out:
        port = free_port()
        out.start(settings(t, "frps", {"bindAddr": "127.0.0.1",
                                       "bindPort": port}))
        serve(client_of(t, port), 30)
        check(out.end() == 0)


def test_a_reader_who_is_slow_misses_nothing(t):
    """250 lines are more than the pipe and its reader take at once."""
    with Pipe() as out:
        port = free_port()
        out.start(settings(t, "frps", {"bindAddr": "127.0.0.1",
                                       "bindPort": port}))
        users = client_of(t, port)
        serve(users, 250)
        for _ in range(250):
            out.see("get a user connection.*\n")
        check("lost" not in out.text)
        all_are_lines(out.text)


def test_a_fifo_may_be_read_now_and_then(t):
    path = t.path("log.fifo")
    os.mkfifo(path)
    server = t.frps({"log.to": path}, wait=False)
    users = client_of(t, server.conf["bindPort"])
    serve(users, 3)
    check(server.says("culvert: cannot open log '.*': No such device"),
          server.text)
    for _ in range(2):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        got = b""

        def told():
            nonlocal got
            serve(users, 1)
            with contextlib.suppress(BlockingIOError):
                got += os.read(fd, 65536)
            return re.search(rb"\] \d+ log lines were lost\n", got)
        until(told, what="how many were lost")
        all_are_lines(got.decode())
        os.close(fd)
        serve(users, 3) # nobody reads
    check(server.running())


# ---- what people are told ----

def carries(at):
    """While nobody reads bytes go through."""
    def so():
        try:
            return echo(at, b"x", timeout=5) == b"x"
        except ConnectionError:
            return False
    until(so, what="bytes go through")


def test_a_client_works_on_a_terminal_that_is_stopped(t):
    server, row = t.frps(), tcp_proxy("p", EchoServer().port)
    with Terminal() as out:
        out.start(settings(t, "frpc", {
            "serverAddr": "127.0.0.1", "serverPort": server.conf["bindPort"],
            "proxies": [row]}), both=True)
        carries(row["remotePort"])
        out.go_on()
        out.see("start proxy success$")
        out.unchanged()


def test_a_worker_tells_where_it_is_when_it_may(t):
    """Its lines are on standard output, its log on standard error."""
    s = Stand(t)
    at, service = free_port(), EchoServer()
    with Terminal() as out:
        out.start([t.bin, "frpc", "offer", s.name, "--server",
                   f"127.0.0.1:{s.port}", "--secret-file", s.secret,
                   "--token-file", s.token, "--allow", service.port],
                  both=True)
        s.server.wait_line(rf"new proxy \[{s.name}\]")
        s.run("forward", s.name, f"{at}:{service.port}")
        carries(at)
        out.go_on()
        out.see(f"^offering '{s.name}': {service.port}$")
        out.unchanged()
        check(out.end() == 0)


def test_forward_works_on_a_terminal_that_is_stopped(t):
    service = EchoServer()
    s, at = Stand(t, service.port, free_port()), free_port()
    with Terminal() as out:
        out.start([t.bin, "forward", s.name, f"{at}:{service.port}", "-v"],
                  both=True, env=s.env)
        carries(at)
        out.go_on()
        out.see(rf"^Forwarding 127\.0\.0\.1:{at} -> {s.name} localhost:"
                rf"{service.port}$")
        out.see(r"^Press Ctrl\+C to stop\.$")
        out.unchanged()


def test_a_tunnel_in_the_foreground_works_on_a_stopped_terminal(t):
    with worker_user(t) as u, Terminal() as out:
        at, service = free_port(), EchoServer()
        out.start(u.argv("start", *u.far, "--foreground", "-v", "-L",
                         f"{at}:localhost:{service.port}"), both=True,
                  env=u.env)
        carries(at)
        check(out.end() == 0)
        out.go_on()
        out.unchanged()


def test_connect_works_on_a_terminal_that_is_stopped(t):
    """Its standard error only: the bytes are on the other two."""
    service = EchoServer()
    s = Stand(t, service.port)
    with Terminal() as out:
        p = out.start([t.bin, "connect", "--stdio", "-v", s.name,
                       service.port], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, stderr=out.theirs, env=s.env)
        got, _ = p.communicate(b"there and back", 15)
        check(got == b"there and back" and p.returncode == 0, got)
        out.unchanged()
