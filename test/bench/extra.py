"""The cases that are not a stream of samples through a standing tunnel:
memory, coming back, start and size."""
import collections
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import peers
from cases import Point
from tunnel import Missing, Quiet, free_port, write

LOGIN = "client login info"
PATIENCE = 90
Who = collections.namedtuple("Who", "name mode label")

SECONDS = {"memory": (130, 25), "back": (40, 0), "start": (10, 4),
           "size": (1, 1)}
NOT_QUICK = {"back", "slow", "delay"}


def point(case, name, main, more=False):
    return Point(case, name, [], None, main, main, more)


def who(peer, mode=""):
    return Who(peer.name, mode, f"{peer.name} {mode}".strip())


def rss_kib(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as f:
            found = re.search(r"VmRSS:\s*(\d+)", f.read())
            total += int(found.group(1)) if found else 0
    return total


def size(run):
    for peer in run.peers:
        if peer.binaries():
            run.results.add(
                point("size", "all its programs", "KiB"), who(peer),
                {"KiB": sum(os.path.getsize(os.path.realpath(b))
                            for b in peer.binaries()) / 1024})


def servers(run):
    """Those that read frp's settings."""
    return [p for p in run.peers if isinstance(p, peers.Frp)]


def server_words(peer, dir, port, level):
    conf = peer.server_conf("TLS+mux", port)
    conf["log"]["level"] = level
    return [*peer.server, "-c", write(dir, "frps.toml", conf)]


def start(run):
    """From its start until a server takes the first connection."""
    these = servers(run)
    for r in range(run.rounds * 2):
        for peer in these if r % 2 == 0 else reversed(these):
            port, dir = free_port(), run.dir()
            words = server_words(peer, dir, port, "warn")
            began = time.monotonic()
            p = Quiet(words, dir)
            try:
                peers.wait_port(p, port)
                took = time.monotonic() - began
            finally:
                p.stop()
            run.results.add(point("start", "server", "ms"), who(peer),
                            {"ms": took * 1000})


class Crowd:
    """Many idle clients of one server."""

    def __init__(self, run, words, port, n):
        self.dir = run.dir()
        conf = write(self.dir, "frpc.toml", {
            "serverAddr": "127.0.0.1", "serverPort": port,
            "loginFailExit": False, "log": {"level": "error"}})
        self.all = [subprocess.Popen(
            [*words, "-c", conf], cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(n)]

    def stop(self):
        for p in self.all:
            p.kill()
        for p in self.all:
            p.wait()


def wait_logins(server, n):
    """Until the server's log tells of n clients."""
    late = time.monotonic() + PATIENCE
    seen, rest = 0, b""
    with open(server.path, "rb") as f:
        while seen < n:
            more = rest + f.read()
            whole, _, rest = more.rpartition(b"\n")
            seen += whole.count(LOGIN.encode())
            if not server.running() or time.monotonic() > late:
                raise Missing(f"{seen} of {n} clients have come: "
                              f"{server.said()}")
            time.sleep(0.005)


def crowd_memory(run, peer, n):
    """What an idle client costs the server; the clients are ours, for
    everybody's server."""
    port, dir = free_port(), run.dir()
    server = Quiet(server_words(peer, dir, port, "info"), dir)
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        peers.wait_port(server, port)
        before = rss_kib([server.pid])
        crowd = Crowd(run, [os.path.abspath(run.args.bin), "frpc"], port, n)
        stack.callback(crowd.stop)
        wait_logins(server, n)
        run.results.add(
            point("memory", f"{n} idle clients", "server KiB each"),
            who(peer, "TLS+mux"),
            {"server KiB each": (rss_kib([server.pid]) - before) / n,
             "server alone KiB": before})


def most(run, tunnel):
    """How many connections the limit on descriptors leaves room for."""
    if tunnel.name.startswith("stunnel"):
        return 1000		# a thread each
    mux = peers.MODES[tunnel.mode][1]
    wish = 2000 if run.args.quick else 10000
    return min(wish, (run.descriptors - 1000) // (1 if mux else 2))


def idle_memory(run, t, service):
    """What a connection costs that nothing goes through."""
    n = most(run, t)
    ends = t.pids(t.server), t.pids(t.client)
    before = [rss_kib(e) for e in ends]
    p = subprocess.Popen(
        [run.load, "idle", "--to", str(t.port), "--count", str(n)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        line = p.stdout.readline()
        if not line:
            raise Missing(p.stderr.read().strip())
        after = [rss_kib(e) for e in (t.pids(t.server), t.pids(t.client))]
        out, _ = p.communicate("", timeout=60)
        if json.loads(out)["alive"] != n:
            raise Missing(f"not all of {n} stayed")
    finally:
        p.kill()
        p.communicate()
    each = [(a - b) / n for a, b in zip(after, before)]
    run.results.add(
        point("memory", "idle connections", "KiB each"), t,
        {"KiB each": sum(each), "server KiB": each[0],
         "client KiB": each[1], "connections": n,
         "server alone KiB": before[0], "client alone KiB": before[1]})


def memory(run):
    with contextlib.ExitStack() as stack:
        service = run.start_service(stack)
        for peer in run.peers:
            for mode in run.modes_of(peer):
                if peer.name == "direct" or (
                        run.args.quick and mode != "TLS+mux"):
                    continue
                try:
                    t = peer.start(mode, run.dir(), service)
                except Missing as e:
                    run.note(f"memory: {peer.name} {mode} is left out: {e}")
                    continue
                try:
                    idle_memory(run, t, service)
                except (Missing, subprocess.TimeoutExpired) as e:
                    run.note(f"memory: {t.label} is left out: {e}")
                finally:
                    t.stop()
    for peer in servers(run):
        try:
            crowd_memory(run, peer, 200 if run.args.quick else 1000)
        except Missing as e:
            run.note(f"memory: {peer.name} is left out: {e}")


def come_back(run, peer, n):
    """From the start of a server that was killed until all are back."""
    port, dir = free_port(), run.dir()
    words = server_words(peer, dir, port, "info")
    with contextlib.ExitStack() as stack:
        server = Quiet(words, dir)
        stack.callback(server.stop)
        peers.wait_port(server, port)
        crowd = Crowd(run, peer.client, port, n)
        stack.callback(crowd.stop)
        wait_logins(server, n)
        os.kill(server.pid, signal.SIGKILL)
        server.child.wait()
        began = time.monotonic()
        again = Quiet(words, dir)
        stack.callback(again.stop)
        wait_logins(again, n)
        run.results.add(point("back", f"{n} clients", "s"),
                        who(peer, "TLS+mux"),
                        {"s": time.monotonic() - began})


def back(run):
    """Each with its own clients; 1 000 processes of Go are too many for a
    small machine, so there are fewer of them, and as many of ours."""
    run.note("back: 1 000 clients of ours; of frp 100, to spare memory")
    for _ in range(2):
        for peer in servers(run):
            mine = peer.name in (peers.OURS, "other")
            for n in (100, 1000) if mine else (100,):
                try:
                    come_back(run, peer, n)
                except Missing as e:
                    run.note(f"back: {peer.name} is left out: {e}")


CASES = {"memory": memory, "back": back, "start": start, "size": size}
