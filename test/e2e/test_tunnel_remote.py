# SPDX-License-Identifier: MIT
"""tunnel start -R: ports of a worker's loopback that lead here."""
import re
import socket
import subprocess

from lib import check, free_port, until, waits
from pairs import Silent
from sshd import USER, Sshd, find
from test_private import listens
from test_tunnel_forward import EchoAt, turned_away, two_ports
from tunnels import (SECRET, WORKER, Bastion, Tunnels, free_ports, lives,
                     private, worker_user)
from wire import (DuplexServer, EchoServer, SinkServer, SourceServer, dial,
                  digest, duplex, echo, pattern, read_exactly, read_to_end)


def user(t, *ports, **conf):
    """Of a worker that lets these ports be opened."""
    return worker_user(t, bastion=Bastion(t, remote=",".join(map(str, ports)),
                                          **conf))


def other(u, name):
    """Another person with the same worker."""
    return worker_user(u.t, name, u.bastion)


def lead(u, at, service, **kw):
    return u.start("-R", f"{at}:localhost:{service.port}", **kw)


def is_closed(port, host="127.0.0.1"):
    try:
        dial(port, host).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass # it is being closed
    return False


def is_cut(s):
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_remote_forward_is_a_port_of_the_workers_loopback(t):
    at, service = free_port(), EchoServer()
    with user(t, at) as u:
        done = u.run("start", *u.far, "-R", f"{at}:localhost:{service.port}")
        done.says(0, f"gpu-1 localhost:{at} -> localhost:{service.port}\n")
        for host in ("127.0.0.1", "::1"):
            with dial(at, host) as s:
                s.sendall(b"from there")
                check(read_exactly(s, 10) == b"from there", host)
        until(lambda: u.forward()["connections"] == 0)
        f = u.forward()
        check(f["remote"] == f"localhost:{at}" and f["public"] is False and
              f["total"] == 2 and f["sent"] == f["received"] == 20, f)
        check(listens(u.bastion.server.pid) == {u.bastion.port})
        check(listens(u.bastion.worker.pid) == {at})
        u.bastion.worker.wait_line(
            rf"port {at} of loopback is open for a visitor from \[127.0.0.1\]")
        u.run("stop")
        u.bastion.worker.wait_line(f"port {at} of loopback is closed: ")
        check(listens(u.bastion.worker.pid) == set())


def test_a_port_that_the_worker_does_not_allow_is_refused_in_words(t):
    at, service, allowed = *free_ports(1), EchoServer(), free_port()
    with worker_user(t) as u:
        u.refused("-R", f"{at}:localhost:{service.port}").says(
            1, f"-R '{at}:localhost:{service.port}': 'gpu-1' does not allow "
               f"remote port {at}: start its offer with --allow-remote {at}")
        u.refused("-R", f"0:localhost:{service.port}").says(
            1, "does not allow remote ports")
        check(u.left() == [] and not u.is_up())
        u.bastion.worker.stop()
        u.bastion.remote = str(allowed)
        u.bastion.offer()
        u.refused("-R", f"{at}:localhost:{service.port}").says(
            1, f"does not allow remote port {at}")
        check(is_closed(at) and listens(u.bastion.server.pid) ==
              {u.bastion.port})


def test_only_the_workers_loopback_can_be_asked_for(t):
    a, b = free_ports(2)
    with user(t, a, b) as u:
        for host in ("0.0.0.0", "*", "10.1.2.3", "some.host"):
            u.refused("-R", f"{host}:{a}:localhost:1").says(
                1, f"'{host}:{a}': a worker opens ports on its loopback "
                   f"alone: leave '{host}' out, or say public:{a}")
        service = EchoServer()
        u.start("-R", f"127.0.0.1:{a}:localhost:{service.port}",
                "-R", f"[::1]:{b}:localhost:{service.port}")
        check(echo(a, b"four") == b"four" and is_closed(a, "::1"))
        check(is_closed(b) and not is_closed(b, "::1"))
        check([f["remote"] for f in u.status()["forwards"]] ==
              [f"127.0.0.1:{a}", f"[::1]:{b}"])


def test_a_public_port_is_asked_for_and_told_as_such(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        done = u.run("start", "--save", *u.far, "-R",
                     f"public:{at}:localhost:{service.port}")
        line = f"PUBLIC 127.0.0.1:{at} -> localhost:{service.port}"
        done.says(0, line + "\n")
        check(line in u.log())
        check(f"users reach it at PUBLIC 127.0.0.1:{at}" in u.log())
        check(echo(at, b"from outside") == b"from outside")
        check(at in listens(u.bastion.server.pid))
        f = u.forward()
        check(f["public"] and f["remote"] == f"127.0.0.1:{at}", f)
        u.run("status").says(0, f" PUBLIC 127.0.0.1:{at} ")
        u.run("stop")
        u.run("start", *u.far[2:]).says(0, line)
        # it stays when the worker alone goes and comes back
        u.bastion.worker.kill()
        u.wait_away()
        u.bastion.offer()
        u.wait_up()
        check(echo(at, b"still") == b"still")


def test_with_ssh_there_is_no_public(t):
    u = Tunnels(t)
    u.run("start", "--ssh", "x", "-R", "public:6000:localhost:22").says(
        2, "-R 'public:6000:localhost:22': with --ssh it is an address in "
           "front")
    u.run("start", "--ssh", "x", "-R", "public:*:6000:h:22").says(
        2, "on which address a bastion listens is its own affair")


def test_the_worker_picks_one_of_the_ports_that_it_allows(t):
    ports, service = free_ports(2), EchoServer()
    with user(t, *ports) as u:
        words = ("-R", f"0:localhost:{service.port}")
        done = u.run("start", *u.far, *words, *words)
        check(done.code == 0, done)
        got = re.findall(rf"gpu-1 localhost:(\d+) -> ", done.out)
        check(sorted(map(int, got)) == sorted(ports), done)
        check(all(echo(p, b"x") == b"x" for p in ports))
        u.run("start", "more", *u.far, *words).says(
            1, "no remote port is free at 'gpu-1'")
        # after a loss each has the one it had
        u.bastion.server.kill()
        u.wait_away()
        u.bastion.server = u.bastion.server.again()
        u.wait_up()
        check([f["remote"] for f in u.status()["forwards"]] ==
              [f"localhost:{p}" for p in got])


def test_ranges_are_opened_as_a_whole(t):
    first, b = two_ports(), two_ports()
    with user(t, f"{first}-{first + 1}") as u:
        u.start("-R", f"{first}-{first + 1}:localhost:{b}-{b + 1}")
        check(len(u.status()["forwards"]) == 2)
        check(listens(u.bastion.worker.pid) == {first, first + 1})


def test_each_end_of_it_ends_alone(t):
    at, sink = free_port(), SinkServer()
    data = pattern(3_000_000)
    with user(t, at) as u:
        lead(u, at, sink)
        with dial(at) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            check(read_to_end(s) == f"{len(data)} {digest(data)}\n".encode())


def test_64_mib_go_each_way_past_one_who_does_not_read(t):
    a, b = free_ports(2)
    big = pattern(64 * 1024 * 1024)
    with user(t, a, b) as u:
        u.start("-R", f"{a}:localhost:{SourceServer(big).port}",
                "-R", f"{b}:localhost:{DuplexServer().port}")
        with dial(a) as slow:
            check(read_exactly(slow, 1) == big[:1])
            wrong = duplex(b, len(big), len(big))
            check(not wrong, wrong)
            check(digest(read_to_end(slow)) == digest(big[1:]))


def test_many_users_of_it_at_once(t):
    at, service = free_port(), EchoServer()
    with user(t, at) as u:
        lead(u, at, service)
        users = [dial(at) for _ in range(300)]
        for i, s in enumerate(users):
            s.sendall(b"%8d" % i)
        check(all(read_exactly(s, 8) == b"%8d" % i
                  for i, s in enumerate(users)))
        check(u.forward()["connections"] == 300)
        for s in users:
            s.close()
        until(lambda: u.forward()["connections"] == 0, what="all have gone")


def test_it_comes_back_with_the_worker_and_with_the_bastion(t):
    at, service = free_port(), EchoServer()
    with user(t, at) as u:
        lead(u, at, service)
        held = dial(at)
        u.bastion.worker.kill()
        u.wait_away()
        check(is_cut(held) and is_closed(at))
        u.bastion.offer()
        u.wait_up()
        check(echo(at, b"one") == b"one")
        u.bastion.server.kill()
        u.wait_away()
        u.bastion.server = u.bastion.server.again()
        u.wait_up()
        check(echo(at, b"two") == b"two")
        check(u.status()["reconnects"] == 2)


@waits
def test_it_comes_back_after_a_link_has_fallen_silent(t):
    """Neither the bastion nor the worker has heard of the end."""
    at, service = free_port(), EchoServer()
    with user(t, at) as u:
        link = Silent(u.bastion.port)
        u.far = u.bastion.far(link.port)
        lead(u, at, service)
        check(echo(at, b"before") == b"before")
        link.blackhole()
        link.listener.shutdown(socket.SHUT_RDWR)
        link.listener.close()
        Silent(u.bastion.port, link.port)
        u.wait_away(timeout=35)
        u.wait_up()
        check(echo(at, b"after") == b"after")


def test_a_port_that_another_has_is_waited_for(t):
    at, mine, theirs = free_port(), EchoServer(), EchoServer()
    with user(t, at) as u, other(u, "second") as v:
        lead(u, at, mine)
        v.refused("-R", f"{at}:localhost:{theirs.port}").says(
            1, f"port {at} is taken at 'gpu-1'")
        # one that stood before says so, and gets it when it is free
        u.run("stop")
        lead(v, at, theirs)
        v.bastion.worker.kill()
        v.wait_away()
        local = EchoAt(at)
        v.bastion.offer()
        until(lambda: v.forward()["state"] == "refused", 30)
        check(f"port {at} is taken at 'gpu-1'" in v.forward()["error"])
        local.close()
        v.wait_up()
        check(echo(at, b"theirs") == b"theirs" and theirs.accepted == 1)


def test_a_target_that_refuses_is_told_and_the_port_stays(t):
    at, free = free_ports(2)
    with user(t, at) as u:
        u.start("-R", f"{at}:127.0.0.1:{free}")
        check(turned_away(at))
        until(lambda: "connection refused" in u.forward()["error"])
        check(u.forward()["state"] == "up" and u.is_up())
        service = EchoServer(free)
        check(echo(at, b"now") == b"now")
        service.close()


def test_in_each_way_that_links_can_be(t):
    for mux in (True, False):
        for tls in (True, False):
            at, service = free_port(), EchoServer()
            name = f"{mux}{tls}".lower()
            server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
            conf = {"transport.tcpMux": mux, "transport.tls.enable": tls}
            t.frpc(server, [{
                "name": WORKER, "type": "stcp", "secretKey": SECRET,
                "plugin": {"type": "offer", "allow": "22",
                           "allowRemote": str(at)}}], conf, name=name)
            with Tunnels(t, name=f"user{name}") as u:
                config = private(t, f"{name}.toml", f"""
[bastion]
server = "127.0.0.1:{server.conf["bindPort"]}"
tls = {str(tls).lower()}
tcpMux = {str(mux).lower()}
[workers.{WORKER}]
secret = "{SECRET}"
[tunnels.default]
to = "{WORKER}"
remote = ["{at}:localhost:{service.port}",
          "public:0:localhost:{service.port}"]
""")
                pid = u.start("--config", config)
                big = pattern(2_000_000)
                check(echo(at, big) == big, name)
                users = [dial(at) for _ in range(20)]
                until(lambda: u.forward()["connections"] == 20)
                for s in users:
                    s.close()
                until(lambda: u.forward()["connections"] == 0)
                public = u.forward(1)["remote"]
                check(echo(int(public.rpartition(":")[2]), b"p") == b"p")
            check(not lives(pid))
            until(lambda: is_closed(at), what="the port is closed")


def test_ssh_through_it(t):
    at, sshd = free_port(), Sshd(t)
    with user(t, at) as u:
        lead(u, at, sshd)
        done = subprocess.run(
            [find("ssh"), "-F", "none", "-i", sshd.key, "-p", str(at), "-o",
             "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o",
             f"UserKnownHostsFile={t.path('known')}", f"{USER}@localhost",
             "cat; exit 7"], input=b"hello", timeout=30, capture_output=True)
        check(done.stdout == b"hello" and done.returncode == 7, done)


def test_a_worker_that_knows_no_remote_ports_is_told_so(t):
    """One of before, and what is no offer."""
    server = t.frps()
    t.frpc(server, [{"name": WORKER, "type": "stcp", "secretKey": SECRET,
                     "plugin": {"type": "socks5"}}])
    with Tunnels(t) as u:
        u.far = ["--to", WORKER, "--server",
                 f"127.0.0.1:{server.conf['bindPort']}", "--secret-file",
                 private(t, "secret", SECRET)]
        u.refused("-R", "6000:localhost:22").says(
            1, "'gpu-1' does not allow remote ports: its culvert is too old")
