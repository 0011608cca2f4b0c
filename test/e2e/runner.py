"""Runs jobs, a few at a time, each in a process and a directory of its own.

Nothing a job starts outlives it: orphans come to us, and are ended.
"""
import collections
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback

import proc

SKIPPED = 77
# waits: it does little else, so that some more of them can run at once.
# lenient: it may be late, and leave something behind.
# measures: its figures are of time, so that nothing else runs beside it.
Job = collections.namedtuple("Job", "name work seconds waits lenient measures",
                             defaults=(False, False, False))
WAITERS = 4


class Live:
    """A job that runs."""

    def __init__(self, job, base):
        self.job = job
        self.dir = tempfile.mkdtemp(prefix="t", dir=base)
        self.log = tempfile.TemporaryFile()
        self.began = time.monotonic()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _child(job, self.dir, self.log)
        self.pidfd = os.pidfd_open(self.pid)

    def left(self):
        return self.began + self.job.seconds - time.monotonic()

    def end(self, late):
        """Reaps it; the exit status, the log's text and the seconds."""
        if late:
            # Its children first, for as long as they can be found below it.
            for pid in proc.descendants(self.pid) + [self.pid]:
                _kill(pid)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        shutil.rmtree(self.dir, ignore_errors=True)
        self.log.seek(0)
        text = self.log.read().decode(errors="replace")
        return (os.waitstatus_to_exitcode(status), text,
                time.monotonic() - self.began)


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _child(job, dir, log):
    status = 1
    try:
        os.setsid()
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        # Those of a job that ran before in the parent are not ours.
        proc.started.clear()
        proc.become_subreaper()
        proc.keep_state_in(dir)
        # Who runs us may run under nohup, which our programs would honour.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        status = _run(job, dir)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _run(job, dir):
    status = 0
    try:
        job.work(dir)
    except proc.Skip as why:
        print(why)
        status = SKIPPED
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        proc.show_all()
        status = 1
    left = proc.end_all()
    # What a sanitizer finds at the very end fails a test, too.
    for p in proc.started:
        if p.says(r"(Address|Leak)Sanitizer|runtime error: "):
            print(f"{p.name}: {p.text}")
            status = 1
    if left and not job.lenient:
        print("left behind:", *left, sep="\n  ")
        return 1
    return status


def _reap_strays(live):
    """What outlived its job: ended, and reaped."""
    ours = {job.pid for job in live}
    for pid in proc.descendants(os.getpid()):
        if pid not in ours and _parent(pid) == os.getpid():
            _kill(pid)
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass


def _parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _tell(live, late, counts):
    status, text, took = live.end(late)
    if late and live.job.lenient:
        status, late = SKIPPED, False
    name = f"{live.job.name} ({took:.1f} s)"
    if late:
        text += f"ended: over its {live.job.seconds} s\n"
    if status == 0 and not late:
        counts["passed"] += 1
        print(f"ok   {name}")
    elif status == SKIPPED and not late:
        counts["skipped"] += 1
        print(f"skip {name}: {text.strip()}", flush=True)
        return
    else:
        counts["failed"] += 1
        print(f"FAIL {name}")
    for line in text.splitlines():
        print("  " + line)
    sys.stdout.flush()


def _run_lanes(lanes, most, base, counts):
    """Runs the jobs of each lane, at most so many of it at a time."""
    lanes = [collections.deque(lane) for lane in lanes]
    live = [[] for _ in lanes]
    try:
        while any(lanes) or any(live):
            for lane, mine, n in zip(lanes, live, most):
                while lane and len(mine) < n:
                    mine.append(Live(lane.popleft(), base))
            all = sum(live, [])
            wait = max(0, min(job.left() for job in all))
            select.select([job.pidfd for job in all], [], [], wait)
            for mine in live:
                for job in list(mine):
                    ended = select.select([job.pidfd], [], [], 0)[0]
                    if ended or job.left() <= 0:
                        mine.remove(job)
                        _tell(job, not ended, counts)
                        _reap_strays(sum(live, []))
    finally:
        for job in sum(live, []):
            job.end(True)


def run(jobs, parallel=2):
    """Runs them all and prints each; passed, failed, skipped."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    rest = [job for job in jobs if not job.measures]
    alone = [job for job in jobs if job.measures]
    todo = [[job for job in rest if not job.waits],
            [job for job in rest if job.waits]]
    proc.become_subreaper()
    # A killed run leaves through the clean-up below, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    base = tempfile.mkdtemp(prefix="culvert-test.")
    try:
        _run_lanes([alone], [1], base, counts)
        _run_lanes(todo, [parallel, WAITERS], base, counts)
    finally:
        _reap_strays([])
        shutil.rmtree(base, ignore_errors=True)
    return counts


def close(counts):
    """The closing line; the exit status of the whole.  To have run nothing
    is a failure too."""
    print(f"{counts['passed']} passed, {counts['failed']} failed, "
          f"{counts['skipped']} skipped")
    return 1 if counts["failed"] or not sum(counts.values()) else 0
