# SPDX-License-Identifier: MIT
"""What a peer wrote is shown to people, and obeyed by no terminal: byte by
byte, whichever command shows it, and where."""
import contextlib
import json
import os
import signal
import subprocess
import sys

import proc
from frp import NEW_PROXY, NEW_PROXY_RESP, PONG, message, packed
from frps_by_hand import FrpsByHand, start
from lib import check, free_port, tcp_proxy, toml, until
from people import SECRET, Stand, private
from proc import Failure
from tunnels import Tunnels, lives
from wire import EchoServer, in_thread

# a title, an erased screen, C1, lines of one's own, directions, DEL
EVIL = ("mine \x1b]0;t\x07\x1b[2J\u009b31m\nError: forged\r\u202egnp"
        "\u2066\u2069\u2028L\u2029\x7f end")
SHOWN = (r"mine \x1b]0;t\x07\x1b[2J\xc2\x9b31m\x0aError: forged\x0d\xe2\x80"
         r"\xaegnp\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\xa8L\xe2\x80\xa9\x7f end")
HARM = {0x61c, 0x7f, *range(0x80, 0xa0), 0x200e, 0x200f,
        *range(0x2028, 0x202f), *range(0x2066, 0x206a)}


def is_plain(out):
    for line in out.decode().split("\n"): # it is UTF-8, too
        wrong = [c for c in line if ord(c) < 32 or ord(c) in HARM]
        check(not wrong, f"{wrong} in {line!r}")
        check(not line.startswith("Error: forged"), repr(out))


def shown(out, text=SHOWN):
    """It is there, in its own words, and nothing that is obeyed."""
    is_plain(out)
    check(text in out.decode(), f"{text!r} is not in {out!r}")


class Said:
    """A program whose two streams are kept apart, as bytes."""

    def __init__(self, t, *words, env=None):
        self.files = [open(t.path(f"said.{i}.{free_port()}"), "w+b")
                      for i in range(2)]
        with proc.forking:
            self.child = subprocess.Popen(
                [os.path.abspath(t.bin), *map(str, words)], cwd=t.dir,
                env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                stdout=self.files[0], stderr=self.files[1],
                start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        for f in self.files:
            f.close()

    def _text(self, i):
        with open(self.files[i].name, "rb") as f:
            return f.read()

    @property
    def out(self):
        return self._text(0)

    @property
    def err(self):
        return self._text(1)

    def wait(self):
        try:
            return self.child.wait(20)
        except subprocess.TimeoutExpired:
            raise Failure(f"runs on: {self.out!r} {self.err!r}") from None

    def wait_for(self, text):
        until(lambda: text in (self.out + self.err).decode(), 15, text)


class Evil(FrpsByHand):
    """Says EVIL wherever there is room for it: to each login, or to each
    visitor who was let in."""

    def __init__(self, visitors=False, **kw):
        super().__init__(**kw)
        self.visitors = visitors
        in_thread(self._serve)

    def _serve(self):
        while True:
            try:
                self._one()
            except (OSError, Failure, AttributeError):
                if self.listener.fileno() < 0:
                    return

    def _one(self):
        if not self.visitors:
            s = self.session(error=EVIL)
            (s.link or s.s).close()
            return
        s = self.session()
        with contextlib.closing(s.link):
            while True:
                stream = s.link.accept()
                _, asked = message(stream)
                stream.sendall(packed(b"3", {
                    "proxy_name": asked["proxy_name"], "error": EVIL}))


@contextlib.contextmanager
def evil(**kw):
    host = Evil(**kw)
    try:
        yield host
    finally:
        host.close()


def frpc_conf(t, host, **more):
    return t.write("frpc.toml", toml({
        "serverAddr": "127.0.0.1", "serverPort": host.port,
        "transport.tls.enable": False, "transport.tcpMux": False,
        "log.disablePrintColor": True, **more,
        "proxies": [tcp_proxy("p", EchoServer().port)]}))


def test_frpc_shows_why_its_login_was_refused(t):
    with evil() as host, Said(t, "frpc", "-c", frpc_conf(t, host)) as p:
        check(p.wait() == 1)
        shown(p.out, "login to the server failed: " + SHOWN)
        check(p.out.count(b"mine") == 3 and not p.err, p.out)


def test_frpc_shows_what_a_server_says_of_all_else(t):
    host = FrpsByHand()
    log = t.path("frpc.log")
    conf = frpc_conf(t, host, **{"log.to": log, "log.level": "debug"})
    with Said(t, "frpc", "-c", conf) as p:
        s = host.session(run_id=EVIL)
        name = s.wait(NEW_PROXY)[0]["proxy_name"]
        s.send(NEW_PROXY_RESP, proxy_name=name, remote_addr=EVIL)
        s.work().sendall(start("p", error=EVIL))
        s.work().sendall(start(EVIL))
        s.send(NEW_PROXY_RESP, proxy_name=EVIL, error=EVIL)
        s.send(PONG, error=EVIL)
        s = host.session()
        name = s.wait(NEW_PROXY)[0]["proxy_name"]
        s.send(NEW_PROXY_RESP, proxy_name=name, error=EVIL)

        def text():
            with open(log, "rb") as f:
                return f.read()
        until(lambda: b"start error: mine" in text(), what="the last one")
        shown(text(), "start error: " + SHOWN)
        shown(text(), "users reach it at [" + SHOWN)
        shown(text(), "Pong message contains error: " + SHOWN)
        check(not p.out and not p.err, p.out + p.err)
    host.close()


def worker_words(host):
    return ["frpc", "--name=w", "--local-port", EchoServer().port,
            "--port-forwarding-config", f"type=frp,tls=false,server=127.0.0.1:"
            f"{host.port},server_public=192.0.2.7,port_range=1000-1001"]


def test_a_worker_shows_an_address_as_it_is(t):
    host = FrpsByHand(mux=True)
    with Said(t, *worker_words(host)) as p:
        s = host.session()
        name = s.wait(NEW_PROXY)[0]["proxy_name"]
        s.send(NEW_PROXY_RESP, proxy_name=name, remote_addr=":" +
               EVIL.replace(":", ""))
        p.wait_for("SSH debugging enabled on 192.0.2.7:")
        shown(p.out, "enabled on 192.0.2.7:" + SHOWN.replace(":", ""))
        is_plain(p.err)
    host.close()


def test_a_worker_and_an_offer_show_why_they_were_refused(t):
    secret = private(t, "secret", SECRET)
    with evil(mux=True) as host:
        with Said(t, *worker_words(host)) as p:
            p.wait_for("connect to server error: mine")
            shown(p.err)
        with Said(t, "frpc", "offer", "w", "--server",
                  f"127.0.0.1:{host.port}", "--secret-file", secret,
                  "--tls-enable=false", "--allow", "22") as p:
            check(p.wait() == 1)
            shown(p.err, "login to the server failed: " + SHOWN)
            check(not p.out, p.out)


def stand(t, host):
    """A person whose bastion this is."""
    return Stand(t, frps=host.port, more="tls = false", worker="sshPort = 22")


def says_of(t, s, words):
    """On standard error alone: with each step, and without."""
    for more in ([], ["-v"]):
        with Said(t, *words, *more, env=s.env) as p:
            check(p.wait() not in (0, None))
            shown(p.err)
            is_plain(p.out)
            lines = [x for x in p.err.decode().splitlines()
                     if "is not encrypted" not in x]
            check(more or len(lines) == 1, lines)


def for_each_command(t, host):
    s = stand(t, host)
    state = t.path("state")
    s.env["CULVERT_STATE_DIR"] = state
    says_of(t, s, ["connect", "--stdio", s.name, 22])
    says_of(t, s, ["connect", s.name])
    says_of(t, s, ["forward", s.name, free_port()])
    tunnel = ["tunnel", "start", "dev", "--to", s.name, "-L", free_port()]
    says_of(t, s, tunnel)
    with open(os.path.join(state, "dev.log"), "rb") as f:
        shown(f.read())
    with Said(t, *tunnel, "--foreground", env=s.env) as p:
        check(p.wait() == 1)
        shown(p.err, "Error: tunnel 'dev': ")
        shown(p.err)


def test_each_command_shows_why_its_login_was_refused(t):
    with evil(mux=True) as host:
        for_each_command(t, host)


def test_each_command_shows_why_a_visitor_is_not_let_in(t):
    with evil(mux=True, visitors=True) as host:
        for_each_command(t, host)


def test_the_status_of_a_tunnel_shows_its_last_error(t):
    """As a table, and as JSON that says the same."""
    service = EchoServer()
    s = Stand(t, service.port, more="tls = false")
    u = Tunnels(t, CULVERT_CONFIG=s.config)
    with u:
        u.far = ["--to", s.name]
        pid = u.start("-L", f"{free_port()}:localhost:{service.port}")
        s.worker.stop()
        s.server.kill()
        with evil(mux=True, port=s.port) as host:
            check(host.port == s.port)

            def told():
                error = u.status()["error"]
                return "mine" in error and error
            until(told, 30, "the error")
            check(EVIL[:60] in told(), repr(told()))
            for words in (["status"], ["status", "--json"]):
                p = subprocess.run(u.argv(*words), env=u.env,
                                   stdin=subprocess.DEVNULL,
                                   capture_output=True)
                check(b"mine" in p.stdout and not p.stderr, p)
                is_plain(p.stdout)
                if "--json" in words:
                    check(EVIL[:60] in json.loads(p.stdout)["tunnels"][0][
                        "error"], p.stdout)
                else:
                    check(SHOWN[:60] in p.stdout.decode(), p.stdout)
            p = subprocess.run(u.argv("stop"), env=u.env, capture_output=True)
            check(p.returncode == 0, p)
            is_plain(p.stdout + p.stderr)
            check(not lives(pid))
    with open(os.path.join(u.state, "default.log"), "rb") as f:
        shown(f.read())


def test_what_ssh_says_is_shown_as_it_is(t):
    """It is the far side's banner, or its refusal."""
    bin = t.path("bin")
    os.makedirs(bin)
    ssh = t.write("bin/ssh", "#!/bin/sh\ncat '" + t.path("words") +
                  "' >&2\nexit 255\n")
    os.chmod(ssh, 0o755)
    said = EVIL.replace("\n", " ").replace("\r", " ")
    t.write("words", f"{said}: Permission denied (publickey).\n")
    env = {"HOME": t.dir, "CULVERT_STATE_DIR": t.path("state"),
           "PATH": f"{bin}:{os.environ['PATH']}"}
    with Said(t, "tunnel", "start", "--ssh", "user@127.0.0.1", "-L",
              free_port(), "-v", env=env) as p:
        check(p.wait() == 1)
        shown(p.err, SHOWN.replace(r"\x0a", " ").replace(r"\x0d", " "))
    with open(t.path("state", "default.log"), "rb") as f:
        is_plain(f.read())


def test_the_name_of_whoever_holds_a_port_is_shown_as_it_is(t):
    holder = t.proc([sys.executable, "-c", """if True:
        import ctypes, socket, sys
        s = socket.create_server(("127.0.0.1", 0))
        ctypes.CDLL(None).prctl(15, b"x\\x1b[2J\\n\\xc2\\x9b'\\xe2\\x80\\xae")
        print(s.getsockname()[1], flush=True)
        sys.stdin.read()
        """], stdin=subprocess.PIPE)
    port = holder.wait_line(r"^\d+$").group()
    with Said(t, "tunnel", "start", "--to", "w", "--server", "127.0.0.1",
              "-L", port, env={"CULVERT_SECRET": "s", "HOME": t.dir,
                               "CULVERT_STATE_DIR": t.path("state")}) as p:
        check(p.wait() == 1)
        is_plain(p.err)
        check(f"is taken by 'x\\x1b[2J' (pid {holder.pid})" in p.err.decode()
              or r"'x\x1b[2J\x0a\xc2\x9b" in p.err.decode(), p.err)


def test_words_of_a_command_line_are_shown_as_they_are(t):
    for words in ([EVIL], ["frpc", EVIL], ["frps", EVIL],
                  ["forward", EVIL, 1], ["tunnel", "start", EVIL],
                  ["connect", EVIL],
                  ["frps", "-c", EVIL], ["bench", EVIL]):
        with Said(t, *words) as p:
            check(p.wait() not in (0, None))
            check("mine" in (p.out + p.err).decode(), p.err)
            for line in (p.out + p.err).decode().splitlines():
                is_plain(line.replace("\t", " ").encode())
