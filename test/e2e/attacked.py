"""A server that is attacked, with a service that is to be served well all the
time."""
import contextlib

from frp import (NEW_WORK, PING, PONG, REQ_WORK, Control, over_tls, packed,
                 started)
from lib import EchoServer, check, dial, echo, read_exactly, tcp_proxy
from mux import Mux
from test_private import steady

LINKS = [(True, True), (True, False)]
BARE = [(False, True), (False, False)]
ROUNDS = 6


def connect(port, tls):
    s = dial(port)
    return over_tls(s) if tls else s


class World:
    """A server, and a client with a service that is to be served well all
    the time. What it holds, others want."""

    def __init__(self, t, mux, tls, name, **conf):
        self.mux, self.tls = mux, tls
        self.server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        self.port, self.pid = self.server.conf["bindPort"], self.server.pid
        self.row = tcp_proxy(f"good{name}", EchoServer().port)
        self.held = self.row["name"]
        self.good = self.row["remotePort"]
        self.client = t.frpc(self.server, [self.row], {
            "transport.tcpMux": mux, "transport.tls.enable": tls, **conf},
            name=f"frpc{name}")

    def link(self):
        return Mux(connect(self.port, self.tls))

    def control(self, **login):
        """A client by hand; and its link, if it has one."""
        link = self.link() if self.mux else None
        s = link.open() if link else connect(self.port, self.tls)
        return Control(self.port, over=s, **login), link

    def is_well(self):
        """A new user and a new client are served as ever."""
        check(self.server.running(), "the server is gone")
        check(echo(self.good, b"well") == b"well")
        c, _ = self.control()
        said = c.proxy(self.held)
        check("already exists" in said.get("error", ""), said)
        check(not self.client.says("is lost"), self.client.text)
        c.close()


@contextlib.contextmanager
def undisturbed(w):
    """A connection through the good proxy lives all the time, and all is
    well behind it."""
    with steady(w.good) as still:
        yield still
        still()
    w.is_well()


def lives(c, link, remote):
    """A client by hand is served on its link."""
    c.send(PING)
    c.wait(PONG)
    with dial(remote) as user:
        c.wait(REQ_WORK)
        work = (link.open(packed(NEW_WORK, {"run_id": c.run_id})) if link
                else c.work())
        check(started(work)["proxy_name"], "the work stream is for nothing")
        work.sendall(b"hello")
        check(read_exactly(user, 5) == b"hello")


def is_over(stream):
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
