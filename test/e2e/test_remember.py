"""Who comes to a bastion without a pin: the first key is remembered, and is
the only one from then on."""
import os
import re
import stat
import subprocess
import threading

from lib import EchoServer, Relay, check, echo, free_port, until
from people import NAME, SECRET, TOKEN, Ssh, Stand, pin_of, private
from state import hopeless
from tunnels import Tunnels

STATE = (".local", "state", "culvert")
FIRST = "The key of bastion '127.0.0.1:%d' is remembered: "


class Stranger(Stand):
    """Of one who was never here."""

    def __init__(self, t, *ports, **kw):
        super().__init__(t, *ports, **kw)
        self.forget()
        self.echo = ports[0] if ports else 1
        self.pin = pin_of(self.server)

    @property
    def file(self):
        return self.t.path(*STATE, "servers")

    def forget(self):
        if os.path.exists(self.file):
            os.unlink(self.file)
            os.rmdir(os.path.dirname(self.file))

    def comes(self, *words, env=None, argv=list):
        """What is said to him, who gets through."""
        p = self.tries(*words, env=env, argv=argv)
        check(p.returncode == 0 and p.stdout == b"hello", p.stderr)
        return p.stderr.decode()

    def tries(self, *words, env=None, argv=list):
        return subprocess.run(
            argv([os.path.abspath(self.t.bin), "connect", "--stdio", NAME,
                  str(self.echo), *words]), input=b"hello", cwd=self.t.dir,
            env={k: v for k, v in dict(self.env, **(env or {})).items()
                 if v is not None}, capture_output=True, timeout=30)

    def text(self):
        with open(self.file) as f:
            return f.read()

    def line(self):
        return f"127.0.0.1:{self.port} {self.pin}\n"

    def other_key(self):
        """The same bastion with another key; its pin."""
        self.server.stop()
        self.worker.stop()
        self.server = self.t.frps(dict(self.server.conf, stateDir="other"),
                                  name="other")
        self.worker = self.offer(self.echo)
        return pin_of(self.server)


def test_the_first_key_is_remembered_and_said_once(t):
    s = Stranger(t, EchoServer().port)
    said = s.comes()
    check(said == FIRST % s.port + f"{s.pin}, line 1 of '{s.file}'\n", said)
    check(s.text() == s.line())
    for path, mode in ((s.file, 0o600), (os.path.dirname(s.file), 0o700)):
        check(stat.S_IMODE(os.stat(path).st_mode) == mode, path)
    check(s.comes() == "")
    check(s.text() == s.line())


def test_it_is_said_before_ssh_says_a_word(t):
    s = Ssh(t)
    os.unlink(t.path(*STATE, "servers"))
    said = s.connect("echo there; echo err >&2", own=("--verbose",)).stderr
    check(said.index("The key of bastion") < said.index("err\n"), said)
    os.unlink(t.path(*STATE, "servers"))
    p = s.connect("echo there; echo err >&2")
    check(p.returncode == 0 and p.stdout == b"there\n", p.stderr)
    check(p.stderr == FIRST % s.port + f"{pin_of(s.server)}, line 1 of "
          f"'{t.path(*STATE, 'servers')}'\nerr\n", p.stderr)
    check(s.connect("echo err >&2").stderr == "err\n")


def test_another_key_is_refused_before_anything_is_shown(t):
    s = Stranger(t, EchoServer().port)
    s.comes()
    pin = s.other_key()
    mark = s.server.mark()
    p = s.tries()
    check(p.returncode == 255 and p.stdout == b"", p)
    check(p.stderr.decode() == f"Error: bastion '127.0.0.1:{s.port}' has "
          f"another key than before: its pin is {pin}, and was {s.pin}. "
          "Somebody may be in its place; if whoever runs it says that it has "
          f"a new key, remove line 1 of '{s.file}', or give --pin {pin}\n",
          p.stderr)
    s.server.wait_line("TLS handshake failed: peer refused", since=mark)
    for line in s.server.lines[mark:]:
        check("login" not in line and "register" not in line, line)
    # one that is given wins, but for that once
    check(s.comes("--pin", pin) == "")
    check(s.text() == s.line())
    check(s.tries().returncode == 255)
    os.unlink(s.file)
    check(FIRST % s.port + pin in s.comes())
    check(s.comes() == "")


def test_two_lines_of_one_server_are_both_valid(t):
    s = Stranger(t, EchoServer().port)
    s.comes()
    old = s.text()
    pin = s.other_key()
    with open(s.file, "a") as f:
        f.write(f"# while it changes\n127.0.0.1:{s.port} {pin}\n")
    check(s.comes() == "")
    zero = pin[:7] + "0" * 64
    with open(s.file, "w") as f:
        f.write(old + f"127.0.0.1:{s.port} {zero}\n")
    p = s.tries()
    check(f"and was {s.pin} or {zero}. " in p.stderr.decode(), p.stderr)
    check(f"remove lines 1 and 2 of '{s.file}'" in p.stderr.decode())


def test_a_server_that_refuses_us_is_not_remembered(t):
    s = Stranger(t, EchoServer().port)
    p = s.tries(env={"CULVERT_TOKEN": "wrong"})
    check(p.returncode == 255 and b"refused the login" in p.stderr)
    check(not os.path.exists(s.file))
    # it was the right one, even if the worker is not there
    p = s.said("connect", "--stdio", "nobody", 1, env={
        "CULVERT_SECRET": SECRET})
    check(p.returncode == 255 and FIRST % s.port in p.stderr, p.stderr)
    check(s.text() == s.line())


def test_first_uses_at_once_lose_nothing(t):
    s = Stranger(t, EchoServer().port)
    ways = [Relay(s.port).port for _ in range(5)]
    said = {}

    def come(i):
        at = f"127.0.0.1:{ways[i % 5]}"
        said[i] = s.comes("--server", at, "--token-file", s.token)

    all = [threading.Thread(target=come, args=(i,)) for i in range(10)]
    for x in all:
        x.start()
    for x in all:
        x.join()
    check(len(said) == 10, "not all came through")
    want = sorted(f"127.0.0.1:{p} {s.pin}" for p in ways)
    check(sorted(s.text().splitlines()) == want, s.text())
    first = re.findall("The key of bastion", "".join(said.values()))
    check(len(first) == 5, said)


def test_a_key_that_cannot_be_remembered_is_warned_about_each_time(t):
    s = Stranger(t, EchoServer().port)
    for dir, argv, why in hopeless(t):
        for _ in range(2):
            said = s.comes(env={"CULVERT_STATE_DIR": dir},
                           argv=lambda w: argv(*w))
            check(re.fullmatch(
                rf"Warning: bastion '127\.0\.0\.1:{s.port}' is not verified: "
                rf"its key cannot be remembered: .*{why}.*\n", said), said)
    os.mkdir(t.path("open"), 0o777)
    os.chmod(t.path("open"), 0o777)
    check("others may write to the directory" in s.comes(
        env={"CULVERT_STATE_DIR": t.path("open")}))
    env = {"HOME": None, "XDG_STATE_HOME": None}
    check("there is no place for it: set $HOME" in s.comes(env=env))
    check(not os.path.exists(s.file))


def test_a_file_that_is_damaged_lets_nobody_pass_as_known(t):
    s = Stranger(t, EchoServer().port)
    s.comes()
    whole, way = s.text(), Relay(s.port)
    for bad in (f"127.0.0.1:{s.port} sha256:12", "\x01\x02", whole.strip() +
                "  "):
        with open(s.file, "w") as f:
            f.write(f"127.0.0.1:{way.port} {s.pin}\n{bad}\n")
        p = s.tries()
        check(p.returncode == 255 and p.stdout == b"")
        check(p.stderr.decode().startswith(
            f"Error: '{s.file}', line 2: it is not HOST:PORT and a pin"),
            p.stderr)
        # who is known stays so, and who is given his key need not be
        check(s.comes("--server", f"127.0.0.1:{way.port}", "--token-file",
                      s.token) == "")
        check(s.comes("--pin", s.pin) == "")
    with open(s.file, "w") as f:
        f.write(f"other:1 nonsense\n{whole.strip()}")
    third = Relay(s.port).port
    check("line 3 of" in s.comes("--server", f"127.0.0.1:{third}",
                                 "--token-file", s.token))
    check(s.text() == f"other:1 nonsense\n{whole}127.0.0.1:{third} "
          f"{s.pin}\n", s.text())
    os.rename(s.file, t.path("elsewhere"))
    os.symlink(t.path("elsewhere"), s.file)
    p = s.tries()
    check(p.returncode == 255 and b"is a link" in p.stderr, p.stderr)


def test_what_a_killed_one_has_left_aside_does_no_harm(t):
    s = Stranger(t, EchoServer().port)
    os.makedirs(os.path.dirname(s.file), 0o700)
    with open(s.file + ".new", "w") as f:
        f.write("half of a li")
    s.comes()
    check(s.text() == s.line())
    check(os.listdir(os.path.dirname(s.file)) == ["servers"])


def test_one_server_has_one_line_however_it_is_written(t):
    s = Stranger(t, EchoServer().port)
    more = ("--token-file", s.token, "--server")
    check("is remembered" in s.comes(*more, f"LocalHost:{s.port}"))
    for name in (f"localhost:{s.port}", f"LOCALHOST.:{s.port}"):
        check(s.comes(*more, name) == "", name)
    check(s.text() == f"localhost:{s.port} {s.pin}\n", s.text())


def test_what_is_given_is_neither_looked_up_nor_written_down(t):
    s = Stranger(t, EchoServer().port)
    check(s.comes("--pin", s.pin) == "")
    check(s.comes(env={"CULVERT_PIN": s.pin}) == "")
    text = open(s.config).read()
    private(t, "config.toml", text.replace(
        "[workers", f'pin = "{s.pin}"\n[workers'))
    check(s.comes() == "")
    check(not os.path.exists(t.path(*STATE)))
    # frpc remembers nothing: it warns, as ever
    client = t.frpc(s.server, [], {"auth": {"token": TOKEN}})
    client.wait_line(r"\[W\].* the server's certificate is not checked")
    client.wait_line("login to server success")
    check(not os.path.exists(t.path(*STATE)))


def test_a_link_without_tls_is_told_to_people_but_not_to_programs(t):
    s = Stranger(t, EchoServer().port)
    private(t, "config.toml", open(s.config).read().replace(
        "[workers", "tls = false\n[workers"))
    check(s.comes() == "")
    port = free_port()
    p = s.run("forward", NAME, s.echo, "--local-port", port)
    p.wait_line(f"Forwarding 127.0.0.1:{port}")
    check([x for x in p.lines if "Warning" in x] == [
        f"Warning: the connection to bastion '127.0.0.1:{s.port}' is not "
        "encrypted, and it is not verified: 'tls' is false"], p.text)
    check(not os.path.exists(s.file))


def test_without_a_mux_all_connections_want_the_same_key(t):
    server = t.frps({"auth": {"token": TOKEN}, "transport.tcpMux": False})
    s = Stranger(t, frps=server, more="tcpMux = false")
    service = EchoServer()
    t.frpc(server, [{"name": NAME, "type": "stcp", "secretKey": SECRET,
                     "plugin": {"type": "offer", "allow":
                                str(service.port)}}],
           {"auth": {"token": TOKEN}, "transport.tcpMux": False})
    s.echo = service.port
    check("is remembered" in s.comes())
    check(s.comes() == "")


def tunnels(t, s):
    """A user of that stand, with a home of his own."""
    u = Tunnels(t)
    del u.env["CULVERT_STATE_DIR"]
    u.state = os.path.join(u.home, *STATE)
    u.env["XDG_RUNTIME_DIR"] = u.home
    os.chmod(u.home, 0o700)
    u.far = ["--to", NAME, "--server", f"127.0.0.1:{s.port}",
             "--token-file", s.token, "--secret-file", s.secret]
    return u


def test_a_tunnel_remembers_too_and_waits_for_the_right_one(t):
    s = Stranger(t, EchoServer().port)
    with tunnels(t, s) as u:
        file, port = os.path.join(u.state, "servers"), free_port()
        open_it = ("-L", f"{port}:localhost:{s.echo}")
        done = u.run("start", *u.far, *open_it, cwd="/")
        check(done.code == 0 and done.err == FIRST % s.port +
              f"{s.pin}, line 1 of '{file}'\n", done)
        check(open(file).read() == s.line())
        pin = s.other_key()
        until(lambda: pin in str(u.status().get("error")), 30, "the error")
        told = u.status()
        check(told["state"] == "waiting" and told["error"].startswith(
            f"bastion '127.0.0.1:{s.port}' has another key than before: its "
            f"pin is {pin}, and was {s.pin}. "), told)
        check("has another key than before" in u.run("status").out)
        with open(os.path.join(u.home, "culvert", "default.log")) as f:
            check("has another key than before" in f.read())
        done = u.run("start", "second", *u.far, "-L",
                     f"{free_port()}:localhost:1")
        check(done.code == 1 and f"remove line 1 of '{file}', or give --pin "
              f"{pin}" in done.err, done)
        s.server.stop()
        s.worker.stop()
        del s.server.conf["stateDir"]
        t.frps(s.server.conf, name="back")
        s.offer(s.echo)
        u.wait_up(timeout=40)
        check(echo(port, b"hello") == b"hello")


def test_a_tunnel_that_cannot_remember_holds_the_first_key_all_the_same(t):
    s = Stranger(t, EchoServer().port)
    with tunnels(t, s) as u:
        with open(os.path.join(u.home, "no"), "w"):
            pass
        env = {"XDG_STATE_HOME": os.path.join(u.home, "no")}
        p = t.proc(u.argv("start", "--foreground", *u.far, "-L",
                          f"{free_port()}:localhost:{s.echo}"),
                   env={**u.env, **env}, name="tunnel")
        p.wait_line(r"\[W\].*Warning: bastion .* is not verified: its key "
                    "cannot be remembered: .*Not a directory")
        p.wait_line("Tunnel 'default' is running")
        pin = s.other_key()
        p.wait_line("has another key than before: its pin is "
                    f"{pin}, and was {s.pin}. .* new key, give --pin {pin}")
