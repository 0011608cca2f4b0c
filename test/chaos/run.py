#!/usr/bin/env python3
"""Attacks our own processes, which run under sanitizers: a hostile client,
server, visitor and user, each with a mux and without, in TLS and without.
Each attack takes random steps for some seconds; the same seed takes them
again, as far as the clock lets it.

    run.py --bin build/san/culvert --secs 5 [--seed N] [-k WORD] [-j N]
"""
import argparse
import functools
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]

import lib  # noqa: E402
import runner  # noqa: E402
from client import Client  # noqa: E402
from pairs import WAYS, way_name  # noqa: E402
from server import Server  # noqa: E402
from user import User  # noqa: E402
from visitor import Visitor  # noqa: E402

LAST = 0.3
ROLES = {"client": Client, "server": Server, "visitor": Visitor, "user": User}


def job(role, mux, tls, args, name, dir):
    dice = random.Random(f"{args.seed} {name}")
    world = ROLES[role].world(lib.Env(dir, args.bin), mux, tls)
    world.begin()
    attack = ROLES[role](world, dice)
    try:
        attacked(attack, args)
        attack.close()
        world.check(args.secs)
        # In the end it is in the middle of something.
        attack.run(LAST)
        world.end()
    except Exception:
        # Who has died says more than what came of it.
        world.look()
        raise


def attacked(attack, args):
    began = time.monotonic()
    try:
        attack.run(args.secs)
    finally:
        tell(attack, time.monotonic() - began, args.v)


def tell(attack, took, all):
    n = sum(attack.counts.values())
    print(f"{n} steps in {took:.1f} s, {n / took:.0f} a second")
    for name, count in sorted(attack.counts.items()) if all else ():
        print(f"{count:6} {name}, "
              f"{attack.took[name] / count * 1000:.0f} ms each")


def jobs(args):
    for role in ROLES:
        for mux, tls in WAYS:
            name = f"{role}{way_name(mux, tls)} --seed {args.seed}"
            if not args.k or args.k in name:
                yield runner.Job(name, functools.partial(
                    job, role, mux, tls, args, name), args.secs + 60)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default="build/san/culvert")
    p.add_argument("--secs", type=float, default=5, help="of each attack")
    p.add_argument("--seed", type=int, help="that of a run before")
    p.add_argument("-k", metavar="WORD", help="only names that hold WORD")
    p.add_argument("-j", type=int, default=2, help="how many at a time")
    p.add_argument("-v", action="store_true", help="tell of each step")
    args = p.parse_args()
    if args.seed is None:
        args.seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {args.seed}", flush=True)
    return runner.close(runner.run(list(jobs(args)), args.j))


if __name__ == "__main__":
    sys.exit(main())
