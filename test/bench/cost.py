#!/usr/bin/env python3
"""Instructions that each end executes for a MiB it relays, as callgrind
counts them: the difference of a long and a short run, so that start and
login drop out.  What the kernel does for them is not in it.

    cost.py [--bin FILE] [MODE...]
"""
import argparse
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import cases  # noqa: E402
import peers  # noqa: E402
import table  # noqa: E402
from tunnel import Missing, Quiet, free_port, proc  # noqa: E402

MIB = 1 << 20
SHORT, LONG = 16, 64
LOAD = os.path.join(peers.BUILD, "bench", "load")
SECONDS = 120


def collected(p):
    """Ends it; what callgrind has counted."""
    p.child.terminate()
    p.child.wait(30)
    with open(p.path, errors="replace") as f:
        found = re.findall(r"Collected : (\d+)", f.read())
    if not found:
        raise Missing(f"callgrind counted nothing: {p.said()}")
    return int(found[-1])


def once(program, mode, mib, base):
    """Instructions of server and client for so many MiB."""
    with contextlib.ExitStack() as stack:
        dir = tempfile.mkdtemp(dir=base)
        port = free_port()
        service = Quiet([LOAD, "serve", "--listen", port], dir)
        stack.callback(service.stop)
        peers.wait_port(service, port)
        t = program.start(mode, dir, port)
        stack.callback(t.stop)
        answer, why = cases.load(
            LOAD, ["bulk", "--to", t.port, "--service", port, "--way", "up",
                   "--bytes", mib * MIB], SECONDS)
        if not answer:
            raise Missing(f"{mode}: {why}")
        return [collected(p) for p in (t.client[0], t.server[0])][::-1]


def measure(program, modes, base):
    for mode in modes:
        short, long = (once(program, mode, n, base) for n in (SHORT, LONG))
        each = [(b - a) / (LONG - SHORT) for a, b in zip(short, long)]
        yield [mode, *(f"{n:,.0f}" for n in each),
               *(f"{n / MIB:.3f}" for n in each)]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--bin", default=os.path.join(peers.BUILD, "culvert"))
    p.add_argument("modes", nargs="*", metavar="MODE",
                   help=", ".join(peers.MODES))
    a = p.parse_args()
    for wrong in [m for m in a.modes if m not in peers.MODES]:
        p.error(f"there is no mode '{wrong}', but {', '.join(peers.MODES)}")
    proc.become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    base = tempfile.mkdtemp(dir=os.path.dirname(LOAD))
    proc.keep_state_in(base)
    try:
        grind = [peers.tool("valgrind"), "--tool=callgrind",
                 "--callgrind-out-file=/dev/null", os.path.abspath(a.bin)]
        program = peers.Frp(peers.OURS, [*grind, "frps"], [*grind, "frpc"])
        rows = list(measure(program, a.modes or list(peers.MODES), base))
    except Missing as e:
        sys.exit(f"cost: {e}")
    finally:
        for pid in proc.descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(base, ignore_errors=True)
    print("instructions of our own for each MiB relayed, and each byte")
    for line in table.lines(["", "server", "client", "server/B",
                             "client/B"], rows):
        print(line)


if __name__ == "__main__":
    main()
