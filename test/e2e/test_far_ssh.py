"""The far side of tunnels: a machine with sshd, by way of ssh."""
import os
import signal
import socket

from far import Ends, Far, both_ways
from lib import check, free_port, until, waits
from proc import descendants
from sshd import USER, Sshd, find, make_key
from wire import (EchoServer, Relay, SinkServer, digest, echo, pattern,
                  read_exactly, read_to_end)


def far(t, sshd, *words, to=(), name="far", env=None, **more):
    find("ssh")
    return Far(t, *sshd.words(**more), *words, to=to, name=name, env=env)


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def lost(f, at, **kw):
    return f.wait(r"^state waiting (?:\d+) ssh to '[^']*': (.*)$", since=at,
                  **kw).group(1)


def test_a_machine_is_reached_through_ssh(t):
    sink, back = SinkServer(), EchoServer()
    data = pattern(1024 * 1024)
    f = far(t, Sshd(t), to=(sink.port, back.port, f"localhost:{sink.port}"))
    f.up()
    check(f.rtt() < 15000000)
    for i in (0, 2):
        check(both_ways(f.ports[i], data) ==
              f"{len(data)} {digest(data)}\n".encode())
    check(both_ways(f.ports[1], data) == data)
    check(echo(f.ports[1], data) == data)
    check(f.stat()[2] > 0)
    f.end()
    check(not os.path.exists(t.path("sshd_dir", "ctl")))


def test_a_call_that_fails_says_why_and_hurts_no_other(t):
    back = EchoServer()
    f = far(t, Sshd(t), to=(back.port, free_port(), "nowhere.invalid:80"))
    f.up()
    with socket.create_connection(("127.0.0.1", f.ports[0])) as held:
        held.sendall(b"one")
        check(read_exactly(held, 3) == b"one")
        check(f.failed(1) == "connect failed: Connection refused")
        said = f.failed(2)
        check("connect failed" in said or "not known" in said, said)
        held.sendall(b"two")
        check(read_exactly(held, 3) == b"two")
    g = far(t, Sshd(t, "AllowTcpForwarding no", name="strict"),
            to=(back.port,), name="strictfar")
    g.up()
    check("administratively prohibited" in g.failed())


def test_nothing_but_our_own_ports_is_bound_here(t):
    taken, back = free_port(), EchoServer()
    sshd = Sshd(t)
    home = t.path("home")
    os.makedirs(home + "/.ssh", mode=0o700)
    with open(home + "/.ssh/config", "w") as c:
        c.write(f"Host *\n LocalForward {taken} 127.0.0.1:1\n"
                f" ControlMaster auto\n ControlPath {home}/theirs\n"
                f" PermitLocalCommand yes\n LocalCommand touch {home}/ran\n"
                " RemoteCommand false\n")
    wrapper = t.write("ssh", f"#!/bin/sh\nexec {find('ssh')} "
                      f"-F {home}/.ssh/config \"$@\"\n")
    os.chmod(wrapper, 0o755)
    f = far(t, sshd, to=(back.port,), program=wrapper)
    f.up()
    check(echo(f.ports[0], b"hello") == b"hello")
    for name in ("theirs", "ran"):
        check(not os.path.exists(f"{home}/{name}"), name)
    with socket.socket() as s:
        s.bind(("127.0.0.1", taken))


def test_a_lost_ssh_is_replaced_and_what_it_carried_is_broken(t):
    back = EchoServer()
    sshd = Sshd(t)
    f = far(t, sshd, to=(back.port,))
    f.up()
    with socket.create_connection(("127.0.0.1", f.ports[0])) as held:
        held.sendall(b"one")
        check(read_exactly(held, 3) == b"one")
        at, pid = f.mark(), f.stat()[2]
        os.kill(pid, signal.SIGKILL)
        check("signal 9" in lost(f, at))
        try:
            check(held.recv(1) is None, "it looks like an orderly end")
        except ConnectionResetError:
            pass
    f.up(since=at)
    check(f.stat()[0] == 1 and f.stat()[2] != pid)
    check(echo(f.ports[0], b"hello") == b"hello")


def test_an_sshd_that_comes_back_is_found_again(t):
    back = EchoServer()
    sshd = Sshd(t)
    f = far(t, sshd, to=(back.port,))
    f.up()
    at = f.mark()
    for pid in descendants(sshd.proc.pid):
        os.kill(pid, signal.SIGKILL)
    sshd.proc.kill()
    lost(f, at)
    f.wait(r"^state waiting \d+ .*Connection refused \(does sshd listen "
           r"there, on that port\?\)$", since=at)
    check(f.failed() == f.stat()[3])
    sshd.start()
    f.tell("retry")
    f.up(since=at, timeout=70)
    check(echo(f.ports[0], b"hello") == b"hello")


@waits
def test_an_ssh_that_stands_still_is_noticed(t):
    f = far(t, Sshd(t))
    f.up()
    f.rtt()
    at, pid = f.mark(), f.stat()[2]
    os.kill(pid, signal.SIGSTOP)
    said = lost(f, at, timeout=45)
    check("answer" in said, said)
    f.up(since=at)
    check(f.stat()[2] != pid)


@waits
def test_an_sshd_that_stands_still_is_noticed(t):
    sshd = Sshd(t)
    f = far(t, sshd)
    f.up()
    f.rtt()
    at = f.mark()
    stopped = descendants(sshd.proc.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    said = lost(f, at, timeout=45)
    check("no answer within 15 seconds" in said or "not responding" in said,
          said)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    f.up(since=at)


@waits
def test_a_dead_path_is_noticed_where_no_command_is_run(t):
    sshd = Sshd(t, "ForceCommand echo only forwarding here")
    way = Relay(sshd.port)
    f = far(t, sshd, ssh=f"127.0.0.1:{way.port}")
    f.up()
    check(f.stat()[1] == -1)
    at = f.mark()
    way.blackhole()
    check("not responding" in lost(f, at, timeout=45))
    way.heal()
    f.up(since=at, timeout=45)


def test_another_host_key_is_refused(t):
    sshd = Sshd(t)
    f = far(t, sshd)
    f.up()
    for pid in [sshd.proc.pid, *descendants(sshd.proc.pid)]:
        os.kill(pid, signal.SIGKILL)
    sshd.proc.wait()
    make_key(sshd.host_key)
    sshd.start()
    g = far(t, sshd, "once=1", name="other")
    said = g.wait(r"^state over (.*)$").group(1)
    check("Host key verification failed. (the machine shows another key "
          "than before: if that is right, take the old one out of "
          f"'{t.path('sshd_known')}')" in said, said)


def test_a_refused_key_waits_for_a_person(t):
    sshd = Sshd(t)
    wrong = make_key(t.path("wrong"))
    f = far(t, sshd, key=wrong)
    ms, said = f.wait(r"^state waiting (\d+) (.*)$").groups()
    check(said.startswith(f"ssh to '{USER}@127.0.0.1:{sshd.port}': ") and
          "Permission denied (publickey). (is it the right user" in said,
          said)
    check(int(ms) >= 30000, ms)
    g = far(t, sshd, "once=1", key=wrong, name="once")
    g.wait("^state over .*Permission denied")


def test_ssh_is_told_what_is_set(t):
    fake = t.write("fake", "#!/bin/sh\n"
                   "for a in \"$@\"; do echo \"arg $a\" >&2; done\n"
                   "echo askpass $SSH_ASKPASS_REQUIRE >&2\n"
                   "if (: </dev/tty) 2>/dev/null; then echo tty >&2; fi\n")
    os.chmod(fake, 0o755)
    sshd = Sshd(t)

    def args(name, **more):
        f = far(t, sshd, "once=1", program=fake, name=name, **more)
        f.wait("^state over ")
        return [x.partition("log: ssh: ")[2] for x in f.proc.lines
                if x.startswith("log: ssh: ")]

    def follows(said, *words):
        words = [f"arg {w}" for w in words]
        return any(said[i:i + len(words)] == words for i in range(len(said)))

    said = args("plain")
    check(follows(said, "--", "127.0.0.1"), said)
    check(follows(said, "-l", USER) and follows(said, "-i", sshd.key))
    check(follows(said, "-p", str(sshd.port)))
    check("arg BatchMode=yes" in said and "askpass never" in said, said)
    check("arg -J" not in said and "arg IdentitiesOnly=yes" in said)
    said = args("asked", ask="1", jump="user@jump:2222")
    check("arg BatchMode=no" in said and "askpass never" not in said, said)
    check(follows(said, "-J", "user@jump:2222"), said)


def test_a_missing_ssh_is_one_clear_line(t):
    f = far(t, Sshd(t), "once=1", program="no-such-ssh")
    f.wait(r"^state over ssh to '.*': there is no program 'no-such-ssh' "
           r"here \(install OpenSSH's client\)$")


def test_what_cannot_be_is_said_at_once(t):
    sshd = Sshd(t)
    for words, said in (({"dir": "/" + "x" * 100}, "too long for a socket"),
                        ({"dir": "/tmp/$x"}, "a dollar sign"),
                        ({"ssh": "-oProxyCommand=x:1"}, "is no host")):
        f = far(t, sshd, name="bad", **words)
        f.wait("^no far side: .*" + said)


def test_users_there_are_led_here(t):
    back = EchoServer()
    port, taken = free_port(), EchoServer()
    f = far(t, Sshd(t), f"remote={port}:127.0.0.1:{back.port}",
            f"remote=127.0.0.1@{taken.port}:127.0.0.1:{back.port}",
            f"remote=0:127.0.0.1:{back.port}",
            f"remote=127.0.0.1@0:127.0.0.1:{back.port}")
    f.up()
    f.wait(rf"^remote 0 localhost:{port}$")
    f.wait(rf"^remote 1 - remote port forwarding failed for listen port "
           rf"{taken.port} \(is the port taken there\?\)$")
    third = int(f.wait(r"^remote 2 localhost:(\d+)$").group(1))
    fourth = int(f.wait(r"^remote 3 127.0.0.1:(\d+)$").group(1))
    for p in (port, third, fourth):
        check(echo(p, pattern(100000)) == pattern(100000))
    at = f.mark()
    os.kill(f.stat()[2], signal.SIGTERM)
    f.wait("^remote 0 - ssh to", since=at)
    f.up(since=at)
    f.wait(rf"^remote 0 localhost:{port}$", since=at)


def test_a_target_that_answers_and_ends_before_all_has_come(t):
    class Early(EchoServer):
        def serve(self, s):
            s.recv(1)
            s.sendall(b"enough")

    f = far(t, Sshd(t), to=(Early().port,))
    f.up()
    with socket.create_connection(("127.0.0.1", f.ports[0]),
                                  timeout=30) as s:
        s.sendall(b"x")
        check(read_exactly(s, 6) == b"enough")
        check(s.recv(1) == b"")


def test_a_target_that_ends_first_is_heard_to_its_end(t):
    """It hears no more itself: ssh's own doing, as of ssh -W."""
    ends, back = Ends(), EchoServer()
    f = far(t, Sshd(t), to=(ends.port, back.port))
    f.up()
    with socket.create_connection(("127.0.0.1", f.ports[0]),
                                  timeout=30) as s:
        check(read_to_end(s) == b"all there is")
        s.sendall(pattern(1024 * 1024))
        s.shutdown(socket.SHUT_WR)
        ends.heard.get(timeout=30)
    check(echo(f.ports[1], b"hello") == b"hello")


def test_both_ways_at_once(t):
    data = pattern(5 * 1024 * 1024)
    f = far(t, Sshd(t), to=(EchoServer().port,))
    f.up()
    check(both_ways(f.ports[0], data[:1]) == data[:1])
    check(echo(f.ports[0], data) == data)


def test_calls_leave_no_descriptor_behind(t):
    back = EchoServer()
    f = far(t, Sshd(t), to=(back.port, free_port()))
    f.up()
    f.rtt()
    pid = f.stat()[2]

    def ssh_fds():
        return len(os.listdir(f"/proc/{pid}/fd"))

    mine, theirs = f.proc.fd_count(), ssh_fds()
    for i in range(200):
        check(echo(f.ports[0], b"hello") == b"hello")
    for i in range(20):
        f.failed(1)
    until(lambda: f.proc.fd_count() <= mine, what="no more descriptors")
    until(lambda: ssh_fds() <= theirs, what="no more descriptors in ssh")


def test_a_far_side_is_freed_in_every_state_and_takes_ssh_along(t):
    back = EchoServer()
    f = far(t, Sshd(t), to=(back.port,))
    for i in range(4):
        f.tell("again")
        at = f.mark()
    f.up(since=at)
    pid = f.stat()[2]
    held = socket.create_connection(("127.0.0.1", f.ports[0]))
    held.sendall(b"x")
    check(held.recv(1) == b"x")
    f.tell("again")
    until(lambda: not runs(pid), what="ssh gone")
    f.up(since=f.mark() - 1)
    f.tell("again")
    f.end()
    g = far(t, Sshd(t, name="two"), name="killed")
    g.up()
    pid = g.stat()[2]
    g.proc.signal(signal.SIGKILL)
    until(lambda: not runs(pid), what="ssh gone")
