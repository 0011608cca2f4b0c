# SPDX-License-Identifier: MIT
"""A terminal that can be read: what a person sees there, through tmux."""
import os
import re
import shlex
import shutil
import subprocess

from lib import Skip, until
from proc import Failure, forking


class Tmux:
    """One shell on a server of its own, with these variables."""

    def __init__(self, t, env, cwd, size=(110, 30)):
        if not shutil.which("tmux"):
            raise Skip("there is no tmux here")
        self.socket = t.path("tmux")
        self.env = {**env, "TERM": "screen", "PS1": "$ ", "LC_ALL": "C.UTF-8"}
        self.env.pop("TMUX", None)
        shell = shlex.join(["env", "-i", *[f"{k}={v}" for k, v in
                                           self.env.items()], "sh", "-i"])
        self.do("-f", "/dev/null", "new-session", "-d", "-x", str(size[0]),
                "-y", str(size[1]), "-c", cwd, shell)
        self.see(r"^\$")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.do("kill-server")

    def do(self, *words):
        with forking:
            p = subprocess.Popen(["tmux", "-S", self.socket, *words],
                                 stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True,
                                 env={**os.environ, **self.env})
        return p.communicate(timeout=20)[0]

    def type(self, line):
        self.do("send-keys", "-l", line)
        self.do("send-keys", "Enter")

    def key(self, name):
        self.do("send-keys", name)

    def screen(self, colors=False):
        return self.do("capture-pane", "-p", *(["-e"] if colors else []))

    def see(self, regex, timeout=25, colors=False):
        """The match, once it is shown."""
        found = []

        def shown():
            found[:] = [re.search(regex, self.screen(colors), re.M)]
            return found[0]
        try:
            until(shown, timeout, regex)
        except Failure:
            raise Failure(f"not seen: /{regex}/ in\n{self.screen()}") from None
        return found[0]
