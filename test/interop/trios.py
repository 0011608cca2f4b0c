"""A server, the owner of services and their visitor, any of them ours: every
type with every filter, all on one start of the three."""
import collections

import lib
import udp

KIB, MIB = 1024, 1024 * 1024
TYPES = ("tcp", "udp", "stcp", "sudp")
FILTERS = [
    ("plain", {}),
    ("encryption", {"useEncryption": True}),
    ("compression", {"useCompression": True}),
    ("both", {"useEncryption": True, "useCompression": True}),
]
PARALLEL = 20
# ours: which of them is our program, "all", or "none" when the real one stands
# in for it.
Trio = collections.namedtuple("Trio", "name server owner visitor mine ours")


def trios(ours, versions, self_check):
    """The real ones stand in for ours in a self check."""
    for version, real in versions:
        for mine, name in (("server", f"our frps, frpc and visitor {version}"),
                           ("owner", f"our frpc, frps and visitor {version}"),
                           ("visitor", f"our visitor, frps and frpc "
                                       f"{version}")):
            ends = {end: real for end in ("server", "owner", "visitor")}
            ends[mine] = ours
            yield Trio(name, mine=mine, ours="none" if self_check else mine,
                       **ends)
    if not self_check:
        yield Trio("all three ours", ours, ours, ours, "all", "all")


def has(trio, type):
    """Without a visitor, tcp and udp would be between real ends alone."""
    return type in ("stcp", "sudp") or trio.mine != "visitor"


class Started:
    """The three, running."""

    def __init__(self, trio, dir):
        self.trio = trio
        self.duplex, self.echo = lib.DuplexServer(), lib.EchoServer()
        self.datagrams = udp.UdpEcho()
        self.at = {}
        rows, visitors = [], []
        for type in TYPES:
            for name, filters in FILTERS:
                if has(trio, type):
                    self.add(rows, visitors, type, name, filters)
        conf = {"bindAddr": "127.0.0.1", "bindPort": lib.free_port()}
        client = {"serverAddr": "127.0.0.1", "serverPort": conf["bindPort"]}
        self.frps = lib.Frps(trio.server, conf, dir)
        self.owner = lib.Frpc(trio.owner, {**client, "proxies": rows}, dir,
                              "owner")
        self.visitor = lib.Frpc(trio.visitor, {**client, "visitors": visitors},
                                dir, "visitor", wait=0)
        self.visitor.wait_line("start visitor success", times=len(visitors))

    def add(self, rows, visitors, type, name, filters):
        """A row; for streams two: an echo, and bytes both ways at once."""
        more = {"transport": filters} if filters else {}
        for what in ("",) if type.endswith("udp") else ("echo", "duplex"):
            full = f"{type} {name} {what}".strip()
            service = getattr(self, what or "datagrams").port
            if type in ("tcp", "udp"):
                make = lib.tcp_proxy if type == "tcp" else udp.udp_proxy
                rows.append(make(full, service, **more))
                self.at[full] = rows[-1]["remotePort"]
            else:
                rows.append(udp.secret_proxy(full, type, service, **more))
                visitors.append(udp.visitor(rows[-1], **more))
                self.at[full] = visitors[-1]["bindPort"]


def streams(started, cell):
    for n in (1, 64 * KIB, MIB):
        data = lib.pattern(n)
        back = lib.echo(started.at[f"{cell} echo"], data)
        lib.check(back == data, f"echo of {n} bytes: {len(back)} came back, "
                  "or other ones")
    for n in (1, 4 * MIB):
        wrong = lib.duplex(started.at[f"{cell} duplex"], n, n, seed=n)
        lib.check(not wrong, f"{n} bytes each way: {wrong}")
    together = [lib.dial(started.at[f"{cell} echo"]) for _ in range(PARALLEL)]
    for i, s in enumerate(together):
        s.sendall(lib.pattern(4 * KIB, i))
    for i, s in enumerate(together):
        lib.check(lib.read_exactly(s, 4 * KIB) == lib.pattern(4 * KIB, i),
                  f"connection {i} of {PARALLEL}: other bytes came back")
        s.close()


def datagrams(started, cell):
    most = 65507 if started.trio.ours == "all" else 1400
    udp.exchange(started.at[cell], most)


TOO_LONG = (r"\[(to )?{}\] a datagram of {} bytes is dropped: the other end is "
            r"frp's and takes up to 1500; raise udpPacketSize")


def too_long(started):
    """Towards a real end ours drops what it cannot take, and says so; the
    next one is none the worse for it."""
    for type in ("udp", "sudp"):
        cell = f"{type} plain"
        if cell not in started.at:
            continue
        # The server hands the frames of sudp on unread.
        front = ("visitor", started.visitor) if type == "sudp" else \
            ("server", started.frps)
        with udp.UdpUser(started.at[cell]) as user:
            for (end, program), data in (
                    (front, bytes(1501)),
                    (("owner", started.owner), b"REPLY 1501")):
                if started.trio.ours == end:
                    user.send(data)
                    program.wait_line(TOO_LONG.format(cell, 1501))
            lib.check(user.ask(b"short") == b"short", f"{cell}: no short "
                      "datagram after a long one")


def run(trio, dir):
    """Tells of each type and filter, and of all of them whatever befalls
    one."""
    started, failed = Started(trio, dir), []

    def one(name, work, *args):
        try:
            work(started, *args)
            print(f"ok   {name}")
        except Exception as e:
            print(f"FAIL {name}: {type(e).__name__}: {e}")
            failed.append(name)
    for kind in TYPES:
        for filters, _ in FILTERS:
            if has(trio, kind):
                cell = f"{kind} {filters}"
                one(cell, datagrams if kind.endswith("udp") else streams, cell)
    if trio.ours not in ("all", "none"):
        one("a datagram too long", too_long)
    lib.check(not failed, f"{trio.name}: {', '.join(failed)}")
