"""TLS between client and server: whose certificate, and who must have one.

The certificates are made by openssl when they are needed."""
import shutil
import subprocess

from lib import STARTED, EchoServer, Skip, check, echo, tcp_proxy
from pairs import Pair

FORCED = "non-TLS connection received on a TlsOnly server"
TLS = "transport.tls."


class Authority:
    """One that signs what it is asked to."""

    def __init__(self, t, name):
        if not shutil.which("openssl"):
            raise Skip("there is no openssl here")
        self.t, self.name = t, name
        self.cert, self.key = t.path(f"{name}.crt"), t.path(f"{name}.key")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                     self.key, "-out", self.cert, "-days", "2", "-subj",
                     f"/CN={name}")

    def openssl(self, *words):
        p = subprocess.run(["openssl", *words], cwd=self.t.dir,
                           capture_output=True, text=True, timeout=30)
        check(p.returncode == 0, p.stderr)

    def issue(self, name, san, rsa=False):
        """The settings certFile and keyFile of a new certificate."""
        stem = self.t.path(f"{self.name}-{name}")
        kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt",
                                         "ec_paramgen_curve:prime256v1"]
        self.openssl("req", "-newkey", *kind, "-nodes", "-keyout",
                     stem + ".key", "-out", stem + ".csr", "-subj",
                     f"/CN={name}")
        ext = self.t.write(f"{name}.ext",
                           f"subjectAltName={san}\n" if san else "\n")
        self.openssl("x509", "-req", "-in", stem + ".csr", "-CA", self.cert,
                     "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                     "-extfile", ext, "-out", stem + ".crt")
        return {TLS + "certFile": stem + ".crt", TLS + "keyFile":
                stem + ".key"}


def refused(t, server, why, name, **conf):
    """A client that does not get in, and says why."""
    client = t.frpc(server, [], {TLS + k: v for k, v in conf.items()},
                    name=name)
    check(client.wait(20) == 1, f"{name} does not end with 1")
    client.wait_line(f"connect to server error: .*{why}")


def let_in(t, server, name, **conf):
    row = tcp_proxy(name, EchoServer().port)
    client = t.frpc(server, [row], {TLS + k: v for k, v in conf.items()},
                    name=name)
    check(echo(row["remotePort"], b"hello") == b"hello")
    return client


def test_a_server_makes_its_own_certificate_and_clients_know_no_better(t):
    pair = Pair(t, EchoServer())
    check(echo(pair.port, b"x" * 100_000) == b"x" * 100_000)
    pair.client.wait_line(r"\[W\].* the server's certificate is not checked")


def test_a_server_that_forces_tls_turns_plain_clients_away(t):
    server = t.frps({TLS + "force": True})
    refused(t, server, "transport.tls", "plain", enable=False)
    server.wait_line(rf"\[W\].* client \[127\.0\.0\.1:\d+\]: {FORCED}$")
    let_in(t, server, "secure")
    let_in(t, server, "byte", disableCustomTLSFirstByte=False)


def test_clients_must_show_the_certificate_that_the_server_trusts(t):
    ours, theirs = Authority(t, "ours"), Authority(t, "theirs")
    server = t.frps({TLS + "trustedCaFile": ours.cert,
                     **ours.issue("server", "DNS:frp.example")})
    refused(t, server, "transport.tls", "plain", enable=False)
    server.wait_line(FORCED)
    for i, conf in enumerate(({}, theirs.issue("b", "DNS:b"))):
        client = t.frpc(server, [], conf, name=f"stranger{i}")
        check(client.wait(20) == 1)
        client.wait_line("connect to server error: .*(TLS|transport.tls)")
        server.wait_line("TLS handshake failed: ", times=i + 1)
    row = tcp_proxy("echo", EchoServer().port)
    for i, rsa in enumerate((False, True)):
        conf = ours.issue(f"client{i}", "DNS:a", rsa)
        client = t.frpc(server, [row], conf, name=f"known{i}")
        check(echo(row["remotePort"], b"hello") == b"hello")
        client.stop()


def test_a_client_checks_chain_and_name_of_the_server(t):
    ours, theirs = Authority(t, "ours"), Authority(t, "theirs")
    server = t.frps(ours.issue("server", "DNS:frp.example", rsa=True))
    let_in(t, server, "named", trustedCaFile=ours.cert,
           serverName="frp.example")
    refused(t, server, "TLS handshake failed: ", "other-name",
            trustedCaFile=ours.cert, serverName="other.example")
    refused(t, server, "TLS handshake failed: ", "no-name",
            trustedCaFile=ours.cert)
    refused(t, server, "TLS handshake failed: ", "other-chain",
            trustedCaFile=theirs.cert, serverName="frp.example")
    server.wait_line(r"\[W\].* client \[127\.0\.0\.1:\d+\].*TLS handshake "
                     "failed: ")


def test_a_common_name_is_no_name_of_a_server(t):
    """As in Go and in browsers."""
    ours = Authority(t, "ours")
    server = t.frps(ours.issue("frp.example", ""))
    refused(t, server, "certificate is not for this name", "common",
            trustedCaFile=ours.cert, serverName="frp.example")
    other = t.frps(ours.issue("named.example", "DNS:other.example"),
                   name="other")
    refused(t, other, "certificate is not for this name", "beside",
            trustedCaFile=ours.cert, serverName="named.example")
    let_in(t, other, "named", trustedCaFile=ours.cert,
           serverName="OTHER.example.")


def test_a_server_name_that_is_none_lets_nobody_in(t):
    ours = Authority(t, "ours")
    server = t.frps(ours.issue("server", "DNS:frp.example, DNS:*.wild"))
    for i, name in enumerate((".", "..", "*.wild", " ")):
        refused(t, server, "is no name that a certificate can be for",
                f"none{i}", trustedCaFile=ours.cert, serverName=name)
    let_in(t, server, "star", trustedCaFile=ours.cert, serverName="a.wild")


def test_a_certificate_may_name_an_address(t):
    ours = Authority(t, "ours")
    server = t.frps(ours.issue("server", "IP:127.0.0.1"))
    let_in(t, server, "address", trustedCaFile=ours.cert)
    refused(t, server, "TLS handshake failed: ", "other",
            trustedCaFile=ours.cert, serverName="127.0.0.2")


def test_a_pin_lets_in_one_server_and_no_other(t):
    server = t.frps()
    pin = server.wait_line(r'transport\.tls\.pin = "(sha256:[0-9a-f]{64})"')
    pin = pin.group(1)
    client = let_in(t, server, "right", pin=pin)
    check(not client.says("certificate is not checked"))
    wrong = pin[:-1] + ("0" if pin[-1] != "0" else "1")
    refused(t, server, "TLS handshake failed: .*(pin|certificate)", "wrong",
            pin=wrong)


def test_a_pinned_certificate_of_ones_own_survives_a_restart(t):
    ours = Authority(t, "ours")
    server = t.frps(ours.issue("server", "DNS:frp.example"))
    pin = server.wait_line(r'pin = "(sha256:[0-9a-f]{64})"').group(1)
    client = let_in(t, server, "pinned", pin=pin)
    mark = client.mark()
    server.kill()
    server.again()
    client.wait_line(STARTED, since=mark)


def test_files_that_are_missing_or_wrong_stop_the_start(t):
    server = t.frps({TLS + "certFile": t.path("none.crt"),
                     TLS + "keyFile": t.path("none.key")}, wait=False)
    check(server.wait() == 1)
    check("none.crt: no such file or directory" in server.text)
    bad = t.write("bad.crt", "no certificate\n")
    client = t.frpc(1, [], {TLS + "trustedCaFile": bad})
    check(client.wait() == 1)
    check("cannot set up TLS" in client.lines[-1], client.text)
