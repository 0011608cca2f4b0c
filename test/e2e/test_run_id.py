"""Who knows a client's run id, and not the token, is not that client."""
import re
import time

from frp import (NEW_WORK, Control, OneStream, auth_key, message, packed,
                 port_in, signed, started)
from lib import STARTED, EchoServer, Relay, check, dial, echo
from pairs import Pair, every_way
from test_private import Private
from test_server import same, scopes
from udp import secret_proxy, visitor

NO_TOKEN = "token in NewWorkConn doesn't match token from configuration"


class Overheard(Relay):
    """Lets everything pass, and remembers it."""
    said = b""

    def __init__(self, port):
        super().__init__(port)
        self.run_id = None

    def _pump(self, source, sink):
        super()._pump(Ear(self, source), sink)

    def heard(self, part):
        self.said += part
        found = re.search(rb'"run_id":"([0-9a-f]{16})"', self.said)
        if found and not self.run_id:
            self.run_id = found[1].decode()


class Ear:
    def __init__(self, relay, s):
        self.relay, self.s = relay, s

    def recv(self, n):
        part = self.s.recv(n)
        self.relay.heard(part)
        return part

    def __getattr__(self, name):
        return getattr(self.s, name)


def test_a_stranger_with_a_run_id_gives_no_work_connection(t):
    """Without a mux nothing but the token tells whose a connection is."""
    pair = Pair(t, EchoServer(), False, False, through=Overheard,
                server={"auth.token": "t"}, client={"auth.token": "t"})
    strangers = []
    for proof in ({}, signed("guess"), {"privilege_key": "t"},
                  {"privilege_key": auth_key("t", 1), "timestamp": 2}):
        s = dial(pair.server.conf["bindPort"])
        s.sendall(packed(NEW_WORK, {"run_id": pair.relay.run_id, **proof}))
        strangers.append(s)
    same(echo(pair.port, b"my password"), b"my password")
    for s in strangers:
        same(started(s), {"error": NO_TOKEN})
        same(s.recv(1), b"")
    pair.server.wait_line(r"\[W\].* invalid NewWorkConn with run id "
                          rf"\[{pair.relay.run_id[:6]}\]$", times=4)


def test_only_who_says_that_it_signs_has_to_sign(t):
    server = t.frps({"transport.tcpMux": False, "auth.token": "t"})
    for says, proof, error in (
            ({}, {}, None), ({"culvert_signs": 1}, {}, NO_TOKEN),
            ({"culvert_signs": 1}, signed("t"), None)):
        c = Control(server.conf["bindPort"], "t", **says)
        port = port_in(c.proxy(f"{says} {proof}"))
        with dial(port):
            c.wait(b"r")
            same(started(c.work(**proof)).get("error"), error)
        c.close()


def test_an_unsigned_work_connection_is_refused_where_it_must_be_signed(t):
    """Clients of ours sign in any case."""
    server = t.frps({**scopes("NewWorkConns"), "transport.tcpMux": False})
    c = Control(server.conf["bindPort"], "t")
    with dial(port_in(c.proxy("theirs"))):
        c.wait(b"r")
        work = c.work()
        same(started(work), {"error": NO_TOKEN})
        same(work.recv(1), b"")

    def work(mux, tls, name):
        pair = Pair(t, EchoServer(), mux, tls, name=name,
                    server=scopes("NewWorkConns"),
                    client={"auth.token": "t"})
        same(echo(pair.port, b"hello"), b"hello")
    every_way(work, [(True, False), (False, False)])


def comes(port, mux, run_id, **more):
    """What a visitor is told who says that it is of that run id."""
    s = dial(port)
    s = OneStream(s) if mux else s
    t = int(time.time())
    s.sendall(packed(b"v", {"run_id": run_id, "proxy_name": "bob.s",
                            "sign_key": auth_key("key", t), "timestamp": t,
                            **more}))
    said = message(s)[1]
    s.close()
    return said.get("error")


def test_who_knows_a_run_id_does_not_visit_as_its_user(t):
    def work(mux, tls, name):
        row = secret_proxy("s", "stcp", EchoServer().port, secretKey="key",
                           allowUsers=["ann"])
        to = visitor(row, serverUser="bob")
        p = Private(t, [row], [to], mux, tls, name,
                    server={"auth.token": "t"},
                    owner={"auth.token": "t", "user": "bob"},
                    guest={"auth.token": "t", "user": "ann"})
        p.owner.wait_line(STARTED)
        same(echo(to["bindPort"], b"hello"), b"hello")
        port = p.server.conf["bindPort"]
        ann = Control(port, "t", mux=mux, user="ann", culvert_signs=1)
        wrong = f"no client control found for run id [{ann.run_id[:6]}]"
        same(comes(port, mux, ann.run_id), wrong)
        same(comes(port, mux, ann.run_id, culvert_key="t"), wrong)
        if not mux:
            key = auth_key("t", int(time.time()))
            same(comes(port, mux, ann.run_id, culvert_key=key), None)
            stock = Control(port, "t", user="ann")
            same(comes(port, mux, stock.run_id), None)
        same(comes(port, mux, None), "visitor connection of [bob.s] user [] "
             "not allowed")
    every_way(work, [(True, False), (False, False)])
