"""Processes under test: started, listened to, measured, ended.

Every one is known to this module, so that the end of a test can end them
all and notice whoever is left over.
"""
import ctypes
import os
import re
import signal
import subprocess
import threading
import time

# The most that anything is waited for, in seconds; None: as asked for.
patience = None

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
started = []

# Held while a process is started: until it has become its program it holds
# all our sockets, and a port that was tried out just then stays taken.
forking = threading.Lock()


def deadline_of(timeout):
    if patience is not None:
        timeout = min(timeout, patience)
    return time.monotonic() + timeout


class Failure(AssertionError):
    """What was expected did not happen."""


class Skip(Exception):
    """What the test needs is not here."""


def become_subreaper():
    """Orphans below us become our children, so none can get away."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)


def keep_state_in(dir):
    """What programs remember: not in the home of whoever runs this."""
    os.environ["STATE_DIRECTORY"] = os.path.join(dir, "server-state")
    os.environ["XDG_STATE_HOME"] = os.path.join(dir, ".local", "state")
    os.environ.pop("CULVERT_STATE_DIR", None)


def descendants(root):
    """Every live process below root, zombies left out."""
    below = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            below.setdefault(int(fields[1]), []).append(int(entry))
    found, look = [], [root]
    while look:
        for pid in below.get(look.pop(), []):
            found.append(pid)
            look.append(pid)
    return found


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "?"


class Proc:
    """A command whose output lines are kept, and can be waited for."""

    def __init__(self, argv, cwd=None, env=None, name=None, stdin=None):
        self.argv = [str(a) for a in argv]
        self.name = name or os.path.basename(self.argv[0])
        self.lines = []
        self._more = threading.Condition()
        self._ended = False
        environ = dict(os.environ, **env) if env else None
        with forking:
            self._child = subprocess.Popen(
                self.argv, cwd=cwd, env=environ, start_new_session=True,
                stdin=stdin if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pid = self._child.pid
        self.stdin = self._child.stdin
        started.append(self)
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self):
        for raw in self._child.stdout:
            text = ANSI.sub("", raw.decode(errors="replace")).rstrip("\r\n")
            with self._more:
                self.lines.append(text)
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    def mark(self):
        """For wait_line: only what is printed from now on counts."""
        with self._more:
            return len(self.lines)

    def wait_line(self, regex, timeout=15, since=0, times=1):
        """The match of the times-th line that matches, or a Failure."""
        want = re.compile(regex)
        deadline = deadline_of(timeout)
        at, seen = since, 0
        with self._more:
            while True:
                for line in self.lines[at:]:
                    at += 1
                    found = want.search(line)
                    if found:
                        seen += 1
                        if seen == times:
                            return found
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = "ended" if self._ended else f"waited {timeout} s"
                    raise Failure(f"{self.name}: no line /{regex}/ ({why})")
                self._more.wait(left)

    def says(self, regex):
        """Whether a line printed so far matches."""
        with self._more:
            return any(re.search(regex, line) for line in self.lines)

    @property
    def text(self):
        with self._more:
            return "\n".join(self.lines)

    def running(self):
        return self._child.poll() is None

    def wait(self, timeout=15):
        """The exit status; all output has been collected by then."""
        try:
            status = self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name}: runs on after {timeout} s") from None
        self._reader.join(2)
        return status

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self, timeout=5):
        """Asked to end, then made to; the exit status."""
        self._end(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except Failure:
            return self.kill()

    def kill(self):
        self._end(signal.SIGKILL)
        return self.wait()

    def _end(self, number):
        if self.running():
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                pass

    def _proc_file(self, name):
        with open(f"/proc/{self.pid}/{name}") as f:
            return f.read()

    def rss_kib(self):
        found = re.search(r"VmRSS:\s*(\d+)", self._proc_file("status"))
        return int(found.group(1)) if found else 0

    def fd_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        fields = self._proc_file("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until(claim, timeout=10, what="the condition"):
    """For what no line tells: asks again, gently, until it is true."""
    deadline = deadline_of(timeout)
    while not claim():
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not so after {timeout} s")
        time.sleep(0.02)


def end_all():
    """Ends every Proc; the command lines of those nobody started here."""
    for p in started:
        p._end(signal.SIGTERM)
    for p in started:
        try:
            p.wait(3)
        except Failure:
            p.kill()
    left = []
    grace = time.monotonic() + 1
    while _children():
        # What has got its signal above may need a moment to die of it.
        if time.monotonic() > grace:
            for pid in descendants(os.getpid()):
                left.append(f"{pid} {command_of(pid)}")
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        time.sleep(0.02)
    return left


def _children():
    """Whether any child lives; orphans are children (become_subreaper)."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def show_all(limit=80):
    """Each process's last lines, for a test that failed."""
    for p in started:
        status = p._child.poll()
        print(f"--- {p.name} (pid {p.pid}, "
              f"{'running' if status is None else f'status {status}'}): "
              f"{' '.join(p.argv)}")
        for line in p.lines[-limit:]:
            print("  " + line)
