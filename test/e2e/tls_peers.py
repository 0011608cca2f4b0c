#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our TLS against peers that others wrote: openssl and Go's crypto/tls.

TOOLS names the folder of tlspipe.  Without openssl or go what needs them is
skipped.  Nothing waits on a clock: every server says when it listens."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.abspath(os.environ.get("TOOLS", "build/tools"))
PIPE = os.path.join(TOOLS, "tlspipe")
PEER = os.path.join(TOOLS, "tlspeer")
TEXT = bytes(range(256)) * 1000
LIMIT = 30


class Skip(Exception):
    pass


def pem(name):
    return os.path.join(HERE, "..", "vectors", name + ".pem")


def pair(name):
    return [pem(name), pem(name + ".key")]


def need_openssl():
    if not shutil.which("openssl"):
        raise Skip("no openssl")


def need_go():
    if os.path.exists(PEER):
        return
    if not shutil.which("go"):
        raise Skip("no go")
    env = dict(os.environ, GO111MODULE="off", CGO_ENABLED="0")
    subprocess.run(["go", "build", "-o", PEER, "main.go"], check=True, env=env,
                   cwd=os.path.join(HERE, "..", "tools", "tlspeer"))


@contextlib.contextmanager
def listening(args, word=rb"(?:listening on |ACCEPT )127\.0\.0\.1:(\d+)",
              out=False):
    """A server that says its port; yields it and a function for its end."""
    p = subprocess.Popen(args, stdin=subprocess.PIPE, bufsize=0,
                         stdout=subprocess.PIPE if out else subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL if out else subprocess.PIPE)
    said = p.stdout if out else p.stderr
    seen = b""
    try:
        while not re.search(word, seen):
            line = said.readline()
            assert line, "server ended: %r" % seen
            seen += line

        def until(text):
            nonlocal seen
            while not re.search(text, seen):
                line = said.readline()
                assert line, "server ended: %r" % seen
                seen += line
            return seen.decode(errors="replace")
        yield int(re.search(word, seen).group(1)), until
    finally:
        p.kill()
        p.wait()
        p.stdin.close()
        said.close()


def run(args, text=b"", good=True):
    p = subprocess.run(args, input=text, capture_output=True, timeout=LIMIT)
    said = p.stderr.decode(errors="replace")
    if good is not None:
        assert (p.returncode == 0) == good, (args, p.returncode, said)
    return p.stdout, said


def ours(*args):
    return listening([PIPE, "server", "0", *args])


def put(f, text):
    with contextlib.suppress(OSError):  # the other end may have left
        f.write(text)
        f.flush()


def talk(args, text):
    """Writes text, reads as much, then closes its side."""
    p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    writer = threading.Thread(target=put, args=(p.stdin, text))
    watch = threading.Timer(LIMIT, p.kill)
    writer.start()
    watch.start()
    back = b""
    while len(back) < len(text):
        more = p.stdout.read1(65536)
        if not more:
            break
        back += more
    writer.join()
    with contextlib.suppress(OSError):
        p.stdin.close()
    err = p.stderr.read()
    p.wait()
    watch.cancel()
    p.stdout.close()
    p.stderr.close()
    return back, err.decode(errors="replace"), p.returncode


def s_client(port, *args):
    return ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-quiet",
            "-no_ign_eof", *args]


def s_server(*args):
    """openssl's echo: it turns every line around."""
    need_openssl()
    return listening(["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev",
                      *args], out=True)


def our_client(port, *args):
    return [PIPE, "client", "127.0.0.1", str(port), *args]


LINE = b"abcdefgh" * 200 + b"\n"
TURNED = LINE[-2::-1] + b"\n"

SUITES = {
    "server": ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
               "ECDHE-ECDSA-CHACHA20-POLY1305"],
    "server_rsa": ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
                   "ECDHE-RSA-CHACHA20-POLY1305"],
}


def test_openssl_client_echoes_with_every_suite():
    need_openssl()
    for cert, suites in SUITES.items():
        with ours(*pair(cert)) as (port, until):
            for suite in suites:
                back, err, _ = talk(s_client(
                    port, "-cipher", suite, "-CAfile", pem("ca"),
                    "-verify_hostname", "server.test",
                    "-verify_return_error"), LINE * 10)
                assert back == LINE * 10, err
            log = until(rb"(?s)" + rb"end: peer closed.*" * 3)
            assert log.count("ready: ") == 3, log


def test_openssl_client_takes_every_curve():
    need_openssl()
    with ours(*pair("server_rsa")) as (port, _):
        for curve in "X25519", "P-256", "P-384", "P-521":
            back, err, _ = talk(s_client(port, "-groups", curve), b"x\n")
            assert back == b"x\n", (curve, err)


def test_openssl_client_accepts_our_own_certificate():
    need_openssl()
    with ours() as (port, until):
        pin = re.search(r"own sha256:(\w+)", until(rb"own \S+")).group(1)
        p = subprocess.run(["openssl", "s_client", "-connect",
                            "127.0.0.1:%d" % port], input=b"",
                           capture_output=True, timeout=LIMIT)
        cert = re.search(rb"-----BEGIN.*END CERTIFICATE-----\n", p.stdout,
                         re.S).group(0)
        key, _ = run(["openssl", "x509", "-noout", "-pubkey"], cert)
        der, _ = run(["openssl", "pkey", "-pubin", "-outform", "DER"], key)
        out, _ = run(["openssl", "dgst", "-sha256", "-hex"], der)
        assert pin in out.decode()
        with tempfile.NamedTemporaryFile() as f:
            f.write(cert)
            f.flush()
            out, _ = run(["openssl", "verify", "-check_ss_sig", "-CAfile",
                          f.name, f.name])
            assert b"OK" in out


def test_openssl_client_below_tls_1_2_is_refused():
    need_openssl()
    with ours(*pair("server_rsa")) as (port, until):
        back, err, code = talk(s_client(port, "-tls1_1", "-cipher",
                                        "ALL:@SECLEVEL=0"), b"x\n")
        assert back == b"" and code != 0
        assert "protocol version" in err, err
        until(rb"end: no common cipher suite or version")


def test_openssl_client_without_our_suites_is_refused():
    need_openssl()
    with ours(*pair("server_rsa")) as (port, until):
        back, _, code = talk(s_client(port, "-tls1_2", "-cipher",
                                      "AES128-GCM-SHA256"), b"x\n")
        assert back == b"" and code != 0
        until(rb"end: no common cipher suite or version")


def test_openssl_client_needs_its_certificate():
    need_openssl()
    with ours(*pair("server"), pem("ca")) as (port, until):
        for name in "client", "client_rsa":
            cert, key = pair(name)
            back, err, _ = talk(s_client(port, "-cert", cert, "-key", key),
                                LINE)
            assert back == LINE, err
        assert talk(s_client(port), LINE)[0] == b""
        until(rb"end: client sent no certificate")
        cert, key = pair("stranger")
        back, _, _ = talk(s_client(port, "-cert", cert, "-key", key), LINE)
        assert back == b""
        until(rb"end: certificate is not signed by a trusted CA")


def test_openssl_client_resumes():
    need_openssl()
    with ours(*pair("server")) as (port, until), \
            tempfile.TemporaryDirectory() as d:
        sess = os.path.join(d, "session")
        back, err, _ = talk(s_client(port, "-tls1_2", "-sess_out", sess), LINE)
        assert back == LINE, err
        back, err, _ = talk(s_client(port, "-tls1_2", "-sess_in", sess), LINE)
        assert back == LINE, err
        until(rb"resumed 1")


def test_plain_http_is_told_from_tls():
    need_openssl()
    import socket
    with ours() as (port, until):
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert s.recv(100) == b""
        until(rb"end: peer speaks no TLS")


def test_openssl_server_with_every_suite():
    for name, suites in SUITES.items():
        cert, key = pair(name)
        for suite in suites:
            with s_server("-cert", cert, "-key", key, "-cipher", suite,
                          "-tls1_2") as (port, _):
                back, err, _ = talk(our_client(port, "server.test",
                                               pem("ca")), LINE)
                assert back == TURNED, err
                assert "CHACHA20" in err or "GCM" in err


def test_openssl_server_is_judged():
    cert, key = pair("server")
    with s_server("-cert", cert, "-key", key) as (port, _):
        for name, ca, why in (
                ("127.0.0.1", "ca", None), ("::1", "ca", None),
                ("x.wild.test", "ca", None), ("-", "ca", None),
                ("127.0.0.2", "ca", "certificate is not for this name"),
                ("other.test", "ca", "certificate is not for this name"),
                ("server.test", "other", "not signed by a trusted CA")):
            back, err, _ = talk(our_client(port, name, pem(ca)), LINE)
            assert back == (b"" if why else TURNED), err
            assert (why or "ready: ") in err, err


def test_openssl_server_is_pinned():
    cert, key = pair("server")
    key_pem, _ = run(["openssl", "x509", "-noout", "-pubkey", "-in", cert])
    der, _ = run(["openssl", "pkey", "-pubin", "-outform", "DER"], key_pem)
    out, _ = run(["openssl", "dgst", "-sha256", "-hex"], der)
    pin = "sha256:" + out.decode().split()[-1]
    with s_server("-cert", cert, "-key", key) as (port, _):
        back, err, _ = talk(our_client(port, "-", "-", pin), LINE)
        assert back == TURNED, err
        wrong = pin[:-1] + ("0" if pin[-1] != "0" else "1")
        back, err, code = talk(our_client(port, "-", "-", wrong), b"")
        assert code == 1 and "server's pin is " + pin in err, err


def test_openssl_server_takes_our_certificates():
    cert, key = pair("server_rsa")
    with s_server("-cert", cert, "-key", key, "-CAfile", pem("ca"), "-Verify",
                  "1", "-verify_return_error", "-tls1_2") as (port, _):
        for name in "client", "client_rsa":
            back, err, _ = talk(our_client(port, "-", "-", "-", *pair(name)),
                                LINE)
            assert back == TURNED, err
        _, err, code = talk(our_client(port), b"")
        assert code == 1 and "peer refused: " in err, err


def test_openssl_server_below_tls_1_2_is_refused():
    cert, key = pair("server_rsa")
    with s_server("-cert", cert, "-key", key, "-tls1_1", "-cipher",
                  "ALL:@SECLEVEL=0") as (port, _):
        _, err, code = talk(our_client(port), b"")
        assert code == 1, err
        assert "peer refused: " in err or "no common TLS" in err, err


def test_openssl_server_with_the_year_1_certificate():
    cert, key = pair("year1")
    with s_server("-cert", cert, "-key", key) as (port, _):
        back, err, _ = talk(our_client(port), LINE)
        assert back == TURNED, err


def test_go_client_with_its_defaults():
    need_go()
    for args in [], pair("server"), pair("server_rsa"):
        with ours(*args) as (port, _):
            at = "127.0.0.1:%d" % port
            out, err = run([PEER, "client", at], TEXT)
            assert out == TEXT and "version 303" in err, err
            if not args:
                assert re.search(r"serial 1 days 36\d\d\b", err), err


def test_go_client_verifies():
    need_go()
    with ours(*pair("server")) as (port, until):
        at = "127.0.0.1:%d" % port
        for name in "server.test", "127.0.0.1":
            out, _ = run([PEER, "client", at, pem("ca"), name], TEXT)
            assert out == TEXT
        run([PEER, "client", at, pem("other"), "server.test"], good=False)
        until(rb"end: peer refused: ")


def test_go_server_with_the_certificate_of_frp_0_61():
    need_go()
    with listening([PEER, "server", "year1"]) as (port, _):
        back, err, _ = talk(our_client(port), TEXT)
        assert back == TEXT and "ECDHE_RSA" in err, err


def test_go_server_that_demands_certificates():
    need_go()
    with listening([PEER, "server", *pair("server"), pem("ca")]) as (port, _):
        for name in "client", "client_rsa":
            back, err, _ = talk(our_client(port, "127.0.0.1", pem("ca"), "-",
                                           *pair(name)), TEXT)
            assert back == TEXT, err
        _, err, code = talk(our_client(port, "-", pem("ca")), b"")
        assert code == 1 and "peer refused: " in err, err


def test_ours_with_ours():
    with ours(*pair("server")) as (port, _):
        back, err, code = talk(our_client(port, "server.test", pem("ca")), TEXT)
        assert back == TEXT and code == 0, err


def main():
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for name, test in sorted(globals().items()):
        if not name.startswith("test_") or \
                any(word not in name for word in sys.argv[1:]):
            continue
        try:
            test()
            count["passed"] += 1
            if os.environ.get("V"):
                print("ok %s" % name, flush=True)
        except Skip as why:
            count["skipped"] += 1
            print("skip %s: %s" % (name, why))
        except Exception as why:
            count["failed"] += 1
            print("FAIL %s: %s %r" % (name, type(why).__name__, why))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % count)
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
