#!/usr/bin/env python3
"""Runs the end-to-end tests: every test_x(t) in test_*.py beside this file.

    run.py --bin build/culvert --tools build/tools [-k WORD] [-j N] [--soak]
    run.py --bin build/faults/culvert --tools build/tools --faults

With --faults each n-th write of every process fails (see net/loop.h), with
another n for each test.  What the tests want cannot come then; what counts is
that nobody crashes.  --some N is N of the tests, others with each seed.
"""
import argparse
import functools
import glob
import importlib
import inspect
import os
import random
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import faults  # noqa: E402
import lib  # noqa: E402
import runner  # noqa: E402


def broken(text, dir):
    raise lib.Failure(text)


def call(fn, args, dir):
    if inspect.signature(fn).parameters:
        fn(lib.Env(dir, args.bin, args.tools))
    else:
        fn()


def discover(args):
    prefix = "soak_" if args.soak else "test_"
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = os.path.basename(path)[:-3]
        try:
            loaded = importlib.import_module(module)
        except Exception:
            yield runner.Job(module, functools.partial(
                broken, traceback.format_exc()), 10)
            continue
        for name, fn in vars(loaded).items():
            if not name.startswith(prefix) or not callable(fn):
                continue
            if args.k and args.k not in f"{module}: {name}":
                continue
            seconds = getattr(fn, "seconds", 3600 if args.soak else 60)
            work = functools.partial(call, fn, args)
            if args.faults:
                work = functools.partial(faults.run, work,
                                         args.dice.choice(faults.EACH))
            yield runner.Job(f"{module}: {name}", work, seconds,
                             getattr(fn, "waits", False), args.faults,
                             getattr(fn, "measures", False))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default="build/culvert")
    p.add_argument("--tools", default="build/tools")
    p.add_argument("-k", metavar="WORD", help="only names that hold WORD")
    p.add_argument("-j", type=int, default=2, help="how many at a time")
    p.add_argument("--soak", action="store_true", help="the long runs")
    p.add_argument("--faults", action="store_true", help="writes fail")
    p.add_argument("--some", type=int, metavar="N", help="N tests of all")
    p.add_argument("--seed", type=int, help="of --faults and --some",
                   default=random.SystemRandom().randrange(10000))
    args = p.parse_args()
    args.dice = random.Random(args.seed)
    if args.faults or args.some:
        print(f"--seed {args.seed}")
    # Where the programs are, for a test that takes no Env.
    os.environ["BIN"] = os.path.abspath(args.bin)
    os.environ["TOOLS"] = os.path.abspath(args.tools)
    jobs = list(discover(args))
    if args.some:
        jobs = args.dice.sample(jobs, min(args.some, len(jobs)))
    return runner.close(runner.run(jobs, args.j))


if __name__ == "__main__":
    sys.exit(main())
