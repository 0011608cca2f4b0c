"""The far side of tunnels: a worker behind a bastion."""
import os
import signal
import socket

from far import Far, both_ways
from lib import check, free_port, tcp_proxy, until
from pairs import Silent
from socks import real_frpc, real_frps
from test_offer import NAME, SECRET, offer
from wire import (EchoServer, Relay, SinkServer, digest, duplex, echo, pattern,
                  read_to_end)

GONE = f"worker '{NAME}' is not there: no client of '127.0.0.1:%d' offers it"


def far(t, server, *words, to=(), secret=SECRET, worker=NAME, **kw):
    port = server if isinstance(server, int) else server.conf["bindPort"]
    return Far(t, f"bastion=127.0.0.1:{port}", f"worker={worker}",
               f"secret={secret}", *words, to=to, **kw)


def stand(t, allow="1-65535", server=None):
    server = server or t.frps()
    return server, offer(t, server.conf["bindPort"], allow)


def test_a_worker_is_reached_through_ours_and_a_stock_bastion(t):
    sink, duplexes = SinkServer(), EchoServer()
    data = pattern(1024 * 1024)
    for server in (t.frps(), real_frps(t)):
        stand(t, server=server)
        for mux in ("1",) if server.name == "realfrps" else ("1",):
            f = far(t, server, f"mux={mux}", to=(sink.port, duplexes.port))
            f.up()
            check(f.rtt() < 15000000)
            check(both_ways(f.ports[0], data) ==
                  f"{len(data)} {digest(data)}\n".encode())
            check(echo(f.ports[1], data) == data)
            f.end()
        server.stop()
