# SPDX-License-Identifier: MIT
"""SIGHUP at a server: what is read anew, and that nobody is cut by it."""
import contextlib
import os
import re
import signal
import socket
import ssl

from frp import (PING, PONG, Control, login_body, message, packed, port_in,
                 signed)
from lib import (EchoServer, applet, check, dial, digest, echo, free_port,
                 pattern, read_exactly, tcp_proxy, timeout, toml, until)
from pairs import Pair, every_way
from test_scale import is_sanitized
from told import ROOT
from udp import UdpEcho, UdpUser, udp_proxy

TLS = "transport.tls."
DONE = r"\[I\].* settings read anew, changed: (.*)$"
NOT_DONE = r"\[E\].* settings not read anew, all is as it was: (.*)$"
PIN = r'transport\.tls\.pin = "(sha256:[0-9a-f]{64})"'
WRONG = "token in login doesn't match token from configuration"


def vector(name):
    with open(os.path.join(ROOT, "test", "vectors", name + ".pem")) as f:
        return f.read()


def source(path):
    return {"type": "file", "file": {"path": path}}


class Reloaded:
    """A server, its settings and its files."""

    def __init__(self, t, conf=None, name="frps", cert="server", env=None):
        self.t, self.name = t, name
        self.conf = {"bindAddr": "127.0.0.1", "bindPort": free_port(),
                     **(conf or {})}
        if cert:
            self.certificate(cert)
            self.conf[TLS + "certFile"] = t.path(f"{name}.crt")
            self.conf[TLS + "keyFile"] = t.path(f"{name}.key")
        self.server = t.frps(self.conf, name=name, env=env)

    @property
    def port(self):
        return self.conf["bindPort"]

    def certificate(self, name):
        self.t.write(f"{self.name}.crt", vector(name))
        self.t.write(f"{self.name}.key", vector(name + ".key"))

    def write(self, **conf):
        """None takes a key away."""
        self.conf = {k: v for k, v in {**self.conf, **conf}.items()
                     if v is not None}
        self.text(toml(self.conf))

    def text(self, text):
        with open(self.server.path, "w") as f:
            f.write(text)

    def hup(self, wanted=DONE):
        """What it says of it."""
        mark = self.server.mark()
        self.server.signal(signal.SIGHUP)
        said = self.server.wait_line(f"{DONE}|{NOT_DONE}", since=mark)
        check(re.search(wanted, said[0]), said[0])
        return said[1] or said[2]

    def reload(self, **conf):
        self.write(**conf)
        return self.hup()

    def pin(self):
        return re.findall(PIN, self.server.text)[-1]


def put(path, text):
    def work(r):
        os.unlink(path)
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
    return work


def fifo(path):
    def work(r):
        os.unlink(path)
        os.mkfifo(path)
    return work


def test_each_file_that_is_broken_keeps_all_of_the_old(t):
    """Whatever else in the settings is new and right is not taken either."""
    inside, outside = free_port(), free_port()
    token = t.write("token", "old\n")
    r = Reloaded(t, {"transport.tcpMux": False, "allowPorts": [
        {"single": inside}], "auth.tokenSource": source(token)})
    pin, path = r.pin(), r.server.path
    crt, key, ca = t.path("frps.crt"), t.path("frps.key"), t.path("ca.crt")
    new = {"allowPorts": [{"single": outside}]}
    broken = [
        (put(path, None), "frps.toml: no such file"),
        (put(path, ""), "frps.toml: the file is empty"),
        (put(path, "bindPort\n"), "frps.toml:1:9: '=' is missing"),
        (put(path, "bindport_ = 1\n"), "unknown key 'bindport_'"),
        (put(path, "bindPort = 70000\n"), "bindPort: port number 70000"),
        (fifo(path), "frps.toml: not a regular file"),
        (put(token, None), "token: no such file"),
        (put(token, " \n"), "token' is empty"),
        (fifo(token), "token' is not a regular file"),
        (lambda r: r.write(**{"auth.tokenSource": None}),
         "there is no auth.token any more"),
        (put(crt, None), "frps.crt: no such file"),
        (put(crt, ""), "frps.crt: the file is empty"),
        (put(crt, "no certificate\n"), "cannot set up TLS: "),
        (put(key, None), "frps.key: no such file"),
        (put(key, vector("stranger.key")), "private key does not belong"),
        (fifo(key), "frps.key: not a regular file"),
        (lambda r: r.write(**{TLS + "keyFile": None}),
         "certificate and private key need each other"),
        (lambda r: r.write(**{TLS + "trustedCaFile": ca}),
         "ca.crt: no such file"),
    ]
    for work, why in broken:
        r.write(**new)
        t.write("token", "new\n")
        r.certificate("other")
        work(r)
        check(why in r.hup(NOT_DONE), f"{why}: {r.server.lines[-1]}")
        for name in (path, token, key, crt):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        r.write(**{"auth.tokenSource": source(token), TLS + "keyFile": key,
                   TLS + "trustedCaFile": None})
        c = Control(r.port, "old", tls=True)
        check(not c.error, c.error)
        check(c.proxy("p", outside)["error"] == "port not allowed")
        check(port_in(c.proxy("p", inside)) == inside)
        c.close()
        r.server.wait_line("client exit success", times=broken.index(
            (work, why)) + 1)
    t.write("token", "new\n")
    r.certificate("other")
    said = r.reload(**new)
    check(said == "TLS files with another key, the token, allowPorts, now "
          f"{outside}", said)
    check(r.pin() != pin)
    check(Control(r.port, "old", tls=True).error == WRONG)
    c = Control(r.port, "new", tls=True)
    check(port_in(c.proxy("p", outside)) == outside)


def test_users_and_idle_clients_go_through_it(t):
    """A transfer that stands in the middle meanwhile, and one after it."""
    data = pattern(3 << 20, 4)
    service = EchoServer()
    other = free_port()

    def work(mux, tls, name):
        r = Reloaded(t, {"transport.tcpMux": mux}, name=f"frps{name}")
        row = tcp_proxy(f"echo{name}", service.port)
        conf = {"transport.tcpMux": mux, TLS + "enable": tls}
        client = t.frpc(r.port, [row], conf, name=f"frpc{name}")
        idle = t.frpc(r.port, [tcp_proxy(f"idle{name}", service.port)], conf,
                      name=f"idle{name}")
        with dial(row["remotePort"]) as s:
            s.sendall(data[:1 << 20])
            check(read_exactly(s, 1 << 20) == data[:1 << 20])
            s.sendall(data[1 << 20:2 << 20])
            said = r.reload(**{TLS + "certFile": cert, TLS + "keyFile": key,
                               "allowPorts": [{"single": other}]})
            check(said == "TLS files with another key, allowPorts, now "
                  f"{other}", said)
            back = read_exactly(s, 1 << 20)
            s.sendall(data[2 << 20:])
            s.shutdown(socket.SHUT_WR)
            back += read_exactly(s, 1 << 20)
            check(digest(back) == digest(data[1 << 20:]), "other bytes")
            check(s.recv(1) == b"", "no end")
        check(echo(row["remotePort"], b"again") == b"again")
        for c in (client, idle):
            check(c.running() and not c.says(r"\[W\].* is lost"), c.text)
    cert = t.write("other.crt", vector("other"))
    key = t.write("other.key", vector("other.key"))
    every_way(work)


def test_a_new_key_is_asked_for_by_new_clients(t):
    r = Reloaded(t)
    service, old = EchoServer(), r.pin()

    def client(pin, name):
        row = tcp_proxy(name, service.port)
        return t.frpc(r.port, [row], {TLS + "pin": pin}, name=name,
                      wait=0), row["remotePort"]
    first, at = client(old, "first")
    first.wait_line("start proxy success")
    r.certificate("other")
    check(r.hup() == "TLS files with another key")
    new = r.pin()
    check(new != old)
    second, there = client(new, "second")
    second.wait_line("start proxy success")
    late, _ = client(old, "late")
    late.wait_line("TLS handshake failed: ")
    check(late.wait() == 1)
    check(echo(at, b"first") == b"first" and
          echo(there, b"second") == b"second")
    check(r.hup() == "nothing" and r.pin() == new)


def test_a_session_can_be_resumed_when_no_file_has_changed(t):
    r = Reloaded(t)
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None

    def reused():
        nonlocal session
        with c.wrap_socket(dial(r.port), session=session) as s:
            session = s.session
            return s.session_reused
    check(not reused() and reused())
    check(r.reload(allowPorts=[{"single": 1}]) == "allowPorts, now 1")
    check(reused())
    r.certificate("other")
    check(r.hup() == "TLS files with another key")
    check(not reused() and reused())


def test_ports_that_are_open_stay_open_and_no_others(t):
    one, two, three, four = (free_port() for _ in range(4))
    r = Reloaded(t, {"allowPorts": [{"single": p} for p in (one, two, three)]})
    tcp, udp = EchoServer(), UdpEcho()
    mine = tcp_proxy("mine", tcp.port, one)
    client = t.frpc(r.port, [mine, udp_proxy("udp", udp.port, two)])
    said = r.reload(allowPorts=[{"single": p} for p in (three, four)])
    check(said == f"allowPorts, now {three},{four}", said)
    check(echo(one, b"still") == b"still")
    user = UdpUser(two)
    check(user.ask(b"still") == b"still")
    other = t.frpc(r.port, [tcp_proxy("a", tcp.port, two),
                            udp_proxy("b", udp.port, one),
                            tcp_proxy("c", tcp.port, four),
                            udp_proxy("d", udp.port, three)], name="other",
                   wait=2)
    other.wait_line(r"\[a\] start error: port not allowed")
    other.wait_line(r"\[b\] start error: .*port not allowed")
    check(echo(four, b"new") == b"new")
    client.stop()
    r.server.wait_line("client exit success")
    back = client.again(wait=0)
    back.wait_line(r"\[mine\] start error: port not allowed")
    back.wait_line(r"\[udp\] start error: .*port not allowed")
    # the name has its port back once that is allowed
    check(r.reload(allowPorts=None) == "allowPorts, now 1-65535")
    bare = Control(r.port, mux=True, tls=True)
    check(port_in(bare.proxy("mine", 0)) == one)


def test_a_token_that_is_new_counts_for_those_who_come(t):
    """Each session goes by the one that it has come in with."""
    scopes = {"auth.additionalScopes": ["HeartBeats", "NewWorkConns"]}
    bare = {"transport.tcpMux": False}
    r = Reloaded(t, {"auth.token": "old", **bare, **scopes})
    service = EchoServer()

    def client(token):
        row = tcp_proxy(token, service.port, **{
            "transport.useEncryption": True})
        t.frpc(r.port, [row], {"auth.token": token, **bare, **scopes},
               name=token)
        return row["remotePort"]
    first, c = client("old"), Control(r.port, "old")
    check(r.reload(**{"auth.token": "new"}) == "the token")
    check(Control(r.port, "old").error == WRONG)
    for token, of in (("old", c), ("new", Control(r.port, "new"))):
        check(not of.error, of.error)
        of.send(PING, **signed(token))
        check(not of.wait(PONG)[0].get("error"), f"the heartbeat of {token}")
        check(port_in(of.proxy(token + "'s", 0)))
    for port in (first, client("new")):
        check(echo(port, b"sealed") == b"sealed")


def test_a_token_may_move_between_a_file_and_the_settings(t):
    r = Reloaded(t, {"auth.tokenSource": source(t.write("one", "1\n"))})

    moves = (("auth.token", "2", "the token", "2", "1"),
             ("auth.tokenSource", source(t.path("one")), "the token", "1",
              "2"),
             ("auth.tokenSource", source(t.write("two", "3\n4\n")),
              "the tokens", "34", "1"),
             ("auth.token", "4", "the token", "4", "3"))
    for key, value, said, tokens, gone in moves:
        none = {"auth.token": None, "auth.tokenSource": None}
        check(r.reload(**{**none, key: value}) == said)
        for x in tokens:
            check(not Control(r.port, x, mux=True).error, x)
        check(Control(r.port, gone, mux=True).error == WRONG, gone)


def test_a_token_that_came_by_a_pipe_stays_until_there_is_another(t):
    ours, theirs = os.pipe()
    os.write(theirs, b"piped\n")
    os.close(theirs)
    conf = {"bindAddr": "127.0.0.1", "bindPort": free_port(),
            "auth.tokenSource": source("/dev/stdin")}
    path = t.write("frps.toml", toml(conf))
    server = t.run("frps", "-c", path, stdin=ours, name="frps")
    os.close(ours)
    server.wait_line("frps started successfully")

    def reload(said, token, **more):
        t.write("frps.toml", toml({**conf, **more}))
        mark = server.mark()
        server.signal(signal.SIGHUP)
        got = server.wait_line(f"{DONE}|{NOT_DONE}", since=mark)
        check(said in got[0], got[0])
        c = Control(conf["bindPort"], token, mux=True)
        check(not c.error, c.error)
    reload("allowPorts, now 7", "piped", allowPorts=[{"single": 7}])
    more = conf.pop("auth.tokenSource")
    reload("the token", "new", **{"auth.token": "new"})
    # what it was is gone
    reload("'/dev/stdin' is not a regular file", "new",
           **{"auth.tokenSource": more})


def handshake(s, context):
    """A generator that stops in the middle; then gives what is sent into."""
    came, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, out)
    halves = 0
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            s.sendall(out.read())
            came.write(s.recv(65536))
            halves += 1
            if halves == 1:
                yield tls
    s.sendall(out.read())

    def say(data):
        tls.write(data)
        s.sendall(out.read())

    def hear():
        while True:
            try:
                return tls.read(65536)
            except ssl.SSLWantReadError:
                came.write(s.recv(65536))
    yield tls, say, hear


def test_a_login_in_the_middle_of_it_is_let_in(t):
    r = Reloaded(t, {"transport.tcpMux": False})
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    s = dial(r.port)
    steps = handshake(s, c)
    next(steps)
    r.certificate("other")
    check(r.hup() == "TLS files with another key")
    tls, say, hear = next(steps)
    pem = ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))
    check(pem.split() == vector("server").split()[:len(pem.split())],
          "not the one that it had begun with")
    login = packed(b"o", login_body())
    say(login[:20])
    r.certificate("server")
    check(r.hup() == "TLS files with another key")
    say(login[20:])
    check(hear()[:1] == b"1", "no answer")
    s.close()


def test_a_storm_of_them_hinders_no_login(t):
    r = Reloaded(t)
    service = EchoServer()
    rows, clients = [], []
    for i in range(8):
        rows.append(tcp_proxy(f"p{i}", service.port))
        clients.append(t.frpc(r.port, [rows[-1]], name=f"c{i}", wait=0))
        for name in ("other", "server"):
            r.certificate(name)
            r.server.signal(signal.SIGHUP)
            r.server.signal(signal.SIGHUP)
    for row, c in zip(rows, clients):
        c.wait_line("start proxy success")
        check(echo(row["remotePort"], b"in") == b"in")
        check(not c.says("is lost|connect to server error"), c.text)


@timeout(120)
def test_a_thousand_of_them_leave_nothing(t):
    r = Reloaded(t, {"auth.token": "t"})
    held = Control(r.port, "t", mux=True, tls=True)

    def many(n):
        for i in range(n):
            r.certificate("server" if i % 2 else "other")
            r.write(allowPorts=[{"start": 1, "end": 2 + i % 4}])
            check(r.hup().startswith("TLS files with another key, allowP"))
    many(100)
    before, fds = r.server.rss_kib(), r.server.fd_count()
    many(900)
    after = r.server.rss_kib()
    # which keeps what was freed, and tells of leaks itself
    check(after <= before + 256 or is_sanitized(t.bin),
          f"{before} KiB, then {after}")
    check(r.server.fd_count() == fds, f"{fds}, then {r.server.fd_count()}")
    check(port_in(held.proxy("p", 0)) in range(1, 6))


def test_what_waits_for_a_restart_is_named(t):
    r = Reloaded(t, {"transport.maxPoolCount": 3})
    said = r.reload(**{"transport.maxPoolCount": 4, "log.level": "debug",
                       "userConnTimeout": 10, "auth.token": "new"})
    check(said == "the token", said)
    r.server.wait_line(r"\[W\].* changed in the settings file, but waits for "
                       r"a restart: transport\.maxPoolCount, log\.level$")
    # without a certificate of its own a server makes one when it starts
    pin = r.pin()
    check(r.reload(**{TLS + "certFile": None, TLS + "keyFile": None,
                      "transport.maxPoolCount": 3,
                      "log.level": None}) == "nothing")
    r.server.wait_line(r"waits for a restart: transport\.tls\.certFile, "
                       r"transport\.tls\.keyFile$")
    check(r.pin() == pin)


def test_who_must_show_a_certificate_goes_on_having_to(t):
    """With a CA that comes later; the key that the server made stays."""
    r = Reloaded(t, {"transport.tcpMux": False}, cert=None)
    check(not Control(r.port).error)
    ca = t.write("ca.crt", vector("ca"))
    check(r.reload(**{TLS + "trustedCaFile": ca}) == "TLS files")
    check(not r.server.says("waits for a restart"))
    check(len(re.findall(PIN, r.server.text)) == 1)
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE

    def login(way):
        s = dial(r.port)
        try:
            s = way(s)
            s.sendall(packed(b"o", login_body()))
            return message(s)[0] == b"1"
        except OSError:
            return False
        finally:
            s.close()
    check(not login(lambda s: s), "without TLS")
    check(not login(c.wrap_socket), "without a certificate")
    r.write(**{TLS + "trustedCaFile": None})
    check("no transport.tls.trustedCaFile any more" in r.hup(NOT_DONE))
    check(not login(c.wrap_socket), "without a certificate, later")
    c.load_cert_chain(t.write("c.crt", vector("client")),
                      t.write("c.key", vector("client.key")))
    check(login(c.wrap_socket), "with a certificate")


def test_options_name_files_too(t):
    port, token = free_port(), t.write("token", "old\n")
    server = t.run("frps", "--bind_addr", "127.0.0.1", "-p", str(port),
                   "--token-file", token, name="frps")
    server.wait_line("frps started successfully")
    t.write("token", "new\n")
    server.signal(signal.SIGHUP)
    check(server.wait_line(DONE)[1] == "the token")
    check(Control(port, "old", mux=True).error == WRONG)
    check(not Control(port, "new", mux=True).error)
    os.unlink(token)
    server.signal(signal.SIGHUP)
    server.wait_line(r"\[E\].* open \S+/token: no such file or directory")
    check(not Control(port, "new", mux=True).error)


def test_the_service_manager_is_told_of_it(t):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.settimeout(15)
        s.bind(t.path("notify"))
        r = Reloaded(t, env={"NOTIFY_SOCKET": t.path("notify")})

        def told():
            return s.recv(4096).decode()
        check(told() == "READY=1")
        r.reload(allowPorts=[{"single": 7}])
        check(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", told()))
        said = told()
        check(said == "READY=1\nSTATUS=reloaded, changed: allowPorts, now 7",
              said)
        r.text('"\x1b\n')
        r.hup(NOT_DONE)
        check(told().startswith("RELOADING=1\n"))
        said = told()
        check(re.fullmatch(r"READY=1\nSTATUS=not reloaded, all is as it was: "
                           r".*frps\.toml:1:[^\n\x1b]*", said), repr(said))
        r.server.stop()
        check(told() == "STOPPING=1")


def test_copies_of_the_service_manager_are_named(t):
    os.mkdir(t.path("cred"))
    token = t.write("cred/token", "t\n")
    r = Reloaded(t, {"auth.tokenSource": source(token)},
                 env={"CREDENTIALS_DIRECTORY": t.path("cred")})
    check(r.hup() == "nothing")
    copies = (r"\[W\] \S+ (\[.*\]): the service manager's copy, made at the "
              r"start; 'systemctl restart'")
    found = r.server.wait_line(copies)
    check(found[1] == f"[{token}]", found[1])
    other = t.proc([*applet(t.bin, "frps"), "-c", t.write(
        "cred/own.toml", toml({**r.conf, "bindPort": free_port()}))],
        env={"CREDENTIALS_DIRECTORY": t.path("cred")}, name="other")
    other.wait_line("frps started successfully")
    other.signal(signal.SIGHUP)
    found = other.wait_line(copies)
    check(found[1] == f"[{t.path('cred/own.toml')}], [{token}]", found[1])


def test_the_end_is_not_put_off_by_it(t):
    r = Reloaded(t)
    pair = Pair(t, EchoServer(), name="x")
    check(echo(pair.port, b"x") == b"x")
    os.kill(r.server.pid, signal.SIGSTOP)
    r.server.signal(signal.SIGHUP)
    r.server.signal(signal.SIGTERM)
    os.kill(r.server.pid, signal.SIGCONT)
    check(r.server.wait() == 0)
    for _ in range(20):
        pair.server.signal(signal.SIGHUP)
    pair.server.signal(signal.SIGTERM)
    until(lambda: not pair.server.running() or
          pair.server.signal(signal.SIGHUP), what="it ends")
    check(pair.server.wait() == 0)
