"""Our processes in an attack, those who have no part in it, and what must
be so after it."""
import contextlib
import os
import re
import socket
import time

from lib import STARTED, EchoServer, Failure, check, free_port, tcp_proxy, \
    until
from speech import TOKEN
from test_dns import NameServer
from test_private import Steady, serves
from udp import UdpEcho, UdpUser, again_and_again, secret_proxy, udp_proxy, \
    visitor

# What is freed stays poisoned for a while; the rest of memory is theirs.
SANITIZERS = {"ASAN_OPTIONS": "quarantine_size_mb=32",
              "UBSAN_OPTIONS": "print_stacktrace=1"}
FILTERED = {"transport": {"useEncryption": True, "useCompression": True}}
REPORT = re.compile(r"(Address|Leak|UndefinedBehavior)Sanitizer|"
                    r"runtime error: |Assertion")
FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ (?:in )?(\S+) \S*?([^/\s]+:\d+)")
FREED = re.compile("freed by|allocated by|Address 0x")
SERVED = 5
RSS_KIB = 300 * 1024
# So much of a moment is more than what those who wait for nothing need.
MOMENT, BUSY = 0.25, 0.6
# From so many seconds on it is waited for descriptors, too.
LONG = 30
# What may have been opened for good: pools, and streams for datagrams.
MORE = 40


def lines(p):
    return p.text.splitlines()


def blame(p):
    """What a report says, in a line or two."""
    at = next((i for i, x in enumerate(lines(p)) if REPORT.search(x)), None)
    if at is None:
        return f"{p.name} ended with {p._child.poll()}: {lines(p)[-3:]}"
    out, frames = [lines(p)[at].strip()], []
    for line in lines(p)[at:]:
        found = FRAME.match(line)
        if found:
            frames.append(f"{found[1]} {found[2]}")
        elif FREED.search(line) and frames:
            out, frames = out + [" < ".join(frames[:7])], []
            if len(out) > 3:
                break
            out.append(line.strip())
    return f"{p.name}: " + "\n    ".join(out + [" < ".join(frames[:7])])


def shorten(p, before=40):
    """Of the output of one that ended, what can be of interest."""
    at = next((i for i, x in enumerate(p.lines) if REPORT.search(x)), 0)
    del p.lines[:max(0, at - before)]


def descriptors(p):
    """Those of a process, but for what each source of datagrams has for a
    minute from its last one on."""
    datagrams = set()
    for path in ("/proc/net/udp", "/proc/net/udp6"):
        with open(path) as f:
            datagrams |= {f"socket:[{line.split()[9]}]" for line in f}
    n = 0
    for fd in os.listdir(f"/proc/{p.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            n += os.readlink(f"/proc/{p.pid}/fd/{fd}") not in datagrams
    return n


class Bystander:
    """A client with services, people who use them, and one who uses one all
    the time; all were there before."""

    def __init__(self, world):
        t = world.t
        self.echo, self.datagrams = EchoServer(), UdpEcho()
        rows = [tcp_proxy("calm tcp", self.echo.port, **FILTERED),
                udp_proxy("calm udp", self.datagrams.port),
                secret_proxy("calm secret", "stcp", self.echo.port)]
        to = visitor(rows[2])
        self.names = [row["name"] for row in rows]
        self.port, self.udp = (row["remotePort"] for row in rows[:2])
        self.secret = to["bindPort"]
        self.frpc = t.frpc(world.server, rows, {
            **world.way, "clientID": "calm", "visitors": [to]}, name="calm",
            env=SANITIZERS, wait=3)
        self.frpc.wait_line("start visitor success")
        until(lambda: serves(self.port), SERVED, "the bystander is served")
        self.steady = Steady(self.port)

    def check(self):
        self.steady.end()
        for port in (self.port, self.secret):
            until(lambda: serves(port), SERVED, "the bystander is served")
        with UdpUser(self.udp) as user:
            again_and_again(user, SERVED)
        check_session(self.frpc)


def check_session(frpc):
    """It has been one and the same from the beginning."""
    check(not frpc.says("is lost"), f"{frpc.name} was cut off")
    check(sum("login to server success" in x for x in lines(frpc)) == 1,
          f"{frpc.name} has logged in again")


class World:
    """A server, a bystander, and whatever a role puts there."""

    def __init__(self, t, mux, tls):
        self.t, self.mux, self.tls = t, mux, tls
        self.names = NameServer()
        self.way = {"auth.token": TOKEN, "dnsServer": self.names.at,
                    "transport.tcpMux": mux, "transport.tls.enable": tls,
                    "loginFailExit": False}
        self.ours, self.descriptors = [], {}

    def with_server(self):
        self.server = self.run(self.t.frps, {
            "auth.token": TOKEN, "transport.tcpMux": self.mux})
        self.port = self.server.conf["bindPort"]
        self.calm = Bystander(self)
        self.ours.append(self.calm.frpc)
        self.spare = [free_port() for _ in range(6)]
        return self

    def run(self, start, *args, **kw):
        """One of our processes, under the eyes of this world."""
        p = start(*args, env=SANITIZERS, **kw)
        self.ours.append(p)
        return p

    def client(self, name, rows=(), visitors=(), **more):
        conf = {**self.way, **more}
        if visitors:
            conf["visitors"] = visitors
        p = self.run(self.t.frpc, more.get("serverPort") or self.server,
                     rows, conf, name=name, wait=0)
        if "serverPort" in more:
            p.wait_line("try to connect")
        else:
            if rows:
                p.wait_line(STARTED, times=len(rows))
            if visitors:
                p.wait_line("start visitor success", times=len(visitors))
        return p

    @staticmethod
    def shoot(port, dice, n):
        """So many sources, each with a datagram or two."""
        for _ in range(n):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect(("127.0.0.1", port))
                with contextlib.suppress(OSError):
                    for _ in range(dice.choice([1, 1, 5])):
                        s.send(bytes(dice.choice([0, 1, 9, 1400, 1500, 9000,
                                                  65506, 65507])))

    def begin(self):
        self.descriptors = {p: descriptors(p) for p in self.ours}

    def look(self):
        """They all live."""
        for p in self.ours:
            if not p.running():
                p.wait()
                why = blame(p)
                shorten(p)
                raise Failure(why) from None

    def check(self, seconds):
        self.look()
        self.check_served()
        for p in self.ours:
            until(lambda: p.rss_kib() < RSS_KIB, SERVED,
                  f"{p.name} has {p.rss_kib()} KiB, below {RSS_KIB}")
        until(self.is_idle, SERVED, "nobody is busy with nothing")
        if seconds >= LONG:
            self.check_descriptors()

    def is_idle(self):
        before = {p: p.cpu_seconds() for p in self.ours}
        time.sleep(MOMENT)
        return all(p.cpu_seconds() - n < MOMENT * BUSY
                   for p, n in before.items())

    def check_served(self):
        self.calm.check()

    def check_descriptors(self):
        """What lingers and who dawdles is gone after ten seconds."""
        end = time.monotonic() + 15
        for p, n in self.descriptors.items():
            until(lambda: descriptors(p) <= n + MORE, max(1, end -
                  time.monotonic()), f"{p.name} held {n} descriptors, and "
                  f"now {descriptors(p)}: it is as before")

    def end(self):
        """Each ends when asked to, with nothing to complain of."""
        for p in reversed(self.ours):
            status = p.stop()
            if status or REPORT.search(p.text):
                raise Failure(blame(p))
