# SPDX-License-Identifier: MIT
"""Directories in which nothing can be kept, for test_own_key.py and
test_remember.py."""
import os

from lib import Skip, check
from people import need

NOBODY = 65534


def weak(*argv):
    """Root, but file modes count for it as for others."""
    if os.geteuid() != 0:
        return list(argv)
    return [need("setpriv"), "--bounding-set", "-dac_override,"
            "-dac_read_search", *argv]


def small(*argv):
    """No file can grow."""
    return [need("prlimit"), "--fsize=0", *argv]


def plain(*argv):
    return list(argv)


def hopeless(t):
    """Of each kind: the directory, what comes before the program, and what is
    said of it."""
    with open(t.path("a-file"), "w"):
        pass
    os.mkdir(t.path("closed"), 0o500)
    yield t.path("a-file"), plain, "Not a directory"
    yield t.path("a-file", "below"), plain, "Not a directory"
    yield t.path("closed", "below"), weak, "Permission denied"
    yield t.path("closed"), weak, "Permission denied"
    yield t.path("full"), small, "File too large"
    if os.geteuid() != 0:
        yield "/", plain, "belongs to another user"
        return
    os.mkdir(t.path("theirs"), 0o700)
    os.chown(t.path("theirs"), NOBODY, NOBODY)
    yield t.path("theirs"), plain, "belongs to another user"
    yield t.path("theirs", "below"), plain, "would be below another user's"
    check(os.listdir(t.path("theirs")) == [], "made below another user's")
    os.mkdir(t.path("target"), 0o700)
    os.symlink(t.path("target"), t.path("link"))
    os.chown(t.path("link"), NOBODY, NOBODY, follow_symlinks=False)
    yield t.path("link"), plain, "is a link"


def root_only():
    if os.geteuid() != 0:
        raise Skip("only root can make a file of another user")
