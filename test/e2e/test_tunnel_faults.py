# SPDX-License-Identifier: MIT
"""Faults that tunnel commands of others were seen to have: ours has none of
them. Each test tells one, and what should be instead."""
import os
import signal
import socket
import subprocess
import sys

from lib import check, free_port, until, waits
from proc import forking
from sshd import USER, Sshd, find
from test_tunnel_life import Hung
from tunnels import (RUNS, Tunnels, killed, lives, ssh_with,
                     worker_user)
from udp import UdpEcho
from wire import EchoServer, dial, echo


def bystander(t, *words):
    """Sleeps under a command line that a search would find."""
    return t.proc([sys.executable, "-c", "import time; time.sleep(600)",
                   *words], name="bystander")


def test_no_process_is_guessed_from_its_command_line(t):
    """A search for "ssh.*ADDRESS" took an editor or an sshd for the tunnel,
    and stop ended that."""
    others = [bystander(t, "ssh", "-N", "-L", "127.0.0.1"),
              bystander(t, "culvert", "tunnel", "start", "default")]
    with worker_user(t) as u:
        pid = u.start("-L", free_port())
        check(pid not in [x.pid for x in others])
        check(u.status()["pid"] == pid)
        u.run("stop").says(0, f"Stopped tunnel (PID: {pid})")
        check(not lives(pid) and all(x.running() for x in others))


def test_a_forward_that_cannot_be_bound_is_no_warning(t):
    """Two forwards on one port, one busy on ::1 alone: all was reported to
    be up."""
    with worker_user(t) as u:
        at = free_port()
        u.refused("-L", f"{at}:a:1", "-L", f"{at}:b:2", code=2).says(
            2, f"port {at} is given twice")
        u.refused("-L", f"{at}:a:1", "-L", f"127.0.0.1:{at}:b:2").says(
            1, f"127.0.0.1:{at} is taken by")
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", at))
            s.listen()
            u.refused("-L", f"{at}:a:1").says(1, f"[::1]:{at} is taken by")
        check(u.left() == [])


def started_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[19]


def test_a_number_that_is_another_process_now_is_not_the_tunnel(t):
    """Any live process of that number was the tunnel, and was ended."""
    other = bystander(t)
    with worker_user(t) as u:
        pid = u.start("-L", free_port())
        killed(pid)
        path = os.path.join(u.state, "default.lock")
        for text in (f"{other.pid} {started_of(other.pid)}\n",
                     f"{other.pid} 1\n", "1 1\n"):
            with open(path, "w") as f:
                f.write(text)
            u.run("status").says(3, "Tunnel is not running")
            u.run("stop").says(0, "Tunnel process not found")
            check(other.running(), "a bystander was ended")
            u.run("stop").says(1, "No tunnel")
        with open(path, "w") as f:
            f.write(f"{other.pid} {started_of(other.pid)}\n")
        u.start("-L", free_port())
        # the lock is held, but by another than its text says
        real = u.status()["pid"]
        with open(path, "w") as f:
            f.write(f"{other.pid} {started_of(other.pid)}\n")
        u.run("stop").says(0, "Stopped tunnel")
        check(other.running() and not lives(real))


def test_port_0_and_70000_are_refused_in_words(t):
    """ssh's words for the one, a traceback for the other."""
    with worker_user(t) as u:
        u.refused("-L", "0:localhost:8000", code=2).says(2, "port 0 means any")
        u.refused("-L", "70000:localhost:8000", code=2).says(
            2, "'70000' is no port: a number from 1 to 65535")
        for port in (0, 65536, -1):
            u.refused("-L", f"8000:localhost:{port}", code=2)


def test_a_server_that_hangs_costs_the_timeout_and_no_more(t):
    """It cost 30 s, whatever one wanted."""
    hung = Hung()
    with worker_user(t) as u:
        u.far = u.bastion.far(hung.port)
        u.refused("--timeout", "1s", "-L", free_port()).says(
            1, "'gpu-1' was not there within 1 s")
        check(u.left() == [])


def test_a_tunnel_that_was_lost_is_restarted_by_itself(t):
    """After three minutes ssh left, and nobody restarted it."""
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        pid = u.start("-L", f"{at}:localhost:{service.port}")
        u.bastion.server.kill()
        u.wait_away()
        u.run("status").says(1, "Tunnel is running")
        u.bastion.server = u.bastion.server.again()
        u.wait_up()
        check(lives(pid) and echo(at, b"back") == b"back")


def test_a_start_right_after_stop_gets_the_same_ports(t):
    """stop did not wait, and the next start silently took other ports."""
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        for _ in range(5):
            u.start("-L", f"{at}:localhost:{service.port}")
            with dial(at) as s:  # one that is under way holds nothing up
                s.sendall(b"x")
                check(s.recv(1) == b"x")
                u.run("stop").says(0, "Stopped tunnel")
        check(u.left() == [])


def test_a_state_file_of_another_form_is_no_obstacle(t):
    """A bare number, or garbage, made every command fail until it was
    removed by hand."""
    with worker_user(t) as u:
        os.makedirs(u.state, mode=0o700)
        path = os.path.join(u.state, "default.lock")
        for text in (b"12345", b"garbage", b"", b'{"pid": 1}', b"\0" * 5000,
                     b"-1 -1\n", b"99999999999999999999 1\n"):
            with open(path, "wb") as f:
                f.write(text)
            u.run("status").says(3, "Tunnel is not running")
            u.start("-L", free_port())
            u.run("stop").says(0, "Stopped tunnel")
            with open(path, "wb") as f:
                f.write(text)
            u.run("stop").says(0, "Tunnel process not found")
            check(u.left() == [], u.left())


def test_host_keys_and_the_mode_of_the_key_are_checked(t):
    """Neither was."""
    find("ssh")
    sshd = Sshd(t)
    with Tunnels(t) as u:
        u.far = ["--ssh", f"{USER}@127.0.0.1:{sshd.port}", "--key", sshd.key]
        os.chmod(sshd.key, 0o644)
        u.refused("-L", free_port()).says(1, "chmod 600")
        os.chmod(sshd.key, 0o600)
        u.start("-L", free_port())
        u.run("stop").says(0, "Stopped tunnel")
        sshd.proc.stop()
        os.unlink(sshd.host_key)
        with forking:
            subprocess.run([find("ssh-keygen"), "-q", "-t", "ed25519", "-N",
                            "", "-f", sshd.host_key], check=True)
        sshd.start()
        u.refused("-L", free_port()).says(1, "Host key verification failed")
        check(u.left() == [])


def test_a_master_of_the_users_own_is_not_joined(t):
    """With ControlMaster in ~/.ssh/config there was no process to find, or
    one whose end closed other sessions."""
    ssh = find("ssh")
    sshd = Sshd(t)
    path = ssh_with(t, f"""
Host *
  ControlMaster auto
  ControlPath {t.path("shared")}
  ControlPersist 600
  LocalForward {free_port()} localhost:1
  ExitOnForwardFailure yes
""")
    known = t.path("known")
    master = t.proc([
        ssh, "-F", t.path("ssh_config"), "-N", "-o", "ControlMaster=yes",
        "-o", "ClearAllForwardings=yes", "-o", "ControlPersist=no", "-o",
        "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={known}",
        "-i", sshd.key, "-p", sshd.port, f"{USER}@127.0.0.1"])
    until(lambda: os.path.exists(t.path("shared")), 15, "the user's master")
    with Tunnels(t, PATH=path) as u:
        u.far = ["--ssh", f"{USER}@127.0.0.1:{sshd.port}", "--key", sshd.key]
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}")
        check(echo(at, b"of its own") == b"of its own")
        u.run("stop").says(0, "Stopped tunnel")
        check(master.running(), "the user's own master was ended")
        master.stop()


def test_forwards_are_not_of_one_kind_and_number(t):
    """Three fixed services, on loopback, TCP alone."""
    with worker_user(t) as u:
        ports = [free_port() for _ in range(6)]
        service, datagrams = EchoServer(), UdpEcho()
        to = f"localhost:{service.port}"
        u.start(*[x for p in ports[:4] for x in
                  ("-L", f"127.0.0.{p % 100 + 1}:{p}:{to}")],
                "-L", f"*:{ports[4]}:{to}", "-L",
                f"{ports[5]}:localhost:{datagrams.port}/udp")
        for p in ports[:4]:
            with dial(p, f"127.0.0.{p % 100 + 1}") as s:
                s.sendall(b"x")
                check(s.recv(1) == b"x")
        check(echo(ports[4], b"any address") == b"any address")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(15)
            s.sendto(b"datagram", ("127.0.0.1", ports[5]))
            check(s.recv(100) == b"datagram")


def test_of_two_starts_at_once_one_wins(t):
    """There was no lock: the later file won, and the earlier tunnel was an
    orphan."""
    with worker_user(t) as u:
        for round in range(3):
            ports = [free_port() for _ in range(4)]
            many = [t.proc(u.argv("start", *u.far, "-L", p), env=u.env,
                           name=f"start{round}{i}")
                    for i, p in enumerate(ports)]
            codes = [p.wait(40) for p in many]
            check(sorted(codes) == [0, 1, 1, 1], codes)
            for p, code in zip(many, codes):
                check(p.says(RUNS % "default" if code == 0 else
                             "Tunnel already running. Stop it first."),
                      p.text)
            open_ports = []
            for p in ports:
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", p)) == 0:
                        open_ports.append(p)
            check(open_ports == [ports[codes.index(0)]], open_ports)
            u.run("stop").says(0, "Stopped tunnel")
            check(u.left() == [])


def test_stop_and_status_want_no_settings(t):
    """They wanted them, with the key of a cloud."""
    with worker_user(t) as u:
        pid = u.start("-L", free_port())
        os.makedirs(os.path.dirname(u.config))
        with open(u.config, "w") as f:
            f.write("this is no TOML")
        bare = {"CULVERT_STATE_DIR": u.state}
        for words, text in ((("status",), "Tunnel is running"),
                            (("stop",), f"Stopped tunnel (PID: {pid})")):
            p = t.proc(["env", "-i", *[f"{k}={v}" for k, v in bare.items()],
                        *u.argv(*words)])
            check(p.wait() == 0 and text in p.text, p.text)


@waits
def test_a_stop_that_was_told_is_a_stop(t):
    """A signal was sent and not waited for."""
    with worker_user(t) as u:
        pid = u.start("-L", free_port())
        os.kill(pid, signal.SIGSTOP)
        u.run("stop").says(0, f"Stopped tunnel (PID: {pid})")
        check(not lives(pid))
