# SPDX-License-Identifier: MIT
"""tunnel start, stop and status: what they say, and how they end."""
import json
import os
import re
import shutil
import socket
import stat
import tempfile

from lib import Skip, check, free_port, until
from tunnels import RUNS, WORKER, Tunnels, lives, worker_user
from wire import EchoServer, dial, echo


def holds(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_start_tells_each_forward_and_its_process(t):
    with worker_user(t) as u:
        a, b = free_port(), free_port()
        done = u.run("start", *u.far, "-L", f"{a}:localhost:80", "-D", b)
        want = (f"127.0.0.1:{a} -> gpu-1 localhost:80\n"
                f"127.0.0.1:{b} -> gpu-1 SOCKS5\n")
        check(done.code == 0 and done.out.startswith(want) and
              done.err == "", done)
        found = re.search(RUNS % "default", done.out)
        check(found and lives(int(found[1])), done)


def test_the_words_and_exit_codes_that_scripts_look_for(t):
    with worker_user(t) as u:
        at = free_port()
        check(u.run("status").says(3, "Tunnel is not running").err == "")
        u.run("stop").says(1, "No tunnel 'default' is running")
        pid = u.start("-L", at)
        u.run("status").says(0, "Tunnel is running")
        u.run("start", *u.far, "-L", at).says(
            1, "Tunnel already running. Stop it first.")
        check(u.run("status", "--quiet").out == "")
        done = u.run("stop")
        check(done.code == 0 and done.out == f"Stopped tunnel (PID: {pid})\n",
              done)
        check(not holds(at) and not lives(pid) and u.left() == [])
        u.run("status", "--quiet").says(3, "")
        u.run("status").says(3, "Tunnel is not running")


def test_names_are_told_apart(t):
    with worker_user(t) as u:
        a, b = free_port(), free_port()
        u.start("-L", a, name="one")
        u.start("-L", b, name="two.b_-")
        u.run("status").says(0, "'one'").says(0, "'two.b_-'")
        u.run("status", "one").says(0, f"127.0.0.1:{a}")
        check(str(b) not in u.run("status", "one").out)
        u.run("stop").says(1, "No tunnel 'default' is running; running: "
                              "'one', 'two.b_-'")
        u.run("stop", "one").says(0, "Stopped tunnel (PID: ").says(0, "'one'")
        check(not holds(a) and holds(b))
        u.run("status", "one").says(3, "Tunnel is not running: 'one'")
        u.run("status").says(0, "Tunnel is running: 'two.b_-'")


def test_stop_all_ends_all(t):
    with worker_user(t) as u:
        ports = [free_port() for _ in range(3)]
        for i, at in enumerate(ports):
            u.start("-L", at, name=f"n{i}")
        done = u.run("stop", "--all")
        check(done.code == 0 and done.out.count("Stopped tunnel") == 3, done)
        check(not any(map(holds, ports)) and u.left() == [])
        u.run("stop", "--all").says(1, "No tunnel is running")
        u.run("stop", "a", "--all").says(2, "either a name or --all")


def test_status_as_json(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        pid = u.start("-L", f"{at}:localhost:{service.port}", "-D",
                      free_port(), name="dev")
        with dial(at) as s:
            s.sendall(b"12345")
            check(s.recv(5) == b"12345")
            got = u.status("dev")
            check(got["forwards"][0]["connections"] == 1, got)
        until(lambda: u.forward(0, "dev")["connections"] == 0,
              what="it is over")
        got = u.status("dev")
        forward = got["forwards"][0]
        check((got["name"], got["running"], got["pid"], got["to"],
               got["state"], got["reconnects"]) ==
              ("dev", True, pid, WORKER, "up", 0), got)
        check(got["rttUs"] > 0 and got["rttAgeMs"] >= 0 and got["since"] > 0)
        check(forward == {
            "kind": "local", "udp": False, "local": f"127.0.0.1:{at}",
            "remote": f"localhost:{service.port}", "state": "up",
            "connections": 0, "total": 1, "waiting": 0, "sent": 5,
            "received": 5, "error": ""}, forward)
        check(got["forwards"][1]["kind"] == "dynamic")
        both = json.loads(u.run("status", "--json").out)
        check([x["name"] for x in both["tunnels"]] == ["dev"], both)
        none = u.run("status", "none", "--json")
        check(none.code == 3 and json.loads(none.out) == {"tunnels": [
            {"name": "none", "running": False, "state": "down",
             "forwards": []}]}, none)


def test_a_table_that_is_no_terminal_has_no_colors(t):
    with worker_user(t) as u:
        u.start("-L", free_port())
        out = u.run("status").out
        check("\033" not in out, out)
        head, *rows = out.splitlines()[1:]
        check(re.match(r"  LOCAL +REMOTE +STATE +NOW +ALL +SENT +RECEIVED",
                       head), head)
        check(rows[0].index("up") == head.index("STATE"), out)


def test_a_taken_port_is_named_with_its_holder(t):
    with worker_user(t) as u:
        for host in ("127.0.0.1", "::1"):
            six = ":" in host
            s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
            s.bind((host, 0))
            s.listen()
            at = s.getsockname()[1]
            other = free_port()
            done = u.refused("-L", other, "-L", at)
            where = f"[::1]:{at}" if six else f"127.0.0.1:{at}"
            done.says(1, f"{where} is taken by 'python3' (pid {os.getpid()})")
            check(not holds(other) and u.left() == [], u.left())


def test_another_port_only_when_it_is_asked_for(t):
    with worker_user(t) as u:
        service, taken = EchoServer(), EchoServer()
        done = u.run("start", *u.far, "--auto-port", "-L",
                     f"{taken.port}:localhost:{service.port}", "-D", "0")
        check(done.code == 0, done)
        at = int(re.search(r"127.0.0.1:(\d+) -> gpu-1 local", done.out)[1])
        check(at != taken.port)
        check(echo(at, b"elsewhere") == b"elsewhere")
        check(u.forward()["local"] == f"127.0.0.1:{at}")


WRONG = [
    (["-L", "0:localhost:1"], "port 0 means any"),
    (["-L", "70000"], "-L '70000': '70000' is no port"),
    (["-L", "1:localhost:70000"], "'70000' is no port"),
    (["-D", "0"], "port 0 means any"),
    (["-D", "1:h:2"], "it is [ADDRESS:]PORT"),
    (["-R", "6000"], "it is [ADDRESS:]PORT:HOST:PORT"),
    (["-L", "8000:9000"], "as in 8000:localhost:9000"),
    ([], "what is to be forwarded? give -L, -D or -R"),
    (["-L", "8000", "--ssh", "h"], "either --to or --ssh"),
    (["-L", "8000", "--key", "x"], "--key and --jump go with --ssh"),
    (["-L", "8000", "--timeout", "0s"], "--timeout is a time"),
    (["-L", "8000", "a", "b"], "give one name"),
    (["-L", "8000", "a/b"], "the name 'a/b'"),
    (["-L", "8000", ".."], "the name '..'"),
    (["-L", "8000", "x" * 65], "the name '"),
    (["--nope"], "unknown flag: --nope"),
]


def test_what_is_wrong_is_told_and_nothing_is_left(t):
    with Tunnels(t) as u:
        u.far = ["--to", WORKER, "--server", "127.0.0.1:1"]
        u.env["CULVERT_SECRET"] = "s"
        for words, why in WRONG:
            u.refused(*words, code=2).says(2, why)
        u.run("start", "-L", "8000").says(2, "where to? give --to WORKER")
        u.run("start", "-L", "8000", "--ssh", "-x").says(2, "--ssh '-x'")
        u.run("start", "-L", "8000", "--ssh", "h:0").says(2, "--ssh 'h:0'")
        u.run().says(2, "give a command: start, stop or status")
        u.run("stop", "a/b").says(2, "the name 'a/b'")
        u.run("status", "--watch", "--json").says(2, "--watch")
        check(u.left() == [])


def test_the_commands_have_names_of_their_own(t):
    with worker_user(t) as u:
        pid = u.start("-L", free_port())
        for name in ("tunnel-status", "tunnel-stop"):
            os.symlink(os.path.abspath(t.bin), t.path(name))
        def call(name, *words):
            p = t.proc([t.path(name), *words], env=u.env)
            return p.wait(), p.text
        code, text = call("tunnel-status")
        check(code == 0 and "Tunnel is running" in text, text)
        check(call("tunnel-stop") == (0, f"Stopped tunnel (PID: {pid})"))


def test_save_then_a_plain_start(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        os.makedirs(os.path.dirname(u.config), mode=0o700)
        with open(u.config, "w") as f:
            f.write(f"# mine\n[bastion]\nserver = '127.0.0.1:"
                    f"{u.bastion.port}' # stays\n[workers.gpu-1]\n"
                    f"secretFile = '{u.bastion.secret}'\n")
        u.far = ["--to", WORKER]
        u.start("--save", "-L", f"{at}:localhost:{service.port}", name="dev")
        with open(u.config) as f:
            text = f.read()
        check("# mine\n" in text and "# stays" in text and
              "[tunnels.dev]" in text, text)
        check(stat.S_IMODE(os.stat(u.config).st_mode) == 0o600)
        check(os.listdir(os.path.dirname(u.config)) == ["config.toml"])
        u.run("stop", "dev").says(0, "Stopped")
        u.far = []
        u.start(name="dev")
        check(echo(at, b"as saved") == b"as saved")
        u.run("stop", "dev")
        # what is given wins over what is written
        other = free_port()
        u.start("-L", f"{other}:localhost:{service.port}", name="dev")
        check(echo(other, b"as given") == b"as given" and not holds(at))


def test_save_makes_what_is_not_there_yet(t):
    with worker_user(t) as u:
        u.start("--save", "-L", free_port())
        made = os.path.dirname(u.config)
        check(stat.S_IMODE(os.stat(made).st_mode) == 0o700)
        check(stat.S_IMODE(os.stat(u.config).st_mode) == 0o600)


def test_a_worker_that_is_not_there_is_told_at_once(t):
    with worker_user(t) as u:
        u.far[1] = "gpu-2"
        u.refused("-L", free_port()).says(1, "worker 'gpu-2' is not there")
        check(u.left() == [])
        u.far = ["--to", WORKER, "--server", f"127.0.0.1:{free_port()}",
                 "--secret-file", u.bastion.secret]
        u.refused("-L", free_port()).says(1, "refused")
        check(u.left() == [])


def test_it_stays_in_the_foreground_where_it_is_told_to(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        p = t.proc(u.argv("start", "fg", *u.far, "--foreground", "-L",
                          f"{at}:localhost:{service.port}"), env=u.env)
        p.wait_line(RUNS % "fg")
        check(echo(at, b"hello") == b"hello" and u.status("fg")["pid"] == p.pid)
        p.signal(2)
        check(p.wait() == 0 and p.says(r"^Stopped tunnel \(PID: "))
        check(u.left() == [] and not holds(at))
        p = t.proc(u.argv("start", "fg", *u.far, "--foreground", "-L", at),
                   env=u.env)
        p.wait_line(RUNS % "fg")
        u.run("stop", "fg").says(0, "Stopped tunnel")
        check(p.wait() == 0)


def test_nobody_waits_for_what_was_inherited(t):
    """A pipe that a script reads to its end is not held open."""
    with worker_user(t) as u:
        r, w = os.pipe()
        os.set_inheritable(w, True)
        u.start("-L", free_port(), pass_fds=(w,))
        os.close(w)
        check(os.read(r, 1) == b"", "somebody holds the other end")


def test_verbose_tells_each_step(t):
    with worker_user(t) as u:
        done = u.run("start", *u.far, "--verbose", "-L", free_port())
        check(done.code == 0, done)
        for step in ("connecting to '127.0.0.1:", "authenticating",
                     "looking for 'gpu-1'", "worker 'gpu-1' found"):
            done.says(0, step)


def test_settings_that_are_wrong_stop_a_start_only(t):
    with worker_user(t) as u:
        u.start("-L", free_port())
        os.makedirs(os.path.dirname(u.config))
        with open(u.config, "w") as f:
            f.write("[[[ what is this\n")
        u.run("start", "b", *u.far, "-L", free_port()).says(1, "config.toml")
        u.run("status").says(0, "Tunnel is running")
        u.run("stop").says(0, "Stopped tunnel")


def test_two_users_of_the_machine(t):
    """Each with a user number of its own: they know nothing of each other."""
    if os.getuid() != 0:
        raise Skip("only root can become another user")
    with worker_user(t) as root:
        root.start("-L", free_port())
        home = tempfile.mkdtemp(prefix="culvert-test-user.")
        try:
            shutil.copy(t.bin, os.path.join(home, "culvert"))
            os.chown(home, 12345, 12345)
            other = Tunnels(t, "other", HOME=home, CULVERT_SECRET="s3cret",
                            CULVERT_STATE_DIR=os.path.join(home, "state"))
            other.argv = lambda *words: [os.path.join(home, "culvert"),
                                         "tunnel", *map(str, words)]
            other.home, plain = home, other.run
            other.run = lambda *words: plain(*words, user=12345, group=12345,
                                             extra_groups=[])
            other.far = root.far[:4]
            with other:
                at, service = free_port(), EchoServer()
                pid = other.start("-L", f"{at}:localhost:{service.port}")
                check(os.stat(f"/proc/{pid}").st_uid == 12345)
                check(echo(at, b"another user's") == b"another user's")
                # whose port it is may not be seen by everybody
                taken = root.forward()["local"]
                other.refused("b", "-L", taken.rpartition(":")[2]).says(
                    1, "is taken by a process that may not be looked at")
                other.run("stop").says(0, f"Stopped tunnel (PID: {pid})")
            check(root.is_up())
        finally:
            shutil.rmtree(home)


def test_a_machine_without_ipv6(t):
    if os.getuid() != 0 or not shutil.which("unshare"):
        raise Skip("only root can have a network of its own")
    with Tunnels(t, CULVERT_SECRET="s") as u:
        p = t.proc(["unshare", "-n", "sh", "-c",
                    "ip link set lo up && "
                    "echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6 && "
                    'echo ready && exec "$@"', "sh",
                    *u.argv("start", "--to", WORKER, "--server",
                            "127.0.0.1:1", "-L", "8000")], env=u.env)
        p.wait()
        if not p.says("^ready"):
            raise Skip("no network of its own here")
        check(p.says("^Error: tunnel 'default': .*refused"), p.text)
