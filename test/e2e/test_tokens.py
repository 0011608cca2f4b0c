"""Tokens that are changed while everything runs, and files that hold none."""
import itertools
import os
import signal
import socket
import subprocess

from frp import (NEW_WORK, PING, PONG, REQ_WORK, Control, OneStream, packed,
                 port_in, signed, started)
from lib import (STARTED, EchoServer, check, dial, echo, free_port, tcp_proxy,
                 toml, until, waits)
from people import SECRET, TOKEN, Stand, private
from proc import forking
from test_private import Private
from test_server import same
from tunnels import Tunnels
from udp import secret_proxy, visitor

OLD, NEW = "old token", "# new token"
BOTH = f"# of June\n#new\n\r\n# of May\r\n  {OLD} \r\n"
WRONG = "token in login doesn't match token from configuration"
NO_FILE = "--token-file is '': name a file, or leave the option out"
FRPS = ("frps", "--bind-addr", "127.0.0.1", "--bind-port", 0)
EMPTY = "' is empty, comments aside: write a token into it"


def source(path):
    return {"type": "file", "file": {"path": path}}


def from_file(path):
    return {"auth": {"tokenSource": source(path)}}


def put(t, name, text):
    """In one step, as a file that is in use is to be changed."""
    os.rename(private(t, f"{name}.new", text), t.path(name))
    return t.path(name)


def server_of(t, text, **more):
    """A server, and what its log says of its file."""
    return t.frps({**from_file(put(t, "tokens", text)), **more})


def logs_in(server, token, sources=itertools.count(2)):
    """Whether it may; each time from another address, so that no answer is
    held back, and how it was refused is checked, too."""
    n = next(sources)
    s = socket.create_connection(
        ("127.0.0.1", server.conf["bindPort"]), 10,
        source_address=(f"127.1.{n // 250}.{n % 250 + 1}", 0))
    mux = server.conf.get("transport.tcpMux", True)
    c = Control(None, token, over=OneStream(s) if mux else s)
    s.close()
    check(c.error in (None, "", WRONG), c.said)
    return not c.error


def ends_with(t, *words, env=None, stdin=subprocess.DEVNULL):
    """Our program, which has to end by itself: its status and words."""
    with forking:
        p = subprocess.Popen(
            [os.path.abspath(t.bin), *map(str, words)], cwd=t.dir,
            env=dict(os.environ, **(env or {})), stdin=stdin, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        out, _ = p.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        check(False, f"{words}: runs on")
    return p.returncode, out


def restart(server):
    server.stop()
    return server.again()


def echoes(port):
    try:
        return echo(port, b"x") == b"x"
    except OSError:
        return False


def programs(t):
    """Every way to name a file of the token: words before, and the status."""
    secret = private(t, "secret", SECRET)
    port = f"127.0.0.1:{free_port()}"
    worker = (f"type=frp,server={port},server_public=10.0.0.1,"
              "port_range=10000-10001")
    far = ("--server", port, "--secret-file", secret)
    return [
        (FRPS, 1),
        (("frpc", "tcp", "-s", port, "-n", "a", "-l", 1, "-r", 2), 1),
        (("frpc", "--port-forwarding-config", worker, "--name", "a"), 1),
        (("frpc", "offer", "a", "--allow", 1, *far), 1),
        (("bench", "--server", port), None),
        (("connect", "a", 22, "--stdio", *far), 255),
        (("forward", "a", 8000, *far), 1),
        (("tunnel", "start", "--to", "a", "-L", 8000, *far), 1),
    ]


def test_a_file_without_a_token_is_an_error(t):
    for name, text in (("empty", ""), ("white", " \n\r\n\t\n"),
                       ("comments", "# one\n# two\n")):
        path = private(t, name, text)
        for words, status in programs(t):
            code, said = ends_with(t, *words, "--token-file", path)
            check(code == (status or 1) and EMPTY in said,
                  f"{words}: {code}, {said}")
    for kind in "frps", "frpc":
        conf = private(t, f"{kind}.toml", 'auth.tokenSource = { type = "file"'
                       f', file = {{ path = "{t.path("empty")}" }} }}\n')
        code, said = ends_with(t, kind, "-c", conf)
        check(code == 1 and EMPTY in said, f"{kind}: {code}, {said}")


def test_a_variable_that_is_not_set_is_no_name_of_a_file(t):
    for words, status in programs(t):
        code, said = ends_with(t, *words, "--token-file", "")
        check(code == (status or 2) and NO_FILE in said,
              f"{words}: {code}, {said}")
    code, said = ends_with(t, *FRPS, "--token", "")
    check(code == 1 and said.startswith("--token is '': give a token, or "
          "leave the option out for a server without one"), said)


def test_a_file_that_cannot_be_one_of_tokens_is_an_error(t):
    for name, text, why in (
            ("many", "x\n" * 65, "has more than 64 tokens"),
            ("nul", "a\0b", "has a NUL in it"),
            ("long", "x" * 4097, "has a token of more than 4096 bytes"),
            ("large", "#\n" * 33000, "is larger than 64 KiB")):
        path = private(t, name, text)
        code, said = ends_with(t, *FRPS, "--token-file", path)
        same(code, 1)
        check(f"'{path}' {why}" in said, said)


def test_a_line_alone_is_the_token_whatever_it_begins_with(t):
    server = server_of(t, f"\n {NEW}\r\n\r\n")
    check(logs_in(server, NEW) and not logs_in(server, "new token"))
    path = private(t, "mine", NEW + "\n")
    client = t.frpc(server, [], from_file(path))
    client.wait_line("login to server success")


def test_every_token_of_a_file_is_let_in(t):
    server = server_of(t, BOTH)
    for token, may in ((OLD, True), ("#new", True), ("of June", False),
                       ("# of June", False), ("", False), (BOTH, False),
                       (BOTH.strip(), False)):
        same((token, logs_in(server, token)), (token, may))


def test_old_and_new_clients_are_served_at_once(t):
    """With what each token encrypts: control, work streams and visits."""
    service = EchoServer()
    for mux in True, False:
        link = {"transport.tcpMux": mux}
        put(t, "tokens", BOTH)
        server = t.frps({**from_file(t.path("tokens")), **link,
                         "auth.additionalScopes": ["HeartBeats",
                                                   "NewWorkConns"]},
                        name=f"frps-{mux}")
        for token in OLD, "#new":
            name = f"{token[:3]}-{mux}"
            row = tcp_proxy(name, service.port, transport={
                "useEncryption": True, "useCompression": True})
            client = t.frpc(server, [row], {
                **link, "auth.token": token, "auth.additionalScopes":
                ["HeartBeats", "NewWorkConns"],
                "transport.heartbeatInterval": 1}, name=name)
            for _ in range(3):
                same(echo(row["remotePort"], b"hello"), b"hello")
            check(not client.says("error"), client.text)


def test_visitors_prove_the_token_of_their_own_session(t):
    """Without a mux, where each visit carries a proof: the owner has the
    old token and the visitor the new one."""
    put(t, "tokens", BOTH)
    row = secret_proxy("secret", "stcp", EchoServer().port)
    guest = visitor(row)
    p = Private(t, [row], [guest], mux=False, tls=False,
                server=from_file(t.path("tokens")),
                owner={"auth.token": OLD}, guest={"auth.token": "#new"})
    for _ in range(3):
        same(echo(guest["bindPort"], b"a visit"), b"a visit")
    put(t, "tokens", "third\n")
    check(not logs_in(p.server, OLD))
    for _ in range(3):
        same(echo(guest["bindPort"], b"one more"), b"one more")


def test_a_session_outlives_its_token(t):
    """Heartbeats, work connections and their encryption go on; the next
    login is refused."""
    server = server_of(t, f"{OLD}\nx\n", **{
        "transport.tcpMux": False, "transport.heartbeatTimeout": 4,
        "auth.additionalScopes": ["HeartBeats", "NewWorkConns"]})
    service = EchoServer()
    row = tcp_proxy("enc", service.port, transport={"useEncryption": True})
    mine = put(t, "mine", OLD)
    client = t.frpc(server, [row], {
        **from_file(mine), "transport.tcpMux": False,
        "auth.additionalScopes": ["HeartBeats", "NewWorkConns"],
        "transport.heartbeatInterval": 1, "transport.heartbeatTimeout": 3})
    by_hand = Control(server.conf["bindPort"], OLD)
    at = port_in(by_hand.proxy("by-hand"))
    put(t, "tokens", "new\nx\n")
    put(t, "mine", "new\n")
    check(not logs_in(server, OLD) and logs_in(server, "new"))
    server.wait_line(r"\[I\].*the token file \[.*tokens\] has 2 tokens now$")
    by_hand.send(PING, **signed("new"))
    check("token in heartbeat" in by_hand.wait(PONG)[0].get("error", ""))
    by_hand.send(PING, **signed(OLD))
    check(not by_hand.wait(PONG)[0].get("error"))
    with dial(at) as user:
        by_hand.wait(REQ_WORK)
        for token, may in (("new", False), (OLD, True)):
            work = dial(server.conf["bindPort"])
            work.sendall(packed(NEW_WORK, {"run_id": by_hand.run_id,
                                           **signed(token)}))
            said = started(work)
            same((token, not said.get("error")), (token, may))
        user.sendall(b"?")
        same(work.recv(1), b"?")
    for _ in range(3):
        same(echo(row["remotePort"], b"still here"), b"still here")
    check(not client.says("is lost|error"), client.text)
    by_hand.close()


def test_a_file_that_goes_wrong_leaves_its_tokens_valid(t):
    server = server_of(t, OLD)
    path = t.path("tokens")
    def still(why):
        for _ in range(3):
            check(logs_in(server, OLD) and not logs_in(server, ""))
        server.wait_line(rf"\[W\].*the token file \[.*tokens\] .*{why}.*; "
                         "what was read from it before stays valid$")
        same(sum(why in line for line in server.lines), 1)

    os.rename(path, t.path("away"))
    still("no such file or directory")
    os.mkfifo(path)
    still("is not a regular file")
    os.unlink(path)
    for text, why in (("", "is empty"), ("a\0b\n", "has a NUL in it"),
                      ("x\n" * 65, "has more than 64 tokens"),
                      ("#\n" * 33000, "is larger than 64 KiB")):
        put(t, "tokens", text)
        still(why)
    put(t, "tokens", "new\n")
    check(logs_in(server, "new") and not logs_in(server, OLD))
    server.wait_line(r"\[I\].*tokens\] is well again and has 1 token now$")
    if os.geteuid() == 0:
        return # may read anything
    os.chmod(path, 0)
    check(logs_in(server, "new"))
    server.wait_line("cannot be read: open .*: permission denied; ")


def test_a_hangup_leads_to_another_file(t):
    """Which is then read again by itself; who is in, stays."""
    server = server_of(t, OLD)
    row = tcp_proxy("enc", EchoServer().port,
                    transport={"useEncryption": True})
    client = t.frpc(server, [row], {"auth.token": OLD})
    others = put(t, "others", "new\nnewer\n")
    t.write("frps.toml", toml({**server.conf, **from_file(others)}))
    server.signal(signal.SIGHUP)
    server.wait_line("settings read anew, changed: the tokens$")
    check(logs_in(server, "new") and logs_in(server, "newer") and
          not logs_in(server, OLD))
    put(t, "others", "third\n")
    put(t, "tokens", f"{OLD}\nx\n")
    check(logs_in(server, "third") and not logs_in(server, "new") and
          not logs_in(server, OLD))
    for _ in range(3):
        same(echo(row["remotePort"], b"still here"), b"still here")
    check(not client.says("is lost|error"), client.text)


def test_tokens_of_a_pipe_stay_what_they_were(t):
    feed, end = os.pipe()
    os.write(end, b"old\nnew\n")
    os.close(end)
    port = free_port()
    server = t.run("frps", "-p", port, "--bind-addr", "127.0.0.1",
                   "--token-file", "/dev/stdin", stdin=feed)
    os.close(feed)
    server.wait_line("started successfully")
    for token, may in (("old", True), ("new", True), ("", False)):
        c = Control(port, token, mux=True)
        same((token, not c.error), (token, may))
        c.close()
    check(not server.says("token file"), server.text)


def test_a_client_comes_back_with_the_token_of_its_file(t):
    server = server_of(t, OLD)
    service = EchoServer()
    mine = put(t, "mine", OLD + "\n")
    row = tcp_proxy("enc", service.port, transport={"useEncryption": True})
    client = t.frpc(server, [row], from_file(mine))
    same(echo(row["remotePort"], b"as it was"), b"as it was")
    put(t, "tokens", "new\n")
    put(t, "mine", f"new\n{OLD}\n")
    server.stop()
    client.wait_line("is lost")
    mark = client.mark()
    server.again()
    client.wait_line(STARTED, since=mark)
    client.wait_line(r"\[I\].*the token file \[.*mine\] has 2 tokens now$")
    same(echo(row["remotePort"], b"as it is"), b"as it is")


@waits
def test_a_refused_client_waits_for_another_token(t):
    """Its file is put right while it waits for its next try."""
    server = server_of(t, "new\n")
    mine = put(t, "mine", OLD)
    client = t.frpc(server, [], {**from_file(mine), "loginFailExit": False})
    client.wait_line(WRONG)
    os.unlink(mine)
    client.wait_line(r"the token file \[.*mine\] cannot be read: .*no such")
    put(t, "mine", "new\n")
    client.wait_line("login to server success", timeout=30)


def test_a_worker_and_an_offer_come_back_with_another_token(t):
    server = server_of(t, OLD)
    port, mine = server.conf["bindPort"], put(t, "mine", OLD)
    service, low = EchoServer(), free_port()
    worker = t.run(
        "frpc", "--port-forwarding-config", f"type=frp,server=127.0.0.1:{port}"
        f",server_public=127.0.0.1,port_range={low}-{low}", "--name", "w",
        "--local-port", service.port, "--token-file", mine, name="worker")
    offer = t.run("frpc", "offer", "o", "--server", f"127.0.0.1:{port}",
                  "--allow", 1, "--token-file", mine, "--secret-file",
                  private(t, "secret", SECRET), name="offer")
    worker.wait_line("^SSH debugging")
    offer.wait_line("^offering")
    put(t, "tokens", "new\n")
    put(t, "mine", "new\n")
    marks = worker.mark(), offer.mark()
    restart(server)
    for p, mark in zip((worker, offer), marks):
        p.wait_line("login to server success", since=mark)
    until(lambda: echoes(low), what="the worker's port leads to it")


def test_a_persons_forward_comes_back_with_another_token(t):
    service, at = EchoServer(), free_port()
    server = server_of(t, f"{TOKEN}\n")
    s = Stand(t, service.port, frps=server)
    p = s.run("forward", s.name, f"{at}:{service.port}", name="forward")
    p.wait_line("^Press Ctrl")
    same(echo(at, b"as it was"), b"as it was")
    put(t, "tokens", "new\n")
    put(t, "token", "new\n")
    restart(server)
    p.wait_line("connected again", timeout=30)
    until(lambda: echoes(at), what="the port leads to the worker")


def test_a_tunnel_comes_back_with_another_token(t):
    """The process that keeps it up is in another directory, and the file was
    named from the user's; and it must stay closed to others."""
    service, at = EchoServer(), free_port()
    server = server_of(t, f"{TOKEN}\n")
    s = Stand(t, service.port, frps=server)
    with Tunnels(t) as u:
        mine = private(t, "user/token", f"{TOKEN}\n")
        u.far = ["--to", s.name, "--server", f"127.0.0.1:{s.port}",
                 "--secret-file", s.secret, "--token-file", "token"]
        u.start("-L", f"{at}:localhost:{service.port}")
        same(echo(at, b"as it was"), b"as it was")
        os.rename(private(t, "next", "new\n", 0o644), mine)
        server = restart(server)
        until(lambda: "may be used by others: chmod 600" in u.log(), 30,
              "it is refused")
        put(t, "tokens", "new\n")
        put(t, "token", "new\n")
        os.chmod(mine, 0o600)
        server = restart(server)
        until(lambda: "well again and has 1 token now" in u.log(), 30,
              "it is read")
        u.wait_up()
        until(lambda: echoes(at), what="the tunnel leads to the worker")
