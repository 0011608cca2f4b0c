"""A server of ours that reads its settings again, under real clients: they go
on, and those who come find what is new."""
import functools
import os
import shutil
import signal

import cells
import lib
import runner

DONE = "settings read anew, changed: (.*)$"
TOLD = "TLS files with another key, allowPorts, now 1-65535"


class Renewed:
    def __init__(self, server, dir, mux):
        self.dir, self.at = dir, cells.make_ca(dir)
        self.mux = {"tcpMux": mux}
        self.service = lib.DuplexServer()
        self.conf = {
            "bindAddr": "127.0.0.1", "bindPort": lib.free_port(),
            "allowPorts": [{"start": 1, "end": 65534}], "transport": {
                **self.mux, "tls": {"certFile": self.at("server.crt"),
                                    "keyFile": self.at("server.key")}}}
        self.frps = lib.Frps(server, self.conf, dir)

    def client(self, program, name, ca, **kw):
        row = lib.tcp_proxy(name, self.service.port)
        client = lib.Frpc(program, {
            "serverAddr": "127.0.0.1", "serverPort": self.conf["bindPort"],
            "transport": {**self.mux, "tls": {
                "trustedCaFile": ca, "serverName": "server.interop"}},
            "proxies": [row]}, self.dir, name, **kw)
        return client, row["remotePort"]

    def renew(self, conf):
        with open(self.frps.path, "w") as f:
            f.write(lib.toml(conf))
        mark = self.frps.mark()
        self.frps.signal(signal.SIGHUP)
        return self.frps.wait_line(DONE, since=mark)[1]


def works(port):
    wrong = lib.duplex(port, cells.MIB, cells.MIB, seed=3)
    lib.check(not wrong, wrong)


def run(server, client, mux, dir):
    r = Renewed(server, dir, mux)
    old_ca = shutil.copy(r.at("ca.crt"), r.at("old.crt"))
    first, port = r.client(client, "first", r.at("ca.crt"))
    works(port)
    up = lib.pattern(2 * cells.MIB, 5)
    echo = lib.EchoServer()
    row = lib.tcp_proxy("in the middle", echo.port)
    middle = lib.Frpc(client, {
        "serverAddr": "127.0.0.1", "serverPort": r.conf["bindPort"],
        "transport": r.mux, "proxies": [row]}, dir, "middle")
    with lib.dial(row["remotePort"]) as s:
        s.sendall(up[:cells.MIB])
        os.rename(r.at("ca.crt"), r.at("kept.crt"))
        cells.make_ca(dir) # all new
        said = r.renew({**r.conf, "allowPorts": [{"start": 1, "end": 65535}]})
        lib.check(said == TOLD, said)
        back = lib.read_exactly(s, cells.MIB)
        s.sendall(up[cells.MIB:])
        back += lib.read_exactly(s, cells.MIB)
        lib.check(back == up, "other bytes came back")
    for c in (first, middle):
        lib.check(c.running() and c.text.count("login to server success") == 1,
                  f"{c.name} has lost its session")
    if mux:
        works(port)
    _, new = r.client(client, "new", r.at("ca.crt"))
    works(new)
    late, _ = r.client(client, "late", old_ca, wait=0)
    lib.check(late.wait() == 1, "one that trusts the old CA is let in")
    lib.check(lib.echo(row["remotePort"], up) == up, "other bytes at last")


def jobs(pairs, ours, seconds):
    """For all these, as run.py has them."""
    for name, server, client, _ in pairs:
        for mux in (True, False) if server == ours else ():
            yield runner.Job(
                f"{name}: settings read anew{'' if mux else ', tcpMux off'}",
                functools.partial(run, server, client, mux), seconds)
