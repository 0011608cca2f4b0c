# SPDX-License-Identifier: MIT
"""What a person sees who uses tunnel commands on a terminal."""
import os
import shlex

from lib import check, free_port, until
from test_tunnel_life import Hung
from tmux import Tmux
from tunnels import lives, worker_user
from wire import EchoServer, dial, echo


def typed(u, *words):
    return "tunnel " + shlex.join([str(w) for w in words])


def terminal(t, u):
    bin = t.path("bin")
    os.makedirs(bin, exist_ok=True)
    if not os.path.lexists(os.path.join(bin, "tunnel")):
        os.symlink(os.path.abspath(t.bin), os.path.join(bin, "tunnel"))
    return Tmux(t, {**u.env, "PATH": f"{bin}:{os.environ['PATH']}"}, u.home)


def test_a_person_starts_looks_and_stops(t):
    with worker_user(t) as u, terminal(t, u) as term:
        at, service = free_port(), EchoServer()
        term.type(typed(u, "start", "dev", *u.far, "-L",
                        f"{at}:localhost:{service.port}"))
        term.see(rf"^127\.0\.0\.1:{at} -> gpu-1 localhost:{service.port}$")
        pid = int(term.see(r"^Tunnel 'dev' is running \(PID: (\d+)\)$")[1])
        check(echo(at, b"x" * 1000) == b"x" * 1000)
        term.type("clear; tunnel status; echo status $?")
        term.see(rf"^Tunnel is running: 'dev' \(PID: {pid}\) to gpu-1: up for")
        term.see(rf"^  127\.0\.0\.1:{at} +localhost:{service.port} +up +0 +1 "
                 r"+1\.0 kB +1\.0 kB$")
        term.see("^status 0$")
        term.see("\033\\[32mup", colors=True)
        term.type("clear; tunnel stop dev; echo status $?")
        term.see(rf"^Stopped tunnel \(PID: {pid}\): 'dev'$")
        term.see("^status 0$")


def test_a_closed_terminal_leaves_the_tunnel(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        with terminal(t, u) as term:
            term.type(typed(u, "start", *u.far, "-L",
                            f"{at}:localhost:{service.port}"))
            pid = int(term.see(r"is running \(PID: (\d+)\)$")[1])
        check(echo(at, b"still") == b"still" and lives(pid))


def test_a_person_sees_the_reason_of_a_failure(t):
    with worker_user(t) as u, terminal(t, u) as term:
        taken = EchoServer()
        term.type(typed(u, "start", *u.far, "-L", taken.port) +
                  "; echo status $?")
        term.see(rf"^Error: 127\.0\.0\.1:{taken.port} is taken by 'python3' "
                 rf"\(pid {os.getpid()}\)$")
        term.see("^status 1$")
        u.far[1] = "gpu-9"
        term.type("clear; " + typed(u, "start", *u.far, "-L", free_port()))
        term.see("^Error: tunnel 'default': worker 'gpu-9' is not there")
        term.type("clear; tunnel stop; echo status $?")
        term.see("^No tunnel 'default' is running$")
        term.see("^status 1$")
        term.type("clear; tunnel status; echo status $?")
        term.see("^Tunnel is not running$")
        term.see("^status 3$")


def test_what_takes_long_is_shown_and_may_be_given_up(t):
    hung = Hung()
    with worker_user(t) as u, terminal(t, u) as term:
        u.far = u.bastion.far(hung.port)
        term.type(typed(u, "start", *u.far, "-L", free_port()) +
                  "; echo status $?")
        term.see(r"(connecting to '127\.0\.0\.1:\d+'|authenticating) \.\.\.")
        term.key("C-c")
        term.see("^status 130$")
        check("..." not in term.screen(), term.screen())
        until(lambda: u.left() == [], what="nothing is left")
        term.type("clear; " + typed(u, "start", *u.far, "--timeout", "1s",
                                    "-L", free_port()) + "; echo status $?")
        term.see("^Error: tunnel 'default': 'gpu-1' was not there within 1 s")
        term.see("^status 1$")


def test_a_person_watches(t):
    with worker_user(t) as u, terminal(t, u) as term:
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}")
        term.type("tunnel status --watch")
        term.see(r"^  127\.0\.0\.1:\d+ .* up +0 +0 ")
        with dial(at) as s:
            s.sendall(b"x")
            term.see(r" up +1 +1 +1 B +1 B")
        u.bastion.server.kill()
        term.see(r"to gpu-1: (waiting|connecting) for")
        term.see(r" connecting +0 +1 ")
        u.bastion.server = u.bastion.server.again()
        term.see(r"to gpu-1: up for .*1 reconnect")
        u.run("stop")
        term.see("^Tunnel is not running$")
        term.key("C-c")
        term.type("clear; echo over")
        term.see("^over$")


def test_a_foreground_tunnel_ends_with_its_terminal(t):
    with worker_user(t) as u:
        with terminal(t, u) as term:
            term.type(typed(u, "start", *u.far, "--foreground", "-L",
                            free_port()))
            pid = int(term.see(r"is running \(PID: (\d+)\)$")[1])
        until(lambda: not lives(pid), what="it ends")
        check(u.left() == [])
