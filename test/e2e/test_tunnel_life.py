# SPDX-License-Identifier: MIT
"""A tunnel's process: what ends it, what does not, and what it leaves."""
import contextlib
import os
import resource
import signal
import socket
import subprocess
import threading

from lib import Skip, check, free_port, timeout, until, waits
from pairs import Silent
from proc import forking
from tunnels import Bastion, Tunnels, killed, lives, worker_user
from wire import EchoServer, Service, dial, echo


def standing(u, *words, **kw):
    """Its pid, its port, and the service behind."""
    at, service = free_port(), EchoServer()
    return u.start("-L", f"{at}:localhost:{service.port}", *words,
                   **kw), at


def works(at):
    return echo(at, b"it works") == b"it works"


def test_a_bastion_that_was_killed_is_joined_again(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        for n in (1, 2):
            u.bastion.server.kill()
            u.wait_away()
            u.run("status").says(1, "last error: ")
            check(u.status()["state"] in ("waiting", "connecting"))
            u.bastion.server = u.bastion.server.again()
            u.wait_up()
            check(works(at) and lives(pid))
            check(u.status()["reconnects"] == n)


def test_a_worker_that_was_killed_is_found_again(t):
    with worker_user(t) as u:
        _, at = standing(u)
        u.bastion.worker.kill()
        u.wait_away()
        u.bastion.offer()
        u.wait_up()
        check(works(at))


def test_a_laptop_that_was_asleep(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        os.kill(pid, signal.SIGSTOP)
        with contextlib.ExitStack() as stack:
            s = stack.enter_context(dial(at))
            s.sendall(b"meanwhile")
            u.bastion.server.kill()
            u.bastion.server = u.bastion.server.again()
            os.kill(pid, signal.SIGCONT)
            s.settimeout(30)
            check(s.recv(9) == b"meanwhile")
        u.wait_up()
        check(works(at))


@timeout(240)
def soak_a_laptop_that_was_asleep_for_a_minute(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        with dial(at, timeout=120) as old:
            old.sendall(b"before")
            check(old.recv(6) == b"before")
            os.kill(pid, signal.SIGSTOP)
            threading.Event().wait(60)
            os.kill(pid, signal.SIGCONT)
            until(lambda: works(at), 60, "it works again")
            u.wait_up()


@waits
def test_a_network_that_is_gone_is_noticed(t):
    bastion = Bastion(t)
    relay = Silent(bastion.port)
    with Tunnels(t) as u:
        u.far = bastion.far(relay.port)
        _, at = standing(u)
        relay.blackhole()
        u.wait_away(timeout=40)


@waits
def test_a_process_that_hangs_is_stopped_too(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        os.kill(pid, signal.SIGSTOP)
        done = u.run("status")
        done.says(1, "Tunnel is running").says(1, "it does not answer")
        check(u.status()["state"] == "hung")
        done = u.run("stop")
        done.says(0, f"Stopped tunnel (PID: {pid})")
        check(not lives(pid) and u.left() == [], u.left())
        with socket.socket() as s:
            s.bind(("127.0.0.1", at))


def test_a_closing_terminal_does_not_end_it(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        check(os.getsid(pid) != os.getsid(0))
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        check(fields[4] == "0", "it has a terminal")
        check(os.readlink(f"/proc/{pid}/cwd") == "/")
        os.kill(pid, signal.SIGHUP)
        check(works(at) and u.is_up())


def test_a_signal_ends_it_cleanly(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        os.kill(pid, signal.SIGTERM)
        until(lambda: not lives(pid), what="it ends")
        check(u.left() == [], u.left())
        check("signal 15" in u.log())


def test_one_that_died_is_told_and_taken_over(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        killed(pid)
        u.run("status").says(3, "Tunnel is not running: 'default' has died")
        check(u.status()["state"] == "died")
        done = u.run("start", *u.far, "-L", free_port())
        done.says(0, f"Tunnel 'default' had died (PID: {pid}); starting it "
                     "anew")
        u.run("status").says(0, "Tunnel is running")
        killed(u.status()["pid"])
        u.run("stop").says(0, "Tunnel process not found (already stopped?)")
        check(u.left() == [], u.left())
        u.run("stop").says(1, "No tunnel")


def test_who_gives_up_waiting_leaves_nothing(t):
    hung = Hung()
    with worker_user(t) as u:
        at = free_port()
        u.far = u.bastion.far(hung.port)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            p = t.proc(u.argv("start", *u.far, "-v", "-L", at), env=u.env)
            p.wait_line("connecting to")
            p.signal(number)
            check(p.wait() != 0)
            until(lambda: u.left() == [], what="nothing is left")
            with socket.socket() as s:
                check(s.connect_ex(("127.0.0.1", at)) != 0)


class Hung(Service):
    """Takes connections and says nothing."""

    def serve(self, s):
        s.recv(1 << 20)
        while s.recv(1 << 20):
            pass


@contextlib.contextmanager
def small_disk(t, size="64k"):
    if os.getuid() != 0:
        raise Skip("only root can mount a small disk")
    path = t.path("disk")
    os.makedirs(path)
    with forking:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o",
                               f"size={size},mode=0700", "none", path])
    if done.returncode:
        raise Skip("nothing can be mounted here")
    try:
        yield path
    finally:
        with forking:
            subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_does_not_hurt(t):
    with small_disk(t) as disk:
        with worker_user(t, CULVERT_STATE_DIR=disk) as u:
            u.state = disk
            _, at = standing(u)
            with contextlib.suppress(OSError), \
                    open(os.path.join(disk, "filler"), "wb", 0) as f:
                while True:
                    f.write(b"x" * 4096)
            for _ in range(3):
                u.bastion.server.kill()
                u.wait_away()
                u.bastion.server = u.bastion.server.again()
                u.wait_up()
            check(works(at))
            u.run("status").says(0, "Tunnel is running")
            u.run("stop").says(0, "Stopped tunnel")


def test_a_disk_that_is_full_from_the_start(t):
    with small_disk(t, "8k") as disk:
        with worker_user(t, CULVERT_STATE_DIR=disk) as u:
            u.state = disk
            with contextlib.suppress(OSError), \
                    open(os.path.join(disk, "filler"), "wb", 0) as f:
                while True:
                    f.write(b"x" * 4096)
            _, at = standing(u)
            check(works(at) and u.is_up())
            u.run("stop").says(0, "Stopped tunnel")


def test_a_log_that_may_not_grow(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}", preexec_fn=lambda:
                resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        check(works(at) and u.is_up())
        u.run("stop").says(0, "Stopped tunnel")


def test_the_log_stays_small(t):
    with worker_user(t) as u:
        os.makedirs(u.state, mode=0o700)
        path = os.path.join(u.state, "default.log")
        with open(path, "w") as f:
            f.write("an old line\n" * 100000)
        standing(u)
        check(os.path.getsize(path) < 100000, "the log")
        check(os.path.getsize(path + ".1") > 1000000, "the old log")


def test_a_home_that_is_read_only(t):
    bastion = Bastion(t)
    with Tunnels(t) as u:
        u.far = bastion.far()
        run = t.path("run")
        os.makedirs(run, mode=0o700)
        del u.env["CULVERT_STATE_DIR"]
        u.env["HOME"] = "/proc/none"
        u.env["XDG_RUNTIME_DIR"] = run
        u.state = os.path.join(run, "culvert")
        _, at = standing(u)
        check(works(at) and os.listdir(run) == ["culvert"])
        check(os.stat(u.state).st_mode & 0o777 == 0o700)
        u.run("stop").says(0, "Stopped tunnel")
        u.env["XDG_RUNTIME_DIR"] = t.path("not-there")
        if not os.path.isdir(f"/run/user/{os.getuid()}"):
            u.refused("-L", free_port()).says(1, "$CULVERT_STATE_DIR")


def test_without_a_runtime_directory_it_is_below_home(t):
    if os.path.isdir(f"/run/user/{os.getuid()}"):
        raise Skip("this user has a runtime directory")
    with worker_user(t) as u:
        del u.env["CULVERT_STATE_DIR"]
        standing(u)
        made = os.path.join(u.home, ".local/state/culvert")
        check("default.lock" in os.listdir(made))


def test_a_state_directory_must_be_ones_own(t):
    with worker_user(t) as u:
        os.makedirs(u.state)
        os.chmod(u.state, 0o755)
        for words in (("start", *u.far, "-L", free_port()), ("status",),
                      ("stop",)):
            u.run(*words).says(1, "chmod 700 it")
        os.rmdir(u.state)
        os.symlink(u.home, u.state)
        u.refused("-L", free_port())
        os.unlink(u.state)
        if os.getuid() == 0:
            os.makedirs(u.state, mode=0o700)
            os.chown(u.state, 12345, 12345)
            u.run("status").says(1, "belongs to another user")
            os.rmdir(u.state)


def test_a_long_way_to_the_state_directory(t):
    long = t.path("x" * 120, "y" * 120)
    with worker_user(t, CULVERT_STATE_DIR=long) as u:
        u.state = long
        _, at = standing(u, name="n" * 64)
        check(works(at) and u.is_up("n" * 64))
        u.run("stop", "n" * 64).says(0, "Stopped tunnel")


def ask_as(uid, directory):
    """Whether that user gets an answer; in a process of its own."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.chdir(directory)
            os.setresuid(uid, uid, uid)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect("default.sock")
                status = 2
                s.sendall(b'{"do":"status"}\n')
                status = 0 if s.recv(100).startswith(b'{"name"') else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_strangers_get_no_answer(t):
    if os.getuid() != 0:
        raise Skip("only root can become another user")
    with worker_user(t) as u:
        standing(u)
        path = os.path.join(u.state, "default.sock")
        check(os.stat(path).st_mode & 0o077 == 0)
        try:
            os.chmod(u.state, 0o777)
            os.chmod(path, 0o777)
            check(ask_as(0, u.state) == 0, "its user is answered")
            check(ask_as(12345, u.state) == 2, "another is let in, unheard")
        finally:
            os.chmod(u.state, 0o700)


def test_questions_that_make_no_sense(t):
    with worker_user(t) as u:
        pid, at = standing(u)
        at_socket = os.open(u.state, os.O_RDONLY)
        path = f"/proc/self/fd/{at_socket}/default.sock"
        for line in (b"\n", b"{}\n", b"[]\n", b'{"do":1}\n', b"\xff\0\n",
                     b'{"do":"dance"}\n', b"[" * 4000 + b"\n"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(15)
                s.connect(path)
                s.sendall(line)
                check(s.recv(1000) ==
                      b'{"error":"do what? status or stop"}\n', line)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(15)
            s.connect(path)
            with contextlib.suppress(OSError):
                s.sendall(b"x" * 100000)
                check(s.recv(1) == b"")
        many = []
        for _ in range(64):
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            many.append(s)
        until(lambda: works(at), what="the tunnel does not mind")
        for s in many:
            s.close()
        until(u.is_up, what="it answers again")
        check(lives(pid))


def test_it_lives_through_having_no_descriptor_left(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}", preexec_fn=lambda:
                resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
        many = []
        with contextlib.suppress(OSError):
            for _ in range(80):
                many.append(dial(at))
        until(lambda: "out of file descriptors" in u.log(), what="it is told")
        for s in many:
            s.close()
        until(lambda: echoes(at), 20, "it works again")
        u.run("stop").says(0, "Stopped tunnel")


def echoes(at):
    with contextlib.suppress(OSError):
        return works(at)
    return False


@timeout(120)
def soak_who_waits_in_vain_is_turned_away(t):
    with worker_user(t) as u:
        _, at = standing(u)
        u.bastion.server.kill()
        u.wait_away()
        with dial(at, timeout=60) as s:
            with contextlib.suppress(ConnectionResetError):
                check(s.recv(1) == b"")
        f = u.forward()
        check(f["waiting"] == 0 and "far side is not there" in f["error"], f)
