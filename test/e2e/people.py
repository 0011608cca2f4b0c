"""A worker, a bastion and a person with settings, for test_connect*.py,
test_forward*.py and test_people.py."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import proc
from lib import Frps, Skip, check, free_port
from told import ROOT, said

sys.path.append(os.path.join(ROOT, "test", "interop"))
import openssh  # noqa: E402

NAME, SECRET, TOKEN = "gpu-1", "s3cret", "tok-en"


def private(t, name, text, mode=0o600):
    path = t.write(name, text)
    os.chmod(path, mode)
    return path


def pin_of(server):
    return server.wait_line(r'tls\.pin = "(sha256:\w+)"').group(1)


def know(t, server):
    """As if this server had been reached before, in the home t.dir."""
    state = t.path(".local", "state", "culvert")
    os.makedirs(state, 0o700, exist_ok=True)
    with open(os.path.join(state, "servers"), "a") as f:
        f.write(f"127.0.0.1:{server.conf['bindPort']} {pin_of(server)}\n")


class Stand:
    """A bastion, a worker that offers these ports, and a settings file."""

    def __init__(self, t, *ports, frps=None, name=NAME, more="", worker=""):
        self.t, self.name = t, name
        self.server = frps or t.frps({"auth": {"token": TOKEN}})
        self.port = (self.server.conf["bindPort"]
                     if isinstance(self.server, Frps) else self.server)
        if isinstance(self.server, Frps) and self.server.program == t.bin:
            know(t, self.server) # frp's own does not tell its key
        self.token = private(t, "token", TOKEN + "\n")
        self.secret = private(t, "secret", SECRET + "\n")
        self.worker = self.offer(*ports) if ports else None
        self.config = private(t, "config.toml", f"""
[bastion]
server = "127.0.0.1:{self.port}"
tokenFile = "{self.token}"
{more}
[workers.{name}]
secretFile = "{self.secret}"
{worker}
""")
        self.env = {"CULVERT_CONFIG": self.config, "HOME": t.dir,
                    "PATH": os.environ["PATH"], "SHELL": "/bin/sh",
                    "LC_ALL": "C"}

    def offer(self, *ports, name=None):
        p = self.t.run("frpc", "offer", name or self.name, "--server",
                       f"127.0.0.1:{self.port}", "--secret-file", self.secret,
                       "--token-file", self.token, "--allow",
                       ",".join(map(str, ports)), name="worker")
        p.wait_line("^offering")
        return p

    def said(self, *words, env=None, stdin=None, timeout=30):
        """Our program until it ends: .returncode, .stdout, .stderr."""
        with proc.forking:
            p = subprocess.Popen(
                [os.path.abspath(self.t.bin), *map(str, words)],
                cwd=self.t.dir, env=dict(self.env, **(env or {})),
                stdin=subprocess.PIPE if stdin is not None else
                subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = p.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            raise proc.Failure(f"{words}: runs on") from None
        return subprocess.CompletedProcess(words, p.returncode, out,
                                           err.decode())

    def run(self, *words, env=None, **kw):
        return self.t.run(*map(str, words), env=dict(self.env, **(env or {})),
                          **kw)

    def refused(self, regex, *words, status, **kw):
        """Ends with that status, and one line that says why."""
        p = self.said(*words, **kw)
        check(p.returncode == status, f"{words}: {p.returncode} {p.stderr}")
        check(p.stdout == b"", p.stdout)
        lines = p.stderr.splitlines()
        check(len(lines) == 1 and re.search(regex, lines[0]), p.stderr)
        return p


class Ssh(Stand):
    """A worker that offers its sshd."""

    def __init__(self, t, *ports, sshd_more="", **kw):
        self.sshd = openssh.start_sshd(t.dir, sshd_more)
        super().__init__(t, self.sshd, *ports, worker=f"""sshPort = {self.sshd}
sshKey = "{t.dir}/user_key"
""", **kw)
        self.known = t.path("known")

    # where host keys are kept: not in the home of whoever runs the tests,
    # which ssh finds by the user's name, not by $HOME
    @property
    def kept(self):
        return ["-F", "none", "-o", f"UserKnownHostsFile={self.known}"]

    def connect(self, *words, own=(), **kw):
        return self.said("connect", self.name, *own, "--", *self.kept, *words,
                         **kw)


class Terminal:
    """A program on a terminal of its own; what it shows is in .all."""

    def __init__(self, argv, env, cwd, size=(24, 80)):
        with proc.forking:
            pid, self.fd = pty.fork()
            if pid == 0:
                try:
                    # whoever runs the tests may ignore it
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                    os.chdir(cwd)
                    os.execve(argv[0], [str(x) for x in argv], env)
                finally:
                    os._exit(126)
        self.pid, self.all, self.at, self.status = pid, "", 0, None
        self.resize(*size)

    def resize(self, rows, columns):
        import fcntl
        import struct
        import termios
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def see(self, regex, seconds=25):
        """The match, in what was shown since the last one."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(regex, self.all[self.at:])
            if found:
                self.at += found.end()
                return found
            left = end - time.monotonic()
            if left <= 0 or not self._more(left):
                raise proc.Failure(f"not seen: {regex} in "
                                   f"{self.all[-2000:]!r}")

    def _more(self, left):
        if not select.select([self.fd], [], [], left)[0]:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError: # nobody holds the other end
            got = b""
        self.all += got.decode(errors="replace")
        return bool(got)

    def wait(self, seconds=25):
        """The exit status, 128 and the number for a signal."""
        end = time.monotonic() + seconds
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = (os.WEXITSTATUS(status) if
                               os.WIFEXITED(status) else
                               128 + os.WTERMSIG(status))
                break
            check(time.monotonic() < end, "runs on")
            self._more(0.05)
        while self._more(0.05):
            pass
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def need(name):
    path = shutil.which(name)
    if not path:
        raise Skip(f"there is no {name} here")
    return path


def only_worker_processes(before):
    """No process is left that was not there before."""
    def so():
        left = set(proc.descendants(os.getpid())) - before
        return not [x for x in left
                    if "sshd" not in proc.command_of(x)]
    return so


__all__ = ["NAME", "SECRET", "TOKEN", "Ssh", "Stand", "Terminal", "free_port",
           "know", "need", "only_worker_processes", "openssh", "pin_of",
           "private", "said"]
