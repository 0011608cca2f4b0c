# SPDX-License-Identifier: MIT
"""What the program tells about itself: its flags, commands and settings."""
import os
import re
import subprocess
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
APPLETS = ("frps", "frpc")
PEOPLES = ("connect", "forward", "tunnel")
OWNERS = ("server", "client", "proxy", "visitor")

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


def commands_of(t, applet, *above):
    """The words of each command and of those below it, and whether it is
    supported."""
    parts = help_of(t, applet, *above).split("Available Commands:\n")
    if len(parts) == 1:
        return
    for line in parts[1].split("\n\n")[0].splitlines():
        words = (*above, line.split()[0])
        supported = "not supported yet" not in line
        yield words, supported
        if supported:
            yield from commands_of(t, applet, *words)


def flags_of(text):
    for m in re.finditer(r"^  (?:-(\w), |    )--([\w-]+)(.*)$", text, re.M):
        preset = re.search(r'\(default "?([^")]*)"?\)', m[3])
        yield Flag(m[1], m[2], preset[1] if preset else None,
                   "not supported yet" not in m[3])


def flags(t, applet):
    """Those of all commands; one that any of them supports is supported."""
    seen = {}
    for words, whole in [((), True), *commands_of(t, applet)]:
        for f in flags_of(help_of(t, applet, *words)):
            seen[f._replace(supported=f.supported and whole)] = True
    return [f for f in seen
            if f.supported or f._replace(supported=True) not in seen]


def keys(t):
    """Every row of the settings' tables."""
    for line in said([t.tool("config_keys")], check=True).stdout.splitlines():
        whose, path, state, preset = line.split("\t")
        yield Key(whose, path, state,
                  None if preset in ("-", "0") else preset)


def keys_that_work(t, whose):
    """Key to default; for "proxy" those of its types are included."""
    return {k.path: k.preset for k in keys(t)
            if k.state == "works" and whose in (k.whose, owner(k))}


def owner(key):
    """The list that a key stands in; a type's name is not one."""
    return key.whose if key.whose in OWNERS else "proxy"


def types_of(t):
    """A key that not all proxies have, to the types that have it."""
    found = {}
    for k in keys(t):
        if k.whose not in OWNERS:
            found.setdefault(k.path, []).append(k.whose)
    return found
