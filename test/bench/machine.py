"""The machine: what it is, and how busy others keep it."""
import os
import platform
import time

LOOK_SECONDS = 0.06
QUIET = 0.35		# cores of others that do not matter


def _read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def about():
    cpu = next((line.split(":", 1)[1].strip()
                for line in _read("/proc/cpuinfo").splitlines()
                if line.startswith("model name")), platform.machine())
    cc = _read("/proc/sys/net/ipv4/tcp_congestion_control").strip()
    return (f"{cpu}, {os.cpu_count()} cores, Linux {platform.release()}, "
            f"congestion control {cc}, {time.strftime('%Y-%m-%d')}")


def _busy_ticks():
    fields = [int(x) for x in _read("/proc/stat").splitlines()[0].split()[1:]]
    return sum(fields[:3]) + sum(fields[5:8])


def busy():
    """Cores in use, just now."""
    then, ticks = time.monotonic(), _busy_ticks()
    time.sleep(LOOK_SECONDS)
    spent = (_busy_ticks() - ticks) / os.sysconf("SC_CLK_TCK")
    return spent / (time.monotonic() - then)


class Watch:
    """Looks before each sample; waits a little, but not for ever."""

    def __init__(self, patience):
        self.patience, self.seen = patience, []

    def before(self):
        late = time.monotonic() + min(1.0, self.patience)
        began = time.monotonic()
        cores = busy()
        while cores > QUIET and time.monotonic() < late:
            cores = min(cores, busy())
        self.patience -= max(0, time.monotonic() - began - LOOK_SECONDS * 2)
        self.seen.append(cores)
        return cores

    def report(self):
        loud = [c for c in self.seen if c > QUIET]
        if not loud:
            return "the machine was quiet"
        loud.sort()
        return (f"{len(loud)} of {len(self.seen)} samples were taken while "
                f"others used the machine ({loud[len(loud) // 2]:.1f} cores "
                "in the median)")
