"""A tunnel that stands: its port for users, and whose CPU time counts."""
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))

import proc  # noqa: E402
from lib import toml  # noqa: E402
from wire import free_port  # noqa: E402, F401

READY_SECONDS = 20


class Missing(Exception):
    """A peer cannot be had here."""


class Tunnel:
    """user -> server -> client -> service, as processes of ours; whoever
    accepts the user is the server here."""

    def __init__(self, name, mode, port):
        self.name, self.mode, self.port = name, mode, port
        self.server, self.client = [], []
        self.udp = False

    @property
    def label(self):
        return f"{self.name} {self.mode}" if self.mode else self.name

    def run(self, argv, to, cwd):
        """Starts one end; to is self.server or self.client."""
        p = Quiet(argv, cwd)
        to.append(p)
        return p

    def pids(self, end):
        """With what they have started themselves (sshd does)."""
        found = []
        for p in end:
            found += [p.pid, *proc.descendants(p.pid)]
        return found

    def stop(self):
        for p in self.client + self.server:
            p.stop()

    def wait(self):
        """Until a byte comes back through it."""
        late = time.monotonic() + READY_SECONDS
        while not answers(self.port):
            for p in self.server + self.client:
                if not p.running():
                    raise Missing(f"{p.name} has ended: {p.said()}")
            if time.monotonic() > late:
                raise Missing(f"no byte comes through")
            time.sleep(0.02)
        return self


class Quiet:
    """A process whose words go to a file in its directory."""

    def __init__(self, argv, cwd):
        self.name = os.path.basename(argv[0])
        self.path = os.path.join(cwd, f"log{free_name(cwd)}")
        with open(self.path, "wb") as log, proc.forking:
            self.child = subprocess.Popen(
                [str(a) for a in argv], cwd=cwd, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        self.pid = self.child.pid

    def running(self):
        return self.child.poll() is None

    def said(self):
        with open(self.path, errors="replace") as f:
            lines = f.read().split("\n")
        return next((s for s in reversed(lines) if s.strip()),
                    "nothing was said")

    def stop(self):
        if self.running():
            self.child.terminate()
            try:
                self.child.wait(3)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()


def free_name(cwd):
    return len(os.listdir(cwd))


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(2)
            s.sendall(b"ex")
            return s.recv(1) == b"x"
    except OSError:
        return False


def write(dir, name, text):
    path = os.path.join(dir, name)
    with open(path, "w") as f:
        f.write(toml(text) if isinstance(text, dict) else text)
    return path
