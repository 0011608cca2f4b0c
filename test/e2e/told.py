# SPDX-License-Identifier: MIT
"""What the program tells about itself: its flags, commands and settings."""
import os
import re
import subprocess
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
APPLETS = ("frps", "frpc")

Flag = namedtuple("Flag", "letter name preset supported")
# state: works, later or unused; preset: None when the row has none
Key = namedtuple("Key", "whose path state preset")


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def said(argv, **kw):
    return subprocess.run(argv, capture_output=True, text=True, timeout=20,
                          **kw)


def help_of(t, *words):
    return said([t.bin, *words, "--help"], check=True).stdout


def commands_of(t, applet):
    """Name, and whether it is supported."""
    block = help_of(t, applet).split("Available Commands:\n")[1]
    return [(line.split()[0], "not supported yet" not in line)
            for line in block.split("\n\n")[0].splitlines()]


def flags_of(text):
    for m in re.finditer(r"^  (?:-(\w), |    )--([\w-]+)(.*)$", text, re.M):
        preset = re.search(r'\(default "?([^")]*)"?\)', m[3])
        yield Flag(m[1], m[2], preset[1] if preset else None,
                   "not supported yet" not in m[3])


def flags(t, applet):
    """Those of all commands; one that any of them supports is supported."""
    seen = {}
    for command, whole in [(None, True)] + commands_of(t, applet):
        for f in flags_of(help_of(t, applet, *filter(None, [command]))):
            seen[f._replace(supported=f.supported and whole)] = True
    return [f for f in seen
            if f.supported or f._replace(supported=True) not in seen]


def keys(t):
    """Every row of the settings' tables."""
    for line in said([t.tool("config_keys")], check=True).stdout.splitlines():
        whose, path, state, preset = line.split("\t")
        yield Key(whose, path, state,
                  None if preset in ("-", "0") else preset)


def keys_that_work(t, *whose):
    """Key to default."""
    return {k.path: k.preset for k in keys(t)
            if k.whose in whose and k.state == "works"}
