"""Standard streams that nobody reads, until somebody does."""
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import subprocess
import termios
import time

import proc
from lib import applet, check, toml
from proc import ANSI, Failure

SMALL = 4096


class Unread:
    """What is written to .theirs is not read yet. .ours is the reader's."""

    def __init__(self):
        self.ours, self.theirs = self.open()
        self.flags = fcntl.fcntl(self.theirs, fcntl.F_GETFL)
        self.data, self.at, self.child = b"", 0, None

    def go_on(self):
        pass

    def start(self, argv, both=False, **kw):
        """A process that has it as its standard output, or as both."""
        with proc.forking:
            self.child = subprocess.Popen(
                [str(x) for x in argv], start_new_session=True, **{
                    "stdin": subprocess.DEVNULL, "stdout": self.theirs,
                    "stderr": self.theirs if both else subprocess.DEVNULL,
                    **kw})
        return self.child

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child and self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        for fd in (self.ours, self.theirs):
            with contextlib.suppress(OSError):
                os.close(fd)

    def unchanged(self):
        """The flags of what was lent, which the shell has too."""
        now = fcntl.fcntl(self.theirs, fcntl.F_GETFL)
        check(now == self.flags and not now & os.O_NONBLOCK,
              f"{self.flags:o} has become {now:o}")

    @property
    def text(self):
        plain = ANSI.sub("", self.data.decode())
        return plain.replace("\r\n", "\n")

    def see(self, regex, seconds=15):
        """Reads until it is there; the match."""
        deadline = proc.deadline_of(seconds)
        want = re.compile(regex, re.M)
        while True:
            found = want.search(self.text, self.at)
            if found:
                self.at = found.end()
                return found
            left = deadline - time.monotonic()
            ready = select.select([self.ours], [], [], max(left, 0))[0]
            if not ready:
                raise Failure(f"not seen: {regex} in {self.text[-2000:]!r}")
            self.data += os.read(self.ours, 65536)

    def end(self, seconds=8):
        """Asked to end while nobody reads; the status."""
        self.child.terminate()
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure("it does not end while nobody reads") from None


class Pipe(Unread):
    def open(self):
        ours, theirs = os.pipe()
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, SMALL)
        return ours, theirs


class Terminal(Unread):
    """As if Ctrl-S had been typed there."""

    def open(self):
        ours, theirs = pty.openpty()
        termios.tcflow(theirs, termios.TCOOFF)
        return ours, theirs

    def go_on(self):
        termios.tcflow(self.theirs, termios.TCOON)


class Sockets(Unread):
    """As a supervisor's that collects logs."""

    def open(self):
        a, b = socket.socketpair()
        b.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        return a.detach(), b.detach()


def settings(t, name, conf):
    return [*applet(t.bin, name), "-c", t.write(f"{name}.toml", toml(conf))]
