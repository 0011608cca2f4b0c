"""Tokens of which several are valid: with real clients that have one each,
and a real server that knows the first of ours."""
import functools
import os

import cells
import lib
import runner
from proc import Failure

SCOPES = {"additionalScopes": ["HeartBeats", "NewWorkConns"]}
SECONDS = 4  # beyond the heartbeats' timeout, which is 3


def write(dir, text):
    """The server's or our client's file, replaced in one step."""
    path = os.path.join(dir, "tokens")
    with open(f"{path}.new", "w") as f:
        f.write(text)
    os.rename(f"{path}.new", path)
    return {"tokenSource": {"type": "file", "file": {"path": path}}}


class Client:
    """One of two, with a token of its own."""

    def __init__(self, program, dir, port, mux, service, name, auth):
        self.rows = [lib.tcp_proxy(f"{name} plain", service.port),
                     lib.tcp_proxy(f"{name} sealed", service.port, transport={
                         "useEncryption": True, "useCompression": True})]
        self.frpc = lib.Frpc(program, {
            "serverAddr": "127.0.0.1", "serverPort": port,
            "auth": {**auth, **SCOPES}, "transport": {
                "tcpMux": mux, "heartbeatInterval": 1, "heartbeatTimeout": 3},
            "proxies": self.rows}, dir, name)

    def works(self):
        for row in self.rows * 2:
            data = lib.pattern(cells.MIB // 4, 3)
            lib.check(lib.echo(row["remotePort"], data) == data,
                      f"{row['name']}: other bytes came back")


def goes_on(client):
    try:
        client.frpc.wait_line("heartbeat timeout|is lost|contains error",
                              SECONDS)
    except Failure as e:
        lib.check("waited" in str(e), str(e))
        client.works()
        return
    lib.check(False, "the session of the old token has ended")


def server_of(program, dir, auth, mux):
    return lib.Frps(program, {
        "bindAddr": "127.0.0.1", "bindPort": lib.free_port(),
        "auth": {**auth, **SCOPES},
        "transport": {"tcpMux": mux, "heartbeatTimeout": 3}}, dir)


def at_our_server(server, client, mux, dir):
    frps = server_of(server, dir, write(dir, "# new\nnew\n# old\nold\n"), mux)
    port, service = frps.conf["bindPort"], lib.EchoServer()
    both = [Client(client, dir, port, mux, service, token, {"token": token})
            for token in ("old", "new")]
    for c in both:
        c.works()
    write(dir, "new\nnewer\n")
    late = lib.Frpc(client, {
        "serverAddr": "127.0.0.1", "serverPort": port, "auth": {
            "token": "old"}, "transport": {"tcpMux": mux}}, dir, "late")
    lib.check(late.wait() == 1 and late.says(cells.TOKEN_REFUSED), late.text)
    both[1].works()
    goes_on(both[0])


def at_a_real_server(server, client, mux, dir):
    frps = server_of(server, dir, {"token": "new"}, mux)
    ours = Client(client, dir, frps.conf["bindPort"], mux, lib.EchoServer(),
                  "ours", write(dir, "new\nold\n"))
    ours.works()
    write(dir, "third\n")
    goes_on(ours)


def jobs(pairs, ours, seconds):
    """For all these, as run.py has them."""
    for name, server, client, _ in pairs:
        work = at_our_server if server == ours else at_a_real_server
        for mux in True, False:
            yield runner.Job(
                f"{name}: tokens of a file{'' if mux else ', tcpMux off'}",
                functools.partial(work, server, client, mux), seconds, True)
