#!/usr/bin/env python3
"""Our frps and frpc against the real ones, 0.61.0 and 0.70.1, and real
OpenSSH through ours.

    run.py --bin build/culvert [-k WORD] [-j N]
    run.py --self real            the real 0.61.0 in our place: do the tests
                                  themselves hold?
"""
import argparse
import functools
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(ROOT, "test", "e2e")]

import burst  # noqa: E402
import cells  # noqa: E402
import openssh  # noqa: E402
import reload  # noqa: E402
import runner  # noqa: E402
import tokens  # noqa: E402
import trios  # noqa: E402
import ws  # noqa: E402

NO_GO = 3
CELL_SECONDS = 120


def real(name):
    return os.path.join(ROOT, "build", "go", name)


def pairs(ours, have_real):
    """What is called what, the server, the client, and whether an end one
    way must leave the other way open."""
    if have_real:
        for version, dir in (("0.61", "frp061"), ("0.70", "frp070")):
            yield f"ours + frpc {version}", ours, real(dir), False
            yield f"frps {version} + ours", real(dir), ours, False
    yield "ours + ours", ours, ours, True


def jobs(ours, have_real, self_check):
    yield runner.Job("openssh through ours + ours", functools.partial(
        openssh.run, ours, ours), CELL_SECONDS)
    for row in cells.ROWS:
        for name, server, client, answered in pairs(ours, have_real):
            if self_check and answered:
                continue
            yield runner.Job(f"{name}: {row[0]}", functools.partial(
                cells.run, server, client, row, answered), CELL_SECONDS)
    yield from ws.jobs(list(pairs(ours, have_real)), CELL_SECONDS)
    yield from burst.jobs(list(pairs(ours, have_real)), CELL_SECONDS)
    if not self_check: # frp dies of a hangup, and knows one token
        for more in (reload, tokens):
            yield from more.jobs(list(pairs(ours, have_real)), ours,
                                 CELL_SECONDS)


def three(ours, have_real, self_check):
    """Every type with every filter, one job for each three programs."""
    versions = (("0.61", real("frp061")), ("0.70", real("frp070")))
    for trio in trios.trios(ours, versions if have_real else (), self_check):
        yield runner.Job(trio.name, functools.partial(trios.run, trio),
                         CELL_SECONDS)


def build_real():
    done = subprocess.run(["sh", os.path.join(HERE, "build.sh")], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.strip()
    if done.returncode == NO_GO:
        print(f"NO GO: {said}; everything against the real frp is LEFT OUT")
    elif done.returncode != 0:
        print(f"FAIL the real frp cannot be built\n{said}")
    return done.returncode


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=os.path.join(ROOT, "build", "culvert"))
    p.add_argument("--self", choices=["real"], dest="self_check")
    p.add_argument("-k", metavar="WORD", help="only names that hold WORD")
    p.add_argument("-j", type=int, default=2, help="how many at a time")
    args = p.parse_args()
    built = build_real()
    sys.stdout.flush()
    ours = real("frp061") if args.self_check else args.bin
    todo = [job for make in (three, jobs)
            for job in make(ours, built == 0, args.self_check)
            if not args.k or args.k in job.name]
    counts = runner.run(todo, args.j)
    if built == NO_GO and not os.environ.get("CI"):
        counts["skipped"] += 1
    elif built != 0:
        counts["failed"] += 1
    return runner.close(counts)


if __name__ == "__main__":
    sys.exit(main())
