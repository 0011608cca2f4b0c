"""The cells of the matrix: what is set, and what must hold then."""
import os
import socket
import subprocess

import lib

KIB, MIB = 1024, 1024 * 1024
SIZES = [1, KIB, 64 * KIB, MIB, 32 * MIB]
PARALLEL = 200
TOKEN_REFUSED = "token in login doesn't match token from configuration"


def make_ca(dir):
    """An own CA, and a certificate each for the server and the client."""
    def openssl(*words):
        done = subprocess.run(["openssl", *words], cwd=dir, text=True,
                              capture_output=True)
        lib.check(done.returncode == 0, done.stderr)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt",
            "-subj", "/CN=interop CA", "-days", "30",
            "-addext", "keyUsage=critical,keyCertSign")
    for name, use in (("server", "serverAuth"), ("client", "clientAuth")):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out",
                f"{name}.csr", "-subj", f"/CN={name}.interop")
        with open(os.path.join(dir, "ext"), "w") as f:
            f.write(f"subjectAltName=DNS:{name}.interop,IP:127.0.0.1\n"
                    f"extendedKeyUsage={use}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt",
                "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                "-extfile", "ext", "-out", f"{name}.crt")
    return lambda name: os.path.join(dir, name)


def with_tls_off(dir):
    return {}, {"transport": {"tls": {"enable": False}}}


def with_own_ca(dir):
    at = make_ca(dir)
    server = {"certFile": at("server.crt"), "keyFile": at("server.key"),
              "trustedCaFile": at("ca.crt")}
    client = {"certFile": at("client.crt"), "keyFile": at("client.key"),
              "trustedCaFile": at("ca.crt"), "serverName": "server.interop"}
    return {"transport": {"tls": server}}, {"transport": {"tls": client}}


def with_mux_off(dir):
    off = {"transport": {"tcpMux": False}}
    return off, off


def with_first_byte(dir):
    return {}, {"transport": {"tls": {"disableCustomTLSFirstByte": False}}}


def with_pool(dir):
    return {}, {"transport": {"poolCount": 5}}


def with_token(dir):
    token = {"auth": {"token": "open sesame"}}
    return token, token


def with_wrong_token(dir):
    return ({"auth": {"token": "open sesame"}},
            {"auth": {"token": "open barley"}})


def as_is(dir):
    return {}, {}


# Name, settings for both ends, more settings of every proxy.
ROWS = [
    ("tls as it comes", as_is, {}),
    ("tls off", with_tls_off, {}),
    ("own CA and client certificate", with_own_ca, {}),
    ("tcpMux off", with_mux_off, {}),
    ("first byte 0x17", with_first_byte, {}),
    ("poolCount 5", with_pool, {}),
    ("token right", with_token, {}),
    ("token wrong", with_wrong_token, {}),
    ("encrypted and compressed", as_is,
     {"transport": {"useEncryption": True, "useCompression": True}}),
]


class Cell:
    """A server and a client joined by a tunnel to three services."""

    def __init__(self, dir, server, client, row):
        _, settings, self.proxy_more = row
        self.dir = dir
        at_server, at_client = settings(dir)
        self.port = lib.free_port()
        self.echo = lib.EchoServer()
        self.duplex = lib.DuplexServer()
        self.sink = lib.SinkServer()
        self.rows = [self.proxy("echo", self.echo),
                     self.proxy("duplex", self.duplex),
                     self.proxy("sink", self.sink)]
        self.programs = server, client
        self.conf_server = {
            "bindAddr": "127.0.0.1", "bindPort": self.port, **at_server}
        self.conf_client = {
            "serverAddr": "127.0.0.1", "serverPort": self.port, **at_client,
            "proxies": self.rows}

    def proxy(self, name, service):
        return lib.tcp_proxy(name, service.port, **self.proxy_more)

    def start(self):
        self.frps = lib.Frps(self.programs[0], self.conf_server, self.dir)
        self.frpc = lib.Frpc(self.programs[1], self.conf_client, self.dir)

    def at(self, name):
        return next(r["remotePort"] for r in self.rows if r["name"] == name)


def payloads(cell):
    for n in SIZES:
        data = lib.pattern(n)
        back = lib.echo(cell.at("echo"), data)
        lib.check(back == data, f"echo of {n} bytes: {len(back)} came back, "
                  "or other ones")
        wrong = lib.duplex(cell.at("duplex"), n, n, seed=n)
        lib.check(not wrong, f"{n} bytes each way: {wrong}")


def parallel(cell, n=PARALLEL):
    """All open before the first byte, and all are served."""
    open_now = [lib.dial(cell.at("echo")) for _ in range(n)]
    for i, s in enumerate(open_now):
        s.sendall(lib.pattern(4 * KIB, 7)[i:] + b"%d" % i)
    for i, s in enumerate(open_now):
        want = lib.pattern(4 * KIB, 7)[i:] + b"%d" % i
        lib.check(lib.read_exactly(s, len(want)) == want,
                  f"connection {i} of {n}: other bytes came back")
    for s in open_now:
        s.close()


def half_close(cell, answered):
    """All that was sent before the client's end arrives, followed by the
    end. The answer after it is lost by the real programs, which close both
    ways at the first end; so it is asked for only where neither is one."""
    data = lib.pattern(3 * MIB + 1, 5)
    want = f"{len(data)} {lib.digest(data)}"
    n = len(cell.sink.results) + 1
    with lib.dial(cell.at("sink")) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        got = cell.sink.wait_result(n)
        lib.check(got == want, f"half-close: the service got '{got}'")
        if answered:
            said = lib.read_to_end(s).decode().strip()
            lib.check(said == want, f"half-close: the answer was '{said}'")


def comes_back(cell, what):
    data = lib.pattern(64 * KIB, 9)
    back = lib.echo(cell.at("echo"), data)
    lib.check(back == data, f"after the {what}'s restart: the echo failed")


def old_session_is_still(cell, mark):
    """Nothing of the client's lost session is under way any more: not even
    the login that came after all of it got through. Where work connections
    are connections of their own, one that is late would be taken for the
    next session's, whose run id it carries, and the real frpc closes it
    then, with the user on it; the two real ends lose that user, too."""
    if not cell.conf_client.get("transport", {}).get("tcpMux", True):
        cell.frpc.wait_line(r"connect to server error: ", since=mark)


def restarts(cell):
    mark = cell.frpc.mark()
    cell.frps.kill()
    old_session_is_still(cell, mark)
    cell.frps = cell.frps.again()
    cell.frpc.wait_line(lib.STARTED, timeout=30, since=mark,
                        times=len(cell.rows))
    comes_back(cell, "server")
    mark = cell.frps.mark()
    cell.frpc.kill()
    # A killed client's end is seen at once; its ports are free after that.
    cell.frps.wait_line("client exit success", since=mark)
    cell.frpc = cell.frpc.again()
    comes_back(cell, "client")


def refused(cell):
    cell.frps = lib.Frps(cell.programs[0], cell.conf_server, cell.dir)
    cell.frpc = lib.Frpc(cell.programs[1], cell.conf_client, cell.dir, wait=0)
    status = cell.frpc.wait(15)
    lib.check(status == 1, f"the client's exit status is {status}")
    lib.check(cell.frpc.says(TOKEN_REFUSED), "the client does not say why")
    cell.frps.wait_line(TOKEN_REFUSED)
    lib.check(not cell.frpc.says(lib.STARTED), "a proxy was started")


def run(server, client, row, answered, dir):
    """Everything that one cell must do."""
    cell = Cell(dir, server, client, row)
    if row[0] == "token wrong":
        refused(cell)
        return
    cell.start()
    payloads(cell)
    parallel(cell)
    half_close(cell, answered)
    restarts(cell)
