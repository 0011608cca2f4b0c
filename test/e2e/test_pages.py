# SPDX-License-Identifier: MIT
"""The manual pages say what the option tables say.  $BIN: the binary."""
import os
import re
import shutil
import subprocess

BIN = os.path.abspath(os.environ.get("BIN", "build/culvert"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PAGES = {"frps": "cmd/frps.8", "frpc": "cmd/frpc.1",
         "culvert": "cmd/culvert.1"}


def page(name):
    with open(os.path.join(ROOT, PAGES[name])) as f:
        return f.read()


def help_of(*args):
    return subprocess.run([BIN, *args, "--help"], capture_output=True,
                          text=True, check=True, timeout=20).stdout


def commands_of(applet):
    """Name, and whether it is supported."""
    text = help_of(applet)
    block = text.split("Available Commands:\n")[1].split("\n\n")[0]
    return [(line.split()[0], "not supported yet" not in line)
            for line in block.splitlines()]


def flags_of(text):
    """(letter, name, default, supported) for each line of help."""
    for m in re.finditer(r"^  (?:-(\w), |    )--([\w-]+)(.*)$", text, re.M):
        preset = re.search(r'\(default "?([^")]*)"?\)', m[3])
        yield (m[1], m[2], preset[1] if preset else None,
               "not supported yet" not in m[3])


def all_flags(applet):
    seen = {}
    for command, whole in [(None, True)] + commands_of(applet):
        text = help_of(applet, *([command] if command else []))
        for letter, name, preset, supported in flags_of(text):
            seen[letter, name, preset, supported and whole] = True
    return [f for f in seen if f[3] or (*f[:3], True) not in seen]


def in_page(text):
    """Long names: those with an entry of their own, and all mentioned."""
    items = set()
    for line in re.findall(r"^\.It Fl (.*)$", text, re.M):
        items |= set(re.findall(r"(?:^|, )-([\w-]{2,})", line))
    mentioned = set(re.findall(r"Fl (?:\w , )?-([\w-]{2,})", text))
    return items, items | mentioned - {"flag"}  # the grammar's own example


def test_every_flag_is_in_its_page():
    for applet in ("frps", "frpc"):
        items, mentioned = in_page(page(applet))
        for letter, name, preset, supported in all_flags(applet):
            assert name in (items if supported or name == "protocol"
                            else mentioned), (applet, name)
            if letter and name in items:
                assert re.search(rf"^\.It Fl {letter} , -{name}\b",
                                 page(applet), re.M), (applet, name)


def test_every_flag_of_a_page_is_there():
    for applet in ("frps", "frpc"):
        there = {name for _, name, _, _ in all_flags(applet)}
        strange = in_page(page(applet))[1] - there
        assert not strange, (applet, strange)


def test_defaults_are_the_same():
    for applet in ("frps", "frpc"):
        text = page(applet)
        for _, name, preset, supported in all_flags(applet):
            if not supported or preset in (None, "true"):
                continue
            entries = re.findall(
                rf"^\.It Fl (?:\w , )?-{name}\b.*?(?=^\.It|^\.El)", text,
                re.M | re.S)
            assert any(preset in e for e in entries), (applet, name, preset)


def test_every_command_is_in_its_page():
    for applet in ("frps", "frpc"):
        words = set(re.findall(r"\w+", page(applet)))
        for command, _ in commands_of(applet):
            assert command in words, (applet, command)


def test_every_applet_is_in_the_page_of_the_whole():
    text = subprocess.run([BIN], capture_output=True, text=True).stdout
    for name in re.findall(r"^  (\S+) .*$", text.split("Applets:")[1], re.M):
        assert f"Ic {name}\n" in page("culvert"), name
    for name in re.findall(r"also: ([^)]*)\)", text):
        for alias in name.split(", "):
            assert re.search(rf"Ic {alias}\b", page("culvert")), alias


def test_pages_are_clean():
    if not shutil.which("mandoc"):
        return
    for path in PAGES.values():
        p = subprocess.run(["mandoc", "-Tlint", os.path.join(ROOT, path)],
                           capture_output=True, text=True, timeout=20)
        # Pages that are not installed here cannot be found.
        bad = [x for x in (p.stdout + p.stderr).splitlines()
               if "referenced manual not found" not in x]
        assert not bad, bad


if __name__ == "__main__":
    for name_, test in list(globals().items()):
        if name_.startswith("test_"):
            test()
            print("ok", name_)
