# SPDX-License-Identifier: MIT
"""make install: what is put where, and that its links hold."""
import os

from lib import Skip, check
from told import ROOT, said

FRP = {"frps", "frpc", "server", "client"}
LINKS = FRP | {"connect", "forward", "tunnel", "tunnel-start", "tunnel-status",
               "tunnel-stop"}


def install(t, into):
    if os.path.relpath(t.bin, ROOT) != "build/culvert":
        raise Skip("make install is for build/culvert")
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    # Built it is already; another make may be at work beside this one.
    return said(["make", "-s", "-C", ROOT, "-o", "build/culvert", "install",
                 f"DESTDIR={into}", "PREFIX=/usr"], env=env)


def test_install_makes_links_that_hold_anywhere(t):
    p = install(t, t.path("a stage"))
    check(p.returncode == 0, p.stdout + p.stderr)
    os.rename(t.path("a stage"), t.path("moved"))
    bin = t.path("moved", "usr", "bin")
    check(set(os.listdir(bin)) == LINKS | {"culvert"}, os.listdir(bin))
    for name in LINKS:
        check(os.readlink(os.path.join(bin, name)) == "culvert", name)
    for name in FRP:
        got = said([os.path.join(bin, name), "-v"]).stdout
        check(got == "0.61.0\n", got)
    for path in ("man1/connect.1", "man1/culvert.1", "man1/forward.1",
                 "man1/frpc.1", "man1/tunnel.1", "man8/frps.8"):
        check(os.path.isfile(t.path("moved/usr/share/man", path)), path)


def test_install_twice_is_fine_and_spares_strangers(t):
    check(install(t, t.path("d")).returncode == 0)
    check(install(t, t.path("d")).returncode == 0, "the second time")
    other = t.path("d/usr/bin/frps")
    os.unlink(other)
    t.write("d/usr/bin/frps", "of somebody else")
    p = install(t, t.path("d"))
    check(p.returncode != 0 and "not replaced" in p.stderr, p.stderr)
    with open(other) as f:
        check(f.read() == "of somebody else", "was replaced")
