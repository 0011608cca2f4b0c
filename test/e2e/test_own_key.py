"""The key of a server without certFile: it is made once, and its pin stays."""
import os
import stat
import time

from lib import (EchoServer, Frps, READY, STARTED, check, echo, free_port,
                 tcp_proxy)
from people import pin_of
from state import NOBODY, hopeless, root_only
from told import said

NOT_KEPT = r"\[W\].* the server's own key cannot be kept, so its pin changes "
LOST = "put back the one that was there, or remove the file: "


def key_of(t, *dir):
    return t.path(*(dir or ("server-state",)), "server.key")


def pin_in(t, *dir):
    """By openssl, of the key itself."""
    made = said(["sh", "-c", f'openssl pkey -in "{key_of(t, *dir)}" -pubout '
                 "-outform DER | openssl dgst -sha256 -r"])
    return "sha256:" + made.stdout.split()[0]


def start(t, words=(), argv=list, env=None):
    """A server from options alone; it may be one that does not start."""
    return t.proc(argv([os.path.abspath(t.bin), "frps", "--bind-addr",
                        "127.0.0.1", "--bind-port", str(free_port()),
                        *words]), env=env, name="frps")


def test_a_server_keeps_its_key_and_its_pin(t):
    server = t.frps()
    pin = pin_of(server)
    check(pin == pin_in(t), pin)
    for path, mode in ((key_of(t), 0o600), (t.path("server-state"), 0o700)):
        check(stat.S_IMODE(os.stat(path).st_mode) == mode, path)
    check(os.listdir(t.path("server-state")) == ["server.key"])
    row = tcp_proxy("echo", EchoServer().port)
    client = t.frpc(server, [row], {"transport.tls.pin": pin})
    mark = client.mark()
    server.kill()
    server = server.again()
    check(pin_of(server) == pin)
    client.wait_line(STARTED, since=mark)
    check(echo(row["remotePort"], b"hello") == b"hello")


def test_the_state_of_a_server_is_where_it_is_told_to_be(t):
    env = {"STATE_DIRECTORY": t.path("one") + ":" + t.path("two")}
    for words, dir in (((), "one"), (("--state-dir", "here"), "here"),
                       (("--state-dir", t.path("a", "b") + "/"), "a/b")):
        server = start(t, words, env=env)
        server.wait_line(READY)
        check(pin_of(server) == pin_in(t, dir), dir)
        server.stop()
    server = t.frps({"stateDir": "set"})
    check(pin_of(server) == pin_in(t, "set"))
    check(not os.path.exists(t.path("two")), "the second of the list")
    if os.geteuid() != 0:
        env = {"STATE_DIRECTORY": "", "XDG_STATE_HOME": t.path("xdg")}
        start(t, env=env).wait_line(READY)
        check(os.path.exists(key_of(t, "xdg", "culvert")))
        env = {"STATE_DIRECTORY": "", "XDG_STATE_HOME": "", "HOME": t.dir}
        start(t, env=env).wait_line(READY)
        check(os.path.exists(key_of(t, ".local/state/culvert")))


def test_a_server_that_cannot_keep_its_key_starts_and_says_so(t):
    for dir, argv, why in hopeless(t):
        pins = set()
        for _ in range(2):
            server = start(t, ("--state-dir", dir), lambda w: argv(*w))
            server.wait_line(NOT_KEPT + f"with each start: .*{why}")
            server.wait_line(READY)
            pins.add(pin_of(server))
            server.stop()
        check(len(pins) == 2, dir)
        check(dir == "/" or not os.path.isdir(dir) or not os.listdir(dir),
              dir)


def test_a_key_that_is_damaged_is_no_reason_for_a_new_pin(t):
    os.mkdir(t.path("s"), 0o700)
    rsa = said(["openssl", "genpkey", "-algorithm", "RSA"]).stdout
    server = start(t, ("--state-dir", "s"))
    server.wait_line(READY)
    server.stop()
    whole = open(key_of(t, "s")).read()
    for text, why in (("", "the file is empty"),
                      ("x", "no private key found"),
                      (whole[:100], "PEM block is damaged"),
                      (rsa, "private key is not on P-256")):
        t.write("s/server.key", text)
        server = start(t, ("--state-dir", "s"))
        check(server.wait() == 1)
        check(f"the server's own key '{key_of(t, 's')}': {why}; {LOST}" in
              server.text, server.text)
        check(open(key_of(t, "s")).read() == text, "it was changed")
    t.write("s/server.key", whole)
    start(t, ("--state-dir", "s")).wait_line(READY)


def test_a_key_that_is_none_of_ours_is_not_used(t):
    for name, make, why in (
            ("link", lambda to: os.symlink(t.write("k", ""), to), "is a link"),
            ("dir", os.mkdir, "is no file"),
            ("pipe", os.mkfifo, "is no file")):
        os.mkdir(t.path(name), 0o700)
        make(key_of(t, name))
        server = start(t, ("--state-dir", name))
        check(server.wait() == 1 and why in server.text, server.text)
    root_only()
    os.mkdir(t.path("s"), 0o700)
    os.chown(t.write("s/server.key", ""), NOBODY, NOBODY)
    server = start(t, ("--state-dir", "s"))
    check(server.wait() == 1 and "belongs to another" in server.text)


def test_a_key_that_others_may_read_is_warned_about(t):
    server = t.frps()
    pin = pin_of(server)
    server.stop()
    os.chmod(key_of(t), 0o644)
    os.chmod(t.path("server-state"), 0o777)
    server = server.again()
    server.wait_line(rf"\[W\].* others may use the server's own key "
                     rf"'{key_of(t)}': chmod 600 it")
    check(pin_of(server) == pin)


def test_servers_that_start_at_once_have_one_key(t):
    for round in range(4):
        dir = f"s{round}"
        all = [start(t, ("--state-dir", dir)) for _ in range(6)]
        pins = {pin_of(x) for x in all}
        check(pins == {pin_in(t, dir)}, pins)
        check(os.listdir(t.path(dir)) == ["server.key"])
        for x in all:
            x.kill()


def test_a_start_that_is_killed_leaves_no_half_of_a_key(t):
    pins = set()
    for i in range(40):
        server = start(t, ("--state-dir", "s"))
        time.sleep(i * 0.0002) # somewhere on its way
        server.kill()
        if os.path.exists(key_of(t, "s")):
            pins.add(pin_in(t, "s"))
    # as one leaves it who is killed before the renaming
    os.makedirs(t.path("s"), exist_ok=True)
    t.write("s/server.key.new", "-----BEGIN PRIV")
    for _ in range(2):
        server = start(t, ("--state-dir", "s"))
        pins.add(pin_of(server))
        server.kill()
    check(pins == {pin_in(t, "s")}, pins)
    os.unlink(key_of(t, "s"))
    start(t, ("--state-dir", "s")).wait_line(READY)
    check(os.listdir(t.path("s")) == ["server.key"])


def test_nothing_is_kept_where_there_is_nothing_to_keep(t):
    conf = t.write("frps.toml", f'stateDir = "{t.path("s")}"\n')
    p = said([os.path.abspath(t.bin), "frps", "verify", "-c", conf])
    check(p.returncode == 0, p.stdout)
    check(not os.path.exists(t.path("s")), "verify made it")
    check(said(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                "-keyout", t.path("k"), "-out", t.path("c")]).returncode == 0)
    server = Frps(t.bin, {
        "bindAddr": "127.0.0.1", "bindPort": free_port(),
        "stateDir": t.path("s"), "transport.tls.certFile": t.path("c"),
        "transport.tls.keyFile": t.path("k")}, t.dir)
    check(not os.path.exists(t.path("s")), "it has a certificate")
    check(pin_of(server).startswith("sha256:"))
