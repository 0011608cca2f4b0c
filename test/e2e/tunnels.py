# SPDX-License-Identifier: MIT
"""tunnel start, stop and status in the hands of a test."""
import contextlib
import json
import os
import re
import signal
import subprocess

from lib import check, free_port, until
from people import pin_of
from proc import Failure, forking
from sshd import find

WORKER, SECRET = "gpu-1", "s3cret"
RUNS = r"Tunnel '%s' is running \(PID: (\d+)\)"


def private(t, name, text, mode=0o600):
    path = t.write(name, text + "\n")
    os.chmod(path, mode)
    return path


class Done:
    """What a command said, and how it ended."""

    def __init__(self, p):
        self.code, self.out, self.err = p.returncode, p.stdout, p.stderr

    def __repr__(self):
        return f"status {self.code}\n{self.out}--\n{self.err}"

    def says(self, code, text):
        check(self.code == code and text in self.out + self.err,
              f"wanted {code} and {text!r}, got {self}")
        return self


class Tunnels:
    """A user with a state directory and settings of its own. At its end
    whatever it started is stopped."""

    def __init__(self, t, name="user", **env):
        self.t, self.home = t, t.path(name)
        os.makedirs(self.home, exist_ok=True)
        self.state = os.path.join(self.home, "state")
        self.env = {"HOME": self.home, "CULVERT_STATE_DIR": self.state,
                    "PATH": os.environ["PATH"], **env}
        self.config = os.path.join(self.home, ".config/culvert/config.toml")
        self.far = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(3):
            if "No tunnel" in self.run("stop", "--all").err:
                break

    def argv(self, *words):
        return [os.path.abspath(self.t.bin), "tunnel", *map(str, words)]

    def run(self, *words, timeout=40, cwd=None, env=None, **kw):
        with forking:
            p = subprocess.Popen(
                self.argv(*words), cwd=cwd or self.home,
                env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                **kw)
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            raise Failure(f"{words}: runs on after {timeout} s") from None
        p.stdout, p.stderr = out, err
        return Done(p)

    def start(self, *words, name="default", **kw):
        """A start that has to go well; the pid."""
        named = () if name == "default" else (name,)
        done = self.run("start", *named, *self.far, *words, **kw)
        found = re.search(RUNS % re.escape(name), done.out)
        check(done.code == 0 and found, done)
        return int(found[1])

    def refused(self, *words, code=1):
        done = self.run("start", *self.far, *words)
        check(done.code == code, done)
        return done

    def status(self, name="default"):
        """As JSON, of one."""
        done = self.run("status", name, "--json")
        return json.loads(done.out)["tunnels"][0]

    def forward(self, i=0, name="default"):
        return self.status(name)["forwards"][i]

    def is_up(self, name="default"):
        return self.run("status", name, "--quiet").code == 0

    def wait_up(self, name="default", timeout=30):
        until(lambda: self.is_up(name), timeout, f"'{name}' is up")

    def wait_away(self, name="default", timeout=30):
        until(lambda: self.status(name)["state"] != "up", timeout,
              f"'{name}' is away")

    def log(self, name="default"):
        with open(os.path.join(self.state, f"{name}.log")) as f:
            return f.read()

    def left(self):
        """What is in the state directory beside logs."""
        if not os.path.isdir(self.state):
            return []
        return [x for x in os.listdir(self.state) if ".log" not in x]


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def killed(pid):
    """Without a word, and until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid), what=f"{pid} is gone")


class Bastion:
    """A server, and a worker behind it that offers these ports."""

    def __init__(self, t, allow="1-65535", remote=None, **conf):
        self.t, self.allow, self.remote = t, allow, remote
        self.server = t.frps(conf)
        self.port = self.server.conf["bindPort"]
        self.secret = private(t, "secret", SECRET)
        self.worker = None
        self.offer()

    def offer(self):
        self.worker = self.t.run(
            "frpc", "offer", WORKER, "--server", f"127.0.0.1:{self.port}",
            "--secret-file", self.secret, "--allow", self.allow,
            *(["--allow-remote", self.remote] if self.remote else []),
            name="worker")
        self.worker.wait_line("^offering")

    def far(self, port=None):
        return ["--to", WORKER, "--server", f"127.0.0.1:{port or self.port}",
                "--secret-file", self.secret, "--pin", pin_of(self.server)]


def worker_user(t, name="user", bastion=None, **kw):
    """A user whose tunnels lead to the worker."""
    u = Tunnels(t, name, **kw)
    u.bastion = bastion or Bastion(t)
    u.far = u.bastion.far()
    return u


def free_ports(n):
    return [free_port() for _ in range(n)]


def ssh_with(t, settings):
    """A PATH with an ssh that has these settings, wherever the home is."""
    conf, dir = t.write("ssh_config", settings), t.path("bin")
    os.makedirs(dir)
    with open(os.path.join(dir, "ssh"), "w") as f:
        f.write(f'#!/bin/sh\nexec {find("ssh")} -F {conf} "$@"\n')
    os.chmod(os.path.join(dir, "ssh"), 0o755)
    return f"{dir}:{os.environ['PATH']}"
