"""connect WORKER: the system's ssh, led to a worker by its name."""
import os
import re
import signal
import socket
import subprocess
import sys
import time

from lib import Skip, check, free_port, timeout, until
from people import (NAME, TOKEN, Ssh, Stand, Terminal, need,
                    only_worker_processes, openssh, private)
from proc import descendants
from socks import HELLO, Web, curl, real_frps
from wire import digest, pattern


def quiet(p):
    """What was on standard error, without what ssh says of a new key."""
    return [x for x in p.stderr.splitlines()
            if not x.startswith("Warning: Permanently added")]


def test_the_exit_status_is_that_of_ssh(t):
    s = Ssh(t)
    for want in (0, 5, 255):
        p = s.connect(f"echo out; echo err >&2; exit {want}")
        check(p.returncode == want, f"{p.returncode}, not {want}")
        check(p.stdout == b"out\n", p.stdout)
        check(quiet(p) == ["err"], p.stderr)


def test_a_command_has_all_of_standard_input(t):
    s = Ssh(t)
    data = pattern(3 * 1024 * 1024)
    p = s.connect("cat", stdin=data)
    check(digest(p.stdout) == digest(data), f"{len(p.stdout)}: {p.stderr}")
    # what ssh does not read stays for whoever comes next
    p = s.connect("-n", "true", stdin=data)
    check(p.returncode == 0, p.stderr)


def test_what_stands_behind_the_dashes_is_for_ssh(t):
    s = Ssh(t)
    # options with and without values, and a command with options of its own
    p = s.connect("-T", "-e", "none", "printf", "%s.", "-l", "-L")
    check(p.stdout == b"-l.-L.", f"{p.stdout} {p.stderr}")
    p = s.connect("-o", "SetEnv=LC_X=1", "-4", "--", "echo", "-n", "x")
    check(p.stdout == b"x", p.stdout)
    # ssh's own misuse is told in its own words
    p = s.connect("-o", "NoSuchOption=1")
    check(p.returncode == 255 and "nosuchoption" in p.stderr.lower(),
          p.stderr)


def test_ports_are_forwarded_by_ssh_within(t):
    s, web, near, socks = Ssh(t), Web(), free_port(), free_port()
    p = s.run("connect", NAME, "--", *s.kept, "-N", "-v",
              "-L", f"127.0.0.1:{near}:127.0.0.1:{web.port}",
              "-D", f"127.0.0.1:{socks}")
    p.wait_line("Entering interactive session|pledge: ")
    with socket.create_connection(("127.0.0.1", near), 15) as c:
        c.sendall(b"GET / HTTP/1.0\r\n\r\n")
        check(HELLO in c.recv(65536), "-L does not lead there")
    check(curl(socks, f"http://127.0.0.1:{web.port}/") == HELLO)
    p.stop()


def test_x11_is_forwarded(t):
    need("xauth")
    s = Ssh(t, sshd_more="X11Forwarding yes\nX11DisplayOffset 40")
    p = s.connect("-Y", "echo [$DISPLAY]", env={"DISPLAY": ":9"})
    check(re.search(rb"\[localhost:\d+\.0\]", p.stdout), f"{p.stdout} "
          f"{p.stderr}")


def test_the_terminal_is_that_of_ssh(t):
    s = Ssh(t)
    before = set(descendants(os.getpid()))
    x = Terminal([os.path.abspath(t.bin), "connect", NAME, "--", *s.kept,
                  "-t", "trap 'echo got it; done=1' INT; stty size; "
                  "echo ready; while [ -z \"$done\" ] || "
                  "[ \"$(stty size)\" = '30 100' ]; do sleep 0.1; done; "
                  "stty size; exit 7"],
                 dict(s.env, TERM="dumb"), t.dir, size=(30, 100))
    try:
        x.see(r"30 100\r\n")
        x.see("ready")
        x.resize(40, 120)
        x.type("\x03") # goes there, and does not end us
        x.see("got it")
        x.see(r"40 120\r\n")
        check(x.wait() == 7, x.status)
    finally:
        x.close()
    until(only_worker_processes(before), what="no process left")


def test_it_can_be_stopped_and_goes_on(t):
    s = Ssh(t)
    x = Terminal([need("bash"), "--norc", "--noprofile", "-i"],
                 dict(s.env, PS1="", TERM="dumb"), t.dir)
    try:
        x.type(f"{os.path.abspath(t.bin)} connect {NAME} -- "
               + " ".join(s.kept) + " -e '~' -t 'echo re''ady; cat'\n")
        x.see("ready")
        x.type("\r~\x1a")
        x.see("Stopped|suspend")
        x.type("echo the shell is ba''ck; fg\n")
        x.see("the shell is back")
        x.type("hello again\n")
        x.see("hello again\r\nhello again")
        x.type("\x04")
        x.see("Connection to gpu-1 closed")
        x.type("exit\n")
        x.wait()
    finally:
        x.close()


def test_a_person_sees_steps_only_where_it_takes_long(t):
    quick = Ssh(t)
    x = Terminal([os.path.abspath(t.bin), "connect", NAME, "--", *quick.kept,
                  "true"], quick.env, t.dir)
    try:
        x.wait()
        check("connecting" not in x.all, x.all)
    finally:
        x.close()
    silent = socket.create_server(("127.0.0.1", 0)) # says nothing
    port = silent.getsockname()[1]
    slow = private(t, "slow.toml", f'[bastion]\nserver = "127.0.0.1:{port}"\n'
                   f'[workers.{NAME}]\nsecret = "x"\n')
    x = Terminal([os.path.abspath(t.bin), "connect", NAME],
                 dict(quick.env, CULVERT_CONFIG=slow), t.dir)
    try:
        x.see(r"\r\x1b\[Kconnecting to '127.0.0.1:\d+' \.\.\.")
        x.type("\x03") # at once, while it connects
        before = time.monotonic()
        check(x.wait() == 128 + signal.SIGINT, x.status)
        check(time.monotonic() - before < 10, "it took long")
    finally:
        x.close()


def test_verbose_tells_each_step_as_a_line(t):
    s = Ssh(t)
    p = s.connect("true", own=["-v"])
    for step in ("connecting to '127.0.0.1:", "authenticating",
                 f"worker '{NAME}' found"):
        check(f"culvert: {step}" in p.stderr, p.stderr)
    check("culvert:" not in s.connect("true").stderr)


def test_what_cannot_be_reached_is_told_in_one_line(t):
    s = Ssh(t)

    def refused(regex, *words, **kw):
        p = s.refused("^Error: " + regex, "connect", *words, "--", "true",
                      status=255, **kw)
        check("ssh" not in p.stderr, p.stderr)
    refused(r"worker 'gpu-2' is not known.*there are gpu-1", "gpu-2")
    other = private(t, "other", "wrong\n")
    refused("the secret is not that of worker 'gpu-1'", NAME,
            "--secret-file", other)
    refused("worker 'gpu-7' is not there", "gpu-7", "--secret-file", s.secret)
    refused("port 9 is not offered by 'gpu-1'", NAME, "-p", "9")
    refused("bastion '127.0.0.1:.*' refused the login: .*token", NAME,
            "--token-file", other)
    refused("bastion '127.0.0.1:1' cannot be reached: .*refused", NAME,
            "--server", "127.0.0.1:1")
    s.refused("^Error: there is no ssh in .PATH", "connect", NAME, status=255,
              env={"PATH": t.dir})


def test_the_line_goes_to_who_is_called_wrongly(t):
    s = Stand(t)
    for words, why in (
            ((), "which WORKER"), ((NAME, "x"), "behind '--'"),
            ((NAME, "-p", "0"), "from 1 to 65535"),
            ((NAME, "-p", "65536"), "from 1 to 65535"),
            ((NAME, "--stdio", "22", "-p", "22"), "twice"),
            ((NAME, "--stdio", "x"), "from 1 to 65535"),
            ((NAME, "--stdio", "1", "2"), "no more"),
            ((NAME, "--stdio", "--user", "u"), "for ssh"),
            ((NAME, "--stdio", "--", "ls"), "for ssh"),
            ((NAME, "--tcp", "x"), "no WORKER"),
            (("--tcp", "x", "-p", "22"), "--port is for a worker"),
            ((NAME, "--print-ssh-config"), "no WORKER"),
            (("--print-ssh-config", "--stdio"), "goes alone")):
        p = s.said("connect", *words)
        check(p.returncode == 2 and p.stdout == b"", words)
        check(re.search(f"^Error: .*{why}.*\n", p.stderr), f"{words}: "
              f"{p.stderr}")
    p = s.said("connect", "--no-such", NAME)
    check(p.returncode == 2 and "unknown flag: --no-such" in p.stderr)


def test_workers_are_known_by_their_names(t):
    s = Ssh(t)
    p = s.connect("true")
    check(p.returncode == 0 and "Permanently added 'gpu-1'" in p.stderr,
          p.stderr)
    with open(s.known) as f:
        check(f.read().startswith("gpu-1 "), "not under its name")
    # another key under the name is refused by ssh
    with open(s.known, "w") as f:
        with open(openssh.key(t.path("another")) + ".pub") as key:
            f.write("gpu-1 " + key.read())
    p = s.connect("true")
    check(p.returncode == 255 and "HOST IDENTIFICATION" in p.stderr, p.stderr)


def test_how_ssh_checks_keys_is_left_to_who_has_said_so(t):
    s = Ssh(t)
    p = s.connect("-o", "StrictHostKeyChecking=yes", "true")
    check(p.returncode == 255 and "No ED25519 host key is known" in p.stderr,
          p.stderr)
    conf = t.write("ssh_config", "Host gpu-1\n StrictHostKeyChecking yes\n"
                   f" UserKnownHostsFile {s.known}\n")
    p = s.said("connect", NAME, "--", "-F", conf, "true")
    check(p.returncode == 255 and "No ED25519 host key is known" in p.stderr,
          p.stderr)


def test_user_key_and_port_are_told_to_ssh(t):
    s = Ssh(t)
    p = s.connect("true", own=["--user", "no-such-user"])
    check(p.returncode == 255 and "no-such-user@gpu-1" in p.stderr, p.stderr)
    p = s.connect("-v", "true", own=["--key", t.path("no-such-key")])
    check("no-such-key" in p.stderr, p.stderr)
    # the port on the command line counts, not that of the settings
    private(t, "config.toml", open(s.config).read().replace(
        f"sshPort = {s.sshd}", "sshPort = 9"))
    p = s.connect("true")
    check("port 9 is not offered" in p.stderr, p.stderr)
    check(s.connect("true", own=["-p", s.sshd]).returncode == 0)


def test_settings_name_the_user(t):
    s = Ssh(t)
    private(t, "config.toml", open(s.config).read() +
            'sshUser = "no-such-user"\n')
    p = s.connect("true")
    check("no-such-user@gpu-1" in p.stderr, p.stderr)


def test_nothing_is_left_when_ssh_has_ended(t):
    s = Ssh(t)
    before = set(descendants(os.getpid()))
    s.connect("true")
    until(only_worker_processes(before), what="no process left")
    # nor when ssh is killed, or does not begin
    p = s.run("connect", NAME, "--", *s.kept, "-tt",
              "echo begun; sleep 60")
    p.wait_line("^begun")
    os.kill(p.pid, signal.SIGKILL)
    p.wait()
    until(only_worker_processes(before), what="no process left")
    s.connect("-Z")
    until(only_worker_processes(before), what="no process left")


def test_whoever_waits_for_the_output_waits_for_ssh_only(t):
    s = Ssh(t)
    control = t.path("c")
    master = ["-o", "ControlMaster=auto", "-o", f"ControlPath={control}",
              "-o", "ControlPersist=yes"]
    before = set(descendants(os.getpid()))
    # said() waits for the end of both outputs, which the master and the
    # process that carries its bytes outlive
    p = s.connect(*master, "-q", "echo one")
    check(p.stdout == b"one\n", p.stderr)
    check(os.path.exists(control), "no master")
    check(s.connect(*master, "echo two").stdout == b"two\n")
    check(s.connect(*master, "-O", "exit").returncode == 0)
    until(only_worker_processes(before), what="no process left")


def test_a_lost_connection_ends_ssh(t):
    s = Ssh(t)
    before = set(descendants(os.getpid()))
    p = s.run("connect", NAME, "--", *s.kept, "-tt",
              "echo begun; sleep 60")
    p.wait_line("^begun")
    s.worker.kill()
    check(p.wait(60) == 255, "ended well")
    until(only_worker_processes(before), what="no process left", timeout=20)


def test_a_name_may_end_in_worker(t):
    s = Ssh(t)
    p = s.said("connect", f"{NAME}.worker", "--", *s.kept, "echo x")
    check(p.stdout == b"x\n", p.stderr)


def test_it_goes_through_the_bastion_and_needs_no_way_of_its_own(t):
    """The other tool's command ran ssh straight at the worker's host."""
    s = Ssh(t)
    p = s.connect("-v", "echo $SSH_CONNECTION")
    check(p.stdout.split()[:1] == [b"127.0.0.1"], p.stdout)
    check("Connecting to gpu-1" not in p.stderr, p.stderr)
    check("Executing proxy dialer command" in p.stderr, p.stderr)
    check(s.said("connect", NAME, "--server", "127.0.0.1:1", "--", *s.kept,
                 "true").returncode == 255)


def test_through_a_real_frps(t):
    s = Ssh(t, frps=real_frps(t, TOKEN))
    p = s.connect("echo through; exit 3")
    check(p.stdout == b"through\n" and p.returncode == 3, p.stderr)
    s.refused("^Error: worker 'gpu-7' is not there", "connect", "gpu-7",
              "--secret-file", s.secret, status=255)


@timeout(120)
def test_the_shell_of_the_user_does_not_matter(t):
    s = Ssh(t)
    for shell in ("bash", "zsh", "fish"):
        p = s.connect("echo x", env={"SHELL": need(shell)})
        check(p.stdout == b"x\n", p.stderr)


SQUATTER = """
import os, socket
os.setuid(%d)
with socket.socket(socket.AF_UNIX) as s:
    s.bind(b"\\0" + b"%s")
    s.listen()
    print("listens", flush=True)
    os.read(0, 1)
"""


def test_ssh_is_handed_no_connection_of_another_user(t):
    """Who is first takes a name that is in no directory."""
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    name = f"sq{os.getpid():x}"
    for user, good in ((65534, False), (0, True)):
        with subprocess.Popen([sys.executable, "-c", SQUATTER % (user, name)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as p:
            check(p.stdout.readline() == "listens\n")
            near, far = socket.socketpair()
            with near, far:
                r = subprocess.run([t.bin, "hand", name], stdout=far,
                                   stderr=subprocess.PIPE, text=True,
                                   timeout=15)
                far.close()
                _, fds, _, _ = socket.recv_fds(near, 1, 1)
            for fd in fds:
                os.close(fd)
            check((r.returncode == 0) == good == (len(fds) == 1), r.stderr)
            check(good or "Operation not permitted" in r.stderr, r.stderr)
            p.stdin.close()
