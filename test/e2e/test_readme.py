# SPDX-License-Identifier: MIT
"""README.md is true: its tables, its settings files, its commands."""
import contextlib
import itertools
import os
import re
import shlex
import shutil

from lib import (EchoServer, Proc, check, dial, echo, free_port,
                 read_exactly, tcp_proxy)
from tls_peers import pem
from told import (PEOPLES, ROOT, flags_of, help_of, keys_that_work, read, said,
                  types_of)

TABLES = {"frps": "server", "frpc": "client", "a proxy": "proxy",
          "a visitor": "visitor"}
APPLETS = ("frps", "frpc", "culvert")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", read("README.md"),
                      re.M | re.S)


def section(title):
    """What stands under a heading, up to the next of its kind or above."""
    return re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)",
                     re.sub(r"^```.*?^```$", "", read("README.md"),
                            flags=re.M | re.S), re.M | re.S)[1]


def commands():
    """Every call of a program of ours in a block that can be run."""
    for block in blocks("sh"):
        for line in block.splitlines():
            words = shlex.split(re.sub(r"=\$\(.*?\)", "=", line),
                                comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words and words[0] in APPLETS + PEOPLES:
                yield words


def test_tables_have_every_setting_and_no_other(t):
    for title, whose in TABLES.items():
        want = keys_that_work(t, whose)
        got = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|",
                              section(f"Settings of {title}"), re.M))
        check(set(got) == set(want),
              f"{title}: {sorted(set(got) ^ set(want))}")
        for path, preset in want.items():
            check(preset in (None, got[path]),
                  f"{path} is {preset}, not {got[path]}")


def test_settings_of_a_type_name_their_types(t):
    for path, types in types_of(t).items():
        row = re.search(rf"^\| `{path}` \|.*?\| ([\w, ]+):",
                        section("Settings of a proxy"), re.M)
        check(row and row[1].split(", ") == types, f"{path}: {types}")


def settings_files():
    """Their names, and what is in them."""
    for text in blocks("toml"):
        name = re.match(r"# (?:/etc/culvert/)?((?:frp[sc]|visitor|config)\.toml)\b",
                        text)
        check(name, "a file without its name")
        yield name[1], text


def test_settings_files_are_fine(t):
    files = list(settings_files())
    check(len(files) == 7, "seven files")
    t.write("token", "x")
    for name, there in (("frps.crt", "server"), ("frps.key", "server.key")):
        shutil.copy(pem(there), t.path(name))
    all_of_a_system = t.write("all.crt", read(pem("ca")) * 150)
    for name, text in files:
        if name == "config.toml":
            p = said([t.bin, "connect", "--print-ssh-config", "--config",
                      t.write(name, text)])
            check(p.returncode == 0 and "Host vps-42.worker" in p.stdout,
                  p.stderr)
            continue
        applet = "frps" if name == "frps.toml" else "frpc"
        text = text.replace("/etc/ssl/certs/ca-certificates.crt",
                            all_of_a_system)
        p = said([os.path.abspath(t.bin), applet, "verify", "-c",
                  t.write(name, text)],
                 env={"CREDENTIALS_DIRECTORY": t.dir, "SECRET": "x"},
                 cwd=t.dir)
        check(p.returncode == 0, p.stdout + p.stderr)


def test_every_flag_of_a_command_is_there(t):
    """The page of another tunnel tells a command line whose program has none
    of its flags."""
    seen = 0
    for words in commands():
        applet, rest = words[0], words[1:]
        if applet == "culvert":
            applet, rest = rest[0], rest[1:]
        if applet not in APPLETS + PEOPLES:
            continue
        if "--" in rest:
            rest = rest[:rest.index("--")]
        command = list(itertools.takewhile(lambda x: x[0] != "-", rest))
        command = [] if applet in PEOPLES else command
        there = {f.name for f in flags_of(help_of(t, applet, *command))
                 if f.supported}
        for word in rest:
            if not word.startswith("--"):
                continue
            name = word[2:].split("=")[0].replace("_", "-")
            check(name in there, f"{shlex.join(words)}: --{name}")
            seen += 1
    check(seen > 25, "where are the commands?")


def test_the_first_tunnel_carries_bytes(t):
    """Its commands as they stand, with ports that are free here."""
    lines = section_lines("A first tunnel in six lines")[0]
    check(len(lines) == 6, "six lines")
    bind, public, service = free_port(), free_port(), EchoServer()
    set_up(t, lines[1])
    serve(t, lines[2], bind)
    line = local(lines[4]).replace("--local_port 22",
                                   f"--local_port {service.port}")
    line = line.replace("10022", str(public))
    start(t, line + f" -P {bind}").wait_line("start proxy success")
    check(echo(public, b"hello") == b"hello", "not what was sent")
    check(lines[5].startswith("ssh -p 10022 "), lines[5])


def visited(t, with_files):
    """Both ends of the recipe for a worker without an open port."""
    title = "Reach a worker without opening a port"
    first = section_lines("A first tunnel in six lines")[0]
    secret, files, plain = section_lines(title)[:3]
    bind, near, service = free_port(), free_port(), EchoServer()
    set_up(t, first[1], *secret)
    serve(t, first[2], bind)
    for name, text in settings_files():
        if "SECRET" in text:
            text = text.replace("localPort = 22",
                                f"localPort = {service.port}")
            text = text.replace("bindPort = 10022", f"bindPort = {near}")
            t.write(name, text.replace(
                '"bastion"', f'"127.0.0.1"\nserverPort = {bind}'))
    _, worker, _, visitor, ssh = files if with_files else plain
    more = "" if with_files else f" -P {bind}"
    worker = worker.replace("--local_port 22", f"--local_port {service.port}")
    visitor = visitor.replace("10022", str(near))
    start(t, local(worker) + more).wait_line("start proxy success")
    start(t, local(visitor) + more).wait_line("start visitor success")
    check(echo(near, b"hello") == b"hello", "not what was sent")
    check(ssh.startswith("ssh -p 10022 "), ssh)


def test_a_visitor_reaches_a_worker_as_the_files_say(t):
    visited(t, True)


def test_a_visitor_reaches_a_worker_as_the_commands_say(t):
    visited(t, False)


def test_an_offer_is_reached_as_the_commands_say(t):
    title = "Reach a worker without opening a port"
    first = section_lines("A first tunnel in six lines")[0]
    secret, *_, offer = section_lines(title)
    bind, near, service = free_port(), free_port(), EchoServer()
    set_up(t, first[1], *secret)
    serve(t, first[2], bind)
    worker = local(offer[1]).replace("7000", str(bind))
    start(t, worker.replace("8000-9000", str(service.port))).wait_line(
        f"^offering 'vps-42': 22,{service.port}$")
    start(t, local(offer[3]).replace("1080", str(near)) +
          f" -P {bind}").wait_line("start visitor success")
    with dial(near) as s:
        s.sendall(b"\5\1\0\5\1\0\1\x7f\0\0\1" +
                  service.port.to_bytes(2, "big"))
        check(read_exactly(s, 12)[:4] == b"\5\0\5\0", "no way there")
        s.sendall(b"hello")
        check(read_exactly(s, 5) == b"hello", "not what was sent")
    check("--socks5-hostname 127.0.0.1:1080 " in offer[4], offer[4])
    check("nc -X 5 -x 127.0.0.1:1080 " in offer[5], offer[5])


def section_lines(title):
    """The lines of each block that can be run, in a part of the text."""
    text = read("README.md").split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [x.splitlines() for x in
            re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)]


def set_up(t, *lines):
    """The programs by their names, and the files that the lines make."""
    os.mkdir(t.path("bin"))
    for name in APPLETS:
        os.symlink(os.path.abspath(t.bin), t.path("bin", name))
    for line in lines:
        said(["sh", "-c", line], cwd=t.dir, check=True)


def local(line):
    return line.replace("bastion", "127.0.0.1")


def serve(t, line, port):
    start(t, f"{line} -p {port} --bind_addr 127.0.0.1 --proxy_bind_addr "
          "127.0.0.1").wait_line("started successfully")


def start(t, line):
    line = re.sub(r"\bfrp[sc] ", r"exec \g<0>", line, count=1)
    return Proc(["sh", "-c", line], cwd=t.dir,
                env={"PATH": t.path("bin") + ":" + os.environ["PATH"]})


def plain(text):
    """Without what differs from run to run, and without line ends."""
    text = re.sub(r"sha256:[0-9a-f…]+", "sha256:#", text)
    text = re.sub(r"0x[0-9a-f]+|\d+(\.\d+)*(:\d+)?", "#", text)
    return " ".join(re.sub(r"\[\w*\]", "[]", text).split())


def told_as_in_readme(line):
    line = re.sub(r"^.*\[\w+/\w+\.c:\d+\] ", "", line)
    line = re.sub(r"^\[[0-9a-f]{6}\] ", "", line)
    check(plain(line) in plain(read("README.md")), line)


def refused(t, conf):
    """A client that ended with 1."""
    p = t.frpc(0, conf=conf, wait=False)
    check(p.wait() == 1, "did not end with 1")
    return p


def test_refusals_are_told_as_printed(t):
    server = t.frps({"auth": {"token": "right"}})
    at = {"serverPort": server.conf["bindPort"]}
    p = refused(t, {**at, "auth": {"token": "wrong"}})
    told_as_in_readme(p.wait_line("connect to server error.*")[0])
    told_as_in_readme(p.wait_line("login to the server failed.*")[0])
    told_as_in_readme(server.wait_line("register control error.*")[0])
    pin = "sha256:" + 64 * "0"
    p = refused(t, {**at, "transport": {"tls": {"pin": pin}}})
    told_as_in_readme(p.wait_line("connect to server error: TLS.*")[0])
    told_as_in_readme(server.wait_line("TLS handshake failed.*")[0])
    p = t.run("frpc", "verify", "-c", t.write("frpc.toml", "serverPrt = 1\n"))
    p.wait()
    told_as_in_readme(p.text.replace(t.dir + "/", ""))


def test_a_visitor_is_told_why_as_printed(t):
    server = t.frps()
    mine = {"type": "stcp", "name": "ssh-worker-7", "localPort": 22,
            "secretKey": "right"}
    t.frpc(server, [mine], {"user": "bob"})
    for i, (secret, user, name, why) in enumerate([
            ("right", "bob", "ssh-worker-8", "custom listener"),
            ("wrong", "bob", "ssh-worker-7", "visitor connection of.* auth"),
            ("right", "ann", "ssh-worker-7", "visitor connection of.* user")]):
        visitor = {"name": "v", "type": "stcp", "serverName": name,
                   "serverUser": "bob", "secretKey": secret,
                   "bindPort": free_port()}
        p = t.frpc(server, conf={"user": user, "visitors": [visitor]},
                   name=f"v{i}")
        p.wait_line("start visitor success")
        with contextlib.suppress(ConnectionResetError):
            check(dial(visitor["bindPort"]).recv(1) == b"", "let in")
        for end in p, server:
            told = end.wait_line(f"{why}.*")[0]
            told_as_in_readme(told.replace("-8", "-7"))


def test_used_up_ports_are_told_as_printed(t):
    port = free_port()
    server = t.frps({"allowPorts": [{"single": port}]})
    holder = t.frpc(server, [tcp_proxy("ssh", 22, port)], name="holder")
    words = [f"type=frp,server=127.0.0.1:{server.conf['bindPort']},"
             f"port_range={port}-{port}"]
    late = t.run("frpc", "--name=ssh", "--port-forwarding-config", *words)
    # Of a name that is taken no port is tried.
    told_as_in_readme(late.wait_line(r"proxy \[ssh\] already exists")[0])
    late = t.run("frpc", "--name=b", "--port-forwarding-config", *words)
    told_as_in_readme(late.wait_line(r"\[b\] start error: .*")[0])
    late = t.frpc(server, [tcp_proxy("c", 22, 0)], name="c", wait=False)
    told_as_in_readme(late.wait_line(r"\[c\] start error: .*")[0])
    check(holder.running(), "the holder has gone")


def test_make_targets_are_there(t):
    makefile = read("Makefile")
    for name in set(re.findall(r"^    make ([a-z0-9]+)", read("README.md"), re.M)):
        check(re.search(rf"^{name}:", makefile, re.M), name)


def test_links_lead_somewhere(t):
    text = read("README.md")
    titles = [re.sub(r"[^\w -]", "", x).lower().replace(" ", "-")
              for x in re.findall(r"^#+ (.*)$", text, re.M)]
    titles += [f"{x}-1" for x in titles if titles.count(x) > 1]
    for link in re.findall(r"\]\(#([^)]*)\)", text):
        check(link in titles, link)
    for path in set(re.findall(r"\b(?:scripts|core|cmd|net)/[a-z0-9_/-]+\.[a-z]+",
                               text)):
        check(os.path.exists(os.path.join(ROOT, path)), path)
