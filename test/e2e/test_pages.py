# SPDX-License-Identifier: MIT
"""The manual pages say what the tables of options and settings say."""
import os
import re
import shutil

from lib import check
from told import (APPLETS, PEOPLES, ROOT, commands_of, flags, keys, keys_that_work,
                  owner, read, said, types_of)

PAGES = {"frps": "cmd/frps.8", "frpc": "cmd/frpc.1",
         "culvert": "cmd/culvert.1", "connect": "cmd/connect.1",
         "forward": "cmd/forward.1", "tunnel": "cmd/tunnel.1"}
WITH_FLAGS = APPLETS + PEOPLES
OWNED = (("frps", "", "server"), ("frpc", "", "client"),
         ("frpc", "proxies", "proxy"), ("frpc", "visitors", "visitor"))


def page(name):
    return read(PAGES[name])


def in_page(text):
    """Long names: those with an entry of their own, and all mentioned."""
    items = set()
    for line in re.findall(r"^\.It Fl (.*)$", text, re.M):
        items |= set(re.findall(r"(?:^|, )-([\w-]{2,})", line))
    mentioned = set(re.findall(r"Fl (?:\w , )?-([\w-]{2,})", text))
    return items, items | mentioned - {"flag"}  # the grammar's own example


def keys_in_page(text):
    """Whose it is ("" or the list's name), the key, what stands in brackets
    behind it, and the entry's text."""
    text = text.replace("\\\n", "").split(".Ss Settings\n")[1]
    text = text.split("\n.Pp\nThe log is")[0].split("\n.Ss ")[0]
    depth, last = 0, ""
    for entry in re.split(r"^(?=\.It Ic |\.[BE]l)", text, flags=re.M):
        depth += entry.startswith(".Bl") - entry.startswith(".El")
        if not entry.startswith(".It"):
            continue
        line = entry.split("\n")[0][len(".It "):]
        for part in line.split(" , "):
            m = re.fullmatch(r"(?:Ic )?([\w.]+)(?: No \((.*)\))?", part)
            check(m, f"an entry that is no key: {line}")
            yield last if depth > 1 else "", m[1], m[2], entry
        if depth == 1:
            last = m[1]


def test_every_flag_is_in_its_page(t):
    for applet in WITH_FLAGS:
        items, mentioned = in_page(page(applet))
        for f in flags(t, applet):
            of = items if f.supported or f.name == "protocol" else mentioned
            check(f.name in of, f"{applet}: --{f.name} is missing")
            if f.letter and f.name in items:
                check(re.search(rf"^\.It Fl {f.letter} , -{f.name}\b",
                                page(applet), re.M),
                      f"{applet}: -{f.letter} is missing")


def test_every_flag_of_a_page_is_there(t):
    for applet in WITH_FLAGS:
        strange = in_page(page(applet))[1] - {
            f.name for f in flags(t, applet)}
        check(not strange, f"{applet}: not there: {strange}")


def test_defaults_of_flags_are_the_same(t):
    for applet in WITH_FLAGS:
        for f in flags(t, applet):
            if not f.supported or f.preset in (None, "true"):
                continue
            entries = re.findall(
                rf"^\.It Fl (?:\w , )?-{f.name}\b.*?(?=^\.It|^\.El)",
                page(applet), re.M | re.S)
            check(any(f.preset in e for e in entries),
                  f"{applet}: --{f.name} is {f.preset}")


def test_every_command_is_in_its_page(t):
    for applet in WITH_FLAGS:
        words = set(re.findall(r"\w+", page(applet)))
        for command, _ in commands_of(t, applet):
            check(set(command) <= words, f"{applet}: {command} is missing")


def test_every_setting_is_in_its_page_and_no_other(t):
    for applet, within, whose in OWNED:
        want = keys_that_work(t, whose)
        got = {key: preset for at, key, preset, _ in
               keys_in_page(page(applet)) if at == within}
        check(set(got) == set(want),
              f"{applet} {within}: {sorted(set(got) ^ set(want))}")
        for path, preset in want.items():
            check(preset is None or
                  re.match(rf"{re.escape(preset)}(,|$)", got[path] or ""),
                  f"{applet}: {path} is {preset}, not {got[path]}")


def test_settings_of_a_type_name_their_types(t):
    text = {key: entry for within, key, _, entry in
            keys_in_page(page("frpc")) if within == "proxies"}
    for path, types in types_of(t).items():
        for name in types:
            check(f"Cm {name}" in text[path] or f", {name}" in text[path],
                  f"{path} is for {name}, too")


def test_settings_are_of_lists_that_have_a_page(t):
    check({owner(k) for k in keys(t)} == {whose for *_, whose in OWNED},
          "a list that has no page")


def test_every_applet_is_in_the_page_of_the_whole(t):
    text = said([t.bin]).stdout
    for name in re.findall(r"^  (\S+) .*$", text.split("Applets:")[1], re.M):
        check(f"Ic {name}\n" in page("culvert"), name)
    for names in re.findall(r"also: ([^)]*)\)", text):
        for alias in names.split(", "):
            check(re.search(rf"Ic {alias}\b", page("culvert")), alias)


def test_settings_of_people_are_in_the_page_of_the_whole(t):
    text = page("culvert").replace(" , ", " ")
    part = text.split("Settings of a person")[1].split(".Ss ")[0]
    words = set(re.findall(r"\w+", " ".join(
        re.findall(r"^\.Ic (.*)$", part, re.M))))
    seen = set()
    for table in ("bastion", "workers.a", "tunnels.a"):
        conf = t.write("config.toml", f"[{table}]\nnone = 1\n")
        p = said([t.bin, "connect", "--print-ssh-config", "--config", conf])
        seen |= set(re.search("there are (.*)", p.stderr)[1].split(", "))
    check(seen <= words, f"not there: {seen - words}")
    check(len(seen) > 20, seen)


def test_pages_are_clean(t):
    if not shutil.which("mandoc"):
        return
    for path in PAGES.values():
        p = said(["mandoc", "-Tlint", os.path.join(ROOT, path)])
        # Pages that are not installed here cannot be found.
        bad = [x for x in (p.stdout + p.stderr).splitlines()
               if "referenced manual not found" not in x and
               "outdated mandoc.db" not in x]
        check(not bad, "\n".join(bad))
