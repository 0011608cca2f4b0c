"""The cells of WebSocket: as it is, and as wss with nginx in front of the
server; with a mux and without."""
import functools

import cells
import runner
from front import Front

TLS_OFF = {"enable": False}
PARALLEL = 100  # a handshake more for each, without a mux


def _both(protocol, mux, tls):
    both = {"tcpMux": mux}
    return ({"transport": both},
            {"transport": {**both, "protocol": protocol, "tls": tls}})


def websocket(mux, tls):
    return lambda dir: _both("websocket", mux, tls)


def wss(mux):
    def settings(dir):
        at = cells.make_ca(dir)
        return _both("wss", mux, {"trustedCaFile": at("ca.crt"),
                                  "serverName": "server.interop"})
    return settings


ROWS = [
    ("websocket", websocket(True, {}), {}),
    ("websocket, tls off", websocket(True, TLS_OFF), {}),
    ("websocket, tcpMux off", websocket(False, {}), {}),
    ("websocket, tls and tcpMux off", websocket(False, TLS_OFF), {}),
    ("wss behind nginx", wss(True), {}),
    ("wss behind nginx, tcpMux off", wss(False), {}),
]


def run(server, client, row, answered, dir):
    cell = cells.Cell(dir, server, client, row)
    mux = cell.conf_client["transport"]["tcpMux"]
    if row[0].startswith("wss"):
        front = Front(dir, cell.port, f"{dir}/server.crt", f"{dir}/server.key")
        cell.conf_client["serverPort"] = front.port
    cell.start()
    cells.payloads(cell)
    cells.parallel(cell, PARALLEL)
    if mux:  # WebSocket itself has no half-close
        cells.half_close(cell, answered)
    cells.restarts(cell)


def jobs(pairs, seconds):
    """The rows above for all these, as run.py has them."""
    for row in ROWS:
        for name, server, client, answered in pairs:
            yield runner.Job(f"{name}: {row[0]}", functools.partial(
                run, server, client, row, answered), seconds)
