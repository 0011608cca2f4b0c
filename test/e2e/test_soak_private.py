"""All types at once, some encrypted and compressed, while one end after the
other is killed: what was not cut off is right to the byte, datagrams come
back to whom they belong, and whoever is spared does not grow."""
import os
import random
import threading
import time
import zlib

import udp
from lib import STARTED, check, in_thread, tcp_proxy, timeout, until
from test_scale import is_sanitized
from test_soak import Checker, Traffic, works
from udp import UdpEcho, UdpUser, secret_proxy, udp_proxy, visitor

SECONDS = int(os.environ.get("SOAK_SECONDS", "600"))
KILL_EVERY = 5
FILTERS = {"plain": {},
           "enc": {"transport": {"useEncryption": True}},
           "both": {"transport": {"useEncryption": True,
                                  "useCompression": True}}}


class Datagrams:
    """A user whose datagrams may be lost while an end is away, but not
    changed, doubled, put in another order or given to another."""

    def __init__(self, port, seed):
        self.port, self.dice, self.id = port, random.Random(seed), seed
        self.sent = self.back = 0
        self.wrong, self.over = [], threading.Event()
        self.thread = in_thread(self.run)

    def datagram(self):
        self.sent += 1
        head = b"%d %d " % (self.id, self.sent)
        body = self.dice.randbytes(self.dice.randrange(1300))
        return head + b"%08x " % zlib.crc32(head + body) + body

    def run(self):
        with UdpUser(self.port, timeout=0.2) as user:
            last = 0
            while not self.over.is_set():
                try:
                    for _ in range(4):
                        user.send(self.datagram())
                    for _ in range(4):
                        got = user.receive()
                        if got is None:
                            break
                        last = self.look_at(got, last)
                except ConnectionRefusedError:
                    self.over.wait(0.05)

    def look_at(self, got, last):
        id, seq, crc, body = got.split(b" ", 3)
        self.back += 1
        if zlib.crc32(id + b" " + seq + b" " + body) != int(crc, 16):
            self.wrong.append(f"other bytes in datagram {int(seq)}")
        if int(id) != self.id:
            self.wrong.append(f"a datagram of {int(id)} came to {self.id}")
        if int(seq) <= last:
            self.wrong.append(f"datagram {int(seq)} after {last}")
        return int(seq)


class World:
    """A server, the owner of the services, and whoever visits them."""

    def __init__(self, t):
        self.service, self.echo = Checker(), UdpEcho()
        self.streams, self.datagrams = {}, {}
        rows, visitors = [], []
        for name, how in FILTERS.items():
            rows += [tcp_proxy(f"tcp {name}", self.service.port, **how),
                     udp_proxy(f"udp {name}", self.echo.port, **how)]
            self.streams[rows[-2]["name"]] = rows[-2]["remotePort"]
            self.datagrams[rows[-1]["name"]] = rows[-1]["remotePort"]
            for type, port, ports in (
                    ("stcp", self.service.port, self.streams),
                    ("sudp", self.echo.port, self.datagrams)):
                rows.append(secret_proxy(f"{type} {name}", type, port, **how))
                visitors.append(visitor(rows[-1], **how))
                ports[rows[-1]["name"]] = visitors[-1]["bindPort"]
        self.ends = {"server": t.frps()}
        self.ends["owner"] = t.frpc(self.ends["server"], rows, name="owner")
        self.ends["visitor"] = t.frpc(
            self.ends["server"], conf={"visitors": visitors}, name="visitor")
        self.kills, self.slowest = 0, 0
        self.whole = self.cut = self.sent = self.back = 0
        self.wrong = []
        self.all_work()

    def kill(self, which, dice):
        end, owner = self.ends[which], self.ends["owner"]
        mark = owner.mark()
        end.kill()
        time.sleep(dice.uniform(0, 0.3))
        self.ends[which] = end.again()
        if which == "server":
            owner.wait_line(STARTED, since=mark, timeout=10,
                            times=2 * len(FILTERS) * 2)
        self.kills += 1
        self.all_work()

    def all_work(self):
        began = time.monotonic()
        for name, port in self.streams.items():
            until(lambda: self.stream_works(port), 15, f"{name}")
        for name, port in self.datagrams.items():
            with UdpUser(port) as user:
                try:
                    udp.again_and_again(user)
                except Exception as e:
                    raise type(e)(f"{name}: {e}") from None
        self.slowest = max(self.slowest, time.monotonic() - began)

    @staticmethod
    def stream_works(port):
        try:
            return works(port)
        except OSError:
            time.sleep(0.1)
            return False

    def part(self, seconds, spared, dice):
        """Traffic and kills for so long, and then silence."""
        streams = [Traffic(p, dice.randrange(1 << 30))
                   for p in self.streams.values()]
        datagrams = [Datagrams(p, dice.randrange(1 << 30))
                     for p in self.datagrams.values() for _ in range(2)]
        end = time.monotonic() + seconds
        others = [x for x in self.ends if x != spared]
        try:
            while time.monotonic() < end:
                time.sleep(max(0, min(KILL_EVERY, end - time.monotonic())))
                self.kill(dice.choice(others), dice)
        finally:
            for x in streams + datagrams:
                x.over.set()
        for x in streams + datagrams:
            x.thread.join(30)
            self.wrong += x.wrong
        self.whole += sum(x.whole for x in streams)
        self.cut += sum(x.cut for x in streams)
        self.sent += sum(x.sent for x in datagrams)
        self.back += sum(x.back for x in datagrams)
        self.wrong += self.service.wrong
        self.service.wrong = []
        check(not self.wrong, f"{len(self.wrong)} wrong: {self.wrong[:5]}")


def phase(t, world, seconds, spared, dice):
    """One end lives through all of it."""
    world.part(seconds * 0.3, spared, dice)
    end = world.ends[spared]
    time.sleep(1)
    before, fds = end.rss_kib(), end.fd_count()
    world.part(seconds * 0.7, spared, dice)
    # Sockets of datagram sessions go when they were idle for 30 s.
    until(lambda: end.fd_count() <= fds + 2, 40, f"{spared}: {fds} before, "
          "and again as many descriptors")
    grown = end.rss_kib() - before
    print(f"{spared} spared: {before} KiB, grown by {grown} KiB; "
          f"{end.fd_count()} descriptors, {fds} before")
    if not is_sanitized(t.bin):
        check(grown < 1024, f"{spared} has grown by {grown} KiB")


@timeout(SECONDS + 400)
def soak_private(t):
    seed = random.SystemRandom().randrange(1 << 20)
    print(f"seed {seed}, {SECONDS} s")
    dice = random.Random(seed)
    world = World(t)
    for spared in ("server", "owner", "visitor"):
        phase(t, world, SECONDS / 3, spared, dice)
    print(f"{world.kills} kills, all worked again after at most "
          f"{world.slowest:.1f} s; streams: {world.whole} whole, "
          f"{world.cut} cut at the user; datagrams: {world.sent} sent, "
          f"{world.back} came back")
    check(world.whole > world.kills and world.back > world.sent / 2)
