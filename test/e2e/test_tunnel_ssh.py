# SPDX-License-Identifier: MIT
"""tunnel start --ssh, through a real sshd."""
import os
import signal

from lib import check, free_port, until
from proc import descendants
from socks import HELLO, Web, curl
from sshd import USER, Sshd, find
from tunnels import Tunnels, killed, lives, ssh_with
from wire import (DuplexServer, EchoServer, Service, dial, duplex, echo,
                  read_exactly)


def ssh_user(t, *more, sshd=None, **kw):
    u = Tunnels(t, **kw)
    find("ssh")
    u.sshd = sshd or Sshd(t, *more)
    u.far = ["--ssh", f"{USER}@127.0.0.1:{u.sshd.port}", "--key",
             u.sshd.key]
    return u


def works(at):
    return echo(at, b"it works") == b"it works"


def test_forwards_of_each_kind_through_ssh(t):
    with ssh_user(t) as u:
        a, d, r = free_port(), free_port(), free_port()
        web, service = Web(), EchoServer()
        done = u.run("start", *u.far, "-L",
                     f"{a}:localhost:{DuplexServer().port}", "-D", d, "-R",
                     f"{r}:localhost:{service.port}")
        name = f"{USER}@127.0.0.1:{u.sshd.port}"
        done.says(0, f"127.0.0.1:{d} -> {name} SOCKS5\n")
        done.says(0, f"{name} localhost:{r} -> localhost:{service.port}\n")
        wrong = duplex(a, 3_000_000, 2_000_000)
        check(not wrong, wrong)
        check(curl(d, f"http://localhost:{web.port}/") == HELLO)
        check(curl(d, f"http://127.0.0.1:{free_port()}/") is None)
        check(works(r) and u.is_up())
        pid = u.status()["pid"]
        children = descendants(pid)
        check(children, "there is an ssh")
        u.run("stop").says(0, "Stopped tunnel")
        until(lambda: not any(map(lives, children)), what="ssh ends, too")
        check(u.left() == [], u.left())


def test_datagrams_do_not_go_through_ssh(t):
    with ssh_user(t) as u:
        u.refused("-L", f"{free_port()}/udp").says(
            1, "datagrams cannot go through ssh")
        check(u.left() == [])


def test_an_sshd_that_was_restarted_is_joined_again(t):
    with ssh_user(t) as u:
        at, service = free_port(), EchoServer()
        pid = u.start("-L", f"{at}:localhost:{service.port}")
        for child in descendants(u.sshd.proc.pid):
            killed(child)
        u.sshd.proc.kill()
        u.wait_away()
        with dial(at) as early:
            early.sendall(b"early")
            u.sshd.start()
            check(read_exactly(early, 5) == b"early")
        u.wait_up()
        check(works(at) and lives(pid) and u.status()["reconnects"] == 1)


def test_an_ssh_that_was_killed_is_replaced(t):
    with ssh_user(t) as u:
        at, service = free_port(), EchoServer()
        pid = u.start("-L", f"{at}:localhost:{service.port}")
        for child in descendants(pid):
            killed(child)
        until(lambda: u.status()["reconnects"] == 1, 30, "a new one")
        check(works(at))


def test_no_ssh_outlives_its_tunnel(t):
    with ssh_user(t) as u:
        pid = u.start("-L", free_port())
        children = descendants(pid)
        killed(pid)
        until(lambda: not any(map(lives, children)), what="it ends")
        u.run("stop").says(0, "Tunnel process not found")
        check(u.left() == [], u.left())


def test_a_tunnel_through_ssh_that_was_asleep(t):
    with ssh_user(t) as u:
        at, service = free_port(), EchoServer()
        pid = u.start("-L", f"{at}:localhost:{service.port}")
        everyone = [pid, *descendants(pid)]
        for x in everyone:
            os.kill(x, signal.SIGSTOP)
        u.sshd.proc.kill()
        u.sshd.start()
        for x in everyone:
            os.kill(x, signal.SIGCONT)
        check(works(at))
        u.wait_up()


def test_two_tunnels_through_one_sshd(t):
    with ssh_user(t) as u:
        a, b, service = free_port(), free_port(), EchoServer()
        u.start("-L", f"{a}:localhost:{service.port}", name="a")
        u.start("-L", f"{b}:localhost:{service.port}", name="b")
        u.run("stop", "a").says(0, "Stopped tunnel")
        check(works(b))


def test_a_long_way_to_the_socket_of_ssh(t):
    long = t.path("x" * 120)
    with ssh_user(t, CULVERT_STATE_DIR=long) as u:
        u.state = long
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}", name="n" * 64)
        check(works(at))
        u.run("stop", "n" * 64).says(0, "Stopped tunnel")
        check(u.left() == [], u.left())


def test_a_machine_that_refuses_is_told_at_once(t):
    with ssh_user(t) as u:
        u.far[1] = f"{USER}@127.0.0.1:{free_port()}"
        u.refused("-L", free_port()).says(1, "Connection refused")
        other = Sshd(t, name="other")
        u.far[1] = f"{USER}@127.0.0.1:{other.port}"
        u.refused("-L", free_port()).says(1, "Permission denied")
        check(u.left() == [])


class Hung(Service):
    """Greets as nobody does."""

    def serve(self, s):
        while s.recv(1000):
            pass


def test_a_machine_that_says_nothing_costs_no_more_than_the_timeout(t):
    hung = Hung()
    with ssh_user(t) as u:
        u.far[1] = f"{USER}@127.0.0.1:{hung.port}"
        u.refused("--timeout", "1s", "-L", free_port()).says(
            1, "was not there within 1 s")
        check(u.left() == [])


def test_settings_name_a_machine_with_key_and_port(t):
    with ssh_user(t) as u:
        at, service = free_port(), EchoServer()
        os.makedirs(os.path.dirname(u.config), mode=0o700)
        with open(u.config, "w") as f:
            f.write(f'[tunnels.dev]\nssh = "{u.far[1]}"\n'
                    f'key = "{u.sshd.key}"\n'
                    f'local = ["{at}:localhost:{service.port}"]\n')
        u.far = []
        u.start(name="dev")
        check(works(at))


def test_a_jump_host_is_gone_through(t):
    sshd = Sshd(t)
    jump = Sshd(t, f"AuthorizedKeysFile {sshd.key}.pub", name="jump")
    path = ssh_with(t, f"Host *\n  IdentityFile {sshd.key}\n"
                       "  StrictHostKeyChecking accept-new\n"
                       f"  UserKnownHostsFile {t.path('known')}\n")
    with ssh_user(t, sshd=sshd, PATH=path) as u:
        at, service = free_port(), EchoServer()
        u.start("--jump", f"{USER}@127.0.0.1:{jump.port}", "-L",
                f"{at}:localhost:{service.port}")
        check(works(at) and jump.proc.says("Accepted publickey"))
        u.run("stop").says(0, "Stopped tunnel")
        u.refused("--jump", "-oProxyCommand=x", "-L", at, code=2).says(
            2, "--jump '-oProxyCommand=x'")
