#!/usr/bin/env python3
"""Throughput, latency and cost of tunnels, side by side in one run.

    bench.py [--quick] [--json FILE] [--markdown] [CASE...]
    bench.py --bin A --other B     two binaries of ours, in alternation
"""
import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import cases  # noqa: E402
import extra  # noqa: E402
import machine  # noqa: E402
import peers  # noqa: E402
import table  # noqa: E402
from tunnel import Missing, Quiet, free_port, proc  # noqa: E402

QUICK_PEERS = ["frp 0.70.1", "rathole", "ssh -L aes128-gcm", "haproxy x2"]
LOAD = os.path.join(peers.BUILD, "bench", "load")


class Run:
    """One run: its settings, its results, and who was started."""

    def __init__(self, args):
        self.args = args
        self.rounds = args.rounds or (3 if args.quick else 5)
        self.window = args.window or (0.4 if args.quick else 0.9)
        self.warm = 0.2 if args.quick else 0.15
        self.watch = machine.Watch(8 if args.quick else 30)
        self.results = table.Results(peers.OURS)
        self.notes = []
        self.base = os.path.join(peers.BUILD, "bench", "run")
        os.makedirs(self.base, exist_ok=True)
        self.base = tempfile.mkdtemp(dir=self.base)
        proc.keep_state_in(self.base)
        self.load = LOAD
        self.descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.peers = self.who()

    def who(self):
        a = self.args
        own, names = [peers.ours(a.bin)], a.peers
        if a.other:
            own.append(peers.ours(a.other, "other"))
        if names is None:
            names = ([] if a.other else QUICK_PEERS if a.quick else
                     [n for n, _ in peers.FOREIGN])
        if a.congestion:
            own.append(peers.ours(a.bin, f"ours, {a.congestion}",
                                  tcpCongestion=a.congestion))
        return [peers.Direct(), *own, *peers.foreign(names, self.note)]

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)
            say(text)

    def modes_of(self, peer):
        if peer.name == "direct" or not self.args.modes:
            return peer.modes
        return [m for m in peer.modes if m in self.args.modes]

    def dir(self):
        return tempfile.mkdtemp(dir=self.base)

    def start_all(self, stack, service, via=None):
        """Every peer in every mode; who does not come up is named."""
        found = []
        for mode in ["", *peers.MODES]:
            for peer in self.peers:
                if mode not in self.modes_of(peer):
                    continue
                try:
                    t = peer.start(mode, self.dir(), service, via)
                except Missing as e:
                    self.note(f"{peer.name} {mode} is left out: {e}")
                    continue
                stack.callback(t.stop)
                found.append(t)
        return found

    def start_service(self, stack):
        port = free_port()
        p = Quiet([LOAD, "serve", "--listen", port], self.dir())
        stack.callback(p.stop)
        peers.wait_port(p, port)
        return port

    def end(self):
        for pid in proc.descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)


def say(text):
    progress("")
    print(text, file=sys.stderr, flush=True)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        now = time.monotonic()
        if now - progress.last >= 15:
            progress.last = now
            print(text, file=sys.stderr, flush=True)


progress.last = 0


def delayed(run, stack):
    """via(port) for a path of 50 ms there and back."""
    def via(port):
        near = free_port()
        p = Quiet([LOAD, "delay", "--listen", near, "--to", port,
                   "--delay", "25"], run.dir())
        stack.callback(p.stop)
        peers.wait_port(p, near)
        return near
    return via


def points_of(run, case):
    return [p for p in cases.POINTS[case]
            if not (run.args.quick and p.name in cases.SLOW_POINTS)]


def measure(run, case, left):
    """One case, in alternation, each other round backwards."""
    with contextlib.ExitStack() as stack:
        service = run.start_service(stack)
        via = delayed(run, stack) if case == "delay" else None
        tunnels = run.start_all(stack, service, via)
        if case == "udp":
            tunnels = [t for t in tunnels if t.udp]
        jobs = [(p, t) for p in points_of(run, case) for t in tunnels]
        took, done, total = time.monotonic(), 0, run.rounds * len(jobs)
        failed = set()
        for r in range(run.rounds):
            for p, t in jobs if r % 2 == 0 else reversed(jobs):
                done += 1
                each = (time.monotonic() - took) / done
                progress(f"{case}: {done} of {total}, {p.name}, {t.label}; "
                         f"about {each * (total - done) + left:.0f} s left")
                if (p.name, t.label) in failed:
                    continue
                run.watch.before()
                words = p if "--warm" in p.words else p._replace(
                    words=[*p.words, "--warm", int(run.warm * 1000)])
                got, why = cases.sample(LOAD, words, t, service,
                                        run.window)
                if got:
                    run.results.add(p, t, got)
                else:
                    failed.add((p.name, t.label))
                    run.note(f"{case}, {p.name}: {t.label} is left out: "
                             f"{why}")


def guess(run, case):
    """Seconds that a case will take, about."""
    if case not in cases.POINTS:
        return extra.SECONDS[case][run.args.quick]
    n = sum(len(run.modes_of(p)) for p in run.peers)
    return run.rounds * n * sum(
        run.window + 0.1 + (
            cases.DELAY_WARM_MS / 1000 if p.case == "delay" else run.warm)
        for p in points_of(run, case))


def arguments():
    every = [*cases.POINTS, *extra.CASES]
    p = argparse.ArgumentParser(prog="bench.sh", description=(
        "Tunnels side by side: ours, and whoever else is here."))
    p.add_argument("--quick", action="store_true",
                   help="fewer peers and points, three short rounds")
    p.add_argument("--bin", default=os.path.join(peers.BUILD, "culvert"),
                   help="our binary")
    p.add_argument("--other", help="another binary of ours to compare")
    p.add_argument("--congestion", metavar="NAME", help=(
        "ours once more, with this transport.tcpCongestion"))
    p.add_argument("--peers", type=lambda s: [w for w in s.split(",") if w],
                   help="these only, with commas; '' for none")
    p.add_argument("--modes", type=lambda s: s.split(","),
                   help="these only: " + ", ".join(peers.MODES))
    p.add_argument("--rounds", type=int)
    p.add_argument("--window", type=float, metavar="SECONDS")
    p.add_argument("--json", metavar="FILE", help="all samples, as JSON")
    p.add_argument("--markdown", action="store_true",
                   help="tables for the README, too")
    p.add_argument("cases", nargs="*", metavar="CASE",
                   help=", ".join(every))
    a = p.parse_args()
    names = [n for n, _ in peers.FOREIGN]
    for wrong in [c for c in a.cases if c not in every]:
        p.error(f"there is no case '{wrong}', but {', '.join(every)}")
    for wrong in [m for m in a.modes or [] if m not in peers.MODES]:
        p.error(f"there is no mode '{wrong}', but {', '.join(peers.MODES)}")
    for wrong in [n for n in a.peers or [] if n not in names]:
        p.error(f"there is no peer '{wrong}', but {', '.join(names)}")
    a.cases = a.cases or ([c for c in every if c not in extra.NOT_QUICK]
                          if a.quick else every)
    return a


def show(run):
    r = run.results
    print("\n" + machine.about())
    for line in table.text(r):
        print(line)
    worse = list(table.losses(r))
    if worse:
        print("\nwhere others are ahead of ours:")
        for line in worse:
            print("  " + line)
    print("\n" + run.watch.report())
    for line in run.notes:
        print(line)
    if run.args.markdown:
        print()
        for line in table.markdown(r, machine.about()):
            print(line)
    if run.args.json:
        with open(run.args.json, "w") as f:
            json.dump({"machine": machine.about(), "notes": run.notes,
                       "busy": run.watch.seen, "results": r.as_dict()}, f,
                      indent=1)


def main():
    args = arguments()
    proc.become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    run = Run(args)
    began = time.monotonic()
    try:
        left = [guess(run, c) for c in args.cases]
        say(f"about {sum(left):.0f} s")
        for i, case in enumerate(args.cases):
            if case in cases.POINTS:
                measure(run, case, sum(left[i + 1:]))
            else:
                progress(f"{case}: about {sum(left[i:]):.0f} s left")
                extra.CASES[case](run)
        progress("")
    except KeyboardInterrupt:
        run.note("stopped before its end")
    finally:
        run.end()
    show(run)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
