"""forward WORKER PORT...: ports of a worker as ports of this machine."""
import os
import re
import signal
import socket
import subprocess
import time

from lib import EchoServer, check, free_port, until
from people import (NAME, SECRET, Stand, Terminal, need,
                    only_worker_processes, private)
from proc import descendants
from socks import HELLO, UdpEcho, Web
from test_connect_stdio import LateAnswer
from test_dns import NAME as HOST
from test_dns import NameServer
from wire import (Service, dial, digest, echo, pattern, read_exactly,
                  read_to_end)

MIB = 1024 * 1024


def forward(s, *words, wait=True, **kw):
    p = s.run("forward", *words, name="forward", **kw)
    if wait:
        p.wait_line("^Press Ctrl.C to stop")
    return p


def get(port, host="127.0.0.1"):
    url = f"http://[{host}]:{port}/" if ":" in host else \
        f"http://{host}:{port}/"
    return subprocess.run(
        ["curl", "-gsS", "--max-time", "20", "--noproxy", "*", url],
        capture_output=True).stdout


def test_a_port_there_is_one_here(t):
    web, near = Web(), free_port()
    s = Stand(t, web.port)
    p = forward(s, NAME, web.port, "--local-port", near)
    check(p.lines == [f"Forwarding 127.0.0.1:{near} -> gpu-1 "
                      f"localhost:{web.port}", "Press Ctrl+C to stop."],
          p.text)
    check(get(near) == HELLO)
    check(p.says("->") and not p.says("client|connection"), p.text)


def test_options_stand_before_and_after_the_words(t):
    """The other tool refused them behind the words, where its pages put
    them."""
    web = Web()
    s = Stand(t, web.port)
    for place in range(3):
        near = free_port()
        words = [NAME, web.port]
        words[place:place] = ["--local-port", near, "-v"]
        forward(s, *words).stop()
        words = [NAME, web.port]
        words[place:place] = [f"--local-port={near}"]
        p = forward(s, *words)
        check(get(near) == HELLO, words)
        p.stop()


def test_several_ports_at_once_each_to_its_own(t):
    web, service, near = Web(), EchoServer(), [free_port() for _ in range(3)]
    s = Stand(t, web.port, service.port, f"localhost:{web.port}")
    p = forward(s, NAME, f"{near[0]}:{web.port}", f"{near[1]}:{service.port}",
                f"{near[2]}:127.0.0.1:{web.port}")
    check(get(near[0]) == HELLO and get(near[2]) == HELLO)
    check(echo(near[1], b"hello") == b"hello")
    check(p.says(f"^Forwarding 127.0.0.1:{near[2]} -> gpu-1 "
                 f"127.0.0.1:{web.port}$"), p.text)


def test_the_local_address_can_be_chosen(t):
    web, near = Web(), free_port()
    s = Stand(t, web.port)
    p = forward(s, NAME, f"{near}:{web.port}", "--local-host", "127.0.0.7")
    check(get(near, "127.0.0.7") == HELLO and get(near) == b"")
    p.stop()
    p = forward(s, NAME, f"{near}:{web.port}", "--local-host", "::1")
    check(get(near, "::1") == HELLO and get(near) == b"")
    p.stop()
    p = forward(s, NAME, f"{near}:{web.port}", "--local-host", "*")
    check(get(near) == HELLO and get(near, "127.0.0.7") == HELLO)


def test_each_end_ends_alone_and_late_answers_arrive(t):
    """The other tool lost every answer that came after the end of what was
    asked."""
    late, near = LateAnswer(), free_port()
    s = Stand(t, late.port)
    forward(s, NAME, f"{near}:{late.port}")
    data = pattern(5 * MIB)
    with dial(near) as c:
        c.sendall(data)
        c.shutdown(socket.SHUT_WR)
        check(read_to_end(c) == f"{len(data)} {digest(data)}\n".encode())


class Named(Service):
    """Says its own byte for each that it gets."""

    def __init__(self, byte):
        self.byte = byte
        super().__init__()

    def serve(self, s):
        while part := s.recv(65536):
            s.sendall(self.byte * len(part))


def test_bytes_of_two_forwards_at_once_are_not_mixed_up(t):
    """The other tool's sessions took each other's streams."""
    a, b, near = Named(b"a"), Named(b"b"), [free_port(), free_port()]
    s = Stand(t, a.port, b.port)
    forward(s, NAME, f"{near[0]}:{a.port}")
    forward(s, NAME, f"{near[1]}:{b.port}")
    open_ = [(dial(near[i % 2]), b"ab"[i % 2:][:1]) for i in range(20)]
    for round_ in range(20):
        for c, byte in open_:
            c.sendall(b"." * (round_ + 1))
        for c, byte in open_:
            got = read_exactly(c, round_ + 1)
            check(got == byte * (round_ + 1), f"{got} for {byte}")
    for c, _ in open_:
        c.close()


class Stuck(Service):
    """Never reads."""

    def serve(self, s):
        self.kept = s
        time.sleep(60)


def test_a_service_that_never_reads_holds_up_no_other(t):
    """The other tool's whole tunnel stopped after some 24 MiB."""
    stuck, web, near = Stuck(), Web(), [free_port(), free_port()]
    s = Stand(t, stuck.port, web.port)
    p = forward(s, NAME, f"{near[0]}:{stuck.port}", f"{near[1]}:{web.port}")
    with dial(near[0]) as c:
        c.setblocking(False)
        sent, deadline = 0, time.monotonic() + 20
        rest = 50 # turns without progress: it is full
        while rest and sent < 64 * MIB and time.monotonic() < deadline:
            try:
                sent += c.send(bytes(MIB))
                rest = 50
            except BlockingIOError:
                rest -= 1
                time.sleep(0.01)
        check(get(near[1]) == HELLO, f"held up after {sent}")
        check(p.rss_kib() < 64 * 1024, f"{p.rss_kib()} KiB")


def test_datagrams_go_there_and_back(t):
    """In the other tool they never did."""
    service, near = UdpEcho(), free_port()
    s = Stand(t, service.port)
    p = forward(s, NAME, f"{near}:{service.port}", "--proto", "udp")
    check(p.says(f"^Forwarding 127.0.0.1:{near}/udp -> gpu-1 "
                 f"localhost:{service.port}/udp$"), p.text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
        c.settimeout(15)
        for data in (b"hello", b"", pattern(60000)):
            c.sendto(data, ("127.0.0.1", near))
            check(c.recv(70000) == b"got " + data)


def test_dig_asks_a_name_server_through_it(t):
    names, near = NameServer(), free_port()
    s = Stand(t, names.port)
    forward(s, NAME, f"{near}:{names.port}", "--proto", "udp")
    p = subprocess.run([need("dig"), "+tries=3", "+time=5", "+short",
                        "@127.0.0.1", "-p", str(near), HOST],
                       capture_output=True, text=True, timeout=30)
    check(p.stdout == "127.0.0.1\n", p.stdout + p.stderr)


def test_a_port_in_use_is_told_with_who_holds_it(t):
    s = Stand(t)
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        for words in ((port,), (f"{port}:80",), ("80", "-l", port),
                      (f"{free_port()}:80", f"{port}:81")):
            s.refused(rf"^Error: Port {port} is already in use\. It is taken "
                      rf"by '.*' \(pid {os.getpid()}\)\.$", "forward", NAME,
                      *words, status=1)


def test_every_failure_ends_with_1_and_a_line(t):
    """The other tool ended with 0."""
    s = Stand(t, 1)
    other = private(t, "other", "wrong\n")
    near = f"{free_port()}:1"
    for words, why in (
            (("gpu-2", near), "worker 'gpu-2' is not known"),
            (("gpu-7", near, "--secret-file", s.secret),
             "worker 'gpu-7' is not there"),
            ((NAME, near, "--secret-file", other), "the secret is not that"),
            ((NAME, near, "--token-file", other), "refused the login"),
            ((NAME, near, "--server", "127.0.0.1:1"), "cannot be reached"),
            ((NAME, near, "--config", "/no/such"), "no such file"),
            ((NAME, near, "--local-host", "192.0.2.1"),
             "no address of this host")):
        s.refused(f"^Error: .*{why}", "forward", *words, status=1)


def test_the_tunnel_is_closed_to_who_knows_no_secret(t):
    """The other tool let in everybody."""
    s = Stand(t, 1)
    near = f"{free_port()}:1"
    bare = {"CULVERT_CONFIG": "/dev/null"}
    at = ("--server", f"127.0.0.1:{s.port}")
    s.refused("is not known", "forward", NAME, near, *at, status=1, env=bare)
    s.refused("refused the login", "forward", NAME, near, *at, status=1,
              env=dict(bare, CULVERT_SECRET=SECRET))
    p = s.run("forward", NAME, near, *at, env=dict(
        bare, CULVERT_SECRET=SECRET, CULVERT_TOKEN="tok-en"))
    p.wait_line("^Press")


def test_who_calls_it_wrongly_is_told(t):
    s = Stand(t)
    for words, why in (
            ((), "which WORKER"), ((NAME,), "which PORT"),
            ((NAME, "x"), "'x'"), ((NAME, "0"), "0"),
            ((NAME, "65536"), "65536"), ((NAME, "1:2:3:4"), "LOCAL:HOST"),
            ((NAME, "80/udp"), "LOCAL:HOST:PORT"),
            ((NAME, "80", "--proto", "sctp"), "'sctp': it is tcp or udp"),
            ((NAME, "80", "81", "-l", "1"), "one PORT alone"),
            ((NAME, "1:80", "-l", "1"), "one PORT alone"),
            ((NAME, "80", "-l", "0"), "from 1 to 65535"),
            ((NAME, "80", "--local-host", ""), "empty"),
            ((NAME, "80", "--open", "--proto", "udp"), "--open is for tcp"),
            ((NAME, "80", "--no-such"), "unknown flag: --no-such")):
        p = s.said("forward", *words)
        check(p.returncode == 2 and p.stdout == b"", f"{words}: {p}")
        check(re.search(f"^Error: .*{re.escape(why)}", p.stderr),
              f"{words}: {p.stderr}")


def test_it_ends_at_once_when_told_to_though_it_is_used(t):
    """The other tool hung until the last connection was closed."""
    service = EchoServer()
    s = Stand(t, service.port)
    for number in (signal.SIGINT, signal.SIGTERM):
        near = free_port()
        p = forward(s, NAME, f"{near}:{service.port}")
        with dial(near) as c:
            c.sendall(b"x")
            check(c.recv(1) == b"x")
            before = time.monotonic()
            p.signal(number)
            check(p.wait() == 0, "a failure")
            check(time.monotonic() - before < 5, "it took long")
        with socket.create_server(("127.0.0.1", near)):
            pass # the port is free again


def test_ctrl_c_ends_it_while_it_connects(t):
    s = Stand(t)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        x = Terminal([os.path.abspath(t.bin), "forward", NAME,
                      f"{free_port()}:80", "--server",
                      f"127.0.0.1:{silent.getsockname()[1]}"], s.env, t.dir)
        try:
            x.see(r"\r\x1b\[Kconnecting to '127.0.0.1:\d+' \.\.\.")
            x.type("\x03")
            check(x.wait() == 0, x.status)
            check(x.all.endswith("Stopped.\r\n"), x.all)
            check("\r\x1b[K" in x.all.split("...")[-1], "not erased")
        finally:
            x.close()


def test_what_a_person_sees(t):
    web, near = Web(), free_port()
    s = Stand(t, web.port)
    x = Terminal([os.path.abspath(t.bin), "forward", NAME,
                  f"{near}:{web.port}"], s.env, t.dir)
    try:
        x.see("Press Ctrl.C to stop.\r\n")
        check(get(near) == HELLO)
        x.type("\x03")
        check(x.wait() == 0)
        check(re.fullmatch(
            rf"(\r\x1b\[K[^\r]*)*Forwarding 127.0.0.1:{near} -> gpu-1 "
            rf"localhost:{web.port}\r\nPress Ctrl\+C to stop.\r\n"
            r"\^C\r\nStopped.\r\n", x.all), repr(x.all))
    finally:
        x.close()


def test_tmux_shows_the_same(t):
    web, near = Web(), free_port()
    s = Stand(t, web.port)
    tmux = [need("tmux"), "-S", t.path("tmux"), "-f", "/dev/null"]

    def screen():
        return subprocess.run([*tmux, "capture-pane", "-p"],
                              capture_output=True, text=True).stdout
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "20", "sh"],
                   env=dict(s.env, TERM="xterm", PS1="$ "), check=True)
    try:
        subprocess.run([*tmux, "send-keys",
                        f"'{os.path.abspath(t.bin)}' forward {NAME} "
                        f"{near}:{web.port}; echo status $?", "Enter"],
                       check=True)
        until(lambda: "Press Ctrl+C to stop." in screen(), 20, "it stands")
        subprocess.run([*tmux, "send-keys", "C-c"], check=True)
        until(lambda: "status 0" in screen(), 20, "it has ended")
        check("Stopped." in screen(), screen())
    finally:
        subprocess.run([*tmux, "kill-server"])


def test_trouble_is_told_and_goes_by(t):
    near, dead = free_port(), free_port()
    s = Stand(t, dead)
    p = forward(s, NAME, f"{near}:{dead}", f"{free_port()}:9")
    with dial(near) as c:
        try:
            check(c.recv(1) == b"")
        except ConnectionResetError:
            pass
    p.wait_line(rf"^culvert: localhost:{dead}: .*refused")
    web = Web.__new__(Web)
    Service.__init__(web, dead)
    check(get(near) == HELLO)
    check(p.running())


def test_it_comes_back_when_the_bastion_does(t):
    service, near = EchoServer(), free_port()
    server = t.frps({"auth": {"token": "tok-en"}})
    s = Stand(t, service.port, frps=server)
    p = forward(s, NAME, f"{near}:{service.port}")
    check(echo(near, b"one") == b"one")
    server.kill()
    p.wait_line("^culvert: .*lost", timeout=40)
    server.again()
    p.wait_line("^culvert: connected again$", timeout=60)
    check(echo(near, b"two") == b"two")
    p.signal(signal.SIGINT)
    check(p.wait() == 0)


def browser(t, name, dir="tools"):
    """A program that notes how it was called."""
    os.makedirs(t.path(dir), exist_ok=True)
    path = t.path(dir, name)
    with open(path, "w") as f:
        f.write(f"#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" >{t.path('new')}\n"
                f"mv {t.path('new')} {t.path('called')}\n")
    os.chmod(path, 0o755)
    return path


def called(t):
    until(lambda: os.path.exists(t.path("called")), 15, "a browser")
    with open(t.path("called")) as f:
        words = f.read().splitlines()
    os.unlink(t.path("called"))
    return [os.path.basename(words[0]), *words[1:]]


def test_open_shows_the_page_where_there_is_a_display(t):
    s = Stand(t, 1)
    near = free_port()
    url = f"http://127.0.0.1:{near}/"
    browser(t, "xdg-open")
    odd = browser(t, "my-browser")
    path = t.path("tools") + ":/usr/bin:/bin"

    def opened(*more, **env):
        p = forward(s, NAME, f"{near}:1", "--open", *more,
                    env={"PATH": path, **env})
        got = called(t)
        check(p.running() and "culvert:" not in p.text, p.text)
        p.stop()
        return got
    check(opened(DISPLAY=":9") == ["xdg-open", url])
    check(opened(WAYLAND_DISPLAY="w") == ["xdg-open", url])
    check(opened("--local-host", "*", DISPLAY=":9") == ["xdg-open", url])
    check(opened(BROWSER=odd) == ["my-browser", url])
    check(opened(BROWSER=f"{odd} -t %s ;x") == ["my-browser", "-t", url,
                                                ";x"])
    for env, why in (({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, "no display"),
                     ({"BROWSER": "/no/such"}, "cannot be run"),
                     ({"DISPLAY": ":9", "PATH": t.dir}, "no xdg-open")):
        p = forward(s, NAME, f"{near}:1", "--open",
                    env={"BROWSER": "", **env})
        p.wait_line(f"^culvert: .*{why}.*: open {re.escape(url)} yourself$")
        check(p.running())
        p.stop()


def test_no_browser_is_left_unreaped(t):
    s = Stand(t, 1)
    browser(t, "xdg-open")
    p = forward(s, NAME, f"{free_port()}:1", "--open",
                env={"PATH": t.path("tools") + ":/usr/bin:/bin",
                     "DISPLAY": ":9"})
    called(t)

    def none():
        with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
            return not f.read().strip()
    until(none, what="it is reaped")


def test_nothing_is_left_when_it_has_ended(t):
    s = Stand(t, 1)
    before = set(descendants(os.getpid()))
    p = forward(s, NAME, f"{free_port()}:1")
    p.signal(signal.SIGINT)
    p.wait()
    until(only_worker_processes(before), what="no process left")
