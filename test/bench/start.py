#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the start of a tunnel to the first byte through it, on loopback:
`ssh -N -f -L`, `tunnel start --ssh` and `tunnel start --to`.

    start.py --bin build/culvert [-n TIMES]

Each is started, one byte is echoed through it, and it is ended again; the
median and the fastest of all are printed."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

import lib  # noqa: E402
import proc  # noqa: E402
from sshd import USER, Sshd, find  # noqa: E402
from tunnels import Bastion, Tunnels  # noqa: E402
from wire import EchoServer, dial, free_port  # noqa: E402


def first_byte(start, at):
    """Milliseconds until a byte has come back."""
    began = time.monotonic()
    start()
    with dial(at) as s:
        s.sendall(b"x")
        lib.check(s.recv(1) == b"x", "another byte came back")
    return (time.monotonic() - began) * 1000


def run(words, **kw):
    subprocess.run([str(x) for x in words], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **kw)


def plain_ssh(t, sshd, service):
    at, control = free_port(), t.path("plain")
    common = [find("ssh"), "-o", "StrictHostKeyChecking=accept-new", "-o",
              f"UserKnownHostsFile={t.path('known')}", "-i", sshd.key, "-p",
              sshd.port]
    # the control socket is there to end it by, and costs next to nothing
    took = first_byte(lambda: run(
        [*common, "-N", "-f", "-o", "BatchMode=yes", "-M", "-S", control,
         "-L", f"{at}:localhost:{service.port}", f"{USER}@127.0.0.1"]), at)
    run([*common, "-S", control, "-O", "exit", f"{USER}@127.0.0.1"])
    return took


def ours(user, far, service):
    at = free_port()
    took = first_byte(lambda: run(
        user.argv("start", *far, "-L", f"{at}:localhost:{service.port}"),
        env=user.env), at)
    run(user.argv("stop"), env=user.env)
    return took


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default="build/culvert")
    p.add_argument("-n", type=int, default=20)
    args = p.parse_args()
    proc.become_subreaper()
    with tempfile.TemporaryDirectory(prefix="culvert-bench.") as dir:
        t = lib.Env(dir, args.bin)
        proc.keep_state_in(dir)
        try:
            sshd, service, bastion = Sshd(t), EchoServer(), Bastion(t)
            with Tunnels(t) as user:
                ssh = ["--ssh", f"{USER}@127.0.0.1:{sshd.port}", "--key",
                       sshd.key]
                ways = {
                    "ssh -N -f -L": lambda: plain_ssh(t, sshd, service),
                    "tunnel start --ssh": lambda: ours(user, ssh, service),
                    "tunnel start --to": lambda: ours(user, bastion.far(),
                                                      service),
                }
                took = {name: [] for name in ways}
                for _ in range(args.n):  # by turns: the machine is not ours
                    for name, way in ways.items():
                        took[name].append(way())
                for name, ms in took.items():
                    print(f"{name:20} median {statistics.median(ms):6.1f} "
                          f"ms, fastest {min(ms):6.1f} ms, of {args.n}")
        finally:
            proc.end_all()


if __name__ == "__main__":
    main()
