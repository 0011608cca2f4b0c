"""A frp server of the first wire protocol, in the hands of a test: it says
what it is told to, and nothing by itself."""
import socket
import ssl

from frp import (LOGIN, LOGIN_RESP, NEW_PROXY, NEW_PROXY_RESP, NEW_WORK,
                 REQ_WORK, START_WORK, Sealed, message, packed)
from lib import check
from mux import Mux

WAIT = 15


def shown(certificate):
    """What a server with these two files, .cert and .key, speaks TLS by."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(certificate.cert, certificate.key)
    return c


class FrpsByHand:
    """Listens on loopback; its clients are taken up one by one."""

    def __init__(self, mux=False, certificate=None, token="", port=0):
        self.mux, self.token = mux, token
        self.tls = shown(certificate) if certificate else None
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(WAIT)
        self.port = self.listener.getsockname()[1]

    def accept(self):
        """The next connection, with all that is below frp's streams."""
        s, _ = self.listener.accept()
        s.settimeout(WAIT)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(s, server_side=True) if self.tls else s

    def _first(self):
        """Of the next connection: its first stream, its link, and what it
        says, which is nothing if it is gone."""
        s = link = None
        try:
            s = self.accept()
            link = Mux(s, server=True) if self.mux else None
            s = link.accept() if link else s
            return s, link, *message(s)
        except (ConnectionError, ssl.SSLError):
            return s, link, None, None

    def session(self, **answer):
        """A client that logs in, and what it is answered. Work connections
        that an earlier session had asked for are passed over."""
        kind = None
        while kind != LOGIN:
            s, link, kind, login = self._first()
            check(kind in (LOGIN, NEW_WORK, None), f"{kind} is no Login")
        said = {"version": "0.61.0", "run_id": login.get("run_id") or
                "feedfeedfeedfeed", **answer}
        s.sendall(packed(LOGIN_RESP, said))
        return Session(self, s, link, login)

    def close(self):
        self.listener.close()


class Session(Sealed):
    """.login is what it said; .rows are the proxies that it asked for."""

    def __init__(self, host, s, link, login):
        super().__init__(s, host.token)
        self.host, self.link, self.login, self.rows = host, link, login, {}

    def take_proxies(self, n=1, **answer):
        """The next n that it asks for are granted."""
        for _ in range(n):
            row = self.wait(NEW_PROXY)[0]
            self.rows[row["proxy_name"]] = row
            self.send(NEW_PROXY_RESP, proxy_name=row["proxy_name"],
                      remote_addr=":6000", **answer)

    def ask_work(self):
        self.send(REQ_WORK)

    def take_work(self):
        s = self.link.accept() if self.link else self.host.accept()
        kind, _ = message(s)
        check(kind == NEW_WORK, f"{kind} came instead of a NewWorkConn: "
              "the client has lost its session")
        return s

    def work(self):
        """A work connection, not yet told what for."""
        self.ask_work()
        return self.take_work()


def start(name, then=b"", **more):
    """The bytes that tell a work connection what it is for, and those that
    follow at once."""
    return packed(START_WORK, {
        "proxy_name": name, "src_addr": "127.0.0.1", "src_port": 50000,
        "dst_addr": "127.0.0.1", "dst_port": 6000, **more}) + then
