"""What the programs that ours run are told, and what not."""
import os

from lib import EchoServer, check, free_port, until
from people import NAME, SECRET, TOKEN, Stand
from sshd import Sshd, find
from test_tunnel_ssh import ssh_user, works

OURS = {"CULVERT_TOKEN": TOKEN, "CULVERT_SECRET": SECRET,
        "FRPC_TOKEN": TOKEN, "FRPC_SECRET": SECRET}
THEIRS = {"MINE": "is passed on", "CULVERT_SERVER": "127.0.0.1:1"}


def spy(t, name, then="exit 0"):
    """A program that writes its environment down, and then that of another
    program; a PATH with it."""
    os.makedirs(t.path("bin"), exist_ok=True)
    with open(t.path("bin", name), "w") as f:
        f.write(f'#!/bin/sh\nenv >{t.path("said")}.$$\n'
                f'mv {t.path("said")}.$$ {t.path("env")}.$$\n{then}\n')
    os.chmod(t.path("bin", name), 0o755)
    return f"{t.path('bin')}:{os.environ['PATH']}"


def is_clean(t, times):
    """As often as that, the program was run, and knows no secret."""
    def seen():
        return [x for x in os.listdir(t.dir) if x.startswith("env.")]
    until(lambda: len(seen()) >= times, what="the program was run")
    check(len(seen()) == times, seen())
    for name in seen():
        with open(t.path(name)) as f:
            lines = f.read().splitlines()
        os.unlink(t.path(name))
        for k, v in OURS.items():
            check(not any(x.startswith(k + "=") or x.endswith("=" + v)
                          for x in lines), f"it is told {k}")
        for k, v in THEIRS.items():
            check(f"{k}={v}" in lines, f"it is not told {k}")


def test_ssh_of_connect_inherits_no_secret(t):
    port = EchoServer().port
    s = Stand(t, port)
    env = {**OURS, **THEIRS, "PATH": spy(t, "ssh"),
           "CULVERT_CONFIG": "/dev/null"}
    p = s.said("connect", NAME, "-p", port, "--server",
               f"127.0.0.1:{s.port}", env=env)
    check(p.returncode == 0, p.stderr)
    is_clean(t, 2)  # it is asked for its settings first


def test_ssh_of_a_tunnel_inherits_no_secret(t):
    sshd = Sshd(t)
    path = spy(t, "ssh", f'exec {find("ssh")} "$@"')
    with ssh_user(t, sshd=sshd, PATH=path) as u:
        at, service = free_port(), EchoServer()
        u.run("start", *u.far, "-L", f"{at}:localhost:{service.port}",
              env={**OURS, **THEIRS}).says(0, "")
        check(works(at))
        is_clean(t, 1)


def test_a_browser_inherits_no_secret(t):
    port = EchoServer().port
    s = Stand(t, port)
    spy(t, "page")
    p = s.run("forward", NAME, f"{free_port()}:{port}", "--open", "--server",
              f"127.0.0.1:{s.port}", env={
                  **OURS, **THEIRS, "BROWSER": t.path("bin", "page"),
                  "CULVERT_CONFIG": "/dev/null"})
    is_clean(t, 1)
    check(p.running(), p.text)
    p.stop()
