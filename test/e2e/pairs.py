"""A server and a client on it, in the ways that links can be."""
import contextlib
import os
import socket
import threading

from lib import Relay, check, tcp_proxy
from wire import CHUNK, free_port, reserve, try_port

WAYS = [(mux, tls) for mux in (True, False) for tls in (True, False)]


class Silent(Relay):
    """A relay whose black hole swallows resets too."""

    def _pump(self, source, sink):
        try:
            while part := source.recv(CHUNK):
                self._open.wait()
                sink.sendall(part)
            self._open.wait()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._open.wait()
            for s in (source, sink):
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)


class Pair:
    """A tunnel to one service; settings may be written with dots."""

    def __init__(self, t, service, mux=True, tls=True, server=None,
                 client=None, through=None, name="", **row):
        self.server = t.frps({"transport.tcpMux": mux, **(server or {})},
                             name=f"frps{name}")
        link = through(self.server.conf["bindPort"]) if through else None
        self.relay = link
        self.row = tcp_proxy(f"pair{name}", getattr(service, "port", service),
                             **row)
        self.port = self.row["remotePort"]
        self.conf = {"transport.tcpMux": mux, "transport.tls.enable": tls,
                     **(client or {})}
        self.client = t.frpc(link or self.server, [self.row], self.conf,
                             name=f"frpc{name}")

    def stop(self):
        self.client.stop()
        self.server.stop()


def way_name(mux, tls):
    return f"{'-mux' if mux else '-bare'}{'-tls' if tls else '-plain'}"


def every_way(work, ways=None):
    """work(mux, tls, name) for each of them at once; tells which failed."""
    wrong, threads = [], []

    def one(mux, tls):
        name = way_name(mux, tls)
        try:
            work(mux, tls, name)
        except BaseException as e:
            wrong.append(f"{name[1:]}: {type(e).__name__}: {e}")
    for way in ways or WAYS:
        threads.append(threading.Thread(target=one, args=way, daemon=True))
        threads[-1].start()
    for th in threads:
        th.join()
    check(not wrong, "; ".join(wrong))


@contextlib.contextmanager
def closing(things):
    try:
        yield things
    finally:
        for x in things:
            x.close()


def ports_in_a_row(n):
    """n free ports in a row: the first."""
    while True:
        first = free_port()
        try:
            for p in range(first, first + n):
                if p != first:
                    reserve(p)
                try_port(p)
            return first
        except (OSError, OverflowError):
            continue


def split(t, *words, env=None, name="frpc"):
    """Our binary with standard error in a file: .lines are standard output
    alone; and the way to that file."""
    err = t.path(f"{name}.stderr")
    p = t.proc(["/bin/sh", "-c", 'e=$1; shift; exec "$@" 2>"$e"', "sh", err,
                os.path.abspath(t.bin), *words], env=env, name=name)
    return p, err


def text_of(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return ""
