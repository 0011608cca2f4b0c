# SPDX-License-Identifier: MIT
"""A token and a key are changed as README's page has it, word by word, while
clients of either kind are there."""
import os
import re
import shutil

from lib import (STARTED, EchoServer, Frpc, Skip, check, echo, tcp_proxy,
                 until)
from told import ROOT, read, said

REFUSED = "token in login doesn't match token from configuration"


def blocks():
    """The commands of the page, one text for each block."""
    page = re.search(r"^## Rotate, renew, upgrade$(.*?)^## ",
                     read("README.md"), re.M | re.S)[1]
    return re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)


class Bastion:
    """t.dir is its /etc/culvert; systemctl is at hand for its server."""

    def __init__(self, t):
        if not shutil.which("openssl"):
            raise Skip("there is no openssl here")
        self.t = t
        self.put("token", "old\n")
        self.sh(next(line for line in blocks()[1].splitlines()
                     if line.startswith("openssl req")).replace(".new", ""))
        self.server = t.frps({
            "auth.tokenSource": {"type": "file", "file": {"path": "token"}},
            "transport.tls.certFile": "frps.crt",
            "transport.tls.keyFile": "frps.key"})
        os.mkdir(t.path("bin"))
        self.put("bin/systemctl", "#!/bin/sh\n[ \"$*\" = 'reload frps' ] && "
                 f"kill -HUP {self.server.pid}\n", 0o700)
        self.echo = EchoServer()

    def put(self, name, text, mode=0o640):
        os.chmod(self.t.write(name, text), mode)

    def sh(self, text):
        p = said(["sh", "-ec", text], cwd=self.t.dir, env=dict(
            os.environ, PATH=self.t.path("bin") + ":" + os.environ["PATH"]))
        check(p.returncode == 0, p.stderr)
        return p.stdout

    def pin(self):
        line = self.server.wait_line(r'tls\.pin = "(sha256:\w+)"')
        return line.group(1)

    def client(self, name, token, pin=None, refused=None):
        row = tcp_proxy(name, self.echo.port)
        conf = {"serverAddr": "127.0.0.1", "loginFailExit": False,
                "serverPort": self.server.conf["bindPort"],
                "auth.token": token, "proxies": [row],
                "transport.tcpMux": True}
        if pin:
            conf["transport.tls.pin"] = pin
        c = Frpc(self.t.bin, conf, self.t.dir, name=name, wait=0)
        c.wait_line(refused or STARTED)
        return c, row["remotePort"]


def test_a_token_is_rotated_as_the_page_says(t):
    b = Bastion(t)
    add, out = blocks()[0].split("# once every client's file has the new one")
    stays, port = b.client("stays", "old")
    b.sh(add)
    new = read(t.path("token")).split()[1]
    b.server.wait_line("login info")
    b.client("early", new)
    b.server.wait_line("shows token 2 of 2")
    b.client("late", "old")
    b.server.wait_line("shows token 1 of 2")
    b.sh("#" + out)
    check(read(t.path("token")) == new + "\n")
    check(os.stat(t.path("token")).st_mode & 0o777 == 0o640)
    b.client("over", "old", refused=REFUSED)
    b.client("another", new)
    check(echo(port, b"still here") == b"still here")
    check(not stays.says("is lost"), stays.text)


def test_a_key_is_rotated_as_the_page_says(t):
    b = Bastion(t)
    old = b.pin()
    make, swap = blocks()[1:3]
    stays, port = b.client("stays", "old", old)
    new = "sha256:" + b.sh(make).split()[-2]
    check(new != old and b.pin() == old)
    both, _ = b.client("both", "old", [old, new])
    b.sh(swap)
    b.server.wait_line(rf'tls\.pin = "{new}"')
    b.client("ready", "old", [old, new])
    b.client("afterwards", "old", new)
    b.client("forgotten", "old", old,
             refused=f"server's pin is {new}, not the expected {old}")
    check(echo(port, b"still here") == b"still here")
    check(not stays.says("is lost") and not both.says("is lost"))


def test_a_program_is_upgraded_as_the_page_says(t):
    """The file that runs is another one afterwards, and nobody has noticed."""
    b = blocks()[3].splitlines()[0]
    check(b == "install -m 755 build/culvert /usr/local/bin/culvert", b)
    at = t.path("culvert")
    shutil.copy(t.bin, at)
    server = t.proc([at, "frps", "-p", "0", "--bind-addr", "127.0.0.1"])
    server.wait_line("started successfully")
    try:
        shutil.copyfile(t.bin, at)
        raise AssertionError("cp goes, too")
    except OSError:
        pass
    p = said(["install", "-m", "755", os.path.abspath(t.bin), at])
    check(p.returncode == 0, p.stderr)
    check(server.running())
    until(lambda: "deleted" in os.readlink(
        f"/proc/{server.pid}/exe"))
