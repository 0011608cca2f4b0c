"""What frpc promises: its settings, its ways to start and to end, and that
it comes back."""
import os
import signal
import socket
import time

from frp import Control, port_in
from lib import (STARTED, EchoServer, Failure, Skip, applet, check, dial,
                 echo, free_port, tcp_proxy, toml, until)
from pairs import Pair, ports_in_a_row, split, text_of

SETTINGS = 'serverAddr = "127.0.0.1"\nserverPort = {}\n'


def same(got, want):
    check(got == want, f"got {got!r}, want {want!r}")


def quiet(client, regex, seconds):
    """Nothing of the kind for so long."""
    try:
        client.wait_line(regex, timeout=seconds)
    except Failure:
        return
    raise Failure(f"{client.name} says /{regex}/")


def test_settings_are_looked_for_in_the_directory(t):
    server = t.frps()
    row = tcp_proxy("found", EchoServer().port)
    t.write("frpc.toml", SETTINGS.format(server.conf["bindPort"]) +
            toml({"proxies": [row]}))
    client = t.run("frpc", name="frpc")
    client.wait_line(r"\[found\] start proxy success")
    check(client.says(r"start frpc service for config file \[\./frpc\.toml"))
    same(echo(row["remotePort"], b"x"), b"x")


def test_one_line_publishes_one_service(t):
    server = t.frps({"auth.token": "secret"})
    port = free_port()
    client = t.run("frpc", "tcp", "-s", "127.0.0.1", "-P",
                   str(server.conf["bindPort"]), "-n", "line", "-l",
                   str(EchoServer().port), "-r", str(port), "-t", "secret",
                   "-u", "me", name="frpc")
    client.wait_line(STARTED)
    same(echo(port, b"hello"), b"hello")
    server.wait_line(r"new proxy \[me\.line\] type \[tcp\] success")
    check(not client.says("frpc service for config file"))
    client.signal(signal.SIGTERM)
    same(client.wait(), 0)


def test_verify_tells_good_from_bad(t):
    good = t.write("good.toml", SETTINGS.format(7000))
    bad = t.write("bad.toml", "serverPort = 70000\n")
    p = t.run("frpc", "verify", "-c", good)
    same(p.wait(), 0)
    same(p.lines, [f"frpc: the configuration file {good} syntax is ok"])
    p = t.run("frpc", "verify", "-c", bad)
    same(p.wait(), 1)
    check("70000" in p.text, p.text)


def test_a_first_login_that_fails_ends_the_client_or_not_as_asked(t):
    port = free_port()
    brittle = t.frpc(port, [], {"loginFailExit": True}, name="brittle")
    same(brittle.wait(), 1)
    refusal = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    same(brittle.lines[-1], f"login to the server failed: {refusal}. With "
         "loginFailExit enabled, no additional retries will be attempted")
    brittle.wait_line(r"frpc service for config file \[.*\] stopped$")
    row = tcp_proxy("echo", EchoServer().port)
    patient = t.frpc(port, [row], {"loginFailExit": False}, name="patient",
                     wait=0)
    patient.wait_line(f"connect to server error: {refusal}", times=2)
    t.frps({"bindPort": port})
    patient.wait_line(STARTED)
    same(echo(row["remotePort"], b"x"), b"x")


def test_only_the_chosen_and_enabled_proxies_are_started(t):
    server = t.frps()
    rows = [tcp_proxy(n, EchoServer().port) for n in ("a", "b", "c", "d")]
    rows[2]["enabled"] = False
    client = t.frpc(server, rows, {"start": ["a", "c", "d"], "user": "me"},
                    wait=2)
    check(client.says(r"proxy added: \[me\.a me\.d\]$"), client.text)
    for name in ("me.a", "me.d"):
        server.wait_line(rf"new proxy \[{name}\] type \[tcp\] success")
    for row, up in zip(rows, (True, False, False, True)):
        with socket.socket() as s:
            refused = s.connect_ex(("127.0.0.1", row["remotePort"]))
            same(not refused, up)


def test_included_files_add_their_proxies(t):
    server = t.frps()
    os.mkdir(t.path("conf.d"))
    rows = [tcp_proxy(n, EchoServer().port) for n in ("a", "b", "c")]
    for row in rows[1:]:
        t.write(f"conf.d/{row['name']}.toml", toml({"proxies": [row]}))
    t.write("conf.d/other.txt", "this is not for us")
    t.frpc(server, rows[:1], {"includes": [t.path("conf.d", "*.toml")]},
           wait=3)
    for row in rows:
        same(echo(row["remotePort"], b"x"), b"x")


def test_settings_may_come_from_the_environment(t):
    server = t.frps({"auth.token": "from outside"})
    row = tcp_proxy("{{ .Envs.PROXY }}", EchoServer().port)
    t.frpc(server, [row], {"auth.token": "{{ .Envs.FRP_TOKEN }}"},
           env={"FRP_TOKEN": "from outside", "PROXY": "named"})
    server.wait_line(r"new proxy \[named\] type \[tcp\] success")
    same(echo(row["remotePort"], b"x"), b"x")


def test_a_client_is_back_three_seconds_after_its_server(t):
    for mux in (True, False):
        pair = Pair(t, EchoServer(), mux, name=f"{mux}")
        mark = pair.client.mark()
        pair.server.kill()
        pair.client.wait_line("connect to server error", since=mark, times=3)
        pair.server.again()
        began = time.monotonic()
        pair.client.wait_line(STARTED, since=mark)
        took = time.monotonic() - began
        check(took < 3, f"after {took:.1f} s")
        same(echo(pair.port, b"back"), b"back")
        pair.client.stop()


def test_names_are_looked_up_when_they_are_dialled(t):
    row = tcp_proxy("named", EchoServer().port, localIP="localhost")
    t.frpc(t.frps(), [row], {"serverAddr": "localhost"})
    same(echo(row["remotePort"], b"x"), b"x")


def test_a_name_that_is_unknown_is_told(t):
    client = t.frpc(1, [], {"serverAddr": "no-such-host.invalid"})
    same(client.wait(30), 1)
    client.wait_line("connect to server error: .*lookup no-such-host.invalid")


def with_hosts(t, lines, words, name):
    """The client in a place of its own where /etc/hosts says something."""
    hosts = t.write(f"{name}.hosts", "127.0.0.1 localhost\n" + lines)
    p = t.proc(["unshare", "-m", "/bin/sh", "-c",
                'mount --bind "$1" /etc/hosts || exit 77; shift; exec "$@"',
                "sh", hosts, *words], name=name)
    return p


def test_a_second_address_is_tried_when_the_first_does_not_answer(t):
    server = t.frps()
    port = server.conf["bindPort"]
    for i, dead in enumerate(("127.0.0.3", "::1", "127.0.0.4")):
        row = tcp_proxy(f"p{i}", EchoServer().port)
        conf = t.write(f"c{i}.toml", toml({
            "serverAddr": "two.test", "serverPort": port, "proxies": [row]}))
        lines = f"{dead} two.test\n127.0.0.1 two.test\n"
        if i == 2:
            lines = "127.0.0.1 two.test\n127.0.0.4 two.test\n"
        client = with_hosts(t, lines, applet(t.bin, "frpc") + ["-c", conf],
                            f"two{i}")
        try:
            client.wait_line(STARTED)
        except Failure:
            if not client.running() and client.wait() in (1, 77) and \
                    "frpc service" not in client.text:
                raise Skip("no mounts of our own here") from None
            raise
        same(echo(row["remotePort"], b"x"), b"x")


def test_a_client_that_is_told_to_end_says_goodbye(t):
    for mux in (True, False):
        for number in (signal.SIGTERM, signal.SIGINT):
            pair = Pair(t, EchoServer(), mux, name=f"{mux}{number}")
            name = pair.row["name"]
            pair.client.signal(number)
            same(pair.client.wait(), 0)
            pair.server.wait_line(rf"close proxy \[{name}\] success$")
            pair.server.wait_line("client exit success$")
            first = pair.server.text.index("close proxy [")
            check(first < pair.server.text.index("client exit success"))
            pair.server.stop()


def test_a_server_that_is_told_to_end_ends_at_once(t):
    for mux in (True, False):
        pair = Pair(t, EchoServer(), mux, name=f"{mux}")
        with dial(pair.port) as s:
            s.sendall(b"x")
            same(s.recv(1), b"x")
            began = time.monotonic()
            pair.server.signal(signal.SIGTERM)
            same(pair.server.wait(5), 0)
            check(time.monotonic() - began < 2)
        pair.client.wait_line("is lost")
        pair.client.stop()


def test_a_refused_proxy_leaves_the_others_alone(t):
    server = t.frps()
    rows = [tcp_proxy("good", EchoServer().port), tcp_proxy("bad", 1)]
    rows[1]["remotePort"] = rows[0]["remotePort"]
    client = t.frpc(server, rows, wait=1)
    client.wait_line(r"\[W\].* \[bad\] start error: port already used$")
    same(echo(rows[0]["remotePort"], b"x"), b"x")


def worker_text(server, low, high, **more):
    rows = {"type": "frp", "server": f"127.0.0.1:{server.conf['bindPort']}",
            "server_public": "192.0.2.7", "port_range": f"{low}-{high}",
            **more}
    return ",".join(f"{k}={v}" for k, v in rows.items())


def worker(t, text, name="worker"):
    return split(t, "frpc", f"--name={name}", "--local-port",
                 str(EchoServer().port), "--port-forwarding-config", text,
                 name=name)


def the_port(p, times=1):
    return int(p.wait_line(r"^SSH debugging enabled on 192\.0\.2\.7:(\d+)$",
                           times=times).group(1))


def test_a_worker_prints_one_line_and_keeps_its_port(t):
    low = ports_in_a_row(5)
    server = t.frps({"auth.token": "secret"})
    p, err = worker(t, worker_text(server, low, low + 4, token="secret"))
    port = the_port(p)
    check(low <= port <= low + 4, port)
    same(echo(port, b"x"), b"x")
    for _ in range(2):
        server.kill()
        server = server.again()
        server.wait_line(rf"tcp proxy listen port \[{port}\]$")
        server.wait_line(r"new proxy \[worker\] type \[tcp\] success")
        same(echo(port, b"x"), b"x")
    same(p.lines, [f"SSH debugging enabled on 192.0.2.7:{port}"])
    check("start proxy success" in text_of(err), text_of(err))
    p.signal(signal.SIGTERM)
    same(p.wait(), 0)
    same(len(p.lines), 1)


def test_a_worker_goes_on_to_a_port_that_is_free(t):
    low = ports_in_a_row(4)
    server = t.frps({"transport.tcpMux": True})
    holder = Control(server.conf["bindPort"], mux=True)
    for port in (low, low + 1, low + 3):
        port_in(holder.proxy(f"p{port}", port))
    holder.answer_for_ever()
    p, _ = worker(t, worker_text(server, low, low + 3))
    same(the_port(p), low + 2)
    same(echo(low + 2, b"x"), b"x")


def test_a_worker_says_when_the_whole_range_is_used_up(t):
    low = ports_in_a_row(3)
    server = t.frps()
    holder = Control(server.conf["bindPort"], mux=True)
    with socket.create_server(("127.0.0.1", low)):
        for port in (low + 1, low + 2):
            port_in(holder.proxy(f"p{port}", port))
        holder.answer_for_ever()
        p, err = worker(t, worker_text(server, low, low + 2))
        server.wait_line(r"new proxy \[worker\] type \[tcp\] error: ",
                         times=3)
        until(lambda: f"the port range {low}-{low + 2} is used up: the "
              "server refused all 3 ports" in text_of(err),
              what="the message")
    check(p.running() and not p.lines, p.text)


def test_a_worker_may_be_set_by_the_environment(t):
    low = ports_in_a_row(2)
    server = t.frps()
    p, _ = split(t, "frpc", "--name=env", "--local-port",
                 str(EchoServer().port), name="env", env={
                     "PORT_FORWARDING_CONFIG":
                     worker_text(server, low, low + 1)})
    port = the_port(p)
    same(echo(port, b"x"), b"x")
    same(p.lines, [f"SSH debugging enabled on 192.0.2.7:{port}"])
