"""Completion, in the shells themselves."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

import proc
from lib import Skip, check
from told import APPLETS, PEOPLES, commands_of, flags_of, help_of, said

SETTINGS = """
[bastion]
server = "127.0.0.1:1"
[bastions.lab]
server = "127.0.0.1:1"
[workers.gpu-1]
secret = "x"
[workers.gpu-2]
secret = "x"
[workers.cpu]
secret = "x"
[tunnels.dev]
to = "gpu-1"
local = ["8000"]
"""


def home(t):
    """An environment with settings, and with the programs on its PATH."""
    os.makedirs(t.path("bin"), exist_ok=True)
    for name in ("culvert", "frpc", "frps", "client", "connect"):
        if not os.path.lexists(t.path("bin", name)):
            os.symlink(os.path.abspath(t.bin), t.path("bin", name))
    t.write("config.toml", SETTINGS)
    os.chmod(t.path("config.toml"), 0o600)
    return {"PATH": t.path("bin") + ":/usr/bin:/bin", "HOME": t.dir,
            "CULVERT_CONFIG": t.path("config.toml"), "TERM": "dumb",
            "LC_ALL": "C"}


def need(shell):
    path = shutil.which(shell)
    if not path:
        raise Skip(f"there is no {shell} here")
    return path


def words(t, *line):
    text = said([t.bin, "completion", "words", "--", *line],
                env=home(t)).stdout
    return [x.split("\t")[0] for x in text.splitlines()]


def test_what_may_follow_comes_out_of_the_tables(t):
    check(words(t, "culvert", "fr") == ["frps", "frpc"])
    check(words(t, "culvert", "--v") == ["--version"])
    check(set(words(t, "frpc", "offer", "--serv")) == {
        "--server", "--server-addr", "--server-port"})
    check(words(t, "frpc", "--config", "x", "st") == ["stcp"])
    check(words(t, "frpc", "--config=x", "-v", "st") == ["stcp"])
    check(words(t, "frpc", "stcp", "v") == ["visitor"])
    check(words(t, "frpc", "tcp", "--log-level", "w") == ["warn"])
    check(words(t, "frpc", "tcp", "--log-level=w") == ["--log-level=warn"])
    check(words(t, "frpc", "tcp", "-p", "w") == ["websocket", "wss"])
    check(words(t, "frpc", "help", "ud") == ["udp"])
    check(words(t, "frpc", "completion", "") == ["bash", "fish", "zsh"])
    check(words(t, "frpc", "tcp", "--", "--lo") == [])
    check(words(t, "culvert", "no-such-applet", "") == [])
    for line in (["culvert"], [""], ["", ""], ["ls", "-"], ["frpc", "=", "-"],
                 ["frpc", "-", "--=", "-"], []):
        p = said([t.bin, "completion", "words", "--", *line], env=home(t))
        check(p.returncode == 0 and p.stderr == "", line)


def test_workers_bastions_and_tunnels_complete_by_their_names(t):
    check(words(t, "connect", "g") == ["gpu-1", "gpu-2"])
    check(words(t, "culvert", "forward", "-v", "") == ["gpu-1", "gpu-2",
                                                       "cpu"])
    check(words(t, "connect", "gpu-1", "") == [])
    check(words(t, "connect", "--bastion", "") == ["lab"])
    check(words(t, "connect", "--bastion=l") == ["--bastion=lab"])
    check(words(t, "forward", "--proto", "u") == ["udp"])
    check("hand" not in words(t, "culvert", ""))
    state = t.path("state")
    os.mkdir(state, 0o700)
    env = dict(home(t), CULVERT_STATE_DIR=state)
    for name in ("dev.lock", "other.lock"):
        t.write(os.path.join("state", name), "")
    for line in (("culvert", "tunnel", "stop", ""), ("tunnel-status", "")):
        p = said([t.bin, "completion", "words", "--", *line], env=env)
        check(p.stdout.split() == ["dev", "other"], p.stdout)


def test_every_option_and_command_is_offered(t):
    for applet in APPLETS + PEOPLES:
        for at, whole in [((), True), *commands_of(t, applet)]:
            if not whole or "help" in at:
                continue
            want = {f"--{f.name}" for f in flags_of(help_of(t, applet, *at))
                    if f.supported}
            got = set(words(t, applet, *at, "--"))
            check(got == want, f"{applet} {at}: {got ^ want}")


def test_a_program_of_the_same_name_is_not_ours(t):
    env = home(t)
    os.unlink(t.path("bin", "client"))
    with open(t.path("bin", "client"), "w") as f:
        f.write("#!/bin/sh\n")
    os.chmod(t.path("bin", "client"), 0o755)
    p = said([t.bin, "completion", "words", "--", "client", "st"], env=env)
    check(p.stdout == "" and p.returncode == 0, p.stdout)
    p = said([t.bin, "completion", "words", "--", "./client", "st"], env=env)
    check(p.stdout.startswith("stcp\t"), p.stdout)


def test_no_settings_are_no_names_and_no_noise(t):
    env = dict(home(t), CULVERT_CONFIG=t.write("bad.toml", "not toml"))
    p = said([t.bin, "completion", "words", "--", "frpc", "-p", ""], env=env)
    check(p.returncode == 0 and p.stderr == "", p.stderr)


def bash(t, line, point=None, **more):
    """What bash would be told, as it calls."""
    script = """
    source <("$1" completion bash)
    COMP_LINE=$2 COMP_POINT=${3:-${#2}}
    read -ra COMP_WORDS <<<"$2"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    [[ $2 != *' ' ]] || COMP_CWORD=${#COMP_WORDS[@]}
    spec=$(complete -p -- "${COMP_WORDS[0]}") || exit 9
    [[ $spec =~ -F\\ ([^ ]+) ]] && ${BASH_REMATCH[1]} "${COMP_WORDS[0]}"
    [[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
    """
    p = said([need("bash"), "--norc", "-c", script, "bash",
              os.path.abspath(t.bin), line, str(point or "")],
             env=dict(home(t), **more), cwd=t.dir)
    check(p.returncode == 0 and p.stderr == "", p.stderr)
    return p.stdout.splitlines()


def test_bash_is_told(t):
    check(bash(t, "culvert fr") == ["frps", "frpc"])
    check(bash(t, "frpc st") == ["stcp"])
    check(bash(t, "culvert frpc st") == ["stcp"])
    check(bash(t, "culvert frpc stcp ") == ["visitor"])
    check(bash(t, "frpc tcp --log-level=w") == ["warn"])
    check(bash(t, "frpc st --config x", point=7) == ["stcp"])
    check(bash(t, "frps --no-such") == [])
    check(bash(t, "connect gp") == ["gpu-1", "gpu-2"])
    check(bash(t, "culvert tunnel start d") == ["dev"])


def test_scripts_parse_and_hold_a_path_of_any_kind(t):
    odd = t.path("it's a\\dir $(exit) \"x\"")
    os.mkdir(odd)
    shutil.copy(t.bin, odd)
    for shell in ("bash", "zsh", "fish"):
        need(shell)
        p = said([os.path.join(odd, "culvert"), "completion", shell])
        check(p.returncode == 0 and p.stderr == "")
        check(said([shell, "-n"], input=p.stdout).returncode == 0, shell)
        told = said([shell, *(["--no-config"] if shell == "fish" else
                              ["-f"] if shell == "zsh" else ["--norc"]), "-c",
                     ("compdef() { :; }\n" if shell == "zsh" else "") +
                     p.stdout + "\nprintf '%s' \"$_culvert_bin\"\n"],
                    env=home(t))
        check(told.stdout == os.path.join(odd, "culvert"), told)
        for applet in ("frps", "frpc"):
            other = said([t.bin, applet, "completion", shell]).stdout
            check(other == said([t.bin, "completion", shell]).stdout)


class Typed:
    """A shell on a terminal of its own."""

    def __init__(self, argv, env, cwd):
        with proc.forking:
            pid, self.fd = pty.fork()
            if pid == 0:
                os.chdir(cwd)
                os.execve(argv[0], argv, env)
        self.pid, self.seen = pid, ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def see(self, regex, seconds=20):
        end = time.monotonic() + seconds
        while not re.search(regex, self.seen):
            left = end - time.monotonic()
            check(left > 0 and select.select([self.fd], [], [], left)[0],
                  f"not seen: {regex} in {self.seen[-2000:]!r}")
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        self.seen = ""

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def test_bash_completes_what_is_typed(t):
    s = Typed([need("bash"), "--norc", "--noprofile", "-i"], home(t), t.dir)
    try:
        s.type(f"source <({os.path.abspath(t.bin)} completion bash);"
               "PS1=; echo rea''dy\n")
        s.see("ready\r?\n")
        s.type("echo xx; culvert comple\t")
        s.see("completion ")
        s.type("zs\t")
        s.see("zsh ")
    finally:
        s.end()


def test_zsh_completes_what_is_typed(t):
    s = Typed([need("zsh"), "-f", "-i"], home(t), t.dir)
    try:
        s.type("autoload -U compinit; compinit -u -D; unsetopt zle_bracketed;"
               f"source <({os.path.abspath(t.bin)} completion zsh);"
               "PS1=; echo rea''dy\n")
        s.see("ready\r?\n")
        s.type("frpc stcp --local-p\t")
        s.see("--local-port")
        s.type("\x15client tcp --log-level=de\t")
        s.see("--log-level=debug")
    finally:
        s.end()


def test_zsh_finds_it_in_its_fpath_too(t):
    os.mkdir(t.path("fpath"))
    with open(t.path("fpath", "_culvert"), "w") as f:
        subprocess.run([t.bin, "completion", "zsh"], stdout=f, check=True)
    s = Typed([need("zsh"), "-f", "-i"], home(t), t.dir)
    try:
        s.type("fpath+=(fpath); autoload -U compinit; compinit -u -D;"
               "PS1=; echo rea''dy\n")
        s.see("ready\r?\n")
        s.type("frpc stcp --local-p\t")
        s.see("--local-port")
    finally:
        s.end()


def test_fish_is_told(t):
    def fish(line):
        p = said([need("fish"), "--no-config", "-c",
                  f"{os.path.abspath(t.bin)} completion fish | source; "
                  f"complete -C '{line}'"], env=home(t), cwd=t.dir)
        check(p.stderr == "", p.stderr)
        return [x.split("\t")[0] for x in p.stdout.splitlines()]
    check(set(fish("culvert fr")) == {"frps", "frpc"})
    check(fish("frpc st") == ["stcp"])
    check(fish("culvert frpc stcp ") == ["visitor"])
    check("--local-port" in fish("client tcp --lo"))
    check("config.toml" in fish("frpc --config con"))
